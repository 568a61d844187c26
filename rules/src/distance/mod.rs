//! Distances between distributions, and how likely they are by chance: plain functions of numbers.

pub(crate) mod anomaly;
pub(crate) mod samples;
pub(crate) mod shares;
pub(crate) mod significance;
