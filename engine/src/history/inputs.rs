//! Which inputs a pipeline has published, for `partitions: new`.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::records::{is_published, is_replay, parse};
use crate::commit::Home;
use crate::error::{Error, Result};

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

/// What all records up to some say together, also those that were cleaned away since.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Summary {
    covered: BTreeSet<String>,
    inputs: BTreeSet<PublishedInput>,
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
    let (mut summary, fresh) = summed_up(home, pipeline).await?;
    if fresh.len() > SUMMARIZE_AFTER {
        summary.covered.extend(fresh);
        if let Err(error) = store(home, pipeline, &summary).await {
            tracing::warn!(%error, "could not store the summary of published inputs");
        }
    }
    Ok(summary.inputs)
}

/// Sums up what all records say, so that it is still known when they are gone.
pub(super) async fn remember(home: &Home, pipeline: &str) -> Result<()> {
    let (mut summary, fresh) = summed_up(home, pipeline).await?;
    if fresh.is_empty() {
        return Ok(());
    }
    summary.covered.extend(fresh);
    store(home, pipeline, &summary).await
}

async fn store(home: &Home, pipeline: &str, summary: &Summary) -> Result<()> {
    let bytes = serde_json::to_vec(summary)
        .map_err(|error| Error::defect("could not write the summary of published inputs").because(error))?;
    home.inputs_summary(pipeline)?.put(bytes).await
}

/// The stored summary with what records say that it does not cover, and which these are.
async fn summed_up(home: &Home, pipeline: &str) -> Result<(Summary, Vec<String>)> {
    let place = home.inputs_summary(pipeline)?;
    let mut summary: Summary = match place.get_if_exists().await? {
        Some((bytes, _)) => serde_json::from_slice(&bytes).map_err(|error| {
            Error::wrong(format!("{place} is damaged, so that nobody knows which partitions are new"))
                .hint("delete it: records are read again, and what only cleaned ones had read counts as new")
                .because(error)
        })?,
        None => Summary::default(),
    };
    let mut missing: BTreeMap<String, _> =
        home.records(pipeline).await?.into_iter().map(|r| (r.attempt.token(), r.entry.location)).collect();
    missing.retain(|token, _| !summary.covered.contains(token));
    let records: Vec<Value> = stream::iter(missing.values().map(async |at| parse(&at.get().await?, at)))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    // What a replay reads beside the quarantine, it only looks rows up in.
    let is_run = |record: &&Value| is_published(record) && !is_replay(record);
    for record in records.iter().filter(is_run) {
        let inputs = record.get("inputs").and_then(Value::as_array).into_iter().flatten();
        summary.inputs.extend(inputs.flat_map(files));
    }
    Ok((summary, missing.into_keys().collect()))
}
