//! Which inputs a pipeline has published, for `partitions: new`.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::records::{is_published, is_replay, parse};
use crate::commit::{Home, RecordEntry};
use crate::error::{Error, Kind, Result};
use crate::store::Location;

/// Records that are read at once.
const AT_ONCE: usize = 32;

/// So many records are read one by one before the summary is written anew.
const SUMMARIZE_AFTER: usize = 50;

/// An input that a published run has read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublishedInput {
    /// The source's name in the pipeline file.
    #[serde(default)]
    pub source: String,
    /// The object's address.
    #[serde(alias = "uri", alias = "object", default)]
    pub path: String,
    /// Its size in bytes.
    #[serde(alias = "bytes", default)]
    pub size: u64,
    /// Its etag, if the store has one.
    #[serde(default)]
    pub etag: Option<String>,
    /// The partition's folder, if there is one.
    #[serde(default)]
    pub partition: Option<String>,
}

/// The version written into the summary. Readers know every version up to their own.
const VERSION: u32 = 1;

/// Times the records are read again because some were cleaned away meanwhile.
const TRIES: usize = 5;

/// What all records up to some say together, also those that were cleaned away since.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Summary {
    #[serde(default)]
    version: u32,
    covered: BTreeSet<String>,
    inputs: BTreeSet<PublishedInput>,
}

/// Names one record. A run that was forgotten and is done again has the same token and another record.
fn name(record: &RecordEntry) -> String {
    format!("{}@{}", record.attempt.token(), record.entry.modified.timestamp_millis())
}

/// The files of one entry of a record's `inputs`.
fn files(input: &Value) -> Vec<PublishedInput> {
    let source = input.get("source").and_then(Value::as_str).unwrap_or_default();
    let files = input.get("files").and_then(Value::as_array).into_iter().flatten();
    files
        .filter_map(|file| PublishedInput::deserialize(file).ok())
        .map(|file| PublishedInput { source: source.to_owned(), ..file })
        .collect()
}

/// Every input that published runs of `pipeline` have read, from the `inputs` of their records.
pub async fn published_inputs(home: &Home, pipeline: &str) -> Result<BTreeSet<PublishedInput>> {
    let (summary, fresh) = summed_up(home, pipeline).await?;
    if fresh > SUMMARIZE_AFTER
        && let Err(error) = store(home, pipeline, &summary).await
    {
        tracing::warn!(%error, "could not store the summary of published inputs");
    }
    Ok(summary.inputs)
}

/// Sums up what all records say, so that it is still known when they are gone.
pub(super) async fn remember(home: &Home, pipeline: &str) -> Result<()> {
    let (summary, fresh) = summed_up(home, pipeline).await?;
    if fresh > 0 { store(home, pipeline, &summary).await } else { Ok(()) }
}

async fn store(home: &Home, pipeline: &str, summary: &Summary) -> Result<()> {
    let bytes = serde_json::to_vec(summary)
        .map_err(|error| Error::defect("could not write the summary of published inputs").because(error))?;
    home.inputs_summary(pipeline)?.put(bytes).await
}

/// The stored summary with all that records say besides, and how many these are.
async fn summed_up(home: &Home, pipeline: &str) -> Result<(Summary, usize)> {
    for _ in 0..TRIES {
        // The records first: of one that is cleaned away after it was listed, the summary knows.
        let records = home.records(pipeline).await?;
        let mut summary = stored(home, pipeline).await?;
        let missing: BTreeMap<String, _> = records
            .iter()
            .map(|record| (name(record), &record.entry.location))
            .filter(|(name, _)| !summary.covered.contains(name))
            .collect();
        let read = async |at: &Location| -> Result<Option<Value>> {
            at.get_if_exists().await?.map(|(bytes, _)| parse(&bytes, at)).transpose()
        };
        let read: Vec<Option<Value>> =
            stream::iter(missing.values().map(|at| read(at))).buffered(AT_ONCE).try_collect().await?;
        let Some(read) = read.into_iter().collect::<Option<Vec<Value>>>() else { continue };
        // What a replay reads beside the quarantine, it only looks rows up in.
        for record in read.iter().filter(|record| is_published(record) && !is_replay(record)) {
            let inputs = record.get("inputs").and_then(Value::as_array).into_iter().flatten();
            summary.inputs.extend(inputs.flat_map(files));
        }
        let fresh = missing.len();
        summary.covered.extend(missing.into_keys());
        return Ok((Summary { version: VERSION, ..summary }, fresh));
    }
    Err(Error::new(Kind::Conflict, format!("run records of pipeline \"{pipeline}\" go while they are read"))
        .hint("try again when `lockgate clean` has ended"))
}

async fn stored(home: &Home, pipeline: &str) -> Result<Summary> {
    let place = home.inputs_summary(pipeline)?;
    let Some((bytes, _)) = place.get_if_exists().await? else { return Ok(Summary::default()) };
    let summary: Summary = serde_json::from_slice(&bytes).map_err(|error| {
        Error::wrong(format!("{place} is damaged, so that nobody knows which partitions are new"))
            .hint("delete it: records are read again, and what only cleaned ones had read counts as new")
            .because(error)
    })?;
    if summary.version > VERSION {
        return Err(Error::wrong(format!("{place} was written by a newer version of Lockgate")));
    }
    Ok(summary)
}
