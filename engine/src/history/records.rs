//! Run records, newest first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::commit::{Attempt, Home, RecordEntry};
use crate::error::{Error, Result};
use crate::store::{Entry, Location};

/// A record's `status` begins so if its outputs were published: `published`, `published_with_alerts`.
pub const PUBLISHED: &str = "published";

/// Records that are read at once.
const AT_ONCE: usize = 16;

/// A run record that is stored.
#[derive(Debug, Clone)]
pub struct StoredRecord {
    /// The attempt it is of.
    pub attempt: Attempt,
    /// When it was put, by the store's clock.
    pub stored_at: DateTime<Utc>,
    /// Where it is.
    pub location: Location,
    /// The record.
    pub record: Value,
}

impl StoredRecord {
    /// Whether the run's outputs were published.
    pub fn is_published(&self) -> bool {
        is_published(&self.record)
    }
}

/// The newest `limit` run records of `pipeline`, newest first. Names all, reads no more than asked.
pub async fn list_runs(home: &Home, pipeline: &str, limit: usize) -> Result<Vec<StoredRecord>> {
    let mut found = newest_first(home, pipeline).await?;
    found.truncate(limit);
    stream::iter(found.into_iter().map(|found| read(found.attempt, found.entry)))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// All run records of `pipeline`, newest first. Reads none of them.
pub(super) async fn newest_first(home: &Home, pipeline: &str) -> Result<Vec<RecordEntry>> {
    let mut found = home.records(pipeline).await?;
    // Stores keep time to the second: the attempt settles ties, so that the order is always the same.
    found.sort_by(|a, b| b.entry.modified.cmp(&a.entry.modified).then_with(|| b.attempt.cmp(&a.attempt)));
    Ok(found)
}

async fn read(attempt: Attempt, entry: Entry) -> Result<StoredRecord> {
    let record = parse(&entry.location.get().await?, &entry.location)?;
    Ok(StoredRecord { attempt, stored_at: entry.modified, location: entry.location, record })
}

/// The record of the last attempt at a run; none if there is none.
pub async fn read_record(home: &Home, pipeline: &str, run_id: &str) -> Result<Option<Value>> {
    let attempts = home.attempts(pipeline, run_id).await?;
    let Some(number) = attempts.iter().rev().find(|(_, recorded)| **recorded).map(|(number, _)| *number)
    else {
        return Ok(None);
    };
    record_of(home, pipeline, run_id, number).await
}

/// The record of a run that was published; none if it was not. Doing such a run again has no effect.
pub async fn find_run(home: &Home, pipeline: &str, run_id: &str) -> Result<Option<Value>> {
    let attempts = home.attempts(pipeline, run_id).await?;
    published(home, pipeline, run_id, &attempts).await
}

/// The record of the published attempt among `attempts`, which is the last one if there is one.
pub(crate) async fn published(
    home: &Home,
    pipeline: &str,
    run_id: &str,
    attempts: &BTreeMap<u32, bool>,
) -> Result<Option<Value>> {
    let Some((&number, true)) = attempts.last_key_value() else { return Ok(None) };
    Ok(record_of(home, pipeline, run_id, number).await?.filter(is_published))
}

async fn record_of(home: &Home, pipeline: &str, run_id: &str, number: u32) -> Result<Option<Value>> {
    let attempt = Attempt { pipeline: pipeline.to_owned(), run_id: run_id.to_owned(), number };
    let place = home.record(&attempt)?;
    place.get_if_exists().await?.map(|(bytes, _)| parse(&bytes, &place)).transpose()
}

/// Whether a run took its rows from the quarantine.
pub(super) fn is_replay(record: &Value) -> bool {
    record.get("replay").is_some_and(|replay| !replay.is_null())
}

pub(super) fn is_published(record: &Value) -> bool {
    record.get("status").and_then(Value::as_str).is_some_and(|status| status.starts_with(PUBLISHED))
}

pub(super) fn parse(bytes: &[u8], place: &Location) -> Result<Value> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::wrong(format!("{place} is damaged and no run record")).because(e))
}
