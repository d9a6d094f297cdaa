//! Every function of the store on both engines. `architecture.rs` proves that none is left out.

mod appointments;
mod audit;
mod counselling;
mod county;
mod crisis;
mod early;
mod files;
mod gate;
mod grants;
mod help;
mod helping;
mod house;
mod imports;
mod keeping;
mod keys;
mod outside;
mod pairings;
mod people;
mod reading_grants;
mod rounds;
mod second_factors;
mod transactions;
mod whole;
