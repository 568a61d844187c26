//! Agreement with other datasets.

pub mod aggregate_match;
pub mod dataset_match;
pub mod row_count_match;
pub mod schema_match;
