//! What occurs how often.

pub mod distinct_count;
pub mod distinct_values;
pub mod distinctness;
pub mod primary_key;
pub mod unique;
pub mod unique_value_ratio;
pub mod unique_within_record;
#[expect(clippy::module_inception, reason = "the rule has the name of its dimension")]
pub mod uniqueness;
