//! A measure for each key: what `GROUP BY` gives.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Accumulated, What};
use crate::align::Align;
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::{REDACTED, json_value};

/// So many keys are kept apart.
pub const MOST_KEYS: usize = 100_000;

/// What is measured for each key, and what makes the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EachKey {
    /// What is measured over the columns that follow those of the key.
    pub what: What,
    /// How each column of the key is brought to meet another dataset's.
    pub keys: Vec<Align>,
    /// Columns of the key whose values are not kept.
    pub redact: Vec<bool>,
}

/// What accumulated for each key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ByKey {
    keys: BTreeMap<String, OfKey>,
    /// Whether there were more keys than are kept.
    pub overflow: bool,
}

/// A key and what accumulated for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OfKey {
    /// The values of the key.
    pub key: Vec<Value>,
    /// What accumulated.
    pub all: Accumulated,
}

impl ByKey {
    /// Measures the rows of each key, given its columns and those measured. Null is a value of a key like
    /// any other.
    pub(crate) fn of(each: &EachKey, columns: &[ArrayRef], scope: &RowSet) -> Result<Self, ArrowError> {
        let (shown, values) = columns.split_at(each.keys.len().min(columns.len()));
        let keys = shown.iter().zip(&each.keys).map(|(column, way)| way.apply(column));
        let hashes = hash_rows(&keys.collect::<Result<Vec<_>, _>>()?, scope, true)?;
        let groups = Grouped::of(scope, &hashes);
        let sorted = values.iter().map(|column| take(column, &groups.rows, None));
        let sorted = sorted.collect::<Result<Vec<_>, _>>()?;
        let mut all = Self::default();
        for (hash, range) in groups.ranges {
            if all.keys.len() == MOST_KEYS {
                all.overflow = true;
                break;
            }
            let first = groups.rows.value(range.start) as usize;
            let value = |(column, redact): (&ArrayRef, &bool)| {
                if *redact { Value::from(REDACTED) } else { json_value(column, first) }
            };
            let key = shown.iter().zip(&each.redact).map(value).collect();
            let columns: Vec<ArrayRef> =
                sorted.iter().map(|column| column.slice(range.start, range.len())).collect();
            let measured =
                Accumulated::of_batch(&each.what, &columns, &RowSet::all(range.len()), None, None)?;
            all.keys.insert(format!("{hash:032x}"), OfKey { key, all: measured });
        }
        Ok(all)
    }

    /// Adds those of rows that follow; false where the two do not measure the same.
    pub(crate) fn merge(&mut self, later: Self) -> bool {
        self.overflow |= later.overflow;
        for (key, theirs) in later.keys {
            let is_full = self.keys.len() == MOST_KEYS;
            match self.keys.entry(key) {
                Entry::Occupied(mut mine) => {
                    if !mine.get_mut().all.merge(theirs.all) {
                        return false;
                    }
                }
                Entry::Vacant(_) if is_full => self.overflow = true,
                Entry::Vacant(place) => drop(place.insert(theirs)),
            }
        }
        true
    }

    /// Each key of two datasets with what accumulated on either side.
    pub(crate) fn beside<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (Option<&'a OfKey>, Option<&'a OfKey>)> {
        let only_there = other.keys.iter().filter(|(key, _)| !self.keys.contains_key(*key));
        let here = self.keys.iter().map(|(key, mine)| (Some(mine), other.keys.get(key)));
        here.chain(only_there.map(|(_, theirs)| (None, Some(theirs))))
    }
}

/// Rows brought together by their keys.
struct Grouped {
    rows: UInt32Array,
    ranges: Vec<(u128, std::ops::Range<usize>)>,
}

impl Grouped {
    fn of(scope: &RowSet, hashes: &[u128]) -> Self {
        let mut places: HashMap<u128, usize> = HashMap::new();
        let mut ranges: Vec<(u128, std::ops::Range<usize>)> = Vec::new();
        let mut groups = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let place = *places.entry(*hash).or_insert(ranges.len());
            if place == ranges.len() {
                ranges.push((*hash, 0..0));
            }
            ranges[place].1.end += 1;
            groups.push(place);
        }
        let mut start = 0;
        for (_, range) in &mut ranges {
            let count = range.end;
            *range = start..start;
            start += count;
        }
        let mut rows = vec![0_u32; hashes.len()];
        let mask = scope.to_mask();
        for (row, group) in mask.set_indices().zip(groups) {
            let range = &mut ranges[group].1;
            rows[range.end] = row as u32;
            range.end += 1;
        }
        Self { rows: rows.into(), ranges }
    }
}

/// What a measure gives over all rows of some batches, each given by its columns.
pub(crate) fn over<'a>(
    what: &What,
    types: &[DataType],
    batches: impl Iterator<Item = Result<(Vec<ArrayRef>, usize), ArrowError>> + 'a,
) -> Result<Accumulated, ArrowError> {
    let mut all = Accumulated::new(what, types);
    for batch in batches {
        let (columns, rows) = batch?;
        let part = Accumulated::of_batch(what, &columns, &RowSet::all(rows), None, None)?;
        if !all.merge(part) {
            return Err(ArrowError::InvalidArgumentError("two batches do not measure the same".into()));
        }
    }
    Ok(all)
}
