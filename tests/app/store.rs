//! Every function of the store on both engines. `architecture.rs` proves that none is left out.

mod audit;
mod early;
mod files;
mod house;
mod imports;
mod keys;
mod outside;
mod pairings;
mod people;
mod transactions;
