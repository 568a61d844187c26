//! A figure of each of two datasets, and how far apart they are: exactly, where both are whole numbers of
//! some unit.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::literal::{Family, nanos_per_unit, scale_of};
use crate::measure::{Accumulated, Accumulator, ExactSum, Extremes, What};
use crate::scalar::{Figure, short};

/// An aggregate of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aggregate {
    Count,
    Sum,
    Min,
    Max,
    Mean,
    DistinctCount,
}

impl Aggregate {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::DistinctCount => "distinct_count",
        }
    }

    /// The measure it is read from; many sets of distinct values are estimated beyond a bound each.
    pub(crate) fn measure(self, by_key: bool) -> What {
        match self {
            Self::Count => What::Rows,
            Self::Sum | Self::Mean => What::Moments(1),
            Self::Min | Self::Max => What::Extremes,
            Self::DistinctCount if by_key => What::Distinct,
            Self::DistinctCount => What::Groups(false),
        }
    }

    /// Whether it is a value where all are the same.
    pub(crate) fn tells_values(self) -> bool {
        match self {
            Self::Sum | Self::Min | Self::Max | Self::Mean => true,
            Self::Count | Self::DistinctCount => false,
        }
    }

    /// Whether values of a family have it.
    pub(crate) fn fits(self, family: Family) -> bool {
        match self {
            Self::Count => true,
            Self::Sum | Self::Mean => family.is_number(),
            Self::Min | Self::Max => family.is_number() || family == Family::Time,
            Self::DistinctCount => !matches!(family, Family::List | Family::Other),
        }
    }
}

/// A figure of one side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Amount {
    /// A count, sum or extreme.
    Figure(Figure),
    /// A mean of whole numbers: their sum, its decimal places, how many they are, and the quotient.
    Mean { sum: i128, scale: i32, count: u64, value: f64 },
}

impl Amount {
    /// An aggregate of what accumulated over a column (of rows, for a count without one); None where there
    /// are no values.
    pub(crate) fn of(aggregate: Aggregate, all: &Accumulated, data_type: Option<&DataType>) -> Option<Self> {
        let present = all.present();
        if aggregate == Aggregate::Count {
            return Some(Self::Figure(Figure::count(present)));
        }
        let data_type = data_type?;
        let distinct = |count| Some(Self::Figure(Figure::count(count)));
        match &all.accumulator {
            // A count that cannot be made any more is within no limits.
            Accumulator::Groups(groups) => match groups.counts() {
                Ok(counts) => distinct(counts.distinct),
                Err(_) => Some(Self::Figure(Figure::Float(f64::NAN))),
            },
            Accumulator::Distinct(values) => distinct(values.count().0 as u64),
            _ if present == 0 => None,
            Accumulator::Extremes(Extremes::Whole(Some((low, high)))) => {
                let value = if aggregate == Aggregate::Min { *low } else { *high };
                Some(Self::Figure(whole(value, data_type)))
            }
            Accumulator::Extremes(Extremes::Float { nan: 1.., .. }) => {
                Some(Self::Figure(Figure::Float(f64::NAN)))
            }
            Accumulator::Extremes(Extremes::Float { range: Some((low, high)), .. }) => {
                let value = if aggregate == Aggregate::Min { *low } else { *high };
                Some(Self::Figure(Figure::Float(value)))
            }
            Accumulator::Moments(moments) => {
                let scale = scale_of(data_type);
                let is_whole = Family::of(data_type) == Family::Whole;
                let digits = moments.sums.first().filter(|_| is_whole).and_then(ExactSum::to_whole);
                let unit = 10_f64.powi(scale);
                Some(match (aggregate, digits) {
                    (Aggregate::Mean, Some(sum)) => {
                        let value = moments.mean() / unit;
                        Self::Mean { sum, scale, count: present, value }
                    }
                    (Aggregate::Mean, None) => Self::Figure(Figure::Float(moments.mean() / unit)),
                    (_, Some(digits)) => Self::Figure(Figure::Exact { digits, scale }),
                    (_, None) => Self::Figure(Figure::Float(moments.sum() / unit)),
                })
            }
            _ => None,
        }
    }

    /// As reports show it.
    pub(crate) fn figure(&self) -> Figure {
        match self {
            Self::Figure(figure) => figure.clone(),
            Self::Mean { value, .. } => Figure::Float(*value),
        }
    }

    /// |here − there|: in seconds for dates and timestamps. NaN differs from all but NaN, infinity from all
    /// but itself.
    fn difference(&self, there: &Self) -> Figure {
        match (self, there) {
            (
                Self::Figure(Figure::Exact { digits: a, scale: a_scale }),
                Self::Figure(Figure::Exact { digits: b, scale: b_scale }),
            ) => {
                let scale = *a_scale.max(b_scale);
                let apart = at_scale(*a, *a_scale, scale)
                    .zip(at_scale(*b, *b_scale, scale))
                    .and_then(|(a, b)| a.checked_sub(b)?.checked_abs());
                match apart {
                    Some(digits) => Figure::Exact { digits, scale },
                    None => self.float_difference(there),
                }
            }
            (
                Self::Figure(Figure::Time { value: a, data_type: a_type }),
                Self::Figure(Figure::Time { value: b, data_type: b_type }),
            ) => {
                let nanos = |value: &i128, data_type| value.saturating_mul(nanos_per_unit(data_type));
                let digits = nanos(a, a_type).saturating_sub(nanos(b, b_type)).saturating_abs();
                if digits % 1_000_000_000 == 0 {
                    return Figure::Exact { digits: digits / 1_000_000_000, scale: 0 };
                }
                Figure::Exact { digits, scale: 9 }
            }
            (
                Self::Mean { sum: a, scale: a_scale, count: a_count, .. },
                Self::Mean { sum: b, scale: b_scale, count: b_count, .. },
            ) => {
                // a ÷ n − b ÷ m is (a · m − b · n) ÷ (n · m), of which only the division rounds.
                let scale = *a_scale.max(b_scale);
                let times =
                    |sum: i128, from, count: u64| at_scale(sum, from, scale)?.checked_mul(count.into());
                let (a, b) = (times(*a, *a_scale, *b_count), times(*b, *b_scale, *a_count));
                if let Some(apart) = a.zip(b).and_then(|(a, b)| a.checked_sub(b)?.checked_abs()) {
                    let of = *a_count as f64 * *b_count as f64 * 10_f64.powi(scale);
                    return Figure::Float(apart as f64 / of);
                }
                self.float_difference(there)
            }
            _ => self.float_difference(there),
        }
    }

    #[expect(clippy::float_cmp, reason = "how close is close enough is for the tolerance to say")]
    fn float_difference(&self, there: &Self) -> Figure {
        let (a, b) = (self.figure().to_f64(), there.figure().to_f64());
        let same = a == b || (a.is_nan() && b.is_nan());
        Figure::Float(if same { 0.0 } else { (a - b).abs() })
    }
}

/// How far two figures are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// By |here − there|.
    Difference,
    /// By |here − there| ÷ |there|, 0 where they do not differ.
    Share,
}

impl Apart {
    /// As a share where one is allowed, else as their difference.
    pub(crate) fn by(relative: Option<f64>) -> Self {
        if relative.is_some() { Self::Share } else { Self::Difference }
    }

    pub(crate) fn of(self, here: &Amount, there: &Amount) -> Figure {
        let difference = here.difference(there);
        match self {
            Self::Difference => difference,
            Self::Share if difference.to_f64() == 0.0 => Figure::Float(0.0),
            Self::Share => Figure::Float(difference.to_f64() / there.figure().to_f64().abs()),
        }
    }

    /// A share in words after the figures, such as ` (5 % apart)`, where there is one.
    pub(crate) fn text(self, apart: &Figure) -> String {
        match (self, apart) {
            (Self::Share, Figure::Float(share)) if share.is_finite() && *share > 0.0 => {
                format!(" ({} % apart)", short(share * 100.0))
            }
            _ => String::new(),
        }
    }
}

fn whole(value: i128, data_type: &DataType) -> Figure {
    if Family::of(data_type) == Family::Time {
        return Figure::Time { value, data_type: data_type.clone() };
    }
    Figure::Exact { digits: value, scale: scale_of(data_type) }
}

fn at_scale(digits: i128, from: i32, to: i32) -> Option<i128> {
    digits.checked_mul(10_i128.checked_pow((to - from).unsigned_abs())?)
}
