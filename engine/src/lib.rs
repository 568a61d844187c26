//! The engine of Lockgate: one pass over partitions that reads, checks, transforms, checks again and
//! publishes only if the gate opens. Start reading at `run`.

pub mod commit;
pub mod engine;
pub mod error;
pub mod exec;
pub mod expr;
pub mod history;
pub mod memory;
pub mod plan;
pub mod profile;
pub mod replay;
pub mod report;
pub mod run;
pub mod scan;
pub mod sink;
pub mod spec;
pub mod steps;
pub mod store;
pub mod validate;

pub use engine::{Clock, Engine, Options, Usage};
pub use error::{Error, Kind, Place, Result};
pub use exec::cancel::Cancel;
pub use exec::progress::Progress;
pub use plan::{Explanation, Plan};
pub use profile::Profiled;
pub use report::{RunRecord, RunStatus};
pub use scan::Part;
pub use spec::Pipeline;
