//! Who may write a partition: one run at a time.
//!
//! A claim is created only if there is none. One whose run is no longer in flight is taken over by a
//! conditional update, so that of several who try, one wins.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::document::{self, Version};
use super::holder::Holder;
use super::home::{Attempt, Home};
use super::open;
use super::recover::{self, Judge};
use super::reference;
use crate::error::{Error, Kind, Result};
use crate::store::{Dataset, Location};

/// Times a claim is tried again because another process moved meanwhile.
const TRIES: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Claim {
    version: Version,
    attempt: Attempt,
    /// The home of the run, seen from the dataset's state folder.
    home: String,
    holder: Holder,
    /// The partition's folder.
    partition: String,
}

/// Takes `partition` of `dataset` for `attempt`. If a run that died holds it, that run is finished or undone
/// first.
pub(super) async fn take(
    judge: &Judge<'_>,
    home: &Home,
    attempt: &Attempt,
    dataset: &Dataset,
    partition: &str,
) -> Result<()> {
    let place = place(dataset, partition)?;
    let mine = document::write(&Claim {
        version: Version,
        attempt: attempt.clone(),
        home: reference::refer(dataset.state(), home.location()),
        holder: judge.me.clone(),
        partition: partition.to_owned(),
    })?;
    for _ in 0..TRIES {
        if place.put_create_fleeting(mine.clone()).await? {
            return Ok(());
        }
        let Some((bytes, seen)) = place.get_if_exists().await? else { continue };
        let theirs: Claim = document::read(&bytes, &place)?;
        let their_home = Home::new(reference::resolve(judge.stores, dataset.state(), &theirs.home)?);
        match open::find(&their_home, &theirs.attempt.token()).await? {
            Some(found) if open::is_alive(&their_home, &found, judge.me, judge.lease).await? => {
                return Err(held(dataset, partition, &theirs));
            }
            Some(found) => {
                recover::settle(judge, &their_home, &found).await?;
            }
            None if place.put_update(&seen, mine.clone()).await? => return Ok(()),
            None => {}
        }
    }
    Err(Error::new(Kind::Conflict, format!("{partition:?} of {} changes hands too fast", dataset.folder())))
}

/// Lets go of `partition`, if `attempt` holds it.
pub(super) async fn release(dataset: &Dataset, partition: &str, attempt: &Attempt) -> Result<()> {
    release_at(&place(dataset, partition)?, attempt).await
}

/// Lets go of whatever `attempt` holds of `dataset`.
pub(super) async fn release_all(dataset: &Dataset, attempt: &Attempt) -> Result<()> {
    for entry in folder(dataset)?.list().await? {
        release_at(&entry.location, attempt).await?;
    }
    Ok(())
}

/// Where the claims on a dataset are.
pub(super) fn folder(dataset: &Dataset) -> Result<Location> {
    dataset.state().join("claims")?.join(dataset.name())
}

async fn release_at(place: &Location, attempt: &Attempt) -> Result<()> {
    let Some((bytes, seen)) = place.get_if_exists().await? else { return Ok(()) };
    let claim: Claim = document::read(&bytes, place)?;
    if claim.attempt == *attempt {
        place.delete_if(&seen).await?;
    }
    Ok(())
}

/// A partition's name may be longer than a file's can be.
fn place(dataset: &Dataset, partition: &str) -> Result<Location> {
    let mut name = String::with_capacity(37);
    for byte in &Sha256::digest(partition.as_bytes())[..16] {
        // Infallible: writing to a string.
        let _ = write!(name, "{byte:02x}");
    }
    folder(dataset)?.join(&format!("{name}.json"))
}

fn held(dataset: &Dataset, partition: &str, claim: &Claim) -> Error {
    Error::new(
        Kind::Conflict,
        format!(
            "{partition:?} of {} is being written by run {} ({}) of pipeline {:?}",
            dataset.folder(),
            claim.attempt.run_id,
            claim.holder,
            claim.attempt.pipeline,
        ),
    )
    .hint("try again when that run has ended; if it died, it is recovered once its lease is over")
}
