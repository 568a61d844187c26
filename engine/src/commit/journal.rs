//! The decision about a run, with all that carrying it out needs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Version;
use super::holder::Holder;
use super::home::Attempt;
use crate::store::Staged;

/// Created once for an attempt, and then carried out by whoever finds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    pub(super) version: Version,
    /// The version of Lockgate that wrote it.
    pub engine: String,
    /// What was decided about.
    pub attempt: Attempt,
    /// What was decided.
    pub ruling: Ruling,
    /// What changes in each dataset.
    pub changes: Vec<Change>,
    /// States that are kept of what is published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<State>,
    /// The run record that will be put.
    pub record: Value,
}

/// What is kept of what one table published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The source or table.
    pub of: String,
    /// A name that sorts by time, and that no other run gives.
    pub name: String,
    /// The state.
    pub content: Value,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The gate is open: publish.
    Open,
    /// The gate is closed by these checks: discard.
    Closed(Vec<String>),
    /// Another process took the run for dead: discard.
    Undone(Holder),
}

/// What changes in one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The dataset's folder, seen from the run's home.
    pub dataset: String,
    /// The partitions claimed, by their folders.
    pub claimed: Vec<String>,
    /// The files that become visible.
    pub files: Vec<Staged>,
    /// The files that go.
    pub replaced: Vec<Replaced>,
}

/// A file that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Where it is, relative to the dataset's folder.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its etag, if the store has one.
    pub etag: Option<String>,
}
