//! Unseen upload on a local disk: a temporary file that a rename will publish.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::dataset::Dataset;
use super::hook::Op;
use super::local;
use super::location::Location;
use super::staged::Place;
use crate::error::{Error, Result};

pub(super) struct FileUpload {
    temporary: Location,
    relative: String,
    file: Option<File>,
    size: u64,
}

impl FileUpload {
    pub(super) fn new(dataset: &Dataset, target: &Location, relative: String) -> Result<Self> {
        let temporary = dataset.state().join_path(&relative)?;
        let mut upload = Self { temporary, relative, file: None, size: 0 };
        let file = upload.act(Op::WriteFile, "create", |path| {
            if let Some(target) = target.local_path() {
                local::check_same_device(&path, &target)?;
            }
            local::within(local::parent(&path)?, || File::create(&path))
        })?;
        upload.file = Some(file);
        Ok(upload)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.act(Op::WriteFile, "write", |_| self.open_file()?.write_all(bytes))?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Makes the file durable when it is awaited.
    pub(super) fn finish(mut self) -> Result<impl Future<Output = Result<Place>> + use<>> {
        let file = self.file.take().ok_or_else(|| Error::defect("a file was finished twice"))?;
        let (temporary, path) = (self.temporary.clone(), std::mem::take(&mut self.relative));
        Ok(async move {
            let client = &temporary.client;
            let synced = client.call_local(Op::Sync, &temporary.path, move || file.sync_all()).await;
            synced.map_err(|e| client.explain(&e, "make durable", &temporary.path))?;
            Ok(Place::Temporary { path })
        })
    }

    fn open_file(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the file is closed"))
    }

    /// Does `work` on the temporary file, unless the hook forbids it.
    fn act<T>(&self, op: Op, attempted: &str, work: impl FnOnce(PathBuf) -> io::Result<T>) -> Result<T> {
        let client = &self.temporary.client;
        let path = self.temporary.local_path().ok_or_else(|| Error::defect("no local file to write"))?;
        client
            .call_here(op, &self.temporary.path, || work(path))
            .map_err(|e| client.explain(&e, attempted, &self.temporary.path))
    }
}

impl Drop for FileUpload {
    fn drop(&mut self) {
        if self.file.take().is_some()
            && let Some(path) = self.temporary.local_path()
        {
            // What stays is removed with the run's folder.
            let _ = fs::remove_file(path);
        }
    }
}
