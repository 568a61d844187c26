//! An open-addressing hash table from key words to small values.
//!
//! Linear probing over one array, so that a look-up touches one cache line nearly always. Callers hand
//! keys in blocks: the first line of each key of a block is loaded before any is needed, so the misses
//! of a block overlap. The order of keys never shows.

use std::hint::black_box;

use super::encode::Wide;

/// Keys in a block whose cache misses overlap.
const BLOCK: usize = 32;
/// Slots of the smallest table.
const SMALLEST: usize = 16;

/// A word that can be a key.
pub trait Word: Copy + Eq + Default + Send + Sync {
    /// A well-mixed hash: both its high and its low bits are used.
    fn mixed(self) -> u64;
}

impl Word for u64 {
    fn mixed(self) -> u64 {
        fold(self ^ 0x243F_6A88_85A3_08D3, 0x9E37_79B9_7F4A_7C15)
    }
}

impl Word for Wide {
    fn mixed(self) -> u64 {
        fold(self[0] ^ 0x243F_6A88_85A3_08D3, 0x9E37_79B9_7F4A_7C15)
            ^ fold(self[1] ^ 0x1319_8A2E_0370_7344, 0xD1B5_4A32_D192_ED03).rotate_left(23)
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let folded = (product as u64) ^ (product >> 64) as u64;
    folded ^ (folded >> 29)
}

/// A map from words to values.
#[derive(Debug)]
pub struct Table<K, V> {
    /// Keys with their values; an empty slot has the zero word for a key.
    slots: Vec<(K, V)>,
    len: usize,
    /// The value of the zero word, which cannot stand in a slot.
    zero: Option<V>,
}

impl<K: Word, V: Copy + Default> Default for Table<K, V> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<K: Word, V: Copy + Default> Table<K, V> {
    /// An empty table with room for `keys`.
    pub fn with_capacity(keys: usize) -> Self {
        Self { slots: vec![Default::default(); slots_for(keys)], len: 0, zero: None }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.len + usize::from(self.zero.is_some())
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(K, V)>()
    }

    /// Bytes of a table for `keys`.
    pub fn bytes_for(keys: usize) -> usize {
        slots_for(keys) * size_of::<(K, V)>()
    }

    /// Calls `each` with every key and its value, in no order that means anything.
    pub fn for_each(&self, mut each: impl FnMut(K, &V)) {
        if let Some(value) = &self.zero {
            each(K::default(), value);
        }
        self.slots.iter().filter(|(key, _)| *key != K::default()).for_each(|(key, value)| each(*key, value));
    }

    /// Puts each key with the value that `fresh` gives for its index, unless it is there already, and
    /// calls `seen` with the index, the value now there, and whether it is new.
    pub fn insert_each(
        &mut self,
        keys: &[K],
        mut fresh: impl FnMut(usize) -> V,
        mut seen: impl FnMut(usize, &mut V, bool),
    ) {
        let mut homes = [0usize; BLOCK];
        for (block, keys) in keys.chunks(BLOCK).enumerate() {
            self.reserve(keys.len());
            self.find_homes(keys, &mut homes);
            for (offset, (&key, &home)) in keys.iter().zip(&homes).enumerate() {
                let index = block * BLOCK + offset;
                let (value, new) = self.insert(key, home, || fresh(index));
                seen(index, value, new);
            }
        }
    }

    /// Calls `found` with the index of each key and the value it has here, if any.
    pub fn get_each(&self, keys: &[K], mut found: impl FnMut(usize, Option<V>)) {
        let mut homes = [0usize; BLOCK];
        for (block, keys) in keys.chunks(BLOCK).enumerate() {
            self.find_homes(keys, &mut homes);
            for (offset, (&key, &home)) in keys.iter().zip(&homes).enumerate() {
                found(block * BLOCK + offset, self.get(key, home));
            }
        }
    }

    /// Computes where each key of a block belongs, and loads those slots.
    fn find_homes(&self, keys: &[K], homes: &mut [usize; BLOCK]) {
        let mask = self.slots.len() - 1;
        let mut occupied = 0usize;
        for (home, key) in homes.iter_mut().zip(keys) {
            *home = key.mixed() as usize & mask;
            occupied += usize::from(self.slots[*home].0 != K::default());
        }
        black_box(occupied);
    }

    fn insert(&mut self, key: K, home: usize, fresh: impl FnOnce() -> V) -> (&mut V, bool) {
        if key == K::default() {
            let new = self.zero.is_none();
            return (self.zero.get_or_insert_with(fresh), new);
        }
        let mask = self.slots.len() - 1;
        let mut at = home;
        loop {
            let slot = self.slots[at].0;
            if slot == key {
                return (&mut self.slots[at].1, false);
            }
            if slot == K::default() {
                self.slots[at] = (key, fresh());
                self.len += 1;
                return (&mut self.slots[at].1, true);
            }
            at = (at + 1) & mask;
        }
    }

    fn get(&self, key: K, home: usize) -> Option<V> {
        if key == K::default() {
            return self.zero;
        }
        let mask = self.slots.len() - 1;
        let mut at = home;
        loop {
            let (slot, value) = self.slots[at];
            if slot == key {
                return Some(value);
            }
            if slot == K::default() {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    fn reserve(&mut self, keys: usize) {
        let needed = slots_for(self.len + keys);
        if needed <= self.slots.len() {
            return;
        }
        let old = std::mem::replace(&mut self.slots, vec![Default::default(); needed]);
        let mask = needed - 1;
        for (key, value) in old {
            if key != K::default() {
                let mut at = key.mixed() as usize & mask;
                while self.slots[at].0 != K::default() {
                    at = (at + 1) & mask;
                }
                self.slots[at] = (key, value);
            }
        }
    }
}

/// Slots of a table for `keys`: at most three quarters full.
fn slots_for(keys: usize) -> usize {
    (keys + keys / 3 + 1).next_power_of_two().max(SMALLEST)
}
