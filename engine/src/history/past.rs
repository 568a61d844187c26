//! A run and those before it, as a report compares them.

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use lockgate_rules::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::records::newest_first;
use crate::commit::{Home, RecordEntry};
use crate::error::{Error, Result};
use crate::report::{Distribution, RunRecord, RunStatus};

/// Records that are read at once: each may have a thousand checks, and little of it is kept.
const AT_ONCE: usize = 8;

/// Runs that a hint names.
const NAMED: usize = 5;

/// Characters of a run's id that tell it apart for people.
const ID: usize = 12;

/// A run and those before it.
#[derive(Debug, Clone)]
pub struct Recalled {
    /// The record of the run.
    pub record: RunRecord,
    /// Runs before it, the latest first.
    pub earlier: Vec<PastRun>,
    /// How the values of columns are spread, where that was kept.
    pub distributions: Vec<Distribution>,
}

impl From<RunRecord> for Recalled {
    /// A run of which nothing is known but its record.
    fn from(record: RunRecord) -> Self {
        let distributions = record.distributions.clone();
        Self { record, earlier: Vec::new(), distributions }
    }
}

/// What is remembered of an earlier run.
#[derive(Debug, Clone, Deserialize)]
pub struct PastRun {
    /// Its id.
    pub run_id: String,
    /// How it ended.
    pub status: RunStatus,
    /// Its logical time.
    pub run_time: DateTime<Utc>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Its sources.
    #[serde(default)]
    pub inputs: Vec<PastRows>,
    /// Its tables.
    #[serde(default)]
    pub tables: Vec<PastTable>,
    /// Its checks.
    #[serde(default)]
    pub checks: Vec<PastCheck>,
    /// What there is if it brought back rows of the quarantine.
    #[serde(default)]
    pub replay: Option<IgnoredAny>,
}

/// How many rows something had.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct PastRows {
    /// So many.
    #[serde(default)]
    pub rows: u64,
}

/// What is remembered of a table of an earlier run.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct PastTable {
    /// What was written of it, if it is written.
    #[serde(default)]
    pub output: Option<PastRows>,
}

/// What is remembered of a check of an earlier run.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "StoredCheck")]
pub struct PastCheck {
    /// The source or table.
    pub on: String,
    /// The check's id, which may be used again on another source or table.
    pub id: String,
    /// How it came out.
    pub status: Status,
    /// What it observed, as one number; see [`figure`].
    pub figure: Option<f64>,
}

#[derive(Deserialize)]
struct StoredCheck {
    on: String,
    id: String,
    status: Status,
    #[serde(default)]
    observed: Value,
    #[serde(default)]
    n_evaluated: u64,
    #[serde(default)]
    n_failed: u64,
}

impl From<StoredCheck> for PastCheck {
    fn from(check: StoredCheck) -> Self {
        let figure = figure(&check.observed, check.n_evaluated, check.n_failed);
        Self { on: check.on, id: check.id, status: check.status, figure }
    }
}

/// What a check observed, as one number that can be compared over runs: the number itself; of several things the
/// number of groups or rows that failed, or else the first, which is the figure that a rule is about. None where
/// nothing was evaluated.
pub fn figure(observed: &Value, n_evaluated: u64, n_failed: u64) -> Option<f64> {
    match observed {
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()),
        Value::Null => None,
        _ if n_evaluated == 0 => None,
        Value::Object(things) if n_failed == 0 || things.contains_key("failed") => {
            things.get("failed").or_else(|| things.values().next()).and_then(Value::as_f64)
        }
        Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => Some(n_failed as f64),
    }
}

/// The run of `pipeline` whose id begins with `wanted`, else the newest, and at most `limit` runs before it.
/// A record among those that cannot be read is left out.
pub async fn recall(home: &Home, pipeline: &str, wanted: Option<&str>, limit: usize) -> Result<Recalled> {
    let found = newest_first(home, pipeline).await?;
    let ids: Vec<&str> = found.iter().map(|entry| &*entry.attempt.run_id).collect();
    let at = chosen(&ids, pipeline, wanted)?;
    let place = &found[at].entry.location;
    let record = RunRecord::parse(&place.get().await?, &place.to_string())?;
    let before = found[at + 1..].iter().take(limit);
    // A replay sees few rows: its figures are no past to compare with.
    let earlier = stream::iter(before.map(past)).buffered(AT_ONCE);
    let earlier = earlier.filter_map(async |run| run.filter(|run| run.replay.is_none())).collect().await;
    Ok(Recalled { earlier, ..Recalled::from(record) })
}

async fn past(entry: &RecordEntry) -> Option<PastRun> {
    let place = &entry.entry.location;
    let read = place.get().await.and_then(|bytes| {
        serde_json::from_slice(&bytes).map_err(|error| Error::wrong("no run record").because(error))
    });
    read.inspect_err(|error| tracing::warn!(record = %place, %error, "an earlier run is left out")).ok()
}

/// The position of the run whose id begins with `wanted` in `ids`, which are sorted newest first and name a
/// run once for each attempt at it.
fn chosen(ids: &[&str], pipeline: &str, wanted: Option<&str>) -> Result<usize> {
    if ids.is_empty() {
        let none = Error::wrong(format!("pipeline \"{pipeline}\" has no run yet"));
        return Err(none.hint("run it with `lockgate run`; checks alone leave no record"));
    }
    let wanted = wanted.unwrap_or_default();
    let mut fitting = ids.iter().enumerate().filter(|(_, id)| id.starts_with(wanted));
    let Some((first, id)) = fitting.next() else {
        let unknown = Error::wrong(format!("no run of pipeline \"{pipeline}\" begins with \"{wanted}\""));
        return Err(unknown.hint(format!("the newest runs are {}", named(ids.iter().copied()))));
    };
    if !wanted.is_empty() && fitting.any(|(_, other)| other != id) {
        let several =
            Error::wrong(format!("several runs of pipeline \"{pipeline}\" begin with \"{wanted}\""));
        let fitting = ids.iter().copied().filter(|id| id.starts_with(wanted));
        return Err(several.hint(format!("write more of one of {}", named(fitting))));
    }
    Ok(first)
}

/// The first few different ids, as people tell them apart.
fn named<'i>(ids: impl Iterator<Item = &'i str>) -> String {
    let mut named: Vec<&str> = Vec::new();
    for id in ids.map(|id| id.get(..ID).unwrap_or(id)) {
        if !named.contains(&id) {
            named.push(id);
        }
        if named.len() == NAMED {
            break;
        }
    }
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const IDS: [&str; 4] = ["abd1", "abc2", "abd1", "f003"];

    #[test]
    fn a_run_is_found_by_the_beginning_of_its_id() {
        let at = |wanted| chosen(&IDS, "p", wanted).expect("one run");
        assert_eq!([None, Some("abc"), Some("abd"), Some("f003")].map(at), [0, 1, 0, 3]);
    }

    #[test]
    fn a_run_that_is_not_found_is_wrong_and_the_newest_are_named() {
        let wrong = |ids: &[&str], wanted| {
            let error = chosen(ids, "p", wanted).expect_err("no run");
            (error.message().to_owned(), error.cure().unwrap_or_default().to_owned())
        };
        let (message, hint) = wrong(&IDS, Some("x"));
        assert_eq!(message, "no run of pipeline \"p\" begins with \"x\"");
        assert_eq!(hint, "the newest runs are abd1, abc2, f003");
        assert_eq!(wrong(&IDS, Some("ab")).1, "write more of one of abd1, abc2");
        assert_eq!(wrong(&[], None).0, "pipeline \"p\" has no run yet");
    }

    #[test]
    fn what_a_check_observed_is_one_number() {
        let keys = json!({"extra_rows": 2, "null_keys": 1});
        assert_eq!(figure(&json!(0.97), 100, 3), Some(0.97));
        assert_eq!(figure(&keys, 100, 3), Some(3.0));
        assert_eq!(figure(&keys, 0, 0), None);
        assert_eq!(figure(&Value::Null, 100, 0), None);
        assert_eq!(figure(&json!({"psi": 0.25, "largest": []}), 100, 0), Some(0.25));
        assert_eq!(figure(&json!({"groups": 9, "failed": 2}), 100, 40), Some(2.0));
    }
}
