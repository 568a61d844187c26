//! Disk space for what does not fit in memory: files without a name, of which nothing is left whatever
//! becomes of the process.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// What to do where there is no disk for it.
const NO_ROOM: &str =
    "name a folder on a disk with room with --spill-dir, or give the run more with --memory";

/// A folder in which files are made, and how much they may take together.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    limit: Option<u64>,
    used: AtomicU64,
    written: AtomicU64,
}

impl Disk {
    /// Files in `folder`, of `limit` bytes together at most.
    pub fn new(folder: impl Into<PathBuf>, limit: Option<u64>) -> Self {
        Self(Arc::new(Shared {
            folder: folder.into(),
            limit,
            used: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }))
    }

    /// A new file.
    pub fn file(&self) -> Result<DiskFile> {
        let folder = &self.0.folder;
        let file = tempfile::tempfile_in(folder).map_err(|error| {
            let folder = folder.display();
            Error::unavailable(format!("could not make a file in {folder} for what does not fit in memory"))
                .because(error)
                .hint(NO_ROOM)
        })?;
        Ok(DiskFile { file, len: AtomicU64::new(0), disk: self.clone() })
    }

    /// Bytes written so far to all files.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> Result<()> {
        let used = self.0.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        match self.0.limit {
            Some(limit) if used > limit => {
                self.0.used.fetch_sub(bytes, Ordering::Relaxed);
                Err(Error::wrong(format!(
                    "what does not fit in memory takes more than {limit} bytes of disk"
                ))
                .hint("allow it more with --spill-limit, or give the run more with --memory"))
            }
            _ => Ok(()),
        }
    }
}

/// A file to which bytes are appended, by several at a time, and read again from where they are.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    len: AtomicU64,
    disk: Disk,
}

/// Where some bytes are in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    start: u64,
    len: usize,
}

impl Extent {
    /// `len` bytes from `start` on.
    pub fn new(start: u64, len: usize) -> Self {
        Self { start, len }
    }

    /// Position of the first byte.
    pub fn start(self) -> u64 {
        self.start
    }
}

impl DiskFile {
    /// Appends `bytes`.
    pub fn append(&self, bytes: &[u8]) -> Result<Extent> {
        self.disk.take(bytes.len() as u64)?;
        let start = self.len.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        write_at(&self.file, bytes, start).map_err(|error| {
            Error::unavailable("could not write what does not fit in memory to disk")
                .because(error)
                .hint(NO_ROOM)
        })?;
        self.disk.0.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(Extent { start, len: bytes.len() })
    }

    /// The bytes at `extent`.
    pub fn read(&self, extent: Extent) -> Result<Vec<u8>> {
        let mut bytes = vec![0; extent.len];
        read_at(&self.file, &mut bytes, extent.start)
            .map_err(|error| Error::unavailable("could not read back from disk").because(error))?;
        Ok(bytes)
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        self.disk.0.used.fetch_sub(*self.len.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, start)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut start: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, start)?;
        bytes = &bytes[written..];
        start += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, start)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        start += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_where_they_were_written() {
        let file = Disk::new(std::env::temp_dir(), None).file().unwrap();
        let first = file.append(b"lock").unwrap();
        let second = file.append(b"gate").unwrap();
        assert_eq!(
            (file.read(second).unwrap(), file.read(first).unwrap()),
            (b"gate".to_vec(), b"lock".to_vec())
        );
        assert_eq!(file.read(Extent::new(second.start() + 1, 2)).unwrap(), b"at");
    }

    #[test]
    fn files_have_no_name_and_give_their_room_back() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path(), Some(10));
        let file = disk.file().unwrap();
        file.append(b"12345678").unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(file.append(b"123").unwrap_err().message().contains("more than 10 bytes"));
        drop(file);
        disk.file().unwrap().append(b"1234567890").unwrap();
        assert_eq!(disk.written(), 18);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Disk::new("/no/such/folder", None).file().unwrap_err();
        assert!(error.message().contains("/no/such/folder"), "{error}");
        assert!(error.cure().unwrap().contains("--spill-dir"));
    }
}
