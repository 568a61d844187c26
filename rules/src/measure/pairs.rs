//! Pairs of numbers, dates or timestamps, every one held, to be sorted when they are judged.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::order_key::order_keys;
use super::text::{from_hex, to_hex, wholes};
use crate::keys::hash_rows;
use crate::mask::RowSet;

/// Every pair, in row order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pairs {
    pairs: Vec<Pair>,
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
        Ok(Self { pairs })
    }

    /// Adds another part, of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        self.pairs.extend(later.pairs);
    }

    /// The pairs by group and first value; those where both are equal in row order.
    pub fn by_first(&self) -> Vec<Pair> {
        let mut sorted = self.pairs.clone();
        sorted.sort_by_key(|pair| (pair.group, pair.first));
        sorted
    }

    /// The pairs by group, first and second value.
    pub fn by_both(&self) -> Vec<Pair> {
        let mut sorted = self.pairs.clone();
        sorted.sort_unstable_by_key(|pair| (pair.group, pair.first, pair.second));
        sorted
    }
}

impl From<Pairs> for String {
    fn from(all: Pairs) -> Self {
        let numbers = |pair: &Pair| [pair.group, pair.first as u128, pair.second as u128];
        to_hex(all.pairs.iter().flat_map(numbers).flat_map(u128::to_be_bytes))
    }
}

impl TryFrom<String> for Pairs {
    type Error = &'static str;

    fn try_from(stored: String) -> Result<Self, Self::Error> {
        let numbers = wholes(&from_hex(&stored).ok_or("a list of pairs is not hexadecimal")?);
        let pair = |three: &[u128]| match three {
            [group, first, second] => {
                Some(Pair { group: *group, first: *first as i128, second: *second as i128 })
            }
            _ => None,
        };
        Ok(Self { pairs: numbers.chunks_exact(3).filter_map(pair).collect() })
    }
}
