//! Values that agree with others: of the same row, or of another dataset.

pub mod aggregate_match;
pub mod compare_columns;
pub mod dataset_match;
pub mod row_count_match;
pub mod schema_match;
pub mod sum_of_columns;
pub mod temporal_order;
