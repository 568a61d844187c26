//! Disk for the keys of checks that do not fit in memory.

use std::io;
use std::sync::OnceLock;

use lockgate_rules::Room;

use crate::error::Result;
use crate::memory::{DiskFile, Extent, Holder, Memory};

/// The keys of one table's checks.
#[derive(Debug)]
pub struct KeyRoom {
    holder: Holder,
    file: OnceLock<DiskFile>,
}

impl KeyRoom {
    /// Room for the checks of `table`.
    pub fn new(memory: &Memory, table: &str) -> Self {
        let holder = memory.holder(format!("the keys of checks on \"{table}\""));
        Self { holder, file: OnceLock::new() }
    }

    fn file(&self) -> Result<&DiskFile> {
        match self.file.get() {
            Some(file) => Ok(file),
            None => self.holder.disk().file().map(|file| self.file.get_or_init(|| file)),
        }
    }
}

impl Room for KeyRoom {
    fn is_full(&self, held: u64) -> bool {
        self.holder.hold(held)
    }

    fn put(&self, bytes: &[u8]) -> io::Result<u64> {
        self.file().and_then(|file| file.append(bytes)).map(Extent::start).map_err(io::Error::other)
    }

    fn get(&self, start: u64, len: usize) -> io::Result<Vec<u8>> {
        self.file().and_then(|file| file.read(Extent::new(start, len))).map_err(io::Error::other)
    }
}
