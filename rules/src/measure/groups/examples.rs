//! Rows to show for keys: the first that repeat one, with how often it occurs.
//!
//! Which keys repeat is only known when batches are sorted together, so each waiting batch keeps its rows
//! until then. The first repeats in row order are the same however the rows were cut into batches. Once as
//! many are found as are wanted, no more rows are kept, and only the occurrences of these keys are counted.

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::runs::AGAIN;
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::{Keep, Sample};

/// Up to so many keys are looked for in a batch one by one, before all its rows are looked at.
const FEW: usize = 64;

/// The rows behind the keys of a batch.
#[derive(Debug)]
pub(crate) struct KeyRows {
    keys: Vec<ArrayRef>,
    hashed: RowSet,
    nulls_equal: bool,
    keep: Keep,
}

impl KeyRows {
    /// The rows `hashed` of the key columns.
    pub(crate) fn new(keys: &[ArrayRef], hashed: &RowSet, nulls_equal: bool, keep: Keep) -> Self {
        Self { keys: keys.to_vec(), hashed: hashed.clone(), nulls_equal, keep }
    }

    /// About as many bytes as they hold.
    fn bytes(&self) -> usize {
        let of = |array: &ArrayRef| {
            let data = array.to_data();
            data.get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
        };
        let shown = self.keep.columns.iter().map(|(_, array)| of(array)).sum::<usize>();
        self.keys.iter().map(of).sum::<usize>()
            + shown
            + self.keep.origins.as_ref().map_or(0, |o| o.len() * 8)
    }

    fn hashes(&self) -> Result<Vec<u128>, ArrowError> {
        hash_rows(&self.keys, &self.hashed, self.nulls_equal)
    }

    /// Calls `f` with each row that was hashed and its key, until it gives false.
    fn for_each_key(&self, mut f: impl FnMut(usize, u128) -> bool) -> Result<(), ArrowError> {
        let mask = self.hashed.to_mask();
        for (row, hash) in mask.set_indices().zip(self.hashes()?) {
            if !f(row, hash & !AGAIN) {
                break;
            }
        }
        Ok(())
    }
}

/// The rows found so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Examples {
    /// So many are wanted.
    limit: usize,
    repeated: Vec<Repeated>,
    /// Whether keys repeated in rows that were not kept, so that the first cannot be told.
    lost: bool,
    /// Whether no more are looked for: what rows would repeat is not in memory any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    closed: bool,
}

/// A key that repeats, and the first row that repeated it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Repeated {
    #[serde(with = "crate::measure::text::hash")]
    key: u128,
    row: Sample,
    occurs: u64,
}

impl Examples {
    /// None found yet, of a batch of which as many are wanted as its rows were kept for.
    pub(super) fn of(rows: Option<&KeyRows>) -> Self {
        Self { limit: rows.map_or(0, |rows| rows.keep.rows), ..Self::default() }
    }

    /// Whether rows of waiting batches may still be wanted.
    pub(super) fn are_wanted(&self) -> bool {
        self.repeated.len() < self.limit && !self.lost && !self.closed
    }

    /// Looks for no more; those found are the first.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether no more are looked for.
    pub(super) fn are_closed(&self) -> bool {
        self.closed
    }

    /// The rows of a batch as far as they are wanted, and their bytes.
    pub(super) fn hold(&self, batch: &mut Batch) -> usize {
        if !self.are_wanted() {
            batch.rows = None;
        }
        batch.rows.as_ref().map_or(0, |rows| rows.bytes())
    }

    /// Takes over what is known of rows that follow. `apart` says that their keys were sorted by
    /// themselves, so that rows that repeat an earlier key are not known any more.
    pub(super) fn follow(&mut self, later: Self, apart: bool) {
        self.limit = self.limit.max(later.limit);
        self.lost |= later.lost || apart;
        self.repeated.extend(later.repeated);
        if self.lost {
            self.repeated.clear();
        }
    }

    /// Finds the first repeats among the waiting batches. `fresh` are the keys that repeat now and did not
    /// before, each with which of its waiting occurrences is the one that repeats it.
    pub(super) fn find(&mut self, waiting: &[Batch], fresh: &HashMap<u128, u64>) {
        for known in &mut self.repeated {
            known.occurs += waiting.iter().map(|batch| batch.occurrences(known.key)).sum::<u64>();
        }
        if fresh.is_empty() || !self.are_wanted() {
            return;
        }
        if self.find_rows(waiting, fresh).is_err() {
            self.lost = true;
            self.repeated.clear();
        }
    }

    fn find_rows(&mut self, waiting: &[Batch], fresh: &HashMap<u128, u64>) -> Result<(), ArrowError> {
        let mut until = fresh.clone();
        for batch in waiting {
            if fresh.len() <= FEW && fresh.keys().all(|key| batch.occurrences(*key) == 0) {
                continue;
            }
            let unknown = || ArrowError::InvalidArgumentError("the rows of a batch were not kept".into());
            let rows = batch.rows.as_ref().ok_or_else(unknown)?;
            rows.for_each_key(|row, key| {
                let Some(left) = until.get_mut(&key).filter(|left| **left > 0) else { return true };
                *left -= 1;
                if *left == 0 {
                    let in_all = waiting.iter().map(|batch| batch.occurrences(key)).sum::<u64>();
                    let before = u64::from(fresh.get(&key) == Some(&1));
                    self.repeated.push(Repeated { key, row: rows.keep.sample(row), occurs: before + in_all });
                }
                self.repeated.len() < self.limit
            })?;
            if !self.are_wanted() {
                break;
            }
        }
        Ok(())
    }

    /// The rows that repeat a key first, each with how often the key occurs.
    pub(crate) fn repeats(&self) -> impl Iterator<Item = Sample> + '_ {
        self.repeated.iter().map(|found| Sample { occurs: Some(found.occurs), ..found.row.clone() })
    }
}
