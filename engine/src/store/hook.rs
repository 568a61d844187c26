//! A seam before and after every call to a store, for tests and for tracing.

use std::fmt;

/// What is done to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// List a folder.
    List,
    /// Ask for size and etag.
    Head,
    /// Read a whole object.
    Get,
    /// Read ranges of an object.
    GetRanges,
    /// Put, whatever is there.
    Put,
    /// Put if nothing is there.
    PutCreate,
    /// Put if what is there has not changed.
    PutUpdate,
    /// Delete an object.
    Delete,
    /// Begin a multipart upload.
    CreateUpload,
    /// Upload one part.
    PutPart,
    /// Complete a multipart upload: the object becomes visible.
    CompleteUpload,
    /// Abort a multipart upload.
    AbortUpload,
    /// Create or append to a temporary local file.
    WriteFile,
    /// Make a local file or folder durable.
    Sync,
    /// Rename a temporary local file: it becomes visible.
    Rename,
    /// Delete a local folder of temporary files.
    RemoveFolder,
}

impl Op {
    /// Whether an object is put as a whole.
    pub(super) fn puts(self) -> bool {
        matches!(self, Self::Put | Self::PutCreate)
    }
}

/// Is told of every call, and may make it fail.
///
/// Failing in `before` means the store never heard of it; failing in `after` means it was done and the
/// reply was lost. A test that fails every call from the n-th on has killed the process there.
pub trait Hook: fmt::Debug + Send + Sync {
    /// Called before the store is.
    fn before(&self, op: Op, path: &str) -> object_store::Result<()>;

    /// Called after the store has done it.
    fn after(&self, op: Op, path: &str) -> object_store::Result<()> {
        let _ = (op, path);
        Ok(())
    }
}
