//! Rows to show for keys: the first that repeat one, with how often it occurs, and the first without one.
//!
//! Which keys repeat is only known when batches are sorted together, so each waiting batch keeps its rows
//! until then. The first repeats in row order are the same however the rows were cut into batches. Once as
//! many are found as are wanted, no more rows are kept, and only the occurrences of these keys are counted.

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::runs::AGAIN;
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::{Sample, sample};

/// Up to so many keys are looked for in a batch one by one, before all its rows are looked at.
const FEW: usize = 64;

/// What a suite wants to be kept for samples.
#[derive(Debug, Clone)]
pub(crate) struct Keep {
    /// So many rows.
    pub(crate) rows: usize,
    /// The columns shown.
    pub(crate) columns: Vec<(String, ArrayRef)>,
    /// Where each row came from.
    pub(crate) origins: Option<UInt64Array>,
}

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

    fn sample(&self, row: usize) -> Sample {
        let columns = self.keep.columns.iter().map(|(name, array)| (name.as_str(), array));
        sample(columns, self.keep.origins.as_ref(), row)
    }
}

/// The rows found so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Examples {
    /// So many of each kind are wanted.
    limit: usize,
    repeated: Vec<Repeated>,
    without_key: Vec<Sample>,
    /// Whether keys repeated in rows that were not kept, so that the first cannot be told.
    lost: bool,
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
    /// Those of one batch: its first rows among `without_key`.
    pub(super) fn of(rows: &KeyRows, without_key: Option<&RowSet>) -> Self {
        let limit = rows.keep.rows;
        let mask = without_key.filter(|set| set.count() > 0).map(RowSet::to_mask);
        let first = mask.iter().flat_map(|mask| mask.set_indices().take(limit));
        let without_key = first.map(|row| rows.sample(row)).collect();
        Self { limit, repeated: Vec::new(), without_key, lost: false }
    }

    /// Whether rows of waiting batches may still be wanted.
    pub(super) fn are_wanted(&self) -> bool {
        self.repeated.len() < self.limit && !self.lost
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
        let room = self.limit.saturating_sub(self.without_key.len());
        self.without_key.extend(later.without_key.into_iter().take(room));
        self.repeated.extend(later.repeated);
        if self.lost {
            self.repeated.clear();
        }
    }

    /// Finds the first repeats among the waiting batches. `fresh` are the keys that repeat now and did not
    /// before, each with which of its waiting occurrences is the one that repeats it.
    pub(super) fn find(&mut self, waiting: &[Batch], fresh: HashMap<u128, u64>) {
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

    fn find_rows(&mut self, waiting: &[Batch], fresh: HashMap<u128, u64>) -> Result<(), ArrowError> {
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
                    self.repeated.push(Repeated { key, row: rows.sample(row), occurs: before + in_all });
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

    /// The first rows with a null in their key.
    pub(crate) fn without_key(&self) -> impl Iterator<Item = Sample> + '_ {
        self.without_key.iter().cloned()
    }
}
