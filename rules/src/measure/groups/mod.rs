//! Which keys occur, and which occur more than once: exact, at 16 bytes a distinct key, in memory as long as
//! there is room.
//!
//! Batches bring the 128-bit hashes of their keys, sorted into 256 partitions by their first byte; merging
//! only hangs them on. Once as many wait as have been settled, each partition is sorted and merged into
//! one run, in which the lowest bit says whether the key occurred more than once. Equal sets of rows give
//! equal bytes, whatever the split. A run that there is no room for is put away, by itself or together with
//! those of other sets; to count, one partition of all runs at a time is in memory.

mod away;
mod batch;
mod examples;
mod runs;
mod survey;
#[cfg(test)]
mod tests;
mod together;

use std::io;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize, Serializer};

use super::text::{from_hex, to_hex};
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::room::Room;
use crate::sample::Keep;
use away::Away;
use batch::Batch;
pub(crate) use examples::Examples;
use examples::KeyRows;
use runs::{AGAIN, PARTITIONS, Run, for_each_key, merge_runs};
use survey::Survey;
pub(crate) use together::{Together, bring_back, survey};

/// So many hashes may wait before they are settled.
const WAITING: usize = 1 << 20;
/// So many bytes of rows may be kept for waiting hashes.
const ROW_BYTES: usize = 128 << 20;

/// Key state.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Groups {
    /// Runs that were put away.
    away: Vec<Away>,
    /// The keys of each partition; no partitions as long as there are none.
    settled: Vec<Vec<u128>>,
    settled_keys: usize,
    waiting: Vec<Batch>,
    waiting_keys: usize,
    /// What those that wait take, without their rows.
    batch_bytes: usize,
    /// What the rows take that are kept for them.
    waiting_bytes: usize,
    rows: u64,
    examples: Examples,
    /// The counts, where keys that were put away with those of other sets were counted with these.
    counted: Option<GroupCounts>,
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
        let examples = Examples::of(kept.as_ref());
        let batch = Batch::of(&hashes, kept);
        Ok(Self {
            examples,
            batch_bytes: batch.bytes(),
            waiting: vec![batch],
            waiting_keys: count,
            rows: count as u64,
            ..Self::default()
        })
    }

    /// Adds another part, of rows that follow.
    pub fn merge(&mut self, mut other: Self) {
        let sorted = other.settled_keys > 0 || other.examples.are_closed();
        let apart = self.rows > 0 && sorted;
        self.examples.follow(other.examples, apart);
        self.rows += other.rows;
        self.waiting_keys += other.waiting_keys;
        self.batch_bytes += other.batch_bytes;
        for batch in &mut other.waiting {
            self.waiting_bytes += self.examples.hold(batch);
        }
        self.waiting.append(&mut other.waiting);
        self.away.append(&mut other.away);
        if other.settled_keys > 0 {
            self.settled.resize(PARTITIONS, Vec::new());
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
        self.settled.resize(PARTITIONS, Vec::new());
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
        self.batch_bytes = 0;
        self.waiting_bytes = 0;
        self.settled_keys = self.settled.iter().map(Vec::len).sum();
    }

    /// See [`super::Accumulated::bytes`].
    pub(crate) fn bytes(&self) -> usize {
        // Those that wait will have partitions.
        let missing = if self.waiting.is_empty() { 0 } else { PARTITIONS - self.settled.len() };
        self.held() + missing * size_of::<Vec<u128>>()
    }

    /// As many bytes as it holds now.
    pub(crate) fn held(&self) -> usize {
        let settled = size_of_val(self.settled.as_slice()) + self.settled_keys * size_of::<u128>();
        settled + self.batch_bytes + self.waiting_bytes
    }

    /// Puts the keys away. Repeats of them are counted when they come, but are not shown any more.
    pub(crate) fn put_away(&mut self, room: &Arc<dyn Room>) -> io::Result<()> {
        self.settle();
        self.examples.close();
        if self.settled_keys > 0 {
            self.away.push(Away::put(&self.settled, room)?);
            self.forget();
        }
        Ok(())
    }

    /// Holds none of its settled keys any more, which were put away.
    fn forget(&mut self) {
        self.settled = Vec::new();
        self.settled_keys = 0;
    }

    /// The settled keys of a partition that are in memory.
    fn in_memory(&self, at: usize) -> &[u128] {
        self.settled.get(at).map_or(&[], Vec::as_slice)
    }

    /// The settled keys of a partition, those that were put away among them.
    fn settled(&self, at: usize) -> io::Result<Vec<u128>> {
        let mut all = self.in_memory(at).to_vec();
        for run in &self.away {
            all = merge_runs(&run.partition(at)?, &all);
        }
        Ok(all)
    }

    /// Counts the keys. Fails where keys that were put away cannot be read.
    pub fn counts(&self) -> io::Result<GroupCounts> {
        Ok(self.survey()?.0)
    }

    /// Counts the keys, and finds the rows to show for them.
    pub(crate) fn survey(&self) -> io::Result<(GroupCounts, Examples)> {
        if let Some(counts) = self.counted {
            return Ok((counts, self.examples.clone()));
        }
        let mut survey = Survey::of(self);
        for at in 0..PARTITIONS {
            survey.add(at, &[])?;
        }
        Ok(survey.result())
    }

    /// What is known of keys once they were counted.
    pub(crate) fn counted(counts: GroupCounts, examples: Examples) -> Self {
        Self { rows: counts.rows, examples, counted: Some(counts), ..Self::default() }
    }

    fn stored(mut self) -> io::Result<Stored> {
        self.settle();
        let mut keys = String::new();
        for at in 0..PARTITIONS {
            keys += &to_hex(self.settled(at)?.into_iter().flat_map(u128::to_be_bytes));
        }
        Ok(Stored { rows: self.rows, keys, examples: self.examples })
    }
}

/// What is said of keys that cannot be read any more.
pub(crate) fn unreadable(error: &io::Error) -> String {
    format!("the keys that did not fit in memory cannot be read: {error}")
}

#[derive(Serialize, Deserialize)]
struct Stored {
    rows: u64,
    keys: String,
    #[serde(default)]
    examples: Examples,
}

impl Serialize for Groups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.clone().stored().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl TryFrom<Stored> for Groups {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let bytes = from_hex(&stored.keys).ok_or("a set of keys is not hexadecimal")?;
        let settled = vec![Vec::new(); PARTITIONS];
        let mut groups = Self { rows: stored.rows, examples: stored.examples, settled, ..Self::default() };
        for chunk in bytes.chunks_exact(16) {
            let hash = chunk.iter().fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
            groups.settled[(hash >> 120) as usize].push(hash);
            groups.settled_keys += 1;
        }
        Ok(groups)
    }
}
