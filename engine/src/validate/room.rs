//! Disk for the keys of checks that do not fit in memory.

use std::io;
use std::sync::{Mutex, PoisonError};

use lockgate_rules::Room;

use crate::error::Result;
use crate::memory::{DiskFile, Extent, Holder, Memory};

/// The keys of one table's checks.
#[derive(Debug)]
pub struct KeyRoom {
    holder: Holder,
    file: Mutex<Option<DiskFile>>,
}

impl KeyRoom {
    /// Room for the checks of `table`.
    pub fn new(memory: &Memory, table: &str) -> Self {
        let holder = memory.holder(format!("the keys of checks on \"{table}\""));
        Self { holder, file: Mutex::default() }
    }

    fn with_file<T>(&self, work: impl FnOnce(&mut DiskFile) -> Result<T>) -> io::Result<T> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match &mut *file {
            Some(file) => work(file),
            none => self.holder.disk().file().and_then(|file| work(none.insert(file))),
        };
        done.map_err(io::Error::other)
    }
}

impl Room for KeyRoom {
    fn is_full(&self, held: u64) -> bool {
        self.holder.hold(held)
    }

    fn put(&self, bytes: &[u8]) -> io::Result<u64> {
        self.with_file(|file| file.append(bytes).map(Extent::start))
    }

    fn get(&self, start: u64, len: usize) -> io::Result<Vec<u8>> {
        self.with_file(|file| file.read(Extent::new(start, len)))
    }
}
