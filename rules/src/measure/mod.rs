//! Measures: what a suite accumulates while rows pass, mergeable and without thresholds.
//!
//! Each file holds one accumulator; this one says which there are, what a batch adds to each, and how
//! judges read them. Merging is associative, and apart from the quantile sketch (within the bound it
//! reports) the result depends only on the rows, not on how they were split or ordered.

mod bins;
mod comoments;
mod distinct;
mod exact_sum;
mod extremes;
mod groups;
mod moments;
mod quantiles;
pub(crate) mod text;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use bins::Bins;
pub use comoments::CoMoments;
pub use distinct::{Distinct, EXACT_DISTINCT, RELATIVE_ERROR};
pub use exact_sum::ExactSum;
pub use extremes::Extremes;
pub use groups::{GroupCounts, Groups};
pub use moments::Moments;
pub use quantiles::{EXACT_VALUES, Interpolation, Quantiles};

use crate::keys::hash_rows;
use crate::literal::{Family, scale_of};
use crate::mask::{RowSet, for_each_text, pack};

/// Runs a body with `T` bound to the Arrow type of a column of whole numbers.
macro_rules! for_whole_type {
    ($data_type:expr, $t:ident => $body:expr) => {{
        use arrow::datatypes as dt;
        macro_rules! with {
            ($found:ty) => {{
                type $t = $found;
                $body
            }};
        }
        match $data_type {
            dt::DataType::Int8 => with!(dt::Int8Type),
            dt::DataType::Int16 => with!(dt::Int16Type),
            dt::DataType::Int32 => with!(dt::Int32Type),
            dt::DataType::Int64 => with!(dt::Int64Type),
            dt::DataType::UInt8 => with!(dt::UInt8Type),
            dt::DataType::UInt16 => with!(dt::UInt16Type),
            dt::DataType::UInt32 => with!(dt::UInt32Type),
            dt::DataType::UInt64 => with!(dt::UInt64Type),
            dt::DataType::Decimal128(..) => with!(dt::Decimal128Type),
            dt::DataType::Date32 => with!(dt::Date32Type),
            dt::DataType::Date64 => with!(dt::Date64Type),
            dt::DataType::Timestamp(dt::TimeUnit::Second, _) => with!(dt::TimestampSecondType),
            dt::DataType::Timestamp(dt::TimeUnit::Millisecond, _) => with!(dt::TimestampMillisecondType),
            dt::DataType::Timestamp(dt::TimeUnit::Microsecond, _) => with!(dt::TimestampMicrosecondType),
            dt::DataType::Timestamp(dt::TimeUnit::Nanosecond, _) => with!(dt::TimestampNanosecondType),
            other => Err(arrow::error::ArrowError::InvalidArgumentError(format!(
                "a column of whole numbers became {other}"
            ))),
        }
    }};
}
pub(crate) use for_whole_type;

/// What is measured over a column or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Rows, and how many of them are null.
    Rows,
    /// Smallest and largest value.
    Extremes,
    /// Power sums up to an order: 1, 2 or 4.
    Moments(u8),
    /// Quantiles.
    Quantiles,
    /// Number of distinct values, an estimate when many.
    Distinct,
    /// Every distinct key; with `true`, null equals null, else rows with a null are not counted.
    Groups(bool),
    /// Sums for a correlation of two columns.
    CoMoments,
    /// Values between edges.
    Bins(Vec<f64>),
    /// Values that are zero.
    Zeros,
    /// Values that are true.
    Truths,
    /// Characters of texts.
    Characters,
}

/// What is measured over which columns in which scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The measure.
    pub what: What,
    /// Its columns.
    pub columns: Vec<String>,
    /// The condition rows have to meet.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<String>,
}

impl Spec {
    /// Whether another measure's accumulator answers this one too.
    pub(crate) fn answered_by(&self, other: &Self) -> bool {
        let same_rows = self.columns == other.columns && self.filter == other.filter;
        same_rows
            && match (&self.what, &other.what) {
                (What::Moments(mine), What::Moments(theirs)) => mine <= theirs,
                (mine, theirs) => mine == theirs,
            }
    }
}

/// A measure's state: what accumulated, and over how many rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accumulated {
    /// Rows in scope.
    pub rows: u64,
    /// Of these, rows where a column is null.
    pub nulls: u64,
    /// What accumulated over the others.
    pub accumulator: Accumulator,
}

/// What accumulates, one kind for each [`What`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accumulator {
    /// Nothing besides the rows.
    Rows,
    /// For [`What::Extremes`].
    Extremes(Extremes),
    /// For [`What::Moments`].
    Moments(Moments),
    /// For [`What::Quantiles`].
    Quantiles(Quantiles),
    /// For [`What::Distinct`].
    Distinct(Distinct),
    /// For [`What::Groups`].
    Groups(Groups),
    /// For [`What::CoMoments`].
    CoMoments(CoMoments),
    /// For [`What::Bins`].
    Bins(Bins),
    /// For the measures that count or add up small whole numbers.
    Total(u64),
}

impl Accumulated {
    /// Nothing accumulated yet.
    pub(crate) fn new(what: &What, columns: &[DataType]) -> Self {
        let float = columns.first().is_some_and(|data_type| Family::of(data_type) == Family::Float);
        let accumulator = match what {
            What::Rows => Accumulator::Rows,
            What::Extremes if float => Accumulator::Extremes(Extremes::Float { range: None, nan: 0 }),
            What::Extremes => Accumulator::Extremes(Extremes::Whole(None)),
            What::Moments(order) => Accumulator::Moments(Moments::new(*order)),
            What::Quantiles => Accumulator::Quantiles(Quantiles::default()),
            What::Distinct => Accumulator::Distinct(Distinct::default()),
            What::Groups(_) => Accumulator::Groups(Groups::default()),
            What::CoMoments => Accumulator::CoMoments(CoMoments::default()),
            What::Bins(edges) => Accumulator::Bins(Bins::new(edges.len())),
            What::Zeros | What::Truths | What::Characters => Accumulator::Total(0),
        };
        Self { rows: 0, nulls: 0, accumulator }
    }

    /// What a batch adds, given the measure's columns (no dictionaries) and the rows in scope.
    pub(crate) fn of_batch(what: &What, columns: &[ArrayRef], scope: &RowSet) -> Result<Self, ArrowError> {
        let present = columns.iter().fold(scope.clone(), |rows, column| rows.and_valid(column.nulls()));
        let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
        let mut all = Self::new(what, &types);
        all.rows = scope.count() as u64;
        all.nulls = (scope.count() - present.count()) as u64;
        let first = || {
            columns.first().ok_or_else(|| ArrowError::InvalidArgumentError("a measure has no column".into()))
        };
        match (&mut all.accumulator, what) {
            (Accumulator::Rows, _) => {}
            (Accumulator::Extremes(extremes), _) => add_extremes(extremes, first()?, &present)?,
            (Accumulator::Moments(moments), _) => add_moments(moments, first()?, &present)?,
            (Accumulator::Quantiles(quantiles), _) => *quantiles = quantiles_of(first()?, &present)?,
            (Accumulator::Distinct(distinct), _) => {
                for hash in hash_rows(columns, &present, false)? {
                    distinct.add(hash as u64);
                }
            }
            (Accumulator::Groups(groups), What::Groups(nulls_equal)) => {
                let rows = if *nulls_equal { scope } else { &present };
                *groups = Groups::of(&hash_rows(columns, rows, *nulls_equal)?);
            }
            (Accumulator::CoMoments(moments), _) => {
                if let [x, y] = columns {
                    let (x, y) = (floats(x)?, floats(y)?);
                    moments.add_all(&present_only(&x, &present), &present_only(&y, &present));
                }
            }
            (Accumulator::Bins(bins), What::Bins(edges)) => {
                present.for_each(&floats(first()?)?, |value| bins.add(edges, value));
            }
            (Accumulator::Total(total), what) => *total = total_of(what, first()?, &present)?,
            (Accumulator::Groups(_) | Accumulator::Bins(_), _) => {
                return Err(ArrowError::InvalidArgumentError(
                    "an accumulator does not fit its measure".into(),
                ));
            }
        }
        Ok(all)
    }

    /// Adds another part; false where the two do not measure the same.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        self.rows += other.rows;
        self.nulls += other.nulls;
        match (&mut self.accumulator, other.accumulator) {
            (Accumulator::Rows, Accumulator::Rows) => {}
            (Accumulator::Extremes(mine), Accumulator::Extremes(theirs)) => mine.merge(theirs),
            (Accumulator::Moments(mine), Accumulator::Moments(theirs)) => mine.merge(&theirs),
            (Accumulator::Quantiles(mine), Accumulator::Quantiles(theirs)) => mine.merge(theirs),
            (Accumulator::Distinct(mine), Accumulator::Distinct(theirs)) => mine.merge(theirs),
            (Accumulator::Groups(mine), Accumulator::Groups(theirs)) => mine.merge(theirs),
            (Accumulator::CoMoments(mine), Accumulator::CoMoments(theirs)) => mine.merge(&theirs),
            (Accumulator::Bins(mine), Accumulator::Bins(theirs)) => mine.merge(&theirs),
            (Accumulator::Total(mine), Accumulator::Total(theirs)) => *mine += theirs,
            _ => return false,
        }
        true
    }

    /// Rows whose columns are all present.
    pub fn present(&self) -> u64 {
        self.rows - self.nulls
    }
}

/// What judges read.
#[derive(Debug, Clone, Copy)]
pub struct Readings<'a> {
    pub(crate) measures: &'a [Accumulated],
    /// The run's clock.
    pub now: DateTime<Utc>,
}

impl Readings<'_> {
    /// The state of a measure that was requested while binding.
    pub fn at(&self, measure: usize) -> Option<&Accumulated> {
        self.measures.get(measure)
    }
}

fn add_extremes(extremes: &mut Extremes, column: &ArrayRef, rows: &RowSet) -> Result<(), ArrowError> {
    fn whole<T: ArrowPrimitiveType>(extremes: &mut Extremes, column: &ArrayRef, rows: &RowSet)
    where
        T::Native: Into<i128> + Ord,
    {
        let values = column.as_primitive::<T>().values();
        rows.for_each_range(|range| {
            let stretch = values.get(range).unwrap_or_default();
            if let (Some(low), Some(high)) = (stretch.iter().min(), stretch.iter().max()) {
                extremes.add_whole((*low).into(), (*high).into());
            }
        });
    }
    if Family::of(column.data_type()) == Family::Float {
        let values = floats(column)?;
        rows.for_each_range(|range| extremes.add_floats(values.get(range).unwrap_or_default()));
        return Ok(());
    }
    for_whole_type!(column.data_type(), T => { whole::<T>(extremes, column, rows); Ok(()) })
}

fn add_moments(moments: &mut Moments, column: &ArrayRef, rows: &RowSet) -> Result<(), ArrowError> {
    if Family::of(column.data_type()) == Family::Float {
        let values = present_only(&floats(column)?, rows);
        moments.add_all(&values);
        return Ok(());
    }
    for_whole_type!(column.data_type(), T => { add_whole_moments::<T>(moments, column, rows); Ok(()) })
}

/// Small whole numbers are added up in integers; larger ones one by one.
fn add_whole_moments<T: ArrowPrimitiveType>(moments: &mut Moments, column: &ArrayRef, rows: &RowSet)
where
    T::Native: Into<i128> + Ord,
{
    let values = column.as_primitive::<T>().values();
    let wide = |value: T::Native| -> i128 { value.into() };
    let mut largest = 0_u128;
    rows.for_each_range(|range| {
        let stretch = values.get(range).unwrap_or_default();
        for end in [stretch.iter().min(), stretch.iter().max()].into_iter().flatten() {
            largest = largest.max(wide(*end).unsigned_abs());
        }
    });
    let order = moments.sums.len();
    let integers_hold = match order {
        1 => largest <= 1 << 62,
        2 => largest <= 1 << 31,
        _ => largest <= 1 << 23,
    };
    if !integers_hold {
        rows.for_each(values, |value| moments.add_whole(wide(value)));
        return;
    }
    let mut powers = [0_i128; 4];
    match order {
        1 => rows.for_each(values, |value| powers[0] += wide(value)),
        2 => rows.for_each(values, |value| {
            let x = wide(value) as i64;
            powers[0] += i128::from(x);
            powers[1] += i128::from(x * x);
        }),
        _ => rows.for_each(values, |value| {
            let x = wide(value) as i64;
            let square = x * x;
            powers[0] += i128::from(x);
            powers[1] += i128::from(square);
            powers[2] += i128::from(square) * i128::from(x);
            powers[3] += i128::from(square) * i128::from(square);
        }),
    }
    moments.finite += rows.count() as u64;
    for (sum, power) in moments.sums.iter_mut().zip(powers) {
        sum.add_whole(power);
    }
}

fn quantiles_of(column: &ArrayRef, rows: &RowSet) -> Result<Quantiles, ArrowError> {
    let wanted = present_only(&floats(column)?, rows);
    Ok(Quantiles::of(wanted.iter().copied()))
}

fn total_of(what: &What, column: &ArrayRef, rows: &RowSet) -> Result<u64, ArrowError> {
    let hits = match what {
        What::Zeros if Family::of(column.data_type()) == Family::Float => {
            pack(&floats(column)?, |v| v == 0.0)
        }
        What::Zeros => crate::comparison::whole_within(column, 0, 0, false)?.values().clone(),
        What::Truths => column.as_boolean().values().clone(),
        What::Characters => {
            let mut characters = 0;
            for_each_text(column, rows, |text| characters += text.chars().count() as u64)?;
            return Ok(characters);
        }
        _ => return Err(ArrowError::InvalidArgumentError("an accumulator does not fit its measure".into())),
    };
    Ok(rows.and(Some(&hits)).count() as u64)
}

/// The values of the set's rows, next to each other.
fn present_only(values: &ScalarBuffer<f64>, rows: &RowSet) -> ScalarBuffer<f64> {
    if rows.mask().is_none() {
        return values.clone();
    }
    let mut wanted = Vec::with_capacity(rows.count());
    rows.for_each_range(|range| wanted.extend_from_slice(values.get(range).unwrap_or_default()));
    wanted.into()
}

/// A column of numbers as floats; integers beyond 2^53 and long decimals are rounded.
pub(crate) fn floats(column: &ArrayRef) -> Result<ScalarBuffer<f64>, ArrowError> {
    fn whole<T: ArrowPrimitiveType>(column: &ArrayRef, unit: f64) -> ScalarBuffer<f64>
    where
        T::Native: Into<i128>,
    {
        let values = column.as_primitive::<T>().values();
        values
            .iter()
            .map(|value| {
                let wide: i128 = (*value).into();
                wide as f64 / unit
            })
            .collect()
    }
    match column.data_type() {
        DataType::Float64 => Ok(column.as_primitive::<Float64Type>().values().clone()),
        DataType::Float32 => {
            Ok(column.as_primitive::<Float32Type>().values().iter().map(|v| f64::from(*v)).collect())
        }
        other => {
            let unit = 10_f64.powi(scale_of(other));
            for_whole_type!(other, T => Ok(whole::<T>(column, unit)))
        }
    }
}

/// One value of a column of whole numbers.
pub(crate) fn whole_value(column: &ArrayRef, row: usize) -> Option<i128> {
    fn value<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize) -> Option<i128>
    where
        T::Native: Into<i128>,
    {
        let array = column.as_primitive::<T>();
        (row < array.len() && array.is_valid(row)).then(|| array.value(row).into())
    }
    for_whole_type!(column.data_type(), T => Ok(value::<T>(column, row))).ok().flatten()
}

/// A column without its dictionary.
pub(crate) fn unpacked(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Dictionary(_, values) if Family::of(values) == Family::Text => {
            cast(column, &DataType::Utf8View)
        }
        DataType::Dictionary(_, values) => cast(column, values),
        _ => Ok(ArrayRef::clone(column)),
    }
}
