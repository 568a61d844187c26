//! Keys that lead somewhere.

pub mod foreign_key;
