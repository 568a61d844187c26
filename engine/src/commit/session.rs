//! A run in flight, from its first claim to the last trace.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::claims;
use super::document::{self, Version};
use super::heartbeat::Heartbeat;
use super::home::{Attempt, Home};
use super::journal::{Change, Journal, Replaced, Ruling, State};
use super::open::Open;
use super::publish::{self, AT_ONCE};
use super::recover::{self, Judge};
use super::reference;
use super::undo;
use crate::error::{Error, Kind, Result};
use crate::store::{Dataset, Staged, Staging, Stores, is_hidden};

/// How runs wait for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A run on another machine is taken for dead when its last heartbeat is older.
    pub lease: Duration,
    /// Time between two heartbeats; several must fit into the lease.
    pub heartbeat: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { lease: Duration::from_mins(3), heartbeat: Duration::from_secs(20) }
    }
}

/// What happens to the files that are in a partition before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// They go.
    Replace,
    /// They stay.
    Append,
    /// There must be none.
    ErrorIfExists,
}

/// What a run wrote of one dataset.
#[derive(Debug, Clone)]
pub struct Output {
    /// The dataset.
    pub dataset: Dataset,
    /// What happens to the files that are there.
    pub mode: WriteMode,
    /// The partitions written, by their folders relative to the dataset; empty for the folder itself.
    pub partitions: Vec<String>,
    /// The files.
    pub files: Vec<Staged>,
    /// Files that were read to be moved on from the dataset: they go too, and nothing is published if one of
    /// them has changed or is gone by then.
    pub taken: Vec<Replaced>,
}

/// A run that has begun. It ends with [`Self::publish`], [`Self::withhold`] or [`Self::abandon`]; one that is
/// merely dropped looks like one that died.
pub struct Session {
    pub(super) stores: Stores,
    pub(super) home: Home,
    pub(super) open: Open,
    pub(super) heartbeat: Heartbeat,
    pub(super) staging: Staging,
    pub(super) patience: Patience,
    pub(super) engine: String,
    pub(super) claimed: Mutex<BTreeSet<(String, String)>>,
    pub(super) recovered: Vec<recover::Recovered>,
}

impl Session {
    /// Which attempt this is.
    pub fn attempt(&self) -> &Attempt {
        &self.open.attempt
    }

    /// When the run began, as its caller said.
    pub fn started_at(&self) -> DateTime<Utc> {
        self.open.started_at
    }

    /// Where its state is kept.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Where its files are staged.
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    /// The runs that were found dead when this one began, and what was done about them.
    pub fn recovered(&self) -> impl Iterator<Item = &recover::Recovered> {
        self.recovered.iter().filter(|recovered| !matches!(recovered.action, Ok(recover::Action::Running)))
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            stores: &self.stores,
            me: &self.open.holder,
            lease: self.patience.lease,
            engine: &self.engine,
        }
    }

    /// Takes a partition, by its folder, before it is written. Done once for each; repeating it costs nothing.
    pub async fn claim(&self, dataset: &Dataset, partition: &str, mode: WriteMode) -> Result<()> {
        let key = (dataset.folder().to_string(), partition.to_owned());
        if self.claimed().contains(&key) {
            return Ok(());
        }
        claims::take(&self.judge(), &self.home, &self.open.attempt, dataset, partition).await?;
        if mode == WriteMode::ErrorIfExists && !existing(dataset, partition).await?.is_empty() {
            return Err(exists(dataset, partition));
        }
        self.claimed().insert(key);
        Ok(())
    }

    fn claimed_of(&self, dataset: &Dataset) -> Vec<String> {
        let folder = dataset.folder().to_string();
        self.claimed()
            .iter()
            .filter(|(of, _)| *of == folder)
            .map(|(_, partition)| partition.clone())
            .collect()
    }

    fn claimed(&self) -> std::sync::MutexGuard<'_, BTreeSet<(String, String)>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The gate is open: makes everything visible.
    ///
    /// Once the journal is written, a failure leaves a run that the next one, or [`recover::recover`],
    /// finishes.
    pub async fn publish(mut self, outputs: Vec<Output>, record: Value, states: Vec<State>) -> Result<()> {
        let changes = match self.changes(&outputs).await {
            Ok(changes) => changes,
            Err(error) => return Err(self.give_up(error).await),
        };
        let journal = Journal { states, ..self.journal(Ruling::Open, changes, record) };
        self.decide(&journal).await?;
        publish::publish(&self.stores, &self.home, &journal).await.map_err(|error| {
            error.hint(
                "the gate is open and the journal is written: the next run or lockgate recover completes it",
            )
        })?;
        let files: Vec<_> = journal.changes.iter().flat_map(|change| change.files.clone()).collect();
        self.staging.discard_but(&files).await?;
        self.end(Some(&journal)).await
    }

    /// The gate is closed by the checks `failed`: discards everything and puts the run record.
    pub async fn withhold(mut self, failed: Vec<String>, record: Value) -> Result<()> {
        let journal = self.journal(Ruling::Closed(failed), Vec::new(), record);
        self.decide(&journal).await?;
        self.staging.discard().await?;
        publish::put_record(&self.home, &journal).await?;
        self.end(Some(&journal)).await
    }

    /// The run failed or was interrupted before the gate: discards everything, and puts the run record if
    /// there is one.
    pub async fn abandon(mut self, record: Option<Value>) -> Result<()> {
        self.staging.discard().await?;
        if let Some(record) = record {
            let journal = self.journal(Ruling::Closed(Vec::new()), Vec::new(), record);
            publish::put_record(&self.home, &journal).await?;
        }
        self.end(None).await
    }

    async fn end(&mut self, journal: Option<&Journal>) -> Result<()> {
        self.heartbeat.stop().await;
        undo::tidy(&self.stores, &self.home, &self.open, journal).await
    }

    fn journal(&self, ruling: Ruling, changes: Vec<Change>, record: Value) -> Journal {
        Journal {
            version: Version,
            engine: self.engine.clone(),
            attempt: self.open.attempt.clone(),
            ruling,
            changes,
            states: Vec::new(),
            record,
        }
    }

    /// Writes the decision down. If that fails, or another process has decided that this run is dead,
    /// nothing of it will ever be visible, unless nobody can tell: then all is left for a recovery.
    async fn decide(&mut self, journal: &Journal) -> Result<()> {
        let place = self.home.journal(&journal.attempt)?;
        let failure = match place.put_create(document::write(journal)?).await {
            Ok(true) => return Ok(()),
            Ok(false) => self.undone_by_another(),
            // The request may have been carried out, or may be even now.
            Err(error) => match recover::write_off(&self.judge(), &self.home, &self.open).await {
                Ok(decided) if !matches!(decided.ruling, Ruling::Undone(_)) => return Ok(()),
                Ok(_) => error,
                Err(_) => {
                    self.heartbeat.stop().await;
                    return Err(error
                        .hint("whether the decision was stored is not known: lockgate recover finds out"));
                }
            },
        };
        Err(self.give_up(failure).await)
    }

    /// Discards everything because of `error`, which is returned.
    async fn give_up(&mut self, error: Error) -> Error {
        let discard = async {
            self.staging.discard().await?;
            let journal = recover::read_journal(&self.home, &self.open.attempt).await?;
            if let Some(journal) = &journal {
                publish::put_record(&self.home, journal).await?;
            }
            self.end(journal.as_ref()).await
        };
        if let Err(second) = discard.await {
            tracing::warn!(error = %second, "could not discard everything; lockgate recover will");
        }
        error
    }

    fn undone_by_another(&self) -> Error {
        Error::new(
            Kind::Conflict,
            format!("run {} was taken for dead and undone by another process", self.open.attempt.run_id),
        )
        .hint("its heartbeat did not get through; run it again")
    }

    /// What changes in each dataset: what the outputs say, and the files they replace.
    async fn changes(&self, outputs: &[Output]) -> Result<Vec<Change>> {
        let mut changes = Vec::with_capacity(outputs.len());
        for output in outputs {
            let partitions = stream::iter(output.partitions.iter().map(async |partition| {
                self.claim(&output.dataset, partition, output.mode).await?;
                match output.mode {
                    WriteMode::Replace => existing(&output.dataset, partition).await,
                    WriteMode::Append | WriteMode::ErrorIfExists => Ok(Vec::new()),
                }
            }));
            let mut replaced: Vec<Vec<_>> = partitions.buffered(AT_ONCE).try_collect().await?;
            self.take(output).await?;
            replaced.push(output.taken.clone());
            changes.push(Change {
                dataset: reference::refer(self.home.location(), output.dataset.folder()),
                claimed: self.claimed_of(&output.dataset),
                files: output.files.clone(),
                replaced: replaced.into_iter().flatten().collect(),
            });
        }
        Ok(changes)
    }

    /// Claims the partitions of the files that an output takes, and makes sure that the files are still what was
    /// read: from now on, nobody else can take them.
    async fn take(&self, output: &Output) -> Result<()> {
        let folder_of =
            |file: &Replaced| file.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let folders: BTreeSet<String> = output.taken.iter().map(folder_of).collect();
        for folder in &folders {
            self.claim(&output.dataset, folder, output.mode).await?;
            let there = existing(&output.dataset, folder).await?;
            let mut own = output.taken.iter().filter(|file| folder_of(file) == *folder);
            if let Some(gone) = own.find(|file| !there.contains(file)) {
                return Err(moved(&output.dataset, gone));
            }
        }
        Ok(())
    }
}

/// The files that are in a partition now.
async fn existing(dataset: &Dataset, partition: &str) -> Result<Vec<Replaced>> {
    let root = dataset.folder();
    let folder = if partition.is_empty() { root.clone() } else { root.join_path(partition)? };
    let found = folder.list().await?;
    let files = found.into_iter().filter_map(|entry| {
        let path = entry.location.relative_to(root)?;
        (!is_hidden(path)).then(|| Replaced {
            path: path.to_owned(),
            size: entry.size,
            etag: entry.etag.clone(),
        })
    });
    Ok(files.collect())
}

fn moved(dataset: &Dataset, file: &Replaced) -> Error {
    let moved = format!("{} in {} changed while it was read", file.path, dataset.folder());
    Error::new(Kind::Conflict, moved).hint("try again: what is there then is read")
}

fn exists(dataset: &Dataset, partition: &str) -> Error {
    Error::wrong(format!("there is data in {partition:?} of {}", dataset.folder()))
        .hint("the write mode is error_if_exists; choose replace or append, or another partition")
}
