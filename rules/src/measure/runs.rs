//! Which whole numbers occur, as runs of a constant interval: few where hardly any is missing.
//!
//! Runs that a batch brings wait until half as many wait as are settled, and are then sorted among them, so that
//! each is moved a bounded number of times. What is settled depends on the set of numbers alone, and so does
//! whether there are too many in the end. How many there are on the way depends on the order of rows too, as gaps
//! are filled: only of numbers so scattered over rows that far more runs have to be held than are told in the end
//! can they come to be too many under one split of the rows and not under another. There is no verdict then but
//! an error.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::order_key::order_keys;
use super::text;
use crate::mask::RowSet;

/// So many runs may wait.
const WAITING: usize = 1 << 16;
/// Up to so many runs are told.
pub const MOST_RUNS: usize = if cfg!(test) { 100 } else { 1_000_000 };
/// Up to so many runs are held before those between them may come, at 32 bytes each and half as many waiting.
const MOST_HELD: usize = if cfg!(test) { 1_000 } else { 1 << 24 };

/// Runs of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Runs {
    interval: i128,
    /// None where there were too many to be held.
    held: Option<Held>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Held {
    settled: Vec<Run>,
    waiting: Vec<Run>,
}

/// Numbers from one to another, each an interval above the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Run {
    /// The smallest.
    #[serde(with = "text::whole")]
    pub first: i128,
    /// The largest.
    #[serde(with = "text::whole")]
    pub last: i128,
}

impl Runs {
    /// No numbers yet; the interval is above zero.
    pub(crate) fn new(interval: i128) -> Self {
        Self { interval: interval.max(1), held: Some(Held::default()) }
    }

    /// The numbers of a column's rows that are in the set, which must hold no null.
    pub(crate) fn of_column(interval: i128, column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        let mut all = Self::new(interval);
        let mut runs: Vec<Run> = Vec::new();
        rows.for_each(&order_keys(column)?, |value| match runs.last_mut() {
            Some(run) if value == run.last => {}
            Some(run) if value.checked_sub(run.last) == Some(interval) => run.last = value,
            _ => runs.push(Run { first: value, last: value }),
        });
        all.held = Some(Held { settled: Vec::new(), waiting: joined(runs, all.interval) });
        Ok(all)
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: Self) {
        let (Some(held), Some(theirs)) = (&mut self.held, other.held) else {
            self.held = None;
            return;
        };
        held.waiting.extend(theirs.settled);
        held.waiting.extend(theirs.waiting);
        if held.waiting.len() > WAITING.max(held.settled.len() / 2) {
            self.settle();
        }
    }

    /// Sorts those that wait among the others.
    pub(super) fn settle(&mut self) {
        let Some(held) = &mut self.held else { return };
        held.settled.append(&mut held.waiting);
        held.settled = joined(std::mem::take(&mut held.settled), self.interval);
        if held.settled.len() > MOST_HELD {
            self.held = None;
        }
    }

    /// All runs, those a multiple of the interval apart next to each other in ascending order; None where
    /// there are too many.
    pub fn runs(&self) -> Option<Vec<Run>> {
        let held = self.held.as_ref()?;
        let all = joined(held.settled.iter().chain(&held.waiting).copied().collect(), self.interval);
        Some(all).filter(|runs| runs.len() <= MOST_RUNS)
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        let runs = self.held.as_ref().map_or(MOST_HELD, |held| held.settled.len() + held.waiting.len());
        runs * size_of::<Run>()
    }
}

/// Sorts runs and joins those that meet or overlap.
fn joined(mut runs: Vec<Run>, interval: i128) -> Vec<Run> {
    let place = |run: &Run| (run.first.rem_euclid(interval), run.first);
    runs.sort_unstable_by_key(place);
    runs.dedup_by(|run, before| {
        let meet = place(before).0 == place(run).0 && run.first <= before.last.saturating_add(interval);
        if meet {
            before.last = before.last.max(run.last);
        }
        meet
    });
    runs
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(with = "text::whole")]
    interval: i128,
    runs: Option<Vec<Run>>,
}

impl From<Runs> for Stored {
    fn from(mut all: Runs) -> Self {
        all.settle();
        Self { interval: all.interval, runs: all.held.map(|held| held.settled) }
    }
}

impl From<Stored> for Runs {
    fn from(stored: Stored) -> Self {
        let held = stored.runs.map(|settled| Held { settled, waiting: Vec::new() });
        Self { interval: stored.interval.max(1), held }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;

    fn of(values: impl Iterator<Item = i64>) -> Runs {
        let column: ArrayRef = Arc::new(values.collect::<Int64Array>());
        Runs::of_column(1, &column, &RowSet::all(column.len())).unwrap()
    }

    /// The runs of numbers that come in parts of so many, each settled by itself or left to wait.
    fn split(values: &[i64], size: usize, settle: bool) -> Runs {
        let mut all = Runs::new(1);
        for part in values.chunks(size) {
            all.merge(of(part.iter().copied()));
            if settle {
                all.settle();
            }
        }
        all
    }

    #[test]
    fn the_same_numbers_give_the_same_runs_whatever_the_split() {
        let scattered: Vec<i64> = (0..90).map(|at| at * 7_919 % 997 % 250).collect();
        let whole = of(scattered.iter().copied()).runs().unwrap();
        assert!(whole.len() > 1 && whole.is_sorted());
        for size in [1, 7, 89] {
            for settle in [false, true] {
                assert_eq!(split(&scattered, size, settle).runs().as_ref(), Some(&whole), "{size} {settle}");
            }
        }
    }

    #[test]
    fn too_many_runs_are_not_told_whatever_the_split() {
        let apart = |count: usize| (0..count as i64).map(|at| 2 * at).collect::<Vec<_>>();
        for (count, told) in [(MOST_RUNS, true), (MOST_RUNS + 1, false), (2 * MOST_HELD, false)] {
            for size in [97, count] {
                for settle in [false, true] {
                    let all = split(&apart(count), size, settle);
                    assert_eq!(all.runs().is_some(), told, "{count} {size} {settle}");
                    let stored = serde_json::to_string(&all).unwrap();
                    assert_eq!(serde_json::from_str::<Runs>(&stored).unwrap().runs(), all.runs());
                }
            }
        }
    }

    #[test]
    fn gaps_that_are_filled_in_time_are_none() {
        let evens = (0..MOST_HELD as i64).map(|at| 2 * at);
        let mut all = of(evens.clone());
        all.settle();
        all.merge(of(evens.map(|even| even + 1)));
        assert_eq!(all.runs(), Some(vec![Run { first: 0, last: 2 * MOST_HELD as i128 - 1 }]));
    }

    #[test]
    fn too_many_runs_are_forgotten() {
        let mut all = of((0..=MOST_HELD as i64).map(|at| 2 * at));
        all.settle();
        assert_eq!(serde_json::to_value(&all).unwrap()["runs"], serde_json::Value::Null);
        all.merge(of(0..10));
        assert_eq!(all.runs(), None);
    }
}
