//! The set of all keys seen so far, for tens of millions of them.
//!
//! The set is cut into shards by hash, neighbouring narrow keys into the same. A batch's keys are sorted
//! by shard where that can be done in parallel; inserting them then walks from shard to shard, each of a
//! size the address cache copes with, and only one shard at a time is ever copied to grow.
//!
//! A shard of narrow keys is a bit set where they lie close enough together, else a hash table. Which of
//! the two is smaller is looked at again whenever the shard has doubled.

use super::dense::{Dense, PAGE_BITS};
use super::encode::{Keys, Part, Wide};
use super::table::{Table, Word};

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// Keys of a shard below which it does not matter how they are kept.
const FEW: usize = 1 << 12;

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
        let narrow = |key: u64| shard(key >> PAGE_BITS);
        Self { narrow: Sorted::new(&keys.narrow, narrow), wide: Sorted::new(&keys.wide, shard) }
    }
}

impl<K: Word> Sorted<K> {
    fn new(part: &Part<K>, shard: impl Fn(K) -> u8) -> Self {
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

    /// The keys of each shard with their rows.
    fn shards(&self) -> impl Iterator<Item = (&[K], &[u32])> {
        self.starts.windows(2).map(|ends| {
            let range = ends[0] as usize..ends[1] as usize;
            (&self.keys[range.clone()], &self.rows[range])
        })
    }
}

fn shard<K: Word>(key: K) -> u8 {
    (key.mixed() >> (64 - SHARD_BITS)) as u8
}

/// All keys seen so far.
#[derive(Debug)]
pub struct KeySet {
    narrow: Vec<Narrow>,
    wide: Vec<Table<Wide, ()>>,
}

impl Default for KeySet {
    fn default() -> Self {
        Self {
            narrow: (0..SHARDS).map(|_| Narrow::default()).collect(),
            wide: (0..SHARDS).map(|_| Table::default()).collect(),
        }
    }
}

impl KeySet {
    /// Adds the keys of a batch and gives the rows whose key was there before, in no order that means
    /// anything. Of equal keys within the batch, the first is the new one.
    pub fn insert(&mut self, keys: &Sharded) -> Vec<u32> {
        let mut repeated = Vec::new();
        for (set, (keys, rows)) in self.narrow.iter_mut().zip(keys.narrow.shards()) {
            set.insert(keys, rows, &mut repeated);
        }
        for (table, (keys, rows)) in self.wide.iter_mut().zip(keys.wide.shards()) {
            insert(table, keys, rows, &mut repeated);
        }
        repeated
    }

    /// Calls `each` with the keys of each shard, in no order that means anything.
    pub fn for_each_shard<E>(&self, mut each: impl FnMut(&[u64], &[Wide]) -> Result<(), E>) -> Result<(), E> {
        for (narrow, wide) in self.narrow.iter().zip(&self.wide) {
            let mut words = Vec::with_capacity(wide.len());
            wide.for_each(|key, ()| words.push(key));
            each(&narrow.keys(), &words)?;
        }
        Ok(())
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        let narrow: usize = self.narrow.iter().map(Narrow::len).sum();
        narrow + self.wide.iter().map(Table::len).sum::<usize>()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let narrow: usize = self.narrow.iter().map(Narrow::bytes).sum();
        narrow + self.wide.iter().map(Table::bytes).sum::<usize>()
    }
}

fn insert<K: Word>(table: &mut Table<K, ()>, keys: &[K], rows: &[u32], repeated: &mut Vec<u32>) {
    let seen = |index: usize, (): &mut (), new: bool| {
        if !new {
            repeated.push(rows[index]);
        }
    };
    table.insert_each(keys, |_| (), seen);
}

/// A shard of narrow keys.
#[derive(Debug)]
struct Narrow {
    kept: Kept,
    /// Keys at which it is looked at again how they are kept.
    next_look: usize,
}

#[derive(Debug)]
enum Kept {
    Dense(Dense),
    Hashed(Table<u64, ()>),
}

impl Default for Narrow {
    fn default() -> Self {
        Self { kept: Kept::Dense(Dense::default()), next_look: FEW }
    }
}

impl Narrow {
    fn len(&self) -> usize {
        match &self.kept {
            Kept::Dense(dense) => dense.len(),
            Kept::Hashed(table) => table.len(),
        }
    }

    fn bytes(&self) -> usize {
        match &self.kept {
            Kept::Dense(dense) => dense.bytes(),
            Kept::Hashed(table) => table.bytes(),
        }
    }

    fn keys(&self) -> Vec<u64> {
        let mut keys = Vec::with_capacity(self.len());
        match &self.kept {
            Kept::Dense(dense) => dense.for_each(|key| keys.push(key)),
            Kept::Hashed(table) => table.for_each(|key, ()| keys.push(key)),
        }
        keys
    }

    fn insert(&mut self, keys: &[u64], rows: &[u32], repeated: &mut Vec<u32>) {
        // In pieces, so that a batch of scattered keys does not fill memory with pages first.
        for (keys, rows) in keys.chunks(FEW).zip(rows.chunks(FEW)) {
            match &mut self.kept {
                Kept::Dense(dense) => dense.insert_each(keys, |index, new| {
                    if !new {
                        repeated.push(rows[index]);
                    }
                }),
                Kept::Hashed(table) => insert(table, keys, rows, repeated),
            }
            self.look();
        }
    }

    /// Keeps the keys the other way if that is smaller.
    fn look(&mut self) {
        let len = self.len();
        let hashed = Table::<u64, ()>::bytes_for(len);
        let scattered =
            matches!(&self.kept, Kept::Dense(dense) if dense.bytes() > (2 * hashed).max(FEW * 16));
        if !scattered && len < self.next_look {
            return;
        }
        self.next_look = (2 * len).max(FEW);
        match &self.kept {
            Kept::Dense(dense) if dense.bytes() > hashed => {
                let mut table = Table::with_capacity(len);
                dense.for_each(|key| table.insert_each(&[key], |_| (), |_, (), _| {}));
                self.kept = Kept::Hashed(table);
            }
            Kept::Hashed(table) if Dense::bytes_of(pages(table)) < hashed / 2 => {
                let mut dense = Dense::default();
                table.for_each(|key, ()| dense.insert_each(&[key], |_, _| {}));
                self.kept = Kept::Dense(dense);
            }
            Kept::Dense(_) | Kept::Hashed(_) => {}
        }
    }
}

/// How many pages the keys of `table` lie in.
fn pages(table: &Table<u64, ()>) -> usize {
    let mut numbers = Table::<u64, ()>::default();
    table.for_each(|key, ()| numbers.insert_each(&[key >> PAGE_BITS], |_| (), |_, (), _| {}));
    numbers.len()
}
