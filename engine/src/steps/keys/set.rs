//! The set of all keys seen so far, for tens of millions of them.
//!
//! The set is cut into shards by hash. A batch's keys are sorted by shard where that can be done in
//! parallel; inserting them then walks from shard to shard, each of a size the address cache copes
//! with, and only one shard at a time is ever copied to grow.

use super::encode::{Keys, Part, Wide};
use super::table::{Table, Word};

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// The keys of a batch, sorted by shard and within a shard by row.
#[derive(Debug)]
pub struct Sharded {
    narrow: Sorted<u64>,
    wide: Sorted<Wide>,
}

#[derive(Debug)]
struct Sorted<K> {
    keys: Vec<K>,
    rows: Vec<u32>,
    /// Where each shard's keys begin; one more than there are shards.
    starts: Vec<u32>,
}

impl Sharded {
    /// Sorts the keys of a batch.
    pub fn new(keys: &Keys) -> Self {
        Self { narrow: Sorted::new(&keys.narrow), wide: Sorted::new(&keys.wide) }
    }
}

impl<K: Word> Sorted<K> {
    fn new(part: &Part<K>) -> Self {
        let shards: Vec<u8> = part.keys.iter().map(|key| shard(*key)).collect();
        let mut starts = vec![0u32; SHARDS + 1];
        for &shard in &shards {
            starts[usize::from(shard) + 1] += 1;
        }
        for shard in 0..SHARDS {
            starts[shard + 1] += starts[shard];
        }
        let mut next = starts.clone();
        let mut keys = vec![K::default(); shards.len()];
        let mut rows = vec![0u32; shards.len()];
        for (index, (&shard, &key)) in shards.iter().zip(&part.keys).enumerate() {
            let at = next[usize::from(shard)] as usize;
            next[usize::from(shard)] += 1;
            keys[at] = key;
            rows[at] = part.row(index) as u32;
        }
        Self { keys, rows, starts }
    }
}

fn shard<K: Word>(key: K) -> u8 {
    (key.mixed() >> (64 - SHARD_BITS)) as u8
}

/// All keys seen so far.
#[derive(Debug)]
pub struct KeySet {
    narrow: Vec<Table<u64, ()>>,
    wide: Vec<Table<Wide, ()>>,
}

impl Default for KeySet {
    fn default() -> Self {
        Self { narrow: tables(), wide: tables() }
    }
}

fn tables<K: Word>() -> Vec<Table<K, ()>> {
    (0..SHARDS).map(|_| Table::default()).collect()
}

impl KeySet {
    /// Adds the keys of a batch and gives the rows whose key was there before, in no order that means
    /// anything. Of equal keys within the batch, the first is the new one.
    pub fn insert(&mut self, keys: &Sharded) -> Vec<u32> {
        let mut repeated = Vec::new();
        insert(&mut self.narrow, &keys.narrow, &mut repeated);
        insert(&mut self.wide, &keys.wide, &mut repeated);
        repeated
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        let narrow: usize = self.narrow.iter().map(Table::len).sum();
        narrow + self.wide.iter().map(Table::len).sum::<usize>()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let narrow: usize = self.narrow.iter().map(Table::bytes).sum();
        narrow + self.wide.iter().map(Table::bytes).sum::<usize>()
    }
}

fn insert<K: Word>(tables: &mut [Table<K, ()>], sorted: &Sorted<K>, repeated: &mut Vec<u32>) {
    for (shard, table) in tables.iter_mut().enumerate() {
        let range = sorted.starts[shard] as usize..sorted.starts[shard + 1] as usize;
        let rows = &sorted.rows[range.clone()];
        table.insert_each(
            &sorted.keys[range],
            |_| (),
            |index, (), new| {
                if !new {
                    repeated.push(rows[index]);
                }
            },
        );
    }
}
