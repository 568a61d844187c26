//! Sorted runs of key hashes: each key once, its lowest bit saying whether it occurred more than once.

use super::batch::Batch;

/// Hashes are kept apart by their first byte.
pub(super) const PARTITIONS: usize = 256;

/// The bit that says of a key that it occurred more than once.
pub(super) const AGAIN: u128 = 1;

/// One partition's hashes of the waiting batches.
#[derive(Default)]
pub(super) struct Run {
    pub(super) hashes: Vec<u128>,
    scratch: Vec<u128>,
}

impl Run {
    /// Sorts them and folds repeats.
    pub(super) fn gather(&mut self, waiting: &[Batch], partition: usize) {
        self.hashes.clear();
        for batch in waiting {
            self.hashes.extend_from_slice(batch.partition(partition));
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
pub(super) fn merge_runs(left: &[u128], right: &[u128]) -> Vec<u128> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    for_each_key(left, right, |hash, _| merged.push(hash));
    merged
}

/// Calls `f` with each key of two runs, in order, marked where it is in both, and with which of its
/// occurrences on the right (the first or the second) made it one that occurs more than once; with 0
/// where none did.
pub(super) fn for_each_key(left: &[u128], right: &[u128], mut f: impl FnMut(u128, u64)) {
    let (mut l, mut r) = (0, 0);
    let alone = |hash: u128| (hash & AGAIN) as u64 * 2;
    while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
        let (key_a, key_b) = (a & !AGAIN, b & !AGAIN);
        match key_a.cmp(&key_b) {
            std::cmp::Ordering::Less => f(*a, 0),
            std::cmp::Ordering::Greater => f(*b, alone(*b)),
            std::cmp::Ordering::Equal => f(key_a | AGAIN, u64::from(a & AGAIN == 0)),
        }
        l += usize::from(key_a <= key_b);
        r += usize::from(key_b <= key_a);
    }
    left.get(l..).unwrap_or_default().iter().for_each(|hash| f(*hash, 0));
    right.get(r..).unwrap_or_default().iter().for_each(|hash| f(*hash, alone(*hash)));
}
