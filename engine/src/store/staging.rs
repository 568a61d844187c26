//! Unseen upload: writes files that nobody sees until they are published.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::dataset::Dataset;
use super::file_upload::FileUpload;
use super::io::Io;
use super::location::Location;
use super::part_upload::{PartUpload, SMALLEST_PART};
use super::staged::{self, Place, Staged};
use crate::error::{Error, Result};

/// Size of a part unless told otherwise: small enough to hold several, large enough to be worth a request.
const PART_SIZE: usize = 8 << 20;

/// Parts in flight at once unless told otherwise.
const PARTS_IN_FLIGHT: usize = 8;

/// Uploads that are aborted at once.
const ABORTS_AT_ONCE: usize = 16;

/// A multipart upload that has begun and that somebody must complete or abort.
#[derive(Debug, Clone)]
pub struct Started {
    /// The dataset it is for.
    pub dataset: Dataset,
    /// Where the file will be, relative to the dataset's folder.
    pub path: String,
    /// The upload, by the store's name for it.
    pub id: String,
}

/// Writes down that an upload has begun, before its first part is sent.
pub type Record = Arc<dyn Fn(Started) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// The unseen files of one run. Cloning is cheap; clones share the limit of parts in flight.
#[derive(Clone)]
pub struct Staging {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    token: String,
    io: Io,
    pub(super) part_size: usize,
    pub(super) permits: Arc<Semaphore>,
    pub(super) record: Option<Record>,
    next: AtomicU64,
    datasets: Mutex<BTreeMap<String, Dataset>>,
    started: Mutex<Vec<(Location, String)>>,
    starting: Mutex<Vec<JoinHandle<()>>>,
}

impl Staging {
    /// The files of the run `token`, a name no other attempt uses. `record` is told of every multipart
    /// upload that begins.
    pub fn new(token: impl Into<String>, io: &Io, record: Option<Record>) -> Self {
        Self::with_parts(token, io, record, PART_SIZE, PARTS_IN_FLIGHT)
    }

    /// [`Self::new`] with parts of `part_size` bytes, at least 5 MiB, and at most `in_flight` of them
    /// being sent at once. The two bound the memory that uploads hold, beside one part for each file
    /// being written.
    pub fn with_parts(
        token: impl Into<String>,
        io: &Io,
        record: Option<Record>,
        part_size: usize,
        in_flight: usize,
    ) -> Self {
        let inner = Inner {
            token: token.into(),
            io: io.clone(),
            part_size: part_size.max(SMALLEST_PART),
            permits: Arc::new(Semaphore::new(in_flight.max(1))),
            record,
            next: AtomicU64::new(0),
            datasets: Mutex::default(),
            started: Mutex::default(),
            starting: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Begins a file that will be at `path`, relative to the folder of `dataset`.
    pub fn upload(&self, dataset: &Dataset, path: &str) -> Result<Upload> {
        let target = dataset.folder().join_path(path)?;
        lock(&self.inner.datasets).insert(dataset.folder().to_string(), dataset.clone());
        let how = if target.local_path().is_some() {
            let n = self.inner.next.fetch_add(1, Ordering::Relaxed);
            let relative = format!("staging/{}/{n:06}", self.inner.token);
            How::File(FileUpload::new(dataset, &target, relative)?)
        } else {
            How::Parts(PartUpload::new(self, dataset, path, target))
        };
        Ok(Upload { path: path.to_owned(), io: self.inner.io.clone(), how })
    }

    /// Forgets every file of this run, finished or not, but for those published and in `kept`.
    pub async fn discard_but(&self, kept: &[Staged]) -> Result<()> {
        let starting = std::mem::take(&mut *lock(&self.inner.starting));
        for task in starting {
            // A task that failed has started nothing.
            let _ = task.await;
        }
        let started = std::mem::take(&mut *lock(&self.inner.started));
        let kept: HashSet<_> = kept.iter().filter_map(Staged::upload_id).collect();
        let others = started.iter().filter(|(_, id)| !kept.contains(id.as_str()));
        stream::iter(others.map(|(target, id)| staged::abort(target, id)))
            .buffer_unordered(ABORTS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        let datasets = lock(&self.inner.datasets).clone();
        for dataset in datasets.values() {
            dataset.remove_staging(&self.inner.token).await?;
        }
        Ok(())
    }

    /// Forgets every file of this run that was not published, finished or not.
    pub async fn discard(&self) -> Result<()> {
        self.discard_but(&[]).await
    }

    pub(super) fn io(&self) -> &Io {
        &self.inner.io
    }

    /// Keeps in mind a task that may start an upload, whose writer may be gone before it has.
    pub(super) fn starting(&self, task: JoinHandle<()>) {
        let mut starting = lock(&self.inner.starting);
        starting.retain(|task| !task.is_finished());
        starting.push(task);
    }

    pub(super) fn started(&self, target: Location, id: String) {
        lock(&self.inner.started).push((target, id));
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One file being written. Its methods block, and must not be called on the threads of [`Io`].
///
/// One that is dropped before it is finished leaves nothing visible; what it has sent goes with
/// [`Staging::discard`].
pub struct Upload {
    path: String,
    io: Io,
    how: How,
}

enum How {
    Parts(PartUpload),
    File(FileUpload),
}

impl Upload {
    /// Appends `bytes`. Waits while too many parts are in flight.
    pub fn write(&mut self, bytes: Bytes) -> Result<()> {
        match &mut self.how {
            How::Parts(upload) => upload.write(bytes),
            How::File(upload) => upload.write(&bytes),
        }
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        match &self.how {
            How::Parts(upload) => upload.size(),
            How::File(upload) => upload.size(),
        }
    }

    /// Bytes held in memory because they do not fill a part yet.
    pub fn buffered(&self) -> usize {
        match &self.how {
            How::Parts(upload) => upload.buffered(),
            How::File(_) => 0,
        }
    }

    /// Nothing more is written: what there is becomes durable in the background.
    pub fn finish(self) -> Result<Finishing> {
        let (io, size) = (self.io.clone(), self.size());
        let place = match self.how {
            How::Parts(upload) => io.spawn(upload.finish()?),
            How::File(upload) => io.spawn(upload.finish()?),
        };
        Ok(Finishing { path: self.path, size, io, place })
    }
}

/// A file that is being made durable. One that is dropped goes with [`Staging::discard`].
pub struct Finishing {
    path: String,
    size: u64,
    io: Io,
    place: JoinHandle<Result<Place>>,
}

impl Finishing {
    /// Waits until everything is stored durably, and still unseen. Must not be called on the threads of [`Io`].
    pub fn wait(mut self) -> Result<Staged> {
        let place = self.io.block_on(&mut self.place);
        let place = place.map_err(|error| Error::defect("a file was not made durable").because(error))??;
        Ok(Staged { path: std::mem::take(&mut self.path), size: self.size, place })
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        self.place.abort();
    }
}
