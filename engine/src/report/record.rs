//! The run record: everything that is known about a run after its end, as JSON for machines.
//!
//! The format is versioned by `format_version`. Fields are added without a new version; a field is
//! removed or changes its meaning only with one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lockgate_rules::Verdict;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use crate::scan::Difference;
use crate::store::Requests;

/// Version of the record's format.
pub const FORMAT_VERSION: u32 = 1;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// The gate opened; the outputs are visible.
    Published,
    /// The gate opened, but some checks alert; the outputs are visible.
    PublishedWithAlerts,
    /// The gate stayed closed; nothing was published.
    Withheld,
    /// Only checks ran, and none closes the gate.
    Validated,
    /// Everything ran, but nothing was to be published.
    DryRun,
    /// The sources that read only what is new have nothing new, or no rows of the quarantine were to go on;
    /// nothing was done.
    NothingNew,
}

/// One run of a pipeline.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this format.
    pub format_version: u32,
    /// Hash of the pipeline, its variables, the engine and the input files.
    pub run_id: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// Version of the engine.
    pub engine_version: String,
    /// How the run ended.
    pub status: RunStatus,
    /// What it brought back, if it took rows of the quarantine through the pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Whether an earlier run had published the same already, and nothing was done now.
    #[serde(default)]
    pub already_published: bool,
    /// Earlier runs that had died and that this one finished or undid before it began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovered: Vec<RecoveredRun>,
    /// The run's logical time: names run-time partitions, judges freshness.
    pub run_time: DateTime<Utc>,
    /// When the run began, by the clock of its machine.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Variables of the pipeline, secrets masked.
    pub vars: BTreeMap<String, String>,
    /// Sources with the files that were read.
    pub inputs: Vec<Input>,
    /// Files of values that checks compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValuesFile>,
    /// Tables with what went through them.
    pub tables: Vec<Table>,
    /// Checks with their verdicts.
    pub checks: Vec<Check>,
    /// How the values of columns are spread, of a run that was withheld: those of a published run follow from
    /// the states that it keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distributions: Vec<Distribution>,
    /// Time and memory.
    pub resources: Resources,
}

/// An earlier run that had died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredRun {
    /// Its id; none if that could not be read.
    pub run_id: Option<String>,
    /// `finished`, `undone`, `tidied`, or why it could not be recovered.
    pub outcome: String,
}

/// Rows of the quarantine that went on from where they had left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The runs that had left them there.
    pub runs: Vec<String>,
    /// So many came in.
    pub rows_in: u64,
    /// Rows that were written, of all tables together.
    pub rows_published: u64,
    /// Rows that failed again and are in quarantine with their new reasons.
    pub rows_kept: u64,
    /// Where they came in.
    pub returned: Vec<Returned>,
    /// Rows that stay in quarantine because a later run has decided about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reread: Vec<Reread>,
    /// Tables that were left as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// Rows that came back to one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The source or table.
    pub on: String,
    /// Where they had left: `checks`, or a step such as `step-2-parse`.
    pub point: String,
    /// So many.
    pub rows: u64,
    /// The files of the quarantine they were in.
    pub files: Vec<InputFile>,
}

/// Rows that a later run read again from the files they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reread {
    /// The source or table whose quarantine they are in.
    pub on: String,
    /// The run that left them there.
    pub run: String,
    /// The run that read their files again.
    pub by: String,
    /// So many.
    pub rows: u64,
}

/// A source and the files read from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    /// Name of the source.
    pub source: String,
    /// Where its files are.
    pub location: String,
    /// Sources and tables that its checks look up keys in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Rows that stayed after the checks.
    #[serde(default)]
    pub rows_out: u64,
    /// Rows that went to the quarantine.
    #[serde(default)]
    pub rows_quarantined: u64,
    /// The quarantine, if rows went there.
    #[serde(default)]
    pub quarantine: Option<Output>,
    /// Stored bytes of the files.
    pub bytes: u64,
    /// The files.
    pub files: Vec<InputFile>,
    /// Columns that were missing in a file or narrower than elsewhere.
    pub schema_differences: Vec<Difference>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Its address.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What the store says changes when the file does.
    pub etag: Option<String>,
}

/// A file of values that was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ValuesFile {
    /// Its address.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

/// A table and what went through it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub table: String,
    /// The source or table its rows come from.
    pub from: String,
    /// Other sources and tables that its steps join or its checks look up keys in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that came out of the last step and stayed after the checks.
    pub rows_out: u64,
    /// Rows that went to the quarantine.
    pub rows_quarantined: u64,
    /// What each step did.
    pub steps: Vec<Step>,
    /// What was written, if the table is written.
    pub output: Option<Output>,
    /// The quarantine, if rows went there.
    pub quarantine: Option<Output>,
    /// Milliseconds that all workers spent on its steps and checks.
    pub busy_ms: f64,
}

/// What one step did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub step: String,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that came out.
    pub rows_out: u64,
    /// What the step counted, such as rows of a join without a partner.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// Milliseconds that all workers spent on it.
    pub busy_ms: f64,
}

/// Files of a dataset that this run wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Output {
    /// The dataset's folder.
    pub location: String,
    /// Partition folders written.
    pub partitions: usize,
    /// Rows written.
    pub rows: u64,
    /// Bytes written.
    pub bytes: u64,
    /// The files.
    pub files: Vec<OutputFile>,
}

/// A file that was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputFile {
    /// Path below the dataset's folder.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A verdict and what it is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Check {
    /// The source or table.
    pub on: String,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// File and row of each sample, in the order of the verdict's samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample_places: Vec<Option<String>>,
}

/// Time and memory of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Resources {
    /// Worker threads.
    pub threads: usize,
    /// Milliseconds from beginning to end.
    pub elapsed_ms: f64,
    /// Milliseconds of each phase.
    pub phases_ms: BTreeMap<String, f64>,
    /// Processor milliseconds of the process, user and system.
    pub cpu_ms: Option<f64>,
    /// Most bytes of memory the process held.
    pub memory_peak_bytes: Option<u64>,
    /// Bytes written to disk because they did not fit in memory.
    #[serde(default)]
    pub spilled_bytes: u64,
    /// Requests to object stores, and those that failed and were made again.
    #[serde(default, skip_serializing_if = "Requests::is_none")]
    pub requests: Requests,
}
