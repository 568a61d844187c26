//! A file that is written whole and visible to nobody.

use object_store::PutPayload;
use object_store::multipart::PartId;
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::failure;
use super::hook::Op;
use super::local;
use super::location::Location;
use crate::error::{Error, Kind, Result};

/// A finished file that waits to be published or discarded. It can be written down and taken up by
/// another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// Where it will be, relative to the dataset's folder.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where it waits.
    pub place: Place,
}

/// Where a staged file waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// In an uncompleted multipart upload.
    Multipart {
        /// The upload, by the store's name for it.
        id: String,
        /// Its parts in order, by the store's names for them.
        parts: Vec<String>,
    },
    /// In a temporary file, relative to the dataset's state folder.
    Temporary {
        /// Its path.
        path: String,
    },
}

impl Staged {
    /// Makes the file visible in `dataset`; nothing happens if it is already.
    ///
    /// On a local disk the name is durable after [`Dataset::sync`]. A file of the same size under this
    /// name counts as the published one, so a name must stand for one content.
    pub async fn publish(&self, dataset: &Dataset) -> Result<()> {
        let target = dataset.folder().join_path(&self.path)?;
        match &self.place {
            Place::Multipart { id, parts } => self.complete(&target, id, parts).await,
            Place::Temporary { path } => self.rename(&dataset.state().join_path(path)?, &target).await,
        }
    }

    async fn complete(&self, target: &Location, id: &String, parts: &[String]) -> Result<()> {
        let client = &target.client;
        let parts: Vec<_> = parts.iter().map(|part| PartId { content_id: part.clone() }).collect();
        let uploads = client.uploads()?;
        let complete = || uploads.complete_multipart(&target.path, id, parts.clone());
        match client.call(Op::CompleteUpload, &target.path, complete).await {
            Ok(_) => Ok(()),
            // Whatever the store said: if the file is there, a reply was lost or another finished it.
            Err(e) => match target.head().await {
                Ok(Some(entry)) if entry.size == self.size => Ok(()),
                _ if failure::may_pass(&e) && !failure::is_absent(&e) && !is_unknown_upload(&e) => {
                    Err(client.explain(&e, "publish", &target.path))
                }
                Err(e) => Err(e),
                Ok(_) => Err(lost(target).because(client.explain(&e, "publish", &target.path).to_string())),
            },
        }
    }

    async fn rename(&self, from: &Location, target: &Location) -> Result<()> {
        let (Some(source), Some(file)) = (from.local_path(), target.local_path()) else {
            return Err(Error::defect(format!("{from} is no local file and cannot be renamed")));
        };
        let client = &target.client;
        let renamed = client
            .call_local(Op::Rename, &target.path, move || local::publish(&source, &file))
            .await
            .map_err(|e| client.explain(&e, "publish", &target.path))?;
        if renamed || target.head().await?.is_some_and(|entry| entry.size == self.size) {
            Ok(())
        } else {
            Err(lost(target))
        }
    }

    /// The multipart upload that it waits in, by the store's name for it.
    pub fn upload_id(&self) -> Option<&str> {
        match &self.place {
            Place::Multipart { id, .. } => Some(id),
            Place::Temporary { .. } => None,
        }
    }

    /// Forgets the file; nothing happens if it is gone. A published file stays.
    ///
    /// Azure cannot drop uncommitted blocks: they vanish by themselves after a week.
    pub async fn discard(&self, dataset: &Dataset) -> Result<()> {
        match &self.place {
            Place::Multipart { id, .. } => abort(&dataset.folder().join_path(&self.path)?, id).await,
            Place::Temporary { path } => dataset.state().join_path(path)?.delete().await,
        }
    }
}

/// Aborts a multipart upload to `target`; nothing happens if it is gone.
pub(super) async fn abort(target: &Location, id: &String) -> Result<()> {
    if id.is_empty() {
        // Azure's uploads have no name.
        return Ok(());
    }
    let client = &target.client;
    let uploads = client.uploads()?;
    let abort = || uploads.abort_multipart(&target.path, id);
    match client.call(Op::AbortUpload, &target.path, abort).await {
        Err(e) if !failure::is_absent(&e) && !is_unknown_upload(&e) => {
            Err(client.explain(&e, "abort the upload of", &target.path))
        }
        _ => Ok(()),
    }
}

/// The stores that do not answer 404 say so in words.
fn is_unknown_upload(error: &object_store::Error) -> bool {
    let text = error.to_string();
    ["NoSuchUpload", "MultipartUpload not found", "InvalidBlockList"].iter().any(|sign| text.contains(sign))
}

fn lost(target: &Location) -> Error {
    Error::new(Kind::Conflict, format!("the staged file for {target} is gone and was not published"))
        .hint("another process undid this run, or a lifecycle rule removed its uploads; run it again")
}

/// The payload of one part.
pub(super) fn payload(chunks: Vec<bytes::Bytes>) -> PutPayload {
    PutPayload::from_iter(chunks)
}
