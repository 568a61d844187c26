//! What is told about a run.

mod assemble;
mod distribution;
mod read;
mod record;

pub use crate::plan::{
    CheckPlan, Column, Explanation, OutputPlan, Runs, SourcePlan, StepExplained as StepPlan, TablePlan,
};
pub use assemble::Assembly;
pub use distribution::Distribution;
pub use record::{
    Check, FORMAT_VERSION, Input, InputFile, Output, OutputFile, RecoveredRun, Replay, Reread, Resources,
    Returned, RunRecord, RunStatus, Step, Table, ValuesFile,
};
