//! The keys of one batch, waiting to be sorted among the others.

use std::sync::Arc;

use super::examples::KeyRows;
use super::runs::{AGAIN, PARTITIONS};

/// The hashes of a batch, partition after partition.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    hashes: Vec<u128>,
    starts: Vec<u32>,
    /// The rows behind them, as long as they may be wanted as examples.
    pub(super) rows: Option<Arc<KeyRows>>,
}

impl Batch {
    pub(super) fn of(hashes: &[u128], rows: Option<KeyRows>) -> Self {
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
        Self { hashes: sorted, starts, rows: rows.map(Arc::new) }
    }

    /// The hashes of a partition, in row order.
    pub(super) fn partition(&self, at: usize) -> &[u128] {
        let ends = self.starts.get(at).zip(self.starts.get(at + 1));
        let part = ends.and_then(|(from, to)| self.hashes.get(*from as usize..*to as usize));
        part.unwrap_or_default()
    }

    /// As many bytes as its hashes take, with where each partition of them starts.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.hashes.as_slice()) + size_of_val(self.starts.as_slice())
    }

    /// How often a key occurs.
    pub(super) fn occurrences(&self, key: u128) -> u64 {
        self.partition((key >> 120) as usize).iter().filter(|hash| **hash == key).count() as u64
    }
}
