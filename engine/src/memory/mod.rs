//! The memory a run may use: shared out among those who keep rows or keys, and the disk for what does not fit.
//!
//! Whatever holds state says how much it holds after every batch. When all together hold more than there is
//! room for, those that hold more than an even share move what they hold to disk. What cannot be moved is
//! noticed too: the process itself is measured, and a run that outgrows its limit stops by itself, with a
//! message, before the system stops it.

mod disk;
mod kept;
mod merge;
mod slim;
mod spool;
mod stack;
mod table;
mod width;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use disk::{Disk, DiskFile, Extent};
pub use kept::Kept;
pub use merge::{Keys, Merge, Runs};
pub use slim::{Coded, Slim, SlimFrame};
pub use spool::{Packed, Spool, bytes_of, bytes_of_column};
pub use stack::stack;
pub use table::Table;
pub use width::row_width;

use crate::error::{Error, Result};

/// What decoding, encoding and uploads need besides, and what each worker needs of it.
const AT_WORK: u64 = 256 << 20;
const OF_A_WORKER: u64 = 128 << 20;

/// The process as its caller measures it.
pub trait Process: Send + Sync {
    /// Bytes of memory it holds at this moment.
    fn resident(&self) -> u64;

    /// Gives back to the system what was freed.
    fn give_back(&self);
}

/// What a run may use.
#[derive(Clone)]
pub struct Limits {
    /// Bytes of memory that it plans with, if bounded.
    pub memory: Option<u64>,
    /// Bytes of memory of the whole process beyond which it stops, and how they are measured.
    pub ceiling: Option<(u64, Arc<dyn Process>)>,
    /// Worker threads.
    pub threads: usize,
    /// Where rows and keys go that do not fit.
    pub disk: Disk,
}

/// The memory of a run.
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

struct Shared {
    limits: Limits,
    /// Bytes that all holders may hold together, if bounded.
    room: Option<u64>,
    holders: Mutex<Vec<Option<Held>>>,
}

struct Held {
    who: String,
    bytes: u64,
}

impl Memory {
    /// Memory within `limits`.
    pub fn new(limits: Limits) -> Self {
        let room = limits.memory.map(|limit| {
            let at_work = AT_WORK + OF_A_WORKER * limits.threads as u64;
            // A table that grows is there twice for a moment.
            (limit.saturating_sub(at_work) / 4 * 3).max(limit / 8)
        });
        Self(Arc::new(Shared { limits, room, holders: Mutex::default() }))
    }

    /// Memory without a bound, for tests and benches: nothing goes to disk.
    pub fn unbounded() -> Self {
        Self::new(Limits { memory: None, ceiling: None, threads: 1, disk: Disk::new("", None) })
    }

    /// Memory in which holders have `room` together, whatever else the process needs.
    #[cfg(test)]
    pub(crate) fn with_room(room: u64) -> Self {
        let disk = Disk::new(std::env::temp_dir(), None);
        let limits = Limits { memory: None, ceiling: None, threads: 1, disk };
        Self(Arc::new(Shared { limits, room: Some(room), holders: Mutex::default() }))
    }

    /// A place in the books for `who`, who holds nothing yet.
    pub fn holder(&self, who: impl Into<String>) -> Holder {
        let mut holders = self.holders();
        let place = holders.iter().position(Option::is_none).unwrap_or_else(|| {
            holders.push(None);
            holders.len() - 1
        });
        holders[place] = Some(Held { who: who.into(), bytes: 0 });
        Holder { memory: self.clone(), place }
    }

    /// The disk for what does not fit.
    pub fn disk(&self) -> &Disk {
        &self.0.limits.disk
    }

    /// Bytes that all holders may hold together, if bounded.
    pub fn room(&self) -> Option<u64> {
        self.0.room
    }

    /// Worker threads.
    pub fn threads(&self) -> usize {
        self.0.limits.threads
    }

    /// Fails when the process has outgrown its limit.
    pub fn check(&self) -> Result<()> {
        let Some((limit, process)) = &self.0.limits.ceiling else { return Ok(()) };
        if process.resident() <= *limit {
            return Ok(());
        }
        process.give_back();
        let resident = process.resident();
        if resident <= *limit {
            return Ok(());
        }
        let mut held: Vec<(u64, String)> =
            self.holders().iter().flatten().map(|held| (held.bytes, held.who.clone())).collect();
        held.sort_by(|a, b| b.cmp(a));
        let held = held.iter().filter(|(bytes, _)| *bytes > 0).take(3);
        let held: Vec<_> = held.map(|(bytes, who)| format!("{who} {}", megabytes(*bytes))).collect();
        let held = if held.is_empty() { String::new() } else { format!("; of these {}", held.join(", ")) };
        Err(Error::wrong(format!(
            "the run holds {} of memory and may hold {}{held}",
            megabytes(resident),
            megabytes(*limit)
        ))
        .hint("give it more with --memory, or read fewer partitions in one run"))
    }

    fn holders(&self) -> MutexGuard<'_, Vec<Option<Held>>> {
        self.0.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("room", &self.0.room).finish_non_exhaustive()
    }
}

/// One who keeps rows or keys.
#[derive(Debug)]
pub struct Holder {
    memory: Memory,
    place: usize,
}

impl Holder {
    /// Says that `bytes` are held now, by who cannot give way or holds nothing any more.
    pub fn note(&self, bytes: u64) {
        if let Some(held) = &mut self.memory.holders()[self.place] {
            held.bytes = bytes;
        }
    }

    /// Says that `bytes` are held now; whether some of them have to go to disk.
    #[must_use]
    pub fn hold(&self, bytes: u64) -> bool {
        self.note(bytes);
        let Some(room) = self.memory.0.room else { return false };
        let holders = self.memory.holders();
        let held = || holders.iter().flatten().map(|held| held.bytes).filter(|bytes| *bytes > 0);
        held().sum::<u64>() > room && bytes >= room / held().count().max(1) as u64
    }

    /// The disk for what does not fit.
    pub fn disk(&self) -> &Disk {
        self.memory.disk()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.memory.holders()[self.place] = None;
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A process of 1.2 GB, some of which is freed already.
    struct Grown {
        freed: u64,
        given_back: AtomicBool,
    }

    impl Process for Grown {
        fn resident(&self) -> u64 {
            1_200_000_000 - if self.given_back.load(Ordering::Relaxed) { self.freed } else { 0 }
        }

        fn give_back(&self) {
            self.given_back.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_who_holds_more_than_an_even_share_has_to_give_way() {
        let memory = Memory::with_room(100);
        let (small, large) = (memory.holder("small"), memory.holder("large"));
        assert!(!small.hold(10));
        assert!(!large.hold(90));
        assert!(!small.hold(20), "20 of 100 is less than a half");
        assert!(large.hold(90), "110 are held, and 90 of them here");
        drop(small);
        assert!(!large.hold(90));
        assert!(large.hold(101));
    }

    #[test]
    fn a_process_beyond_its_limit_is_told_what_it_holds() {
        let memory = |freed: u64| {
            let process = Arc::new(Grown { freed, given_back: AtomicBool::new(false) });
            Memory::new(Limits {
                memory: Some(1_000_000_000),
                ceiling: Some((1_000_000_000, process)),
                threads: 2,
                disk: Disk::new("", None),
            })
        };
        assert!(memory(300_000_000).check().is_ok(), "what was freed is given back first");
        let memory = memory(0);
        let holder = memory.holder("the rows of \"orders\"");
        assert!(holder.hold(700_000_000));
        let error = memory.check().unwrap_err();
        assert_eq!(
            error.message(),
            "the run holds 1200 MB of memory and may hold 1000 MB; of these the rows of \"orders\" 700 MB"
        );
    }

    #[test]
    fn without_a_limit_nobody_gives_way() {
        let memory = Memory::unbounded();
        assert!(!memory.holder("rows").hold(u64::MAX));
        assert!(memory.check().is_ok());
    }
}
