//! Smallest and largest value of a column.

use serde::{Deserialize, Serialize};

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
