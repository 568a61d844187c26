//! Which keys occur, and which occur more than once: exact, at 16 bytes a distinct key.
//!
//! Batches bring the 128-bit hashes of their keys, sorted into 256 partitions by their first byte; merging
//! only hangs them on. Once as many wait as have been settled, each partition is sorted and merged into
//! one run, in which the lowest bit says whether the key occurred more than once. Equal sets of rows give
//! equal bytes, whatever the split.

use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex};

const PARTITIONS: usize = 256;
/// So many hashes may wait before they are settled.
const WAITING: usize = 1 << 20;
const AGAIN: u128 = 1;

/// Key state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Groups {
    settled: Vec<Vec<u128>>,
    settled_keys: usize,
    waiting: Vec<Batch>,
    waiting_keys: usize,
    rows: u64,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            settled: vec![Vec::new(); PARTITIONS],
            settled_keys: 0,
            waiting: Vec::new(),
            waiting_keys: 0,
            rows: 0,
        }
    }
}

/// The hashes of a batch, partition after partition.
#[derive(Debug, Clone)]
struct Batch {
    hashes: Vec<u128>,
    starts: Vec<u32>,
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
    /// The state of a batch's key hashes.
    pub(crate) fn of(hashes: &[u128]) -> Self {
        let mut starts = vec![0_u32; PARTITIONS + 1];
        let partition = |hash: u128| (hash >> 120) as usize;
        for hash in hashes {
            starts[partition(*hash) + 1] += 1;
        }
        for at in 0..PARTITIONS {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0_u128; hashes.len()];
        for hash in hashes {
            let at = &mut next[partition(*hash)];
            sorted[*at as usize] = hash & !AGAIN;
            *at += 1;
        }
        let rows = hashes.len();
        Self {
            waiting: vec![Batch { hashes: sorted, starts }],
            waiting_keys: rows,
            rows: rows as u64,
            ..Self::default()
        }
    }

    /// Adds another part.
    pub fn merge(&mut self, mut other: Self) {
        self.rows += other.rows;
        self.waiting_keys += other.waiting_keys;
        self.waiting.append(&mut other.waiting);
        if other.settled_keys > 0 {
            for (mine, theirs) in self.settled.iter_mut().zip(other.settled) {
                *mine = merge_runs(mine, &theirs);
            }
            self.settled_keys = self.settled.iter().map(Vec::len).sum();
        }
        if self.waiting_keys > WAITING.max(self.settled_keys / 2) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let mut run = Run::default();
        for (at, settled) in self.settled.iter_mut().enumerate() {
            run.gather(&self.waiting, at);
            *settled = merge_runs(settled, &run.hashes);
        }
        self.waiting.clear();
        self.waiting_keys = 0;
        self.settled_keys = self.settled.iter().map(Vec::len).sum();
    }

    /// Counts the keys.
    pub fn counts(&self) -> GroupCounts {
        let mut counts = GroupCounts { rows: self.rows, distinct: 0, repeated: 0 };
        let mut run = Run::default();
        for (at, settled) in self.settled.iter().enumerate() {
            run.gather(&self.waiting, at);
            for_each_key(settled, &run.hashes, |hash| {
                counts.distinct += 1;
                counts.repeated += u64::from(hash & AGAIN == AGAIN);
            });
        }
        counts
    }
}

/// One partition's hashes of the waiting batches.
#[derive(Default)]
struct Run {
    hashes: Vec<u128>,
    scratch: Vec<u128>,
}

impl Run {
    /// Sorts them and folds repeats.
    fn gather(&mut self, waiting: &[Batch], partition: usize) {
        self.hashes.clear();
        for batch in waiting {
            if let (Some(from), Some(to)) = (batch.starts.get(partition), batch.starts.get(partition + 1)) {
                let part = batch.hashes.get(*from as usize..*to as usize);
                self.hashes.extend_from_slice(part.unwrap_or_default());
            }
        }
        self.sort();
        fold_repeats(&mut self.hashes);
    }

    /// Hashes are evenly spread, so one pass by their second byte leaves runs of a few each.
    fn sort(&mut self) {
        if self.hashes.len() < PARTITIONS {
            self.hashes.sort_unstable();
            return;
        }
        let bucket = |hash: u128| (hash >> 112) as usize & (PARTITIONS - 1);
        let mut next = [0_usize; PARTITIONS];
        self.hashes.iter().for_each(|hash| next[bucket(*hash)] += 1);
        let mut start = 0;
        for slot in &mut next {
            start += std::mem::replace(slot, start);
        }
        self.scratch.clear();
        self.scratch.resize(self.hashes.len(), 0);
        for hash in &self.hashes {
            let slot = &mut next[bucket(*hash)];
            self.scratch[*slot] = *hash;
            *slot += 1;
        }
        let mut from = 0;
        for end in next {
            self.scratch[from..end].sort_unstable();
            from = end;
        }
        std::mem::swap(&mut self.hashes, &mut self.scratch);
    }
}

/// Leaves one of each key in a sorted run, marked where there were several.
fn fold_repeats(run: &mut Vec<u128>) {
    run.dedup_by(|later, kept| {
        let same = *later & !AGAIN == *kept & !AGAIN;
        if same {
            *kept |= AGAIN;
        }
        same
    });
}

/// Merges two runs, each sorted and without repeats.
fn merge_runs(left: &[u128], right: &[u128]) -> Vec<u128> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    for_each_key(left, right, |hash| merged.push(hash));
    merged
}

/// Calls `f` with each key of two runs, in order, marked where it is in both.
fn for_each_key(left: &[u128], right: &[u128], mut f: impl FnMut(u128)) {
    let (mut l, mut r) = (0, 0);
    while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
        let (key_a, key_b) = (a & !AGAIN, b & !AGAIN);
        f(match key_a.cmp(&key_b) {
            std::cmp::Ordering::Less => *a,
            std::cmp::Ordering::Greater => *b,
            std::cmp::Ordering::Equal => key_a | AGAIN,
        });
        l += usize::from(key_a <= key_b);
        r += usize::from(key_b <= key_a);
    }
    left.get(l..)
        .unwrap_or_default()
        .iter()
        .chain(right.get(r..).unwrap_or_default())
        .for_each(|hash| f(*hash));
}

#[derive(Serialize, Deserialize)]
struct Stored {
    rows: u64,
    keys: String,
}

impl From<Groups> for Stored {
    fn from(mut groups: Groups) -> Self {
        groups.settle();
        let bytes = groups.settled.iter().flatten().flat_map(|hash| hash.to_be_bytes());
        Self { rows: groups.rows, keys: to_hex(bytes) }
    }
}

impl TryFrom<Stored> for Groups {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let bytes = from_hex(&stored.keys).ok_or("a set of keys is not hexadecimal")?;
        let mut groups = Self { rows: stored.rows, ..Self::default() };
        for chunk in bytes.chunks_exact(16) {
            let hash = chunk.iter().fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
            groups.settled[(hash >> 120) as usize].push(hash);
            groups.settled_keys += 1;
        }
        Ok(groups)
    }
}
