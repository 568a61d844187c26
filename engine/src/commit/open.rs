//! The entries of runs in flight, and which of them are dead.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::document::{self, Version};
use super::holder::{Holder, Life};
use super::home::{Attempt, Home};
use crate::error::Result;
use crate::store::Entry;

/// What a run in flight says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) version: Version,
    pub(super) attempt: Attempt,
    /// The datasets it may write, seen from its home.
    pub(super) datasets: Vec<String>,
    pub(super) holder: Holder,
    pub(super) started_at: DateTime<Utc>,
}

/// An entry that was found, with the time of its last heartbeat by the store's clock.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) open: Open,
    pub(super) entry: Entry,
}

/// Reads one entry; none if the run is not in flight.
pub(super) async fn find(home: &Home, token: &str) -> Result<Option<Found>> {
    let place = home.open_entry(token)?;
    match place.get_if_exists().await? {
        Some((bytes, entry)) => Ok(Some(Found { open: document::read(&bytes, &place)?, entry })),
        None => Ok(None),
    }
}

/// Whether the run still lives: its process does, or if that cannot be told, its last heartbeat is younger
/// than `lease`.
///
/// The age is measured between two writes to the same store, so that the clocks of the machines do
/// not matter.
pub(super) async fn is_alive(home: &Home, found: &Found, me: &Holder, lease: Duration) -> Result<bool> {
    match me.life_of(&found.open.holder) {
        Life::Runs => Ok(true),
        Life::Ended => Ok(false),
        Life::Unknown => {
            let age = now_at(home).await? - found.entry.modified;
            Ok(age < chrono::Duration::from_std(lease).unwrap_or(chrono::Duration::MAX))
        }
    }
}

/// The time by the clock of the home's store.
pub(crate) async fn now_at(home: &Home) -> Result<DateTime<Utc>> {
    let clock = home.location().join("clock")?;
    loop {
        clock.put("now").await?;
        let written = clock.head().await?;
        clock.delete().await?;
        // None if another process that asked the time has deleted it.
        if let Some(entry) = written {
            return Ok(entry.modified);
        }
    }
}
