//! How often each value of a column occurs, up to a number of distinct values.
//!
//! Beyond that number nothing is kept but the fact, so that whole and parts agree whatever the split. The
//! values themselves are kept as texts only while they are few.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::{from_hex, to_hex};
use crate::bounded::bounded;
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::{REDACTED, json_value};

/// Up to so many distinct values are counted.
pub const MOST_VALUES: usize = 1 << 22;
/// Up to so many distinct values are known by more than their hash.
const NAMED_VALUES: usize = 10_000;

/// Counts of distinct values.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Frequencies {
    /// The number of rows with each value, by its hash; None beyond [`MOST_VALUES`].
    counts: Option<HashMap<u128, u64>>,
    /// The values as texts; None beyond [`NAMED_VALUES`].
    names: Option<HashMap<u128, String>>,
}

/// A value that no other is more common than.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MostCommon {
    /// The hash of its key.
    pub hash: u128,
    /// The value as a text, where it is known.
    pub name: Option<String>,
}

impl Default for Frequencies {
    fn default() -> Self {
        Self { counts: Some(HashMap::new()), names: Some(HashMap::new()) }
    }
}

impl Frequencies {
    /// Counts the rows of a column that are in the set, which must hold no null.
    pub(crate) fn of_column(column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        let hashes = hash_rows(std::slice::from_ref(column), rows, false)?;
        let mask = rows.to_mask();
        Ok(Self::of_hashes(column, mask.set_indices().map(|row| (row, 1)).zip(hashes)))
    }

    /// Counts values given by a row of the column that has them, how often, and the hash of their key.
    pub(super) fn of_hashes(column: &ArrayRef, rows: impl Iterator<Item = ((usize, u64), u128)>) -> Self {
        let mut all = Self::default();
        let (Some(counts), Some(names)) = (&mut all.counts, &mut all.names) else { return all };
        for ((row, times), hash) in rows {
            let count = counts.entry(hash).or_default();
            if *count == 0 && names.len() <= NAMED_VALUES {
                names.insert(hash, bounded(&text(json_value(column, row))));
            }
            *count += times;
        }
        all.bound();
        all
    }

    /// Names no value.
    pub(super) fn redact(&mut self) {
        let names = self.names.iter_mut().flat_map(HashMap::values_mut);
        names.for_each(|name| REDACTED.clone_into(name));
    }

    /// Adds another part, of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        match (&mut self.counts, later.counts) {
            (Some(mine), Some(theirs)) => {
                theirs.into_iter().for_each(|(hash, count)| *mine.entry(hash).or_default() += count);
            }
            (mine, _) => *mine = None,
        }
        match (&mut self.names, later.names) {
            (Some(mine), Some(theirs)) => theirs.into_iter().for_each(|(hash, name)| {
                mine.entry(hash).or_insert(name);
            }),
            (mine, _) => *mine = None,
        }
        self.bound();
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.counts.as_ref().map_or(MOST_VALUES, HashMap::len) * size_of::<(u128, u64)>()
    }

    fn bound(&mut self) {
        let beyond = |len: Option<usize>, most: usize| len.is_none_or(|len| len > most);
        if beyond(self.counts.as_ref().map(HashMap::len), MOST_VALUES) {
            self.counts = None;
        }
        if self.counts.is_none() || beyond(self.names.as_ref().map(HashMap::len), NAMED_VALUES) {
            self.names = None;
        }
    }

    /// How often values occur, most common first; None where there are too many values.
    pub fn counts(&self) -> Option<Vec<u64>> {
        let mut counts: Vec<u64> = self.counts.as_ref()?.values().copied().collect();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        Some(counts)
    }

    /// The values that occur most often, in the order of their texts; None where there are too many values.
    pub fn most_common(&self) -> Option<Vec<MostCommon>> {
        let counts = self.counts.as_ref()?;
        let most = counts.values().max()?;
        let common = counts.iter().filter(|(_, count)| *count == most).map(|(hash, _)| *hash);
        let name = |hash| self.names.as_ref().and_then(|names| names.get(&hash).cloned());
        let mut all: Vec<MostCommon> = common.map(|hash| MostCommon { hash, name: name(hash) }).collect();
        all.sort_unstable_by(|a, b| (&a.name, a.hash).cmp(&(&b.name, b.hash)));
        Some(all)
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Hashes in ascending order; none where there are too many.
    values: Option<String>,
    counts: Vec<u64>,
    names: Option<Vec<String>>,
}

impl From<Frequencies> for Stored {
    fn from(all: Frequencies) -> Self {
        let Some(counts) = all.counts else { return Self { values: None, counts: Vec::new(), names: None } };
        let mut sorted: Vec<(u128, u64)> = counts.into_iter().collect();
        sorted.sort_unstable();
        let names = all.names.map(|mut names| {
            sorted.iter().map(|(hash, _)| names.remove(hash).unwrap_or_default()).collect::<Vec<_>>()
        });
        let values = to_hex(sorted.iter().flat_map(|(hash, _)| hash.to_be_bytes()));
        Self { values: Some(values), counts: sorted.into_iter().map(|(_, count)| count).collect(), names }
    }
}

impl TryFrom<Stored> for Frequencies {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Some(values) = stored.values else { return Ok(Self { counts: None, names: None }) };
        let bytes = from_hex(&values).ok_or("a set of values is not hexadecimal")?;
        let hashes = super::text::wholes(&bytes);
        let names = stored.names.map(|names| hashes.iter().copied().zip(names).collect());
        Ok(Self { counts: Some(hashes.into_iter().zip(stored.counts).collect()), names })
    }
}
