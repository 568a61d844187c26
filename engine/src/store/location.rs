//! A place in a store: an object, or a folder of objects.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use object_store::path::{Path, PathPart};
use object_store::{
    Error as StoreError, GetOptions, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStoreExt, PutMode,
    PutOptions, PutPayload, UpdateVersion, coalesce_ranges,
};

use super::client::Client;
use super::failure;
use super::hook::Op;
use super::io::Io;
use super::local;
use super::tries::Tries;
use crate::error::{Error, Result};

/// An object or a folder in a store. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Location {
    pub(super) client: Arc<Client>,
    pub(super) path: Path,
}

/// An object that exists.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it is.
    pub location: Location,
    /// Its size in bytes.
    pub size: u64,
    /// What changes when the object does; on a local disk from inode, time and size.
    pub etag: Option<String>,
    /// When it was last written, by the store's clock.
    pub modified: DateTime<Utc>,
    version: Option<String>,
}

impl Entry {
    pub(super) fn new(client: &Arc<Client>, meta: ObjectMeta) -> Self {
        Self {
            location: Location { client: Arc::clone(client), path: meta.location },
            size: meta.size,
            etag: meta.e_tag,
            modified: meta.last_modified,
            version: meta.version,
        }
    }
}

impl Entry {
    /// Ranges of the object as it was when this entry was made, in the order asked; an error if it has
    /// been replaced since. Near ranges are read together.
    pub async fn get_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let Location { client, path } = &self.location;
        let read = |range: Range<u64>| async move {
            match self.location.local_path() {
                // The usual way hands the open file from one thread to another.
                Some(file) => {
                    let etag = self.etag.clone();
                    let read = client.blocking(move || local::read_if(&file, etag.as_deref(), range));
                    read.await?.map(Bytes::from).ok_or_else(|| replaced(path))
                }
                None => {
                    let options = GetOptions::new().with_range(Some(range)).with_if_match(self.etag.clone());
                    client.backend.objects.get_opts(path, options).await?.bytes().await
                }
            }
        };
        let read = || coalesce_ranges(ranges, read, OBJECT_STORE_COALESCE_DEFAULT);
        client.call(Op::GetRanges, path, read).await.map_err(|error| match error {
            StoreError::Precondition { .. } => {
                Error::unavailable(format!("{} was replaced while it was read", self.location))
                    .in_object(self.location.to_string())
                    .hint("run it again; what is read should be written once and not changed")
            }
            other => client.explain(&other, "read", path),
        })
    }
}

fn replaced(path: &Path) -> StoreError {
    StoreError::Precondition { path: path.to_string(), source: "its etag is another".into() }
}

impl Location {
    /// The place `segment` below this one. The segment is taken literally and must be one name: what
    /// comes from data goes through [`super::escape`] first.
    pub fn join(&self, segment: &str) -> Result<Self> {
        let unusable = || {
            Error::wrong(format!("{segment:?} cannot be the name of a file or folder in {self}"))
                .hint("a name may not be empty, \".\" or \"..\", nor hold \"/\" or control characters")
        };
        if segment.is_empty() {
            return Err(unusable());
        }
        let part = PathPart::parse(segment).map_err(|e| unusable().because(e))?;
        Ok(Self { client: Arc::clone(&self.client), path: self.path.clone().join(part) })
    }

    /// The place at `relative` below this one, names separated by `/`.
    pub fn join_path(&self, relative: &str) -> Result<Self> {
        relative.split('/').try_fold(self.clone(), |at, segment| at.join(segment))
    }

    /// The folder this is in; none for the root of a store.
    pub fn parent(&self) -> Option<Self> {
        let raw = self.path.as_ref();
        if raw.is_empty() {
            return None;
        }
        let parent = raw.rsplit_once('/').map_or("", |(parent, _)| parent);
        // A part of a valid path is valid.
        let path = Path::parse(parent).ok()?;
        Some(Self { client: Arc::clone(&self.client), path })
    }

    /// The last name; none for the root of a store.
    pub fn name(&self) -> Option<&str> {
        self.path.filename()
    }

    /// The names below `folder` that lead here, separated by `/`; none if this is not below it.
    pub fn relative_to(&self, folder: &Self) -> Option<&str> {
        let (own, base) = (self.path.as_ref(), folder.path.as_ref());
        if self.client.root != folder.client.root {
            return None;
        }
        if base.is_empty() {
            return Some(own);
        }
        own.strip_prefix(base)?.strip_prefix('/')
    }

    /// Where this is on the local disk, if it is there.
    pub fn local_path(&self) -> Option<PathBuf> {
        self.client.file(&self.path)
    }

    /// The runtime that calls wait on.
    pub fn io(&self) -> &Io {
        &self.client.io
    }

    /// Whether one of the two is the other or lies below it.
    pub fn overlaps(&self, other: &Self) -> bool {
        let store = |location: &Self| {
            let Client { scheme, root, .. } = &*location.client;
            (*scheme, root.split_once("://").map_or(String::new(), |(_, bucket)| bucket.to_owned()))
        };
        let within = |a: &Self, b: &Self| a.path.prefix_matches(&b.path);
        store(self) == store(other) && (within(self, other) || within(other, self))
    }

    /// Size and etag; none if there is no such object.
    pub async fn head(&self) -> Result<Option<Entry>> {
        let client = &self.client;
        let result = client.call(Op::Head, &self.path, || client.backend.objects.head(&self.path)).await;
        match result {
            Ok(meta) => Ok(Some(Entry::new(client, meta))),
            Err(e) if failure::is_absent(&e) && !failure::is_bucket_missing(&e) => Ok(None),
            Err(e) => Err(client.explain(&e, "look at", &self.path)),
        }
    }

    /// The whole object.
    pub async fn get(&self) -> Result<Bytes> {
        self.read().await.map(|(bytes, _)| bytes).map_err(|e| self.client.explain(&e, "read", &self.path))
    }

    /// The whole object with its description; none if there is no such object.
    pub async fn get_if_exists(&self) -> Result<Option<(Bytes, Entry)>> {
        match self.read().await {
            Ok(found) => Ok(Some(found)),
            Err(e) if failure::is_absent(&e) && !failure::is_bucket_missing(&e) => Ok(None),
            Err(e) => Err(self.client.explain(&e, "read", &self.path)),
        }
    }

    async fn read(&self) -> object_store::Result<(Bytes, Entry)> {
        let client = &self.client;
        let read = || async {
            let found = client.backend.objects.get(&self.path).await?;
            let meta = found.meta.clone();
            Ok((found.bytes().await?, Entry::new(client, meta)))
        };
        client.call(Op::Get, &self.path, read).await
    }

    /// Ranges of an object, in the order asked. Near ones are read together.
    pub async fn get_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let client = &self.client;
        let read = || client.backend.objects.get_ranges(&self.path, ranges);
        client.call(Op::GetRanges, &self.path, read).await.map_err(|e| client.explain(&e, "read", &self.path))
    }

    /// Puts `bytes`, whatever is there.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<()> {
        let bytes = bytes.into();
        let client = &self.client;
        let put = match self.local_path() {
            // The usual way goes through a temporary file beside it, which a killed process would leave
            // for readers to stumble over.
            Some(file) if bytes.is_empty() => {
                client.call_local(Op::Put, &self.path, move || local::create_empty(&file)).await
            }
            _ => {
                let payload = PutPayload::from(bytes);
                let put = || client.backend.objects.put(&self.path, payload.clone());
                client.call(Op::Put, &self.path, put).await.map(drop)
            }
        };
        put.map_err(|e| client.explain(&e, "write", &self.path))
    }

    /// Puts `bytes` if nothing is there yet; false if something is.
    ///
    /// A request that was repeated because its reply was lost may find its own object. So if
    /// something is there, it is read, and the very same bytes count as put: contenders must put
    /// different ones.
    pub async fn put_create(&self, bytes: impl Into<Bytes>) -> Result<bool> {
        self.create(bytes.into(), true).await
    }

    /// [`Self::put_create`] for what need not survive a power failure.
    pub async fn put_create_fleeting(&self, bytes: impl Into<Bytes>) -> Result<bool> {
        self.create(bytes.into(), false).await
    }

    async fn create(&self, bytes: Bytes, durable: bool) -> Result<bool> {
        let client = &self.client;
        let store = if durable { &client.backend.objects } else { &client.backend.fleeting };
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.clone());
        let put = || store.put_opts(&self.path, payload.clone(), options.clone());
        match client.call(Op::PutCreate, &self.path, put).await {
            Ok(_) => Ok(true),
            Err(e) if failure::is_unmet(&e) => {
                Ok(self.get_if_exists().await?.is_some_and(|(there, _)| there == bytes))
            }
            Err(e) => Err(client.explain(&e, "create", &self.path)),
        }
    }

    /// Puts `bytes` if the object is still what `seen` describes; false if it is not.
    pub async fn put_update(&self, seen: &Entry, bytes: impl Into<Bytes>) -> Result<bool> {
        let bytes = bytes.into();
        let client = &self.client;
        let put = if let Some(file) = self.local_path() {
            let (etag, content) = (seen.etag.clone(), bytes.clone());
            client
                .call_local(Op::PutUpdate, &self.path, move || {
                    local::replace_if(&file, etag.as_deref(), &content)
                })
                .await
        } else {
            let version = UpdateVersion { e_tag: seen.etag.clone(), version: seen.version.clone() };
            let options = PutOptions { mode: PutMode::Update(version), ..PutOptions::default() };
            let payload = PutPayload::from(bytes.clone());
            let put = || client.backend.objects.put_opts(&self.path, payload.clone(), options.clone());
            client.call(Op::PutUpdate, &self.path, put).await.map(|_| true)
        };
        match put {
            Ok(done) => Ok(done),
            Err(e) if failure::is_unmet(&e) || failure::is_absent(&e) => {
                Ok(self.get_if_exists().await?.is_some_and(|(there, _)| there == bytes))
            }
            Err(e) => Err(client.explain(&e, "update", &self.path)),
        }
    }

    /// Deletes the object if it is still what `seen` describes; false if it is not.
    ///
    /// Object stores cannot delete conditionally: there it is looked at and then deleted, so nobody
    /// else may replace the object between the two.
    pub async fn delete_if(&self, seen: &Entry) -> Result<bool> {
        let client = &self.client;
        if let Some(file) = self.local_path() {
            let etag = seen.etag.clone();
            return client
                .call_local(Op::Delete, &self.path, move || local::delete_if(&file, etag.as_deref()))
                .await
                .map_err(|e| client.explain(&e, "delete", &self.path));
        }
        let mut tries = Tries::new(client.backend.retry);
        let mut tried = false;
        while self.head().await?.is_some_and(|now| now.etag == seen.etag) {
            let delete = client.backend.objects.delete(&self.path);
            let error = match client.call_once(Op::Delete, &self.path, delete).await {
                Err(error) if !failure::is_absent(&error) => error,
                _ => return Ok(true),
            };
            // It may be deleted, and somebody else may put another: that is to be looked at before a repetition.
            let wait = if failure::broke_off(&error) { tries.again() } else { None };
            let Some(wait) = wait else { return Err(client.explain(&error, "delete", &self.path)) };
            tried = true;
            tokio::time::sleep(wait).await;
        }
        Ok(tried)
    }

    /// Deletes this folder of a local disk, and those above it but below `top`, as long as they are empty.
    /// Object stores have no empty folders.
    pub async fn prune(&self, top: &Self) -> Result<()> {
        let (Some(folder), Some(top)) = (self.local_path(), top.local_path()) else { return Ok(()) };
        let client = &self.client;
        client
            .call_local(Op::RemoveFolder, &self.path, move || local::prune(&folder, &top))
            .await
            .map_err(|e| client.explain(&e, "delete", &self.path))
    }

    /// Deletes the object; nothing happens if there is none.
    pub async fn delete(&self) -> Result<()> {
        let client = &self.client;
        match client.call(Op::Delete, &self.path, || client.backend.objects.delete(&self.path)).await {
            Err(e) if !failure::is_absent(&e) => Err(client.explain(&e, "delete", &self.path)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.client.uri(&self.path))
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.client.root == other.client.root && self.path == other.path
    }
}

impl Eq for Location {}
