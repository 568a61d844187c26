//! One figure of a column, as rules about its history follow it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ColumnProfile, DistinctCount};
use crate::check::Share;
use crate::measure::{Quantiles, RELATIVE_ERROR};

/// A figure of a column (or of the rows as such).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Rows in scope; needs no column.
    RowCount,
    /// Null values.
    NullCount,
    /// Null values as a share of rows.
    NullRatio,
    /// NaN values as a share of rows.
    NanRatio,
    /// Distinct values, an estimate when many.
    DistinctCount,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Sum of the values.
    Sum,
    /// Arithmetic mean.
    Mean,
    /// Standard deviation of the sample.
    Stddev,
    /// The median.
    Median,
    /// A quantile, from 0 to 1.
    Quantile(Share),
    /// Mean length of texts in characters.
    AvgLength,
    /// The most frequent value as a share of the values that are not null.
    TopRatio,
    /// A value as a share of the values that are not null.
    ShareOf(String),
}

impl Metric {
    /// The figure of a column; None where the profile does not tell, or there are no values. Figures of
    /// times are in the column's own unit. A NaN among the values makes moments and quantiles NaN.
    pub fn of(&self, column: &ColumnProfile) -> Option<f64> {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let of_values = |count: u64| share(count, column.present());
        match self {
            Self::RowCount => Some(column.rows as f64),
            Self::NullCount => Some(column.nulls as f64),
            Self::NullRatio => share(column.nulls, column.rows),
            Self::NanRatio => share(column.quantiles.as_ref()?.nan, column.rows),
            Self::DistinctCount => Some(column.distinct.as_ref()?.count().0),
            Self::Min => column.range().map(|(low, _)| low),
            Self::Max => column.range().map(|(_, high)| high),
            Self::Sum => column.sum(),
            Self::Mean => column.mean(),
            Self::Stddev => column.stddev(),
            Self::Median => column.quantile(0.5),
            Self::Quantile(q) => column.quantile(q.get()),
            Self::AvgLength => column.lengths.as_ref()?.mean(),
            Self::TopRatio => of_values(column.frequent.as_ref()?.largest()),
            Self::ShareOf(value) => of_values(column.frequent.as_ref()?.count(value).unwrap_or(0)),
        }
    }

    /// By how much the figure of a column may be wrong: a quantile in its rank, as a share of the values; the
    /// number of distinct values, as a share of it.
    pub fn bound(&self, column: &ColumnProfile) -> f64 {
        match self {
            Self::Median | Self::Quantile(_) => {
                let quantiles = column.quantiles.as_ref().filter(|quantiles| quantiles.count > 0);
                quantiles.map_or(0.0, Quantiles::bound)
            }
            Self::DistinctCount => match column.distinct.as_ref().map(DistinctCount::count) {
                Some((_, false)) => RELATIVE_ERROR,
                _ => 0.0,
            },
            _ => 0.0,
        }
    }

    /// As pipeline files spell it.
    pub fn name(&self) -> String {
        let plain = match self {
            Self::RowCount => "row_count",
            Self::NullCount => "null_count",
            Self::NullRatio => "null_ratio",
            Self::NanRatio => "nan_ratio",
            Self::DistinctCount => "distinct_count",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Stddev => "stddev",
            Self::Median => "median",
            Self::Quantile(q) => return format!("quantile {}", q.get()),
            Self::AvgLength => "avg_length",
            Self::TopRatio => "top_ratio",
            Self::ShareOf(value) => return format!("share of \"{value}\""),
        };
        plain.to_owned()
    }

    /// Whether it is a value where all are the same.
    pub(crate) fn tells_values(&self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::Sum | Self::Mean | Self::Median | Self::Quantile(_))
    }

    /// Whether it is of the rows as such, so that no column is needed.
    pub fn of_rows(&self) -> bool {
        *self == Self::RowCount
    }
}
