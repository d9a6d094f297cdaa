//! Yice 一册: one student, one file.
//!
//! A privacy-first case-management system for the staff of Chinese primary and middle schools. The modules stand in a
//! total order; each uses only itself and those before it:
//!
//! `domain → policy → vault → store → service → web → cli`

pub mod cli;
pub mod domain;
pub mod policy;
pub mod service;
pub mod store;
pub mod vault;
pub mod web;

// The tests of the store share the private PostgreSQL of `tests/support`, which knows this library by its name.
#[cfg(test)]
extern crate self as yice;
