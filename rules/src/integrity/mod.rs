//! Keys that lead somewhere.

pub mod foreign_key;
pub mod join_coverage;
pub mod key_overlap;
