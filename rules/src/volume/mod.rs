//! As many rows and files as there should be.

pub mod file_checks;
pub mod row_count;
