//! As many rows as there should be.

pub mod row_count;
