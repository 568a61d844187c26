//! Values that have to agree with others of the same row.

pub mod compare_columns;
pub mod sum_of_columns;
pub mod temporal_order;
