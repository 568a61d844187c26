//! Forgets old runs: their records and states, once nothing of what they published is there any more.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::Value;

use super::inputs;
use super::records::{is_published, newest_first, parse};
use super::states;
use crate::commit::{Attempt, Home, RecordEntry};
use crate::error::Result;
use crate::report::Output;
use crate::store::{Dataset, Entry, Location};

/// Store calls in flight at once.
const AT_ONCE: usize = 32;

/// What old runs left, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Those whose records were put before that were looked at.
    pub before: DateTime<Utc>,
    /// Runs that are forgotten, the newest first.
    pub runs: Vec<Forgotten>,
    /// Old runs whose records stay because files that they published are still there, or may be.
    pub live: usize,
    /// States that went with the runs.
    pub states: usize,
    /// Bytes of all that was deleted.
    pub bytes: u64,
}

/// A run that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Its id.
    pub run_id: String,
    /// Which attempt at it.
    pub attempt: u32,
    /// When its record was put, by the store's clock.
    pub stored_at: DateTime<Utc>,
}

/// Which runs are forgotten.
#[derive(Debug)]
pub struct Retention<'a> {
    /// Those whose records were put before.
    pub before: DateTime<Utc>,
    /// The time now.
    pub now: DateTime<Utc>,
    /// The datasets of the pipeline by their addresses in records. Runs of which a file is still there stay.
    pub datasets: &'a BTreeMap<String, Dataset>,
    /// Runs that stay because checks compare with them.
    pub named: &'a BTreeSet<String>,
    /// Whether nothing is deleted.
    pub dry_run: bool,
}

/// For so long it stays decided that a run was undone: its process may only be asleep.
const SLEEP: TimeDelta = TimeDelta::days(1);

/// An old run.
struct Old<'a> {
    found: &'a RecordEntry,
    record: Value,
}

/// Deletes what old runs of `pipeline` keep. These stay: the newest record, the newest of a run that published, and
/// that of a run of whose files one is still there, or may be: it wrote to other datasets. So do runs in flight.
///
/// What published runs have read stays known, for sources that read what is new; a run that is forgotten is no
/// longer known as done, so that asking for the same run again does it again.
pub async fn clean(home: &Home, pipeline: &str, retention: &Retention<'_>) -> Result<Cleaned> {
    let records = newest_first(home, pipeline).await?;
    let kept = newest_published(&records).await?;
    let is_old = |found: &&RecordEntry| {
        found.entry.modified < retention.before && !retention.named.contains(&found.attempt.run_id)
    };
    let old = records.iter().skip(1).filter(is_old).filter(|found| Some(&found.attempt) != kept.as_ref());
    let old: Vec<Old<'_>> = stream::iter(old.map(read)).buffered(AT_ONCE).try_collect().await?;

    let in_flight = home.in_flight().await?;
    let mut there = Listed::new(retention.datasets);
    let mut cleaned = Cleaned { before: retention.before, ..Cleaned::default() };
    let mut doomed = Vec::new();
    for Old { found, record } in old {
        let may_wake = is_undone(&record) && found.entry.modified > retention.now - SLEEP;
        if may_wake || in_flight.contains(&found.attempt.token()) || there.has_files_of(&record).await? {
            cleaned.live += 1;
            continue;
        }
        cleaned.runs.push(Forgotten {
            run_id: found.attempt.run_id.clone(),
            attempt: found.attempt.number,
            stored_at: found.entry.modified,
        });
        doomed.push(found);
    }
    let attempts: BTreeSet<&Attempt> = doomed.iter().map(|found| &found.attempt).collect();
    let stays = |found: &&RecordEntry| !attempts.contains(&found.attempt);
    let staying: BTreeSet<&str> =
        records.iter().filter(stays).map(|found| found.attempt.run_id.as_str()).collect();
    let gone: BTreeSet<&str> = attempts.iter().map(|attempt| attempt.run_id.as_str()).collect();
    let is_gone = |run_id: &str| gone.contains(run_id) && !staying.contains(run_id);
    let states = states::of_runs(home, pipeline, is_gone).await?;
    cleaned.states = states.len();
    cleaned.bytes = states.iter().map(|entry| entry.size).sum::<u64>()
        + doomed.iter().map(|found| found.entry.size).sum::<u64>();
    if retention.dry_run || doomed.is_empty() {
        return Ok(cleaned);
    }
    inputs::remember(home, pipeline).await?;
    delete(states.iter().map(|entry| entry.location.clone())).await?;
    // A record goes after the journal that may lie beside it, so that what is left of a clean that dies is found
    // again by the next.
    let journals = doomed.iter().map(|found| home.journal(&found.attempt)).collect::<Result<Vec<_>>>()?;
    delete(journals.into_iter()).await?;
    delete(doomed.iter().map(|found| found.entry.location.clone())).await?;
    for found in doomed {
        if let Some(folder) = found.entry.location.parent() {
            folder.prune(home.location()).await?;
        }
    }
    Ok(cleaned)
}

async fn read(found: &RecordEntry) -> Result<Old<'_>> {
    let place = &found.entry.location;
    Ok(Old { found, record: parse(&place.get().await?, place)? })
}

/// Whether another process took the run for dead.
fn is_undone(record: &Value) -> bool {
    record.get("status").and_then(Value::as_str) == Some("died")
}

/// The newest attempt that published, among records from the newest on.
async fn newest_published(records: &[RecordEntry]) -> Result<Option<Attempt>> {
    for found in records {
        if is_published(&read(found).await?.record) {
            return Ok(Some(found.attempt.clone()));
        }
    }
    Ok(None)
}

async fn delete(places: impl Iterator<Item = Location>) -> Result<()> {
    stream::iter(places.map(async |place| place.delete().await))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await
}

/// The part of a record that says where files were written.
#[derive(Debug, Default, Deserialize)]
struct Wrote {
    #[serde(default)]
    inputs: Vec<Files>,
    #[serde(default)]
    tables: Vec<Files>,
}

#[derive(Debug, Default, Deserialize)]
struct Files {
    #[serde(default)]
    output: Option<Output>,
    #[serde(default)]
    quarantine: Option<Output>,
}

/// The files of datasets, listed when they are first asked for.
struct Listed<'d> {
    datasets: &'d BTreeMap<String, Dataset>,
    files: BTreeMap<&'d str, HashSet<String>>,
}

impl<'d> Listed<'d> {
    fn new(datasets: &'d BTreeMap<String, Dataset>) -> Self {
        Self { datasets, files: BTreeMap::new() }
    }

    /// Whether a file that the run of a record published is there, or may be: it wrote to a dataset that is not
    /// among those, or its record cannot be read as one.
    async fn has_files_of(&mut self, record: &Value) -> Result<bool> {
        if !is_published(record) {
            return Ok(false);
        }
        let Ok(wrote) = Wrote::deserialize(record) else { return Ok(true) };
        let all = wrote.inputs.into_iter().chain(wrote.tables);
        for output in all.flat_map(|files| [files.output, files.quarantine]).flatten() {
            let Some(there) = self.files(&output.location).await? else { return Ok(true) };
            if output.files.iter().any(|file| there.contains(&file.path)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn files(&mut self, location: &str) -> Result<Option<&HashSet<String>>> {
        let Some((location, dataset)) = self.datasets.get_key_value(location) else { return Ok(None) };
        if !self.files.contains_key(location.as_str()) {
            let path = |entry: Entry| entry.location.relative_to(dataset.folder()).map(str::to_owned);
            let found = dataset.folder().list().await?.into_iter().filter_map(path).collect();
            self.files.insert(location, found);
        }
        Ok(self.files.get(location.as_str()))
    }
}
