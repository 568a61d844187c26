//! Which files were read again after a run, for rows that it left in quarantine: whoever read a file again
//! has decided anew about its rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::records::{is_published, is_replay, newest_first, parse};
use crate::commit::Home;
use crate::error::{Error, Result};
use crate::store::Location;

/// A run that was published after another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterRun {
    /// Its id.
    pub run_id: String,
    /// The files it read.
    pub files: BTreeSet<String>,
    /// The datasets it wrote.
    pub datasets: BTreeSet<String>,
}

/// A run, and those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// Its logical time.
    pub run_time: DateTime<Utc>,
    /// The files it read; none if it took its rows from the quarantine.
    pub files: Option<BTreeSet<String>>,
    /// The runs after it that were published and read files, newest first.
    pub later: Vec<LaterRun>,
}

/// What was published after each of `runs`. Reads records from the newest to the oldest of these.
pub async fn published_since(
    home: &Home,
    pipeline: &str,
    runs: &BTreeSet<String>,
) -> Result<BTreeMap<String, Since>> {
    let mut found = BTreeMap::new();
    let mut later: Vec<LaterRun> = Vec::new();
    for entry in newest_first(home, pipeline).await? {
        if found.len() == runs.len() {
            break;
        }
        let place = &entry.entry.location;
        let record = parse(&place.get().await?, place)?;
        if !is_published(&record) {
            continue;
        }
        let run_id = entry.attempt.run_id;
        let is_replay = is_replay(&record);
        let files = texts(&record, "inputs", |input| {
            input.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(path).collect()
        });
        if runs.contains(&run_id) {
            let since = Since {
                run_time: run_time(&record, place)?,
                files: (!is_replay).then(|| files.clone()),
                later: later.clone(),
            };
            found.insert(run_id.clone(), since);
        }
        if !is_replay {
            let datasets = texts(&record, "tables", |table| {
                table.pointer("/output/location").and_then(Value::as_str).into_iter().collect()
            });
            later.push(LaterRun { run_id, files, datasets });
        }
    }
    match runs.iter().find(|run| !found.contains_key(*run)) {
        None => Ok(found),
        Some(run) => {
            Err(Error::wrong(format!("there is no record of run {run}, which left rows in quarantine"))
                .hint("without it nobody can tell whether its rows were published since; choose other runs"))
        }
    }
}

fn run_time(record: &Value, place: &Location) -> Result<DateTime<Utc>> {
    let told = record.get("run_time").and_then(Value::as_str).unwrap_or_default();
    told.parse().map_err(|error| Error::wrong(format!("{place} tells no run time")).because(error))
}

fn path(file: &Value) -> Option<&str> {
    file.get("path").and_then(Value::as_str)
}

fn texts<'r>(record: &'r Value, list: &str, of: impl Fn(&'r Value) -> Vec<&'r str>) -> BTreeSet<String> {
    let items = record.get(list).and_then(Value::as_array).into_iter().flatten();
    items.flat_map(of).map(str::to_owned).collect()
}
