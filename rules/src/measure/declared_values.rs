//! How often each of a few declared values occurs, and what occurs besides.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::{REDACTED, json_value};

/// Other values that are kept to be shown.
const OTHERS: usize = 8;

/// Counts of declared values, in the order declared, and of others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeclaredValues {
    /// Rows with each value.
    pub counts: Vec<u64>,
    /// Rows with another value.
    pub other_rows: u64,
    others: Vec<Other>,
}

/// A value that was not declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Other {
    #[serde(with = "super::text::hash")]
    hash: u128,
    value: Value,
}

impl DeclaredValues {
    /// Nothing counted yet of so many values.
    pub(crate) fn new(declared: usize) -> Self {
        Self { counts: vec![0; declared], ..Self::default() }
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.counts.len() * size_of::<u64>()
    }

    /// Counts the rows of a column that are in the set, which must hold no null, given the hashes of the
    /// declared values.
    pub(crate) fn of_column(declared: &[u128], column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        let mut all = Self::new(declared.len());
        let places: HashMap<u128, usize> =
            declared.iter().enumerate().map(|(at, hash)| (*hash, at)).collect();
        let hashes = hash_rows(std::slice::from_ref(column), rows, false)?;
        for (row, hash) in rows.to_mask().set_indices().zip(hashes) {
            match places.get(&hash) {
                Some(at) => all.counts[*at] += 1,
                None => {
                    all.other_rows += 1;
                    if all.others.len() < OTHERS && all.others.iter().all(|other| other.hash != hash) {
                        all.others.push(Other { hash, value: json_value(column, row) });
                    }
                }
            }
        }
        Ok(all)
    }

    /// Names no value that was not declared.
    pub(super) fn redact(&mut self) {
        self.others.iter_mut().for_each(|other| other.value = REDACTED.into());
    }

    /// Adds counts of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(later.counts) {
            *mine += theirs;
        }
        self.other_rows += later.other_rows;
        for other in later.others {
            if self.others.len() < OTHERS && self.others.iter().all(|known| known.hash != other.hash) {
                self.others.push(other);
            }
        }
    }

    /// The first values that were not declared, and whether these are all there may be.
    pub(crate) fn others(&self) -> (impl Iterator<Item = &Value>, bool) {
        (self.others.iter().map(|other| &other.value), self.others.len() < OTHERS)
    }
}
