//! Begins a run: finds out whether it is done already, clears up after runs that died, and says that it is
//! in flight.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::document::{self, Version};
use super::heartbeat::Heartbeat;
use super::holder::Holder;
use super::home::{Attempt, Home};
use super::open::{self, Found, Open};
use super::recover::{self, Action, Judge, Recovered};
use super::reference;
use super::session::{Patience, Session};
use super::uploads::UploadLog;
use crate::error::{Error, Kind, Result};
use crate::history;
use crate::store::{Dataset, Record, Staging, Stores};

/// Times the beginning is tried again because another process moved meanwhile.
const TRIES: usize = 5;

/// The run that shall begin.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where its state is kept.
    pub home: Home,
    /// The pipeline's name.
    pub pipeline: String,
    /// What the run is: the same pipeline, variables and inputs give the same.
    pub run_id: String,
    /// The datasets it may write.
    pub datasets: Vec<Dataset>,
    /// This process.
    pub holder: Holder,
    /// How it waits for other runs.
    pub patience: Patience,
    /// The time now.
    pub now: DateTime<Utc>,
    /// The version of Lockgate.
    pub engine: String,
}

/// What came of beginning.
pub enum Begun {
    /// The run is in flight.
    Started(Box<Session>),
    /// There is nothing to do: this run was published before. Its record.
    AlreadyPublished(Value),
}

impl Session {
    /// Begins a run, unless it was published before. Runs of the same home that died are finished or undone
    /// first. The same run being in flight elsewhere is a conflict.
    pub async fn begin(stores: &Stores, request: Request) -> Result<Begun> {
        for _ in 0..TRIES {
            if let Some(begun) = try_begin(stores, &request).await? {
                return Ok(begun);
            }
        }
        Err(in_flight(&request, None))
    }
}

/// None if something moved, and all must be looked at again.
async fn try_begin(stores: &Stores, request: &Request) -> Result<Option<Begun>> {
    let home = &request.home;
    let judge = Judge { stores, me: &request.holder, lease: request.patience.lease, engine: &request.engine };
    let attempts = home.attempts(&request.pipeline, &request.run_id).await?;
    let last = attempts.last_key_value().map_or(0, |(last, _)| *last);
    let attempt =
        |number| Attempt { pipeline: request.pipeline.clone(), run_id: request.run_id.clone(), number };
    if let Some(record) = history::published(home, &request.pipeline, &request.run_id, &attempts).await? {
        // It may have died after its record was put, and before the files went that it replaces.
        if let Some(found) = open::find(home, &attempt(last).token()).await? {
            settle_same(&judge, request, &found).await?;
        }
        return Ok(Some(Begun::AlreadyPublished(record)));
    }
    let attempt = attempt(last + 1);
    let open = Open {
        version: Version,
        attempt,
        datasets: request.datasets.iter().map(|d| reference::refer(home.location(), d.folder())).collect(),
        holder: request.holder.clone(),
        started_at: request.now,
    };
    let token = open.attempt.token();
    let entry = home.open_entry(&token)?;
    let content = document::write(&open)?;
    if !entry.put_create(content.clone()).await? {
        if let Some(found) = open::find(home, &token).await? {
            settle_same(&judge, request, &found).await?;
        }
        return Ok(None);
    }
    match clear_up(&judge, request, &token).await {
        Ok(Some(recovered)) => Ok(Some(start(stores, request, open, content, recovered)?)),
        Ok(None) => entry.delete().await.map(|()| None),
        Err(error) => {
            if let Err(second) = entry.delete().await {
                tracing::warn!(error = %second, "could not take back the entry of a run in flight");
            }
            Err(error)
        }
    }
}

/// Finishes or undoes what died. None if the same run was among it, which may be published now.
async fn clear_up(judge: &Judge<'_>, request: &Request, token: &str) -> Result<Option<Vec<Recovered>>> {
    let home = &request.home;
    let mut recovered = Vec::new();
    for other in home.in_flight().await?.iter().filter(|other| *other != token) {
        let found = match open::find(home, other).await {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                recovered.push(Recovered { attempt: None, action: Err(error) });
                continue;
            }
        };
        let other = &found.open.attempt;
        if other.run_id == request.run_id && other.pipeline == request.pipeline {
            settle_same(judge, request, &found).await?;
            return Ok(None);
        }
        match recover::settle_if_dead(judge, home, &found).await {
            Ok(Action::Running) => {}
            action => recovered.push(Recovered { attempt: Some(found.open.attempt), action }),
        }
    }
    Ok(Some(recovered))
}

/// Finishes or undoes an earlier attempt at the same run, which must be dead.
async fn settle_same(judge: &Judge<'_>, request: &Request, found: &Found) -> Result<()> {
    match recover::settle_if_dead(judge, &request.home, found).await? {
        Action::Running => Err(in_flight(request, Some(&found.open.holder))),
        Action::Finished | Action::Undone | Action::Tidied => Ok(()),
    }
}

fn start(
    stores: &Stores,
    request: &Request,
    open: Open,
    content: Bytes,
    recovered: Vec<Recovered>,
) -> Result<Begun> {
    let home = &request.home;
    let entry = home.open_entry(&open.attempt.token())?;
    let log = Arc::new(UploadLog::new(home.location().clone(), home.attempt_folder(&open.attempt)?));
    let record: Record = Arc::new(move |started| {
        let log = Arc::clone(&log);
        Box::pin(async move { log.append(started).await })
    });
    let staging = Staging::new(open.attempt.token(), stores.io(), Some(record));
    let heartbeat = Heartbeat::start(entry, content, request.patience.heartbeat);
    Ok(Begun::Started(Box::new(Session {
        stores: stores.clone(),
        home: home.clone(),
        open,
        heartbeat,
        staging,
        patience: request.patience,
        engine: request.engine.clone(),
        claimed: Mutex::default(),
        recovered,
    })))
}

fn in_flight(request: &Request, holder: Option<&Holder>) -> Error {
    let by = holder.map_or_else(|| "another process".to_owned(), ToString::to_string);
    Error::new(
        Kind::Conflict,
        format!("run {} of pipeline {:?} is in flight: {by}", request.run_id, request.pipeline),
    )
    .hint("try again when it has ended; if it died, it is recovered once its lease is over")
}
