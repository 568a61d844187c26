//! Finishes or undoes runs that died.

use std::time::Duration;

use serde_json::json;

use super::document::{self, Version};
use super::holder::Holder;
use super::home::{Attempt, Home};
use super::journal::{Journal, Ruling};
use super::open::{self, Found, Open};
use super::publish;
use super::undo;
use crate::error::{Error, Result};
use crate::store::Stores;

/// What was done about a run that was in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Its gate was open: what it staged is visible now.
    Finished,
    /// Its gate was closed or it died before: what it staged is gone.
    Undone,
    /// It had ended but for some traces, which are gone.
    Tidied,
    /// Nothing: it is alive.
    Running,
}

/// A run that was found in flight.
#[derive(Debug)]
pub struct Recovered {
    /// Which, if that could be read.
    pub attempt: Option<Attempt>,
    /// What was done, or why it could not be.
    pub action: Result<Action>,
}

/// Who judges whether a run is dead, and by what.
pub(super) struct Judge<'a> {
    pub(super) stores: &'a Stores,
    pub(super) me: &'a Holder,
    /// A run on another machine is dead when its last heartbeat is older.
    pub(super) lease: Duration,
    /// The version of Lockgate.
    pub(super) engine: &'a str,
}

/// Finishes or undoes every run of `home` that died. A run on another machine counts as dead when its
/// last heartbeat is older than `lease`; a lease of zero says that the caller knows it is dead. A run of
/// this machine is dead when its process is.
pub async fn recover(
    stores: &Stores,
    home: &Home,
    me: &Holder,
    lease: Duration,
    engine: &str,
) -> Result<Vec<Recovered>> {
    let judge = Judge { stores, me, lease, engine };
    let mut recovered = Vec::new();
    for token in home.in_flight().await? {
        match open::find(home, &token).await {
            Ok(None) => {}
            Ok(Some(found)) => {
                let action = settle_if_dead(&judge, home, &found).await;
                recovered.push(Recovered { attempt: Some(found.open.attempt), action });
            }
            Err(error) => recovered.push(Recovered { attempt: None, action: Err(error) }),
        }
    }
    home.prune().await?;
    Ok(recovered)
}

/// Finishes or undoes a run, unless it is alive.
pub(super) async fn settle_if_dead(judge: &Judge<'_>, home: &Home, found: &Found) -> Result<Action> {
    if open::is_alive(home, found, judge.me, judge.lease).await? {
        return Ok(Action::Running);
    }
    settle(judge, home, found).await
}

/// Finishes or undoes a run that is dead.
pub(super) async fn settle(judge: &Judge<'_>, home: &Home, found: &Found) -> Result<Action> {
    let stores = judge.stores;
    let open = &found.open;
    let ended = home.record(&open.attempt)?.head().await?.is_some();
    let journal = match read_journal(home, &open.attempt).await? {
        None if ended => None,
        None => Some(write_off(judge, home, open).await?),
        some => some,
    };
    let action = match &journal {
        Some(journal) if journal.ruling == Ruling::Open && ended => {
            publish::complete(stores, home, journal).await?;
            Action::Finished
        }
        Some(journal) if journal.ruling == Ruling::Open => {
            publish::publish(stores, home, journal).await?;
            Action::Finished
        }
        _ if ended => Action::Tidied,
        _ => Action::Undone,
    };
    undo::discard(stores, home, open, journal.as_ref()).await?;
    if let Some(journal) = &journal
        && action == Action::Undone
    {
        publish::put_record(home, journal).await?;
    }
    undo::tidy(stores, home, open, journal.as_ref()).await?;
    Ok(action)
}

/// The decision about an attempt, if there is one.
pub(super) async fn read_journal(home: &Home, attempt: &Attempt) -> Result<Option<Journal>> {
    let place = home.journal(attempt)?;
    match place.get_if_exists().await? {
        Some((bytes, _)) => document::read(&bytes, &place).map(Some),
        None => Ok(None),
    }
}

/// Decides that a run will not publish, unless something else was decided meanwhile. Returns what holds.
pub(super) async fn write_off(judge: &Judge<'_>, home: &Home, open: &Open) -> Result<Journal> {
    let journal = Journal {
        version: Version,
        engine: judge.engine.to_owned(),
        attempt: open.attempt.clone(),
        ruling: Ruling::Undone(judge.me.clone()),
        changes: Vec::new(),
        states: Vec::new(),
        record: json!({
            "run_id": open.attempt.run_id,
            "pipeline": open.attempt.pipeline,
            "attempt": open.attempt.number,
            "status": "died",
            "started_at": open.started_at,
            "holder": open.holder,
        }),
    };
    if home.journal(&open.attempt)?.put_create(document::write(&journal)?).await? {
        return Ok(journal);
    }
    read_journal(home, &open.attempt)
        .await?
        .ok_or_else(|| Error::unavailable("the journal of a run came and went while it was recovered"))
}
