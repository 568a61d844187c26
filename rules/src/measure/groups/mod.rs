//! Which keys occur, and which occur more than once: exact, at 16 bytes a distinct key.
//!
//! Batches bring the 128-bit hashes of their keys, sorted into 256 partitions by their first byte; merging
//! only hangs them on. Once as many wait as have been settled, each partition is sorted and merged into
//! one run, in which the lowest bit says whether the key occurred more than once. Equal sets of rows give
//! equal bytes, whatever the split.

mod batch;
mod examples;
mod runs;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex};
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::Keep;
use batch::Batch;
pub(crate) use examples::Examples;
use examples::KeyRows;
use runs::{AGAIN, PARTITIONS, Run, for_each_key, merge_runs};

/// So many hashes may wait before they are settled.
const WAITING: usize = 1 << 20;
/// So many bytes of rows may be kept for waiting hashes.
const ROW_BYTES: usize = 128 << 20;

/// Key state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Groups {
    settled: Vec<Vec<u128>>,
    settled_keys: usize,
    waiting: Vec<Batch>,
    waiting_keys: usize,
    waiting_bytes: usize,
    rows: u64,
    examples: Examples,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            settled: vec![Vec::new(); PARTITIONS],
            settled_keys: 0,
            waiting: Vec::new(),
            waiting_keys: 0,
            waiting_bytes: 0,
            rows: 0,
            examples: Examples::default(),
        }
    }
}

/// How many keys of each kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupCounts {
    /// Rows counted.
    pub rows: u64,
    /// Distinct keys.
    pub distinct: u64,
    /// Keys that occur more than once.
    pub repeated: u64,
}

impl GroupCounts {
    /// Rows beyond the first of each key.
    pub fn extra_rows(self) -> u64 {
        self.rows - self.distinct
    }

    /// Keys that occur exactly once.
    pub fn single(self) -> u64 {
        self.distinct - self.repeated
    }

    /// Rows whose key occurs more than once.
    pub fn rows_in_repeated(self) -> u64 {
        self.rows - self.single()
    }
}

impl Groups {
    /// The keys of the rows of a set, which holds rows with a null only where nulls equal each other. Repeats
    /// are shown as far as `keep` says.
    pub(crate) fn of(
        columns: &[ArrayRef],
        rows: &RowSet,
        nulls_equal: bool,
        keep: Option<Keep>,
    ) -> Result<Self, ArrowError> {
        let hashes = hash_rows(columns, rows, nulls_equal)?;
        let kept = keep.map(|keep| KeyRows::new(columns, rows, nulls_equal, keep));
        let count = hashes.len();
        Ok(Self {
            examples: Examples::of(kept.as_ref()),
            waiting: vec![Batch::of(&hashes, kept)],
            waiting_keys: count,
            rows: count as u64,
            ..Self::default()
        })
    }

    /// Adds another part, of rows that follow.
    pub fn merge(&mut self, mut other: Self) {
        let apart = self.rows > 0 && other.settled_keys > 0;
        self.examples.follow(other.examples, apart);
        self.rows += other.rows;
        self.waiting_keys += other.waiting_keys;
        for batch in &mut other.waiting {
            self.waiting_bytes += self.examples.hold(batch);
        }
        self.waiting.append(&mut other.waiting);
        if other.settled_keys > 0 {
            for (mine, theirs) in self.settled.iter_mut().zip(other.settled) {
                *mine = merge_runs(mine, &theirs);
            }
            self.settled_keys = self.settled.iter().map(Vec::len).sum();
        }
        if self.waiting_keys > WAITING.max(self.settled_keys / 2) || self.waiting_bytes > ROW_BYTES {
            self.settle();
        }
    }

    /// Sorts those that wait among the others.
    pub(super) fn settle(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let mut fresh = HashMap::new();
        let wanted = self.examples.are_wanted();
        let mut run = Run::default();
        for (at, settled) in self.settled.iter_mut().enumerate() {
            run.gather(&self.waiting, at);
            let mut merged = Vec::with_capacity(settled.len() + run.hashes.len());
            for_each_key(settled, &run.hashes, |hash, nth| {
                merged.push(hash);
                if wanted && nth > 0 {
                    fresh.insert(hash & !AGAIN, nth);
                }
            });
            *settled = merged;
        }
        self.examples.find(&self.waiting, &fresh);
        self.waiting.clear();
        self.waiting_keys = 0;
        self.waiting_bytes = 0;
        self.settled_keys = self.settled.iter().map(Vec::len).sum();
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        let settled = size_of_val(self.settled.as_slice()) + self.settled_keys * size_of::<u128>();
        settled + self.waiting.iter().map(Batch::bytes).sum::<usize>() + self.waiting_bytes
    }

    /// Counts the keys.
    pub fn counts(&self) -> GroupCounts {
        self.survey().0
    }

    /// Counts the keys, and finds the rows to show for them.
    pub(crate) fn survey(&self) -> (GroupCounts, Examples) {
        let mut counts = GroupCounts { rows: self.rows, distinct: 0, repeated: 0 };
        let mut fresh = HashMap::new();
        let mut examples = self.examples.clone();
        let wanted = examples.are_wanted();
        let mut run = Run::default();
        for (at, settled) in self.settled.iter().enumerate() {
            run.gather(&self.waiting, at);
            for_each_key(settled, &run.hashes, |hash, nth| {
                counts.distinct += 1;
                counts.repeated += u64::from(hash & AGAIN == AGAIN);
                if wanted && nth > 0 {
                    fresh.insert(hash & !AGAIN, nth);
                }
            });
        }
        examples.find(&self.waiting, &fresh);
        (counts, examples)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    rows: u64,
    keys: String,
    #[serde(default)]
    examples: Examples,
}

impl From<Groups> for Stored {
    fn from(mut groups: Groups) -> Self {
        groups.settle();
        let bytes = groups.settled.iter().flatten().flat_map(|hash| hash.to_be_bytes());
        Self { rows: groups.rows, keys: to_hex(bytes), examples: groups.examples }
    }
}

impl TryFrom<Stored> for Groups {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let bytes = from_hex(&stored.keys).ok_or("a set of keys is not hexadecimal")?;
        let mut groups = Self { rows: stored.rows, examples: stored.examples, ..Self::default() };
        for chunk in bytes.chunks_exact(16) {
            let hash = chunk.iter().fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
            groups.settled[(hash >> 120) as usize].push(hash);
            groups.settled_keys += 1;
        }
        Ok(groups)
    }
}
