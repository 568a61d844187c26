//! Which whole numbers occur, as runs of a constant interval: few where hardly any is missing.
//!
//! Runs that a batch brings wait until as many wait as are settled, and are then sorted among them, so that
//! each is moved a bounded number of times. What is settled depends on the set of numbers alone.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::order_key::order_keys;
use super::text;
use crate::mask::RowSet;

/// So many runs may wait.
const WAITING: usize = 1 << 16;

/// Runs of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Runs {
    interval: i128,
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
        Self { interval: interval.max(1), settled: Vec::new(), waiting: Vec::new() }
    }

    /// The numbers of a column's rows that are in the set, which must hold no null.
    pub(crate) fn of_column(interval: i128, column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        let mut all = Self::new(interval);
        rows.for_each(&order_keys(column)?, |value| match all.waiting.last_mut() {
            Some(run) if value == run.last => {}
            Some(run) if value.checked_sub(run.last) == Some(interval) => run.last = value,
            _ => all.waiting.push(Run { first: value, last: value }),
        });
        all.waiting = joined(std::mem::take(&mut all.waiting), all.interval);
        Ok(all)
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: Self) {
        self.waiting.extend(other.settled);
        self.waiting.extend(other.waiting);
        if self.waiting.len() > WAITING.max(self.settled.len() / 2) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let mut all = std::mem::take(&mut self.settled);
        all.append(&mut self.waiting);
        self.settled = joined(all, self.interval);
    }

    /// All runs, those a multiple of the interval apart next to each other in ascending order.
    pub fn runs(&self) -> Vec<Run> {
        joined(self.settled.iter().chain(&self.waiting).copied().collect(), self.interval)
    }
}

/// Sorts runs and joins those that meet or overlap.
fn joined(mut runs: Vec<Run>, interval: i128) -> Vec<Run> {
    runs.sort_unstable_by_key(|run| (run.first.rem_euclid(interval), run.first));
    let mut all: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match all.last_mut() {
            Some(before)
                if before.first.rem_euclid(interval) == run.first.rem_euclid(interval)
                    && run.first <= before.last.saturating_add(interval) =>
            {
                before.last = before.last.max(run.last);
            }
            _ => all.push(run),
        }
    }
    all
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(with = "text::whole")]
    interval: i128,
    runs: Vec<Run>,
}

impl From<Runs> for Stored {
    fn from(all: Runs) -> Self {
        Self { interval: all.interval, runs: all.runs() }
    }
}

impl From<Stored> for Runs {
    fn from(stored: Stored) -> Self {
        Self { interval: stored.interval.max(1), settled: stored.runs, waiting: Vec::new() }
    }
}
