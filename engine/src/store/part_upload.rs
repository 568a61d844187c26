//! Unseen upload to an object store: parts of a multipart upload that is not completed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::dataset::Dataset;
use super::hook::Op;
use super::location::Location;
use super::staged::{self, Place};
use super::staging::{Staging, Started, lock};
use crate::error::{Error, Result};

/// No store takes smaller parts, but for the last.
pub(super) const SMALLEST_PART: usize = 5 << 20;

/// Parts of one size before the size doubles: 10,000 parts, the stores' limit, then hold 8 TiB.
const PARTS_OF_A_SIZE: usize = 1_000;

/// Size of part `n`, when the first have `first` bytes.
fn part_size(first: usize, n: usize) -> usize {
    first << (n / PARTS_OF_A_SIZE).min(9)
}

pub(super) struct PartUpload {
    staging: Staging,
    dataset: Dataset,
    session: Arc<Session>,
    started: Option<watch::Sender<Option<Outcome>>>,
    buffer: VecDeque<Bytes>,
    buffered: usize,
    size: u64,
    parts: Vec<JoinHandle<Option<String>>>,
}

/// The upload's id, or none if it could not be begun.
type Outcome = Option<String>;

/// What the tasks of one upload share.
struct Session {
    target: Location,
    path: String,
    id: watch::Receiver<Option<Outcome>>,
    failure: Mutex<Option<Error>>,
}

impl Session {
    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
    }

    fn failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }

    /// Waits for the upload's id; none if it could not be begun.
    async fn id(&self) -> Outcome {
        let mut id = self.id.clone();
        let outcome = id.wait_for(Option::is_some).await.ok()?;
        outcome.clone().flatten()
    }
}

impl PartUpload {
    pub(super) fn new(staging: &Staging, dataset: &Dataset, path: &str, target: Location) -> Self {
        let (started, id) = watch::channel(None);
        let session = Session { target, path: path.to_owned(), id, failure: Mutex::default() };
        Self {
            staging: staging.clone(),
            dataset: dataset.clone(),
            session: Arc::new(session),
            started: Some(started),
            buffer: VecDeque::new(),
            buffered: 0,
            size: 0,
            parts: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, bytes: Bytes) -> Result<()> {
        if let Some(error) = self.session.failure() {
            return Err(error);
        }
        self.size += bytes.len() as u64;
        self.buffered += bytes.len();
        self.buffer.push_back(bytes);
        loop {
            let size = part_size(self.staging.inner.part_size, self.parts.len());
            if self.buffered < size {
                return Ok(());
            }
            let chunks = self.cut(size);
            self.send(chunks)?;
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    /// Sends what is left; waits for all parts when it is awaited.
    pub(super) fn finish(mut self) -> Result<impl Future<Output = Result<Place>> + use<>> {
        if self.buffered > 0 || self.parts.is_empty() {
            let rest = self.cut(self.buffered);
            self.send(rest)?;
        }
        Ok(async move {
            let session = Arc::clone(&self.session);
            let mut parts = Vec::with_capacity(self.parts.len());
            // They stay where they are, so that all are stopped if nobody waits any longer.
            for task in &mut self.parts {
                match task.await {
                    Ok(Some(part)) => parts.push(part),
                    Ok(None) => return Err(session.failure().unwrap_or_else(|| failed(&session.target))),
                    Err(e) => return Err(failed(&session.target).because(e)),
                }
            }
            let id = session.id().await.ok_or_else(|| failed(&session.target))?;
            Ok(Place::Multipart { id, parts })
        })
    }

    /// Takes the first `size` bytes out of the buffer.
    fn cut(&mut self, size: usize) -> Vec<Bytes> {
        let mut chunks = Vec::new();
        let mut missing = size;
        while missing > 0
            && let Some(mut chunk) = self.buffer.pop_front()
        {
            if chunk.len() > missing {
                self.buffer.push_front(chunk.split_off(missing));
            }
            missing -= chunk.len();
            chunks.push(chunk);
        }
        self.buffered -= size;
        chunks
    }

    /// Sends one part in the background, once fewer than the allowed number are in flight.
    fn send(&mut self, chunks: Vec<Bytes>) -> Result<()> {
        self.start();
        let permits = Arc::clone(&self.staging.inner.permits);
        let permit = self
            .staging
            .io()
            .block_on(permits.acquire_owned())
            .map_err(|e| failed(&self.session.target).because(e))?;
        let session = Arc::clone(&self.session);
        let n = self.parts.len();
        self.parts.push(self.staging.io().spawn(async move {
            let _permit = permit;
            let id = session.id().await?;
            match put_part(&session.target, &id, n, chunks).await {
                Ok(part) => Some(part),
                Err(error) => {
                    session.fail(error);
                    None
                }
            }
        }));
        Ok(())
    }

    /// Begins the upload in the background, once. The task is not cancelled when this is dropped: an
    /// upload that was begun must be known, to be aborted.
    fn start(&mut self) {
        let Some(started) = self.started.take() else { return };
        let (staging, session) = (self.staging.clone(), Arc::clone(&self.session));
        let dataset = self.dataset.clone();
        let task = self.staging.io().spawn(async move {
            let outcome = match begin(&staging, &session, dataset).await {
                Ok(id) => Some(id),
                Err(error) => {
                    session.fail(error);
                    None
                }
            };
            // Nobody waits any more if the upload was dropped.
            let _ = started.send(Some(outcome));
        });
        self.staging.starting(task);
    }
}

async fn begin(staging: &Staging, session: &Session, dataset: Dataset) -> Result<String> {
    let target = &session.target;
    let client = &target.client;
    let uploads = client.uploads()?;
    let create = || uploads.create_multipart(&target.path);
    let id = client
        .call(Op::CreateUpload, &target.path, create)
        .await
        .map_err(|e| client.explain(&e, "begin the upload of", &target.path))?;
    staging.started(target.clone(), id.clone());
    if let Some(record) = &staging.inner.record {
        record(Started { dataset, path: session.path.clone(), id: id.clone() }).await?;
    }
    Ok(id)
}

async fn put_part(target: &Location, id: &String, n: usize, chunks: Vec<Bytes>) -> Result<String> {
    let client = &target.client;
    let (uploads, payload) = (client.uploads()?, staged::payload(chunks));
    let put = || uploads.put_part(&target.path, id, n, payload.clone());
    client
        .call(Op::PutPart, &target.path, put)
        .await
        .map(|part| part.content_id)
        .map_err(|e| client.explain(&e, "upload a part of", &target.path))
}

fn failed(target: &Location) -> Error {
    Error::unavailable(format!("the upload of {target} failed"))
}

impl Drop for PartUpload {
    fn drop(&mut self) {
        for part in &self.parts {
            part.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_hold_the_largest_object_of_any_store() {
        let total: u64 = (0..10_000).map(|n| part_size(8 << 20, n) as u64).sum();
        assert!(total >= 5 << 40);
        assert!((0..10_000).all(|n| part_size(8 << 20, n) as u64 <= 4 << 30));
    }
}
