//! What a local disk can do and the `object_store` crate does not offer: conditional replacement,
//! files without a temporary name beside them, durable renames.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Times a folder is created again that other processes found empty and deleted.
pub(super) const TRIES: usize = 100;

/// Does `work` in `folder`, which is created. Work that does not find the folder is done again: another process has
/// found it empty meanwhile, and deleted it.
pub(super) fn within<T>(folder: &Path, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let mut tries = 0..TRIES;
    loop {
        match fs::create_dir_all(folder).and_then(|()| work()) {
            Err(e) if e.kind() == ErrorKind::NotFound && tries.next().is_some() => {}
            done => return done,
        }
    }
}

/// Creates an empty file, or empties one that exists.
pub(super) fn create_empty(file: &Path) -> Result<()> {
    let folder = parent(file)?;
    within(folder, || File::create(file)?.sync_all())?;
    sync_folder(folder)
}

/// The bytes of `file` at `range`, if its etag is still `seen`.
pub(super) fn read_if(file: &Path, seen: Option<&str>, range: Range<u64>) -> Result<Option<Vec<u8>>> {
    let mut open = File::open(file)?;
    if let Some(seen) = seen
        && etag(&open.metadata()?) != seen
    {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(Error::other)?];
    open.seek(SeekFrom::Start(range.start))?;
    open.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces the content of `file` if its etag is still `seen`.
///
/// Contenders lock the file they saw, and it is replaced by a rename, so that whoever waited for the
/// lock finds another file under the name.
pub(super) fn replace_if(file: &Path, seen: Option<&str>, bytes: &[u8]) -> Result<bool> {
    if_unchanged(file, seen, || {
        // The object store's listings skip names that end so, should the process die here.
        let mut name = file.as_os_str().to_owned();
        name.push("#0");
        let fresh = PathBuf::from(name);
        let mut out = File::create(&fresh)?;
        out.write_all(bytes)?;
        fs::rename(&fresh, file)
    })
}

/// Deletes `file` if its etag is still `seen`.
pub(super) fn delete_if(file: &Path, seen: Option<&str>) -> Result<bool> {
    if_unchanged(file, seen, || fs::remove_file(file))
}

fn if_unchanged(file: &Path, seen: Option<&str>, change: impl FnOnce() -> Result<()>) -> Result<bool> {
    let held = match File::open(file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
        held => held?,
    };
    held.lock()?;
    match fs::metadata(file) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
        Ok(now) if Some(etag(&now).as_str()) == seen => change().map(|()| true),
        Ok(_) => Ok(false),
    }
}

/// The etag the `object_store` crate gives a local file.
fn etag(metadata: &fs::Metadata) -> String {
    let written = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let micros = written.unwrap_or_default().as_micros();
    format!("\"{:x}-{micros:x}-{:x}\"", inode(metadata), metadata.len())
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// Renames `from` to `to`, whose folder is created. False if there is no `from`.
pub(super) fn publish(from: &Path, to: &Path) -> Result<bool> {
    within(parent(to)?, || match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound && !from.exists() => Ok(false),
        Err(e) => Err(e),
    })
}

/// Makes the entries of `folder` durable. A folder that is not there needs nothing.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    match File::open(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        // Other systems cannot open a folder to sync it.
        Ok(open) if cfg!(unix) => open.sync_all(),
        Ok(_) => Ok(()),
    }
}

/// Deletes `folder` with all it holds; nothing happens if it is not there.
pub(super) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Deletes `folder` and its parents below `top` as long as they are empty.
pub(super) fn prune(folder: &Path, top: &Path) -> Result<()> {
    let mut at = folder;
    while at.starts_with(top) && at != top {
        match fs::remove_dir(at) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => return Ok(()),
            Err(e) => return Err(e),
        }
        match at.parent() {
            Some(parent) => at = parent,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// An error unless a file of `from` can be renamed into `to`: they, or their nearest parents that
/// exist, must be on one file system.
#[cfg(unix)]
pub(super) fn check_same_device(from: &Path, to: &Path) -> Result<()> {
    let device = |path: &Path| {
        let existing = path.ancestors().find(|at| at.exists()).unwrap_or(Path::new("/"));
        fs::metadata(existing).map(|found| std::os::unix::fs::MetadataExt::dev(&found))
    };
    if device(from)? == device(to)? { Ok(()) } else { Err(ErrorKind::CrossesDevices.into()) }
}

/// Not known on this system; the rename will tell.
#[cfg(not(unix))]
pub(super) fn check_same_device(_: &Path, _: &Path) -> Result<()> {
    Ok(())
}

pub(super) fn parent(file: &Path) -> Result<&Path> {
    file.parent().ok_or_else(|| Error::new(ErrorKind::IsADirectory, "the root is no file"))
}
