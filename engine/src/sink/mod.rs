//! WRITE: rows of a table become staged Parquet files in `name=value` folders.

mod dataset;
mod dictionary;
mod encode;
mod even;
#[cfg(test)]
mod laws;
pub mod partition;

pub use dataset::{DatasetWriter, Job, Layout, StagedFile};
pub use encode::Encoder;
pub use partition::{Partitioner, Piece};
