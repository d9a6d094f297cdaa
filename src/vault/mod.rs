//! All cryptography.

pub mod chain;
