//! Everything that is proved from outside the library, in one binary: it is linked once and shares one PostgreSQL.

// Always true here; it tells clippy that helpers may unwrap as tests may.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;
mod twice;

mod architecture;
mod attack;
mod backups;
mod browser;
mod commands;
mod counselling;
mod county;
mod due;
mod escalation;
mod faults;
mod gate;
mod journeys;
mod leaks;
mod migrations;
mod notices;
mod people;
mod routes;
mod sealed_away;
mod store;
mod teachers;
mod two_steps;
mod worries;
