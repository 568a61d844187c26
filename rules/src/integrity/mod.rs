//! Keys that lead somewhere, and rows that fit together.

pub mod decreasing;
pub mod foreign_key;
pub mod functional_dependency;
pub mod increasing;
pub mod join_coverage;
pub mod key_overlap;
pub mod non_overlapping_ranges;
pub mod sequential;
