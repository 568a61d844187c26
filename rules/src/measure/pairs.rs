//! Pairs of numbers, dates or timestamps, every one held, to be sorted when they are judged.
//!
//! Beyond a number of pairs nothing is kept but the fact.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::order_key::order_keys;
use super::text::{from_hex, to_hex, wholes};
use crate::keys::hash_rows;
use crate::mask::RowSet;

/// Up to so many pairs are held, at 48 bytes each, and as many again while they are sorted.
pub const MOST_PAIRS: usize = if cfg!(test) { 1_000 } else { 10_000_000 };

/// Every pair, in row order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Option<String>", into = "Option<String>")]
pub struct Pairs {
    /// None where there are too many.
    pairs: Option<Vec<Pair>>,
}

/// A pair of values and the group they are in, as keys that order as the values do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The group.
    pub group: u128,
    /// The key of the first column's value.
    pub first: i128,
    /// The key of the second column's value.
    pub second: i128,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { pairs: Some(Vec::new()) }
    }
}

impl Pairs {
    /// The first two columns of the rows of a set, which must hold no null, in groups of the others.
    pub(crate) fn of_columns(columns: &[ArrayRef], rows: &RowSet) -> Result<Self, ArrowError> {
        let [first, second, within @ ..] = columns else { return Ok(Self::default()) };
        let (first, second) = (order_keys(first)?, order_keys(second)?);
        let mut hashes =
            if within.is_empty() { Vec::new() } else { hash_rows(within, rows, false)? }.into_iter();
        let mut pairs = Vec::with_capacity(rows.count());
        rows.for_each_range(|range| {
            let both =
                first.get(range.clone()).into_iter().flatten().zip(second.get(range).into_iter().flatten());
            pairs.extend(both.map(|(first, second)| {
                let group = hashes.next().unwrap_or_default();
                Pair { group, first: *first, second: *second }
            }));
        });
        Ok(Self::of(pairs))
    }

    fn of(pairs: Vec<Pair>) -> Self {
        Self { pairs: (pairs.len() <= MOST_PAIRS).then_some(pairs) }
    }

    /// Adds another part, of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        match (&mut self.pairs, later.pairs) {
            (Some(mine), Some(theirs)) if mine.len() + theirs.len() <= MOST_PAIRS => mine.extend(theirs),
            (mine, _) => *mine = None,
        }
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.pairs.as_ref().map_or(MOST_PAIRS, Vec::len) * size_of::<Pair>()
    }

    /// The pairs by group and first value, those where both are equal in row order; None where there are
    /// too many.
    pub fn by_first(&self) -> Option<Vec<Pair>> {
        let mut sorted = self.pairs.clone()?;
        sorted.sort_by_key(|pair| (pair.group, pair.first));
        Some(sorted)
    }

    /// The pairs by group, first and second value; None where there are too many.
    pub fn by_both(&self) -> Option<Vec<Pair>> {
        let mut sorted = self.pairs.clone()?;
        sorted.sort_unstable_by_key(|pair| (pair.group, pair.first, pair.second));
        Some(sorted)
    }
}

impl From<Pairs> for Option<String> {
    fn from(all: Pairs) -> Self {
        let numbers = |pair: &Pair| [pair.group, pair.first as u128, pair.second as u128];
        Some(to_hex(all.pairs?.iter().flat_map(numbers).flat_map(u128::to_be_bytes)))
    }
}

impl TryFrom<Option<String>> for Pairs {
    type Error = &'static str;

    fn try_from(stored: Option<String>) -> Result<Self, Self::Error> {
        let Some(stored) = stored else { return Ok(Self { pairs: None }) };
        let numbers = wholes(&from_hex(&stored).ok_or("a list of pairs is not hexadecimal")?);
        let pair = |three: &[u128]| match three {
            [group, first, second] => {
                Some(Pair { group: *group, first: *first as i128, second: *second as i128 })
            }
            _ => None,
        };
        Ok(Self::of(numbers.chunks_exact(3).filter_map(pair).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;

    fn of(rows: usize) -> Pairs {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
        Pairs::of_columns(&[Arc::clone(&column), column], &RowSet::all(rows)).unwrap()
    }

    #[test]
    fn too_many_pairs_are_forgotten_whatever_the_split_and_after_storing() {
        let half = MOST_PAIRS / 2;
        let mut most = of(half);
        most.merge(of(half));
        assert_eq!(most.pairs.as_ref().map(Vec::len), Some(MOST_PAIRS));
        most.merge(of(1));
        assert_eq!(most, of(MOST_PAIRS + 1));
        most.merge(of(1));
        let stored = serde_json::to_string(&most).unwrap();
        assert_eq!(stored, "null");
        assert_eq!(serde_json::from_str::<Pairs>(&stored).unwrap().by_both(), None);
    }
}
