//! Writes down which multipart uploads a run has begun, so that they can be aborted if it dies.
//!
//! An upload whose run dies between the store's answer and the entry here is not known to anybody; a
//! lifecycle rule that aborts incomplete uploads after some days, as every bucket should have, ends it.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as AsyncMutex;

use super::document;
use super::reference;
use crate::error::Result;
use crate::store::{Location, Started};

/// One upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) dataset: String,
    pub(super) path: String,
    pub(super) id: String,
}

/// The list of one attempt's uploads. Those that begin while an entry is being written share the next one.
pub(super) struct UploadLog {
    home: Location,
    folder: Location,
    pending: Mutex<Vec<Begun>>,
    /// The number of the next entry. Held while it is written.
    next: AsyncMutex<u32>,
}

const NAME: &str = "uploads-";

impl UploadLog {
    pub(super) fn new(home: Location, folder: Location) -> Self {
        Self { home, folder, pending: Mutex::default(), next: AsyncMutex::new(1) }
    }

    /// Returns once `started` is written down.
    pub(super) async fn append(&self, started: Started) -> Result<()> {
        let dataset = reference::refer(&self.home, started.dataset.folder());
        self.pending().push(Begun { dataset, path: started.path, id: started.id });
        let mut next = self.next.lock().await;
        let batch = std::mem::take(&mut *self.pending());
        if batch.is_empty() {
            // Whoever held the lock has written it.
            return Ok(());
        }
        loop {
            let place = self.folder.join(&format!("{NAME}{next}.json"))?;
            *next += 1;
            match place.put_create(document::write(&batch)?).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    // Those who wait for the lock have their uploads in here, too.
                    self.pending().extend(batch);
                    return Err(error);
                }
            }
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Vec<Begun>> {
        self.pending.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The lists in an attempt's folder.
pub(super) async fn lists(folder: &Location) -> Result<Vec<Location>> {
    let found = folder.list().await?.into_iter().map(|entry| entry.location);
    Ok(found.filter(|place| place.name().is_some_and(|name| name.starts_with(NAME))).collect())
}

/// The uploads in a list.
pub(super) async fn read(list: &Location) -> Result<Vec<Begun>> {
    match list.get_if_exists().await? {
        Some((bytes, _)) => document::read(&bytes, list),
        None => Ok(Vec::new()),
    }
}
