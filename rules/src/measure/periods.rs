//! How many rows fall into each hour, day, week, month, quarter or year, in UTC.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::order_key::order_keys;
use crate::calendar::Period;
use crate::literal::nanos_per_unit;
use crate::mask::RowSet;

/// Rows of each period that has any, by its number (see [`Period`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Periods {
    /// Rows by period.
    pub counts: BTreeMap<i64, u64>,
}

impl Periods {
    /// Counts a column's rows that are in the set, which must hold no null.
    pub(crate) fn of_column(period: Period, column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        let unit = nanos_per_unit(column.data_type());
        let mut all = Self::default();
        // Neighbours are mostly of the same period.
        let (mut current, mut count) = (None, 0);
        rows.for_each(&order_keys(column)?, |value| {
            let number = period.number(value.saturating_mul(unit));
            if current == Some(number) {
                count += 1;
                return;
            }
            all.add(current, count);
            (current, count) = (Some(number), 1);
        });
        all.add(current, count);
        Ok(all)
    }

    fn add(&mut self, period: Option<i64>, count: u64) {
        if let Some(period) = period {
            *self.counts.entry(period).or_default() += count;
        }
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.counts.len() * size_of::<(i64, u64)>()
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: Self) {
        for (period, count) in other.counts {
            self.add(Some(period), count);
        }
    }
}
