//! Which values occur most often: exact while there are few distinct ones, then with a known error.
//!
//! The summary is that of Misra and Gries (1982), merged as in Agarwal et al., "Mergeable summaries"
//! (PODS 2012): where more values are listed than there is room for, the count of the first that has none
//! is taken off all. No count is ever too large, and none is too small by more than `values ÷ 1,001`.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use hashbrown::{HashMap, HashTable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::bounded::bounded;
use crate::mask::RowSet;
use crate::sample::json_value;

/// As many distinct values are counted exactly.
pub(super) const EXACT_VALUES: usize = 1000;

/// Counts of the most frequent values of a column, by their texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequent {
    /// How often each listed value occurs, at least.
    pub values: BTreeMap<String, u64>,
    /// By how much a listed count may be too small.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub error: u64,
    /// How often a value that is not listed occurs at most.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub absent: u64,
    /// How many values were counted, listed or not.
    pub total: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Frequent {
    /// The counts of a column's rows that are in the set, which must hold no null; with their hashes, in
    /// row order.
    pub(crate) fn of_column(column: &ArrayRef, rows: &RowSet, hashes: &[u128]) -> Self {
        struct Seen {
            hash: u64,
            count: u64,
            row: usize,
        }
        let mut table: HashTable<Seen> = HashTable::new();
        let mut next = hashes.iter();
        rows.for_each_range(|range| {
            for (row, hash) in range.zip(&mut next) {
                let hash = *hash as u64;
                let fresh = || Seen { hash, count: 0, row };
                let entry =
                    table.entry(hash, |seen| seen.hash == hash, |seen| seen.hash).or_insert_with(fresh);
                entry.into_mut().count += 1;
            }
        });
        let mut seen: Vec<Seen> = table.into_iter().collect();
        let threshold = threshold(seen.iter().map(|seen| seen.count).collect(), EXACT_VALUES);
        seen.retain(|seen| seen.count > threshold);
        let mut values = BTreeMap::new();
        for seen in seen {
            *values.entry(text_of(column, seen.row)).or_default() += seen.count - threshold;
        }
        Self { values, error: threshold, absent: threshold, total: hashes.len() as u64 }
    }

    /// Counts one text so often.
    pub(crate) fn add(&mut self, text: &str, count: u64) {
        self.total += count;
        match self.values.get_mut(text) {
            Some(known) => *known += count,
            None => {
                self.values.insert(bounded(text), count);
            }
        }
        if self.values.len() > 2 * EXACT_VALUES {
            self.reduce();
        }
    }

    /// Names values by hashes, by which they are still told apart.
    pub(crate) fn redact(&mut self) {
        let values = std::mem::take(&mut self.values).into_iter();
        self.values = values.map(|(value, count)| (redacted(&value), count)).collect();
    }

    /// By how much the share of a value may be wrong.
    pub(crate) fn bound(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.error as f64 / self.total as f64 }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        let complete = self.absent == 0 && other.absent == 0;
        self.error = if complete { 0 } else { (self.error + other.absent).max(self.absent + other.error) };
        self.absent += other.absent;
        self.total += other.total;
        for (value, count) in other.values {
            *self.values.entry(value).or_default() += count;
        }
        self.reduce();
    }

    /// Several parts together, as if merged at once.
    pub(crate) fn together(parts: &[&Self]) -> Self {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for part in parts {
            for (value, count) in &part.values {
                *counts.entry(value).or_default() += count;
            }
        }
        let sum = |of: fn(&Self) -> u64| parts.iter().map(|part| of(part)).sum::<u64>();
        let complete = parts.iter().all(|part| part.absent == 0);
        let mut all = Self {
            values: counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect(),
            error: if complete { 0 } else { sum(|part| part.absent) },
            absent: sum(|part| part.absent),
            total: sum(|part| part.total),
        };
        all.reduce();
        all
    }

    /// Takes off what the first value without room counts, so that at most 1,000 remain.
    pub(crate) fn reduce(&mut self) {
        let threshold = threshold(self.values.values().copied().collect(), EXACT_VALUES);
        if threshold == 0 {
            return;
        }
        self.values.retain(|_, count| {
            *count = count.saturating_sub(threshold);
            *count > 0
        });
        self.error += threshold;
        self.absent += threshold;
    }

    /// Leaves only the most frequent values listed (of equal ones those first in order), with their counts
    /// as they are.
    pub(crate) fn shorten(&mut self, values: usize) {
        if self.values.len() <= values {
            return;
        }
        let dropped: Vec<(String, u64)> = self
            .most()
            .split_off(values)
            .into_iter()
            .map(|(value, count)| (value.to_owned(), count))
            .collect();
        let largest = dropped.first().map_or(0, |(_, count)| *count);
        self.absent = self.absent.max(largest + self.error);
        for (value, _) in dropped {
            self.values.remove(&value);
        }
    }

    /// The listed values, most frequent first, equally frequent ones in order.
    pub fn most(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> =
            self.values.iter().map(|(value, count)| (value.as_str(), *count)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all
    }

    /// How often the most frequent value occurs.
    pub fn largest(&self) -> u64 {
        self.values.values().copied().max().unwrap_or(0)
    }

    /// How often a value occurs, as far as it is listed.
    pub fn count(&self, value: &str) -> Option<u64> {
        self.values.get(value).or_else(|| self.values.get(&redacted(value))).copied()
    }

    /// Whether every value is listed with its exact count.
    pub fn is_complete(&self) -> bool {
        self.absent == 0 && self.error == 0
    }

    /// How many values are not counted in the list.
    pub fn others(&self) -> u64 {
        self.total.saturating_sub(self.values.values().sum())
    }
}

/// The name of a value that is not shown.
pub(crate) fn redacted(value: &str) -> String {
    format!("#{:016x}", xxh3_64(value.as_bytes()))
}

/// The largest count without room among so many, 0 where there is room for all.
fn threshold(mut counts: Vec<u64>, room: usize) -> u64 {
    if counts.len() <= room {
        return 0;
    }
    let (_, first_without, _) = counts.select_nth_unstable_by(room, |a, b| b.cmp(a));
    *first_without
}

/// A value as the list names it.
fn text_of(column: &ArrayRef, row: usize) -> String {
    let text = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row),
        DataType::Utf8View => column.as_string_view().value(row),
        _ => {
            return match json_value(column, row) {
                Value::String(text) => text,
                other => other.to_string(),
            };
        }
    };
    bounded(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;
    use crate::keys::hash_rows;

    fn of(values: &[i64]) -> Frequent {
        let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        let rows = RowSet::all(values.len());
        let hashes = hash_rows(&[Arc::clone(&column)], &rows, false).unwrap();
        Frequent::of_column(&column, &rows, &hashes)
    }

    #[test]
    fn few_distinct_values_are_counted_exactly() {
        let mut all = of(&[3, 1, 3, 3, 1, 2]);
        all.merge(of(&[2, 2, 7]));
        assert_eq!(all.most(), [("2", 3), ("3", 3), ("1", 2), ("7", 1)]);
        assert!(all.is_complete());
    }

    #[test]
    fn a_column_of_unique_values_costs_no_room() {
        let all = of(&(0..5000).collect::<Vec<_>>());
        assert_eq!((all.values.len(), all.error, all.absent, all.total), (0, 1, 1, 5000));
    }

    #[test]
    fn long_texts_are_cut_and_told_apart() {
        let texts = StringArray::from(vec!["ü".repeat(70) + "a", "ü".repeat(70) + "b", "short".into()]);
        let column: ArrayRef = Arc::new(texts);
        let rows = RowSet::all(3);
        let hashes = hash_rows(&[Arc::clone(&column)], &rows, false).unwrap();
        let all = Frequent::of_column(&column, &rows, &hashes);
        assert_eq!(all.values.len(), 3);
        assert!(all.values.keys().all(|value| value.chars().count() < 75));
    }

    #[test]
    fn a_shortened_list_says_what_it_left_out() {
        let mut all = of(&[1, 1, 1, 2, 2, 3]);
        all.shorten(1);
        assert_eq!((all.most(), all.absent, all.error, all.others()), (vec![("1", 3)], 2, 0, 3));
        let mut both = all.clone();
        both.merge(of(&[2; 4]));
        // Two of the twos were left out before.
        assert_eq!((both.count("2"), both.error, both.absent), (Some(4), 2, 2));
    }

    proptest! {
        #[test]
        fn no_count_is_off_by_more_than_it_says(
            parts in prop::collection::vec((1..400_i64, 1..3000_usize), 1..6)
        ) {
            let mut all = Frequent::default();
            let mut exact: BTreeMap<String, u64> = BTreeMap::new();
            let mut seed = 7_i64;
            for (spread, rows) in parts {
                let values: Vec<i64> = (0..rows).map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let draw = (seed >> 33).rem_euclid(spread * 20);
                    if draw % 3 == 0 { draw } else { draw % 11 }
                }).collect();
                for value in &values {
                    *exact.entry(value.to_string()).or_default() += 1;
                }
                all.merge(of(&values));
            }
            let total: u64 = exact.values().sum();
            prop_assert_eq!(all.total, total);
            prop_assert!(all.error <= total / 1001);
            for (value, count) in &exact {
                match all.count(value) {
                    Some(found) => prop_assert!(found <= *count && *count <= found + all.error),
                    None => prop_assert!(*count <= all.absent),
                }
            }
        }
    }
}
