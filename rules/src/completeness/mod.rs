//! How much is there.

pub mod at_least_k_complete;
#[expect(clippy::module_inception, reason = "the rule has the name of its dimension")]
pub mod completeness;
pub mod every_period;
pub mod missing;
pub mod not_null;
pub mod partition_complete;
