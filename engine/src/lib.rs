//! The engine of Lockgate: one pass over partitions that reads, checks, transforms, checks again and
//! publishes only if the gate opens.

pub mod commit;
pub mod error;
pub mod expr;
pub mod history;
pub mod spec;
pub mod steps;
pub mod store;

pub use error::{Error, Kind, Place, Result};
pub use spec::Pipeline;
