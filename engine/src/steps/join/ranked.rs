//! From keys in a range to rows, by the rank of a key among those there are.
//!
//! A bit for every place of the range and, beside each 64 of them, how many are set before: a quarter of a
//! byte a place. Where the table is sorted by its key, as tables of serial numbers are, the rank is the row.

use crate::steps::keys::Part;
use crate::steps::rows::NONE;

/// The first row of each key.
pub(super) struct Ranked {
    base: u64,
    /// Low bits in which no two keys differ.
    shift: u32,
    words: Vec<Word>,
    /// The first row of the key of each rank; none if the rank is the row.
    rows: Option<Vec<u32>>,
}

/// 64 places.
#[derive(Clone, Copy, Default)]
struct Word {
    bits: u64,
    /// Keys in the words before.
    before: u32,
}

impl Ranked {
    /// Places of the range, at most, for each key: a hash table takes some 24 bytes.
    const SPARSEST: u64 = 64;

    /// Ranks the keys of `part`, if they are close enough together; adds rows whose key stood in an earlier
    /// row to `repeats`, with that row.
    pub(super) fn new(part: &Part<u64>, repeats: &mut Vec<(u32, u32)>) -> Option<Self> {
        let base = part.keys.iter().copied().min().unwrap_or(0);
        let all = part.keys.iter().fold(0, |all, key| all | (key - base));
        let shift = if all == 0 { 0 } else { all.trailing_zeros() };
        let range = part.keys.iter().map(|key| (key - base) >> shift).max().unwrap_or(0);
        if range / Self::SPARSEST > part.keys.len() as u64 {
            return None;
        }
        let mut words = vec![Word::default(); (range / 64) as usize + 1];
        for key in &part.keys {
            let place = (key - base) >> shift;
            words[(place / 64) as usize].bits |= 1 << (place % 64);
        }
        let mut keys = 0;
        for word in &mut words {
            word.before = keys;
            keys += word.bits.count_ones();
        }
        let mut ranked = Self { base, shift, words, rows: None };
        let is_sorted = part.rows.is_none() && part.keys.is_sorted_by(|a, b| a < b);
        if !is_sorted {
            ranked.rows = Some(ranked.first_rows(part, keys as usize, repeats));
        }
        Some(ranked)
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.words.len() * size_of::<Word>() + 4 * self.rows.as_ref().map_or(0, Vec::len)
    }

    fn first_rows(&self, part: &Part<u64>, keys: usize, repeats: &mut Vec<(u32, u32)>) -> Vec<u32> {
        let mut rows = vec![NONE; keys];
        for (index, key) in part.keys.iter().enumerate() {
            let (row, first) = (part.row(index) as u32, &mut rows[self.rank(*key) as usize]);
            if *first == NONE {
                *first = row;
            } else {
                repeats.push((row, *first));
            }
        }
        rows
    }

    /// The first row of `key`, `NONE` without one.
    pub(super) fn first_row(&self, key: u64) -> u32 {
        let rank = self.rank(key);
        match &self.rows {
            Some(rows) if rank != NONE => rows[rank as usize],
            _ => rank,
        }
    }

    /// How many keys are smaller; `NONE` if it is no key.
    fn rank(&self, key: u64) -> u32 {
        // A key off the grid is turned into a place beyond the range.
        let place = key.wrapping_sub(self.base).rotate_right(self.shift);
        let word = usize::try_from(place / 64).ok().and_then(|word| self.words.get(word));
        let Some(Word { bits, before }) = word else { return NONE };
        let bit = 1u64 << (place % 64);
        if bits & bit == 0 { NONE } else { before + (bits & (bit - 1)).count_ones() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(keys: &[u64]) -> Part<u64> {
        Part { keys: keys.to_vec(), rows: None }
    }

    #[test]
    fn the_rank_of_a_sorted_key_is_its_row() {
        let keys: Vec<u64> = (0..1000).map(|n| 77 + n * 8).collect();
        let ranked = Ranked::new(&part(&keys), &mut Vec::new()).unwrap();
        assert!(ranked.rows.is_none());
        for (row, key) in (0u32..).zip(&keys) {
            assert_eq!(ranked.first_row(*key), row);
            assert_eq!(ranked.first_row(key + 1), NONE, "off the grid");
        }
        assert_eq!(ranked.first_row(69), NONE);
        assert_eq!(ranked.first_row(u64::MAX), NONE);
        assert_eq!(ranked.first_row(0), NONE);
    }

    #[test]
    fn repeated_keys_are_told_with_the_first_row() {
        let mut repeats = Vec::new();
        let ranked = Ranked::new(&part(&[9, 3, 9, 5, 3]), &mut repeats).unwrap();
        assert_eq!([9, 3, 5, 4].map(|key| ranked.first_row(key)), [0, 1, 3, NONE]);
        assert_eq!(repeats, [(2, 0), (4, 1)]);
    }

    #[test]
    fn keys_far_apart_are_not_ranked() {
        assert!(Ranked::new(&part(&[0, 1, u64::MAX]), &mut Vec::new()).is_none());
    }
}
