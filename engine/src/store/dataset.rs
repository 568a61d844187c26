//! The folder of a dataset, and the folder beside it that Lockgate keeps its own files in.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::hook::Op;
use super::local;
use super::location::Location;
use super::staged;
use crate::error::{Error, Result};

/// Name of the folder beside datasets that holds claims, temporary files and run records. It is beside
/// and not within them because readers stumble over foreign files, hidden or not.
pub const STATE_FOLDER: &str = "_lockgate";

/// Name of the empty object within a dataset that says it is whole.
pub const SUCCESS: &str = "_SUCCESS";

/// Folders that are made durable at once: one alone waits for the disk as long as many together.
const SYNCS_AT_ONCE: usize = 32;

/// A dataset that is written. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    folder: Location,
    state: Location,
    name: String,
}

impl Dataset {
    /// The dataset in `folder`, which must have a name: the root of a bucket or disk is no dataset.
    pub fn new(folder: Location) -> Result<Self> {
        let (Some(parent), Some(name)) = (folder.parent(), folder.name()) else {
            return Err(Error::wrong(format!("{folder} cannot hold a dataset"))
                .hint("write to a folder below it, so that there is room for the _lockgate folder beside"));
        };
        if name == STATE_FOLDER {
            return Err(Error::wrong(format!("{folder} is kept for Lockgate's own files"))
                .hint("write to a folder of another name"));
        }
        let name = name.to_owned();
        Ok(Self { state: parent.join(STATE_FOLDER)?, folder, name })
    }

    /// Where the data lies.
    pub fn folder(&self) -> &Location {
        &self.folder
    }

    /// The `_lockgate` folder beside it.
    pub fn state(&self) -> &Location {
        &self.state
    }

    /// The folder's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes the names of files durable: the folders of `paths`, relative to the dataset, and those above
    /// them up to the dataset's parent. Object stores need nothing.
    pub async fn sync(&self, paths: impl IntoIterator<Item = &str>) -> Result<()> {
        if self.folder.local_path().is_none() {
            return Ok(());
        }
        let mut folders: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for path in paths {
            let mut folder = path;
            while let Some((parent, _)) = folder.rsplit_once('/') {
                folders.entry(parent.matches('/').count()).or_default().insert(parent);
                folder = parent;
            }
        }
        // The deepest first: a folder's entry is of use once its content is durable.
        for level in folders.values().rev() {
            stream::iter(level.iter().map(async |folder| sync(&self.folder.join_path(folder)?).await))
                .buffer_unordered(SYNCS_AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        sync(&self.folder).await?;
        match self.folder.parent() {
            Some(parent) => sync(&parent).await,
            None => Ok(()),
        }
    }

    /// Deletes the temporary files of the run that staged under `token`. Object stores need nothing.
    pub async fn remove_staging(&self, token: &str) -> Result<()> {
        let folder = self.staging(token)?;
        let Some(file) = folder.local_path() else { return Ok(()) };
        let Some(top) = self.state.parent().and_then(|parent| parent.local_path()) else { return Ok(()) };
        let client = &folder.client;
        let remove = client.call_local(Op::RemoveFolder, &folder.path, move || {
            local::remove_folder(&file)?;
            file.parent().map_or(Ok(()), |parent| local::prune(parent, &top))
        });
        remove.await.map_err(|e| client.explain(&e, "delete", &folder.path))
    }

    /// Deletes `folder`, one of the state folder, and those it is in up to the state folder, as long as they are
    /// empty.
    pub async fn prune_state(&self, folder: &Location) -> Result<()> {
        match self.folder.parent() {
            Some(beside) => folder.prune(&beside).await,
            None => Ok(()),
        }
    }

    /// Aborts the multipart upload `id` to `path`; nothing happens if it is gone or completed.
    pub async fn abort_upload(&self, path: &str, id: &str) -> Result<()> {
        staged::abort(&self.folder.join_path(path)?, &id.to_owned()).await
    }

    /// Where the run `token` keeps its temporary files on a local disk.
    pub(super) fn staging(&self, token: &str) -> Result<Location> {
        self.state.join("staging")?.join(token)
    }
}

/// Makes the entries of a local folder durable.
async fn sync(folder: &Location) -> Result<()> {
    let Some(file) = folder.local_path() else { return Ok(()) };
    let client = &folder.client;
    client
        .call_local(Op::Sync, &folder.path, move || local::sync_folder(&file))
        .await
        .map_err(|e| client.explain(&e, "make durable", &folder.path))
}
