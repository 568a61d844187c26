//! Who is publishing to a dataset: as long as anybody is, it does not say that it is whole.
//!
//! Runs on different partitions of one dataset publish at the same time. Each leaves a note beside the dataset before
//! it deletes `_SUCCESS`; whoever takes the last note away puts `_SUCCESS` again. Who may be about to put it says so
//! by a second note: a run that begins to publish in that moment waits for it to go, and deletes `_SUCCESS` after it.
//! Who leaves a second note later has seen the first note of that run, and puts nothing.
//!
//! Notes outlive a run that dies only until it is recovered: they go before the entry that says it is in flight. One
//! whose run is not in flight is taken away by whoever finds it.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::document::{self, Version};
use super::home::{Attempt, Home};
use super::{open, reference};
use crate::error::Result;
use crate::store::{Dataset, Entry, Location, SUCCESS, Stores};

/// For so long the second note of a run in flight is waited for: longer than any call is made again.
const PATIENCE: Duration = Duration::from_secs(100);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// How the names of the two kinds of notes end.
const PUBLISHES: &str = ".json";
const ENDS: &str = ".ends";

/// What a note says.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: Version,
    attempt: Attempt,
    /// The home of the run, seen from the dataset's state folder.
    home: String,
}

/// Says that an attempt publishes to `dataset`, which is not whole from now on.
pub(super) async fn begin(stores: &Stores, home: &Home, attempt: &Attempt, dataset: &Dataset) -> Result<()> {
    let note = note(home, attempt, dataset)?;
    // As durable as the journal, so that no run says that half a publication is whole.
    first(dataset, attempt)?.put_create(note).await?;
    for ending in notes(dataset, ENDS).await? {
        let since = Instant::now();
        while since.elapsed() < PATIENCE && is_left(stores, dataset, &ending).await? {
            tokio::time::sleep(PAUSE).await;
        }
    }
    dataset.folder().join(SUCCESS)?.delete().await
}

/// Says that an attempt has published to `dataset`, which is whole unless others still publish.
pub(super) async fn end(stores: &Stores, home: &Home, attempt: &Attempt, dataset: &Dataset) -> Result<()> {
    // Several processes may bring one attempt to its end; each has a note of its own.
    let own = RandomState::new().hash_one(0);
    let ending = folder(dataset)?.join(&format!("{}.{own:016x}{ENDS}", attempt.token()))?;
    ending.put_create_fleeting(note(home, attempt, dataset)?).await?;
    first(dataset, attempt)?.delete().await?;
    let mut is_whole = true;
    for other in notes(dataset, PUBLISHES).await? {
        is_whole &= !is_left(stores, dataset, &other).await?;
    }
    if is_whole {
        dataset.folder().join(SUCCESS)?.put("").await?;
    }
    ending.delete().await
}

/// Takes away what processes that died have left of an attempt's notes.
pub(super) async fn forget(attempt: &Attempt, dataset: &Dataset) -> Result<()> {
    let of_attempt = format!("{}.", attempt.token());
    for note in folder(dataset)?.list().await? {
        if note.location.name().is_some_and(|name| name.starts_with(&of_attempt)) {
            note.location.delete().await?;
        }
    }
    dataset.prune_state(&folder(dataset)?).await
}

/// Whether a note is there, and its run in flight; that of one that is not goes. One that cannot be understood stays,
/// and is taken for one of a run in flight.
async fn is_left(stores: &Stores, dataset: &Dataset, note: &Entry) -> Result<bool> {
    let place = &note.location;
    let Some((bytes, _)) = place.get_if_exists().await? else { return Ok(false) };
    let run = async {
        let said: Note = document::read(&bytes, place)?;
        let home = Home::new(reference::resolve(stores, dataset.state(), &said.home)?);
        open::find(&home, &said.attempt.token()).await
    };
    match run.await {
        Ok(Some(_)) => Ok(true),
        Ok(None) => place.delete().await.map(|()| false),
        Err(error) => {
            tracing::warn!(note = %place, %error, "who publishes there is not known");
            Ok(true)
        }
    }
}

fn note(home: &Home, attempt: &Attempt, dataset: &Dataset) -> Result<bytes::Bytes> {
    let home = reference::refer(dataset.state(), home.location());
    document::write(&Note { version: Version, attempt: attempt.clone(), home })
}

async fn notes(dataset: &Dataset, ending: &str) -> Result<Vec<Entry>> {
    let mut notes = folder(dataset)?.list().await?;
    notes.retain(|note| note.location.name().is_some_and(|name| name.ends_with(ending)));
    Ok(notes)
}

/// The first note of an attempt.
fn first(dataset: &Dataset, attempt: &Attempt) -> Result<Location> {
    folder(dataset)?.join(&format!("{}{PUBLISHES}", attempt.token()))
}

fn folder(dataset: &Dataset) -> Result<Location> {
    dataset.state().join("publishing")?.join(dataset.name())
}
