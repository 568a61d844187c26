//! Where the state of runs lies.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::store::{Entry, Location, STATE_FOLDER, escape, unescape};

/// The `_lockgate` folder that keeps a pipeline's journals and run records. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(Location);

/// One attempt at one run of one pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The pipeline's name.
    pub pipeline: String,
    /// What the run is: the same pipeline, variables and inputs give the same.
    pub run_id: String,
    /// The how manieth try, from 1.
    pub number: u32,
}

impl Attempt {
    /// A name that no other attempt has.
    pub fn token(&self) -> String {
        format!("{}.{}", escape(&self.run_id), self.number)
    }
}

/// A run record that exists.
#[derive(Debug, Clone)]
pub(crate) struct RecordEntry {
    pub(crate) attempt: Attempt,
    pub(crate) entry: Entry,
}

impl Home {
    /// The state in `folder`, usually [`crate::store::Dataset::state`] of the first dataset written.
    pub fn new(folder: Location) -> Self {
        Self(folder)
    }

    /// The folder itself.
    pub fn location(&self) -> &Location {
        &self.0
    }

    /// The folder that lists the runs in flight.
    pub(super) fn open_folder(&self) -> Result<Location> {
        self.0.join("open")
    }

    /// Deletes the folder of runs in flight if there are none, and then the home if nothing is left in it, unless
    /// it is a folder that the user chose.
    pub(crate) async fn prune(&self) -> Result<()> {
        let top = match self.0.parent() {
            Some(parent) if self.0.name() == Some(STATE_FOLDER) => parent,
            _ => self.0.clone(),
        };
        self.open_folder()?.prune(&top).await
    }

    /// The entry of one run in flight.
    pub(super) fn open_entry(&self, token: &str) -> Result<Location> {
        self.open_folder()?.join(&format!("{token}.json"))
    }

    fn pipeline_folder(&self, pipeline: &str) -> Result<Location> {
        self.0.join("runs")?.join(&escape(pipeline))
    }

    /// The tokens of the attempts in flight, in their order.
    pub(crate) async fn in_flight(&self) -> Result<BTreeSet<String>> {
        let token = |entry: Entry| entry.location.name()?.strip_suffix(".json").map(str::to_owned);
        Ok(self.open_folder()?.list().await?.into_iter().filter_map(token).collect())
    }

    /// What an attempt keeps.
    pub(super) fn attempt_folder(&self, attempt: &Attempt) -> Result<Location> {
        self.pipeline_folder(&attempt.pipeline)?
            .join(&escape(&attempt.run_id))?
            .join(&attempt.number.to_string())
    }

    pub(crate) fn journal(&self, attempt: &Attempt) -> Result<Location> {
        self.attempt_folder(attempt)?.join("journal.json")
    }

    pub(crate) fn record(&self, attempt: &Attempt) -> Result<Location> {
        self.attempt_folder(attempt)?.join("record.json")
    }

    /// What all runs of a pipeline have read, summed up.
    pub(crate) fn inputs_summary(&self, pipeline: &str) -> Result<Location> {
        self.pipeline_folder(pipeline)?.join("inputs.json")
    }

    /// The states that are kept of what a source or table published.
    pub(crate) fn states(&self, pipeline: &str, of: &str) -> Result<Location> {
        self.0.join("states")?.join(&escape(pipeline))?.join(&escape(of))
    }

    /// Each pipeline, and source or table of it, that states are kept of, in the order of their names.
    pub(crate) async fn followed(&self) -> Result<BTreeSet<(String, String)>> {
        let folder = self.0.join("states")?;
        let of = |entry: &Entry| {
            let mut names = entry.location.relative_to(&folder)?.split('/').map(unescape);
            let found = (names.next()?, names.next()?);
            names.next().map(|_| found)
        };
        Ok(folder.list().await?.iter().filter_map(of).collect())
    }

    /// Every run record of `pipeline`, unordered. Reads none of them.
    pub(crate) async fn records(&self, pipeline: &str) -> Result<Vec<RecordEntry>> {
        let folder = self.pipeline_folder(pipeline)?;
        let found = folder.list().await?;
        Ok(found
            .into_iter()
            .filter_map(|entry| {
                let relative = entry.location.relative_to(&folder)?;
                let (run, number) = relative.strip_suffix("/record.json")?.split_once('/')?;
                let attempt = Attempt {
                    pipeline: pipeline.to_owned(),
                    run_id: unescape(run),
                    number: number.parse().ok()?,
                };
                Some(RecordEntry { attempt, entry })
            })
            .collect())
    }

    /// The attempts at a run that left something, each with whether there is a run record.
    pub(crate) async fn attempts(&self, pipeline: &str, run_id: &str) -> Result<BTreeMap<u32, bool>> {
        let folder = self.pipeline_folder(pipeline)?.join(&escape(run_id))?;
        let mut attempts = BTreeMap::new();
        for entry in folder.list().await? {
            let Some((number, name)) = entry.location.relative_to(&folder).and_then(|r| r.split_once('/'))
            else {
                continue;
            };
            if let Ok(number) = number.parse() {
                *attempts.entry(number).or_insert(false) |= name == "record.json";
            }
        }
        Ok(attempts)
    }
}
