//! Smallest and largest value of a column.

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::values::{floats, for_whole_type};
use crate::literal::Family;
use crate::mask::RowSet;

/// Extremes, in the column's own unit where it is one of whole numbers, dates or timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Extremes {
    /// Integers, decimals, dates, timestamps.
    Whole(#[serde(with = "super::text::whole_pair")] Option<(i128, i128)>),
    /// Floats; NaN is counted apart, infinities written as texts.
    Float {
        /// Smallest and largest, NaN aside.
        #[serde(with = "super::text::float_pair")]
        range: Option<(f64, f64)>,
        /// Values that are NaN.
        nan: u64,
    },
}

impl Extremes {
    /// Adds the rows of a column that are in the set, which must hold no null.
    pub(crate) fn add_column(&mut self, column: &ArrayRef, rows: &RowSet) -> Result<(), ArrowError> {
        if Family::of(column.data_type()) == Family::Float {
            let values = floats(column)?;
            rows.for_each_range(|range| self.add_floats(values.get(range).unwrap_or_default()));
            return Ok(());
        }
        for_whole_type!(column.data_type(), T => { self.add_whole_column::<T>(column, rows); Ok(()) })
    }

    fn add_whole_column<T: ArrowPrimitiveType>(&mut self, column: &ArrayRef, rows: &RowSet)
    where
        T::Native: Into<i128> + Ord,
    {
        let values = column.as_primitive::<T>().values();
        rows.for_each_range(|range| {
            let stretch = values.get(range).unwrap_or_default();
            if let (Some(low), Some(high)) = (stretch.iter().min(), stretch.iter().max()) {
                self.add_whole((*low).into(), (*high).into());
            }
        });
    }

    /// Adds a whole number's range.
    pub(crate) fn add_whole(&mut self, low: i128, high: i128) {
        if let Self::Whole(range) = self {
            *range = Some(range.map_or((low, high), |(min, max)| (min.min(low), max.max(high))));
        }
    }

    /// Adds floats; -0.0 counts as 0.0.
    pub(crate) fn add_floats(&mut self, values: &[f64]) {
        if let Self::Float { range, nan } = self {
            let (mut low, mut high, mut nans) = ([f64::INFINITY; 4], [f64::NEG_INFINITY; 4], 0_u64);
            for chunk in values.chunks(4) {
                for ((value, low), high) in chunk.iter().zip(&mut low).zip(&mut high) {
                    // A comparison with NaN is false and leaves both as they are.
                    *low = if *value < *low { *value } else { *low };
                    *high = if *value > *high { *value } else { *high };
                    nans += u64::from(value.is_nan());
                }
            }
            *nan += nans;
            if nans == values.len() as u64 {
                return;
            }
            let low = low.into_iter().fold(f64::INFINITY, f64::min) + 0.0;
            let high = high.into_iter().fold(f64::NEG_INFINITY, f64::max) + 0.0;
            *range = Some(range.map_or((low, high), |(min, max)| (min.min(low), max.max(high))));
        }
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: Self) {
        match other {
            Self::Whole(Some((low, high))) => self.add_whole(low, high),
            Self::Float { range, nan } => {
                if let Some((low, high)) = range {
                    self.add_floats(&[low, high]);
                }
                if let Self::Float { nan: mine, .. } = self {
                    *mine += nan;
                }
            }
            Self::Whole(None) => {}
        }
    }
}
