//! Everything that is proved from outside the library, in one binary: it is linked once and shares one PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod faults;
mod journeys;
mod migrations;
mod people;
mod routes;
mod store;
