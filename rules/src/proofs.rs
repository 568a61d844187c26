//! What may be known about rows without looking at them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::{max, min};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};

use crate::measure::{floats, for_whole_type, whole_value};

/// What is known about the rows without looking at them.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    /// Number of rows.
    pub rows: Option<u64>,
    /// What footers say, by column name.
    pub columns: BTreeMap<String, ColumnProof>,
    /// Sets of columns that a step has made unique (rows with a null key included).
    pub unique: Vec<Vec<String>>,
    /// The files they come from, where they come from files.
    pub delivery: Option<Delivery>,
}

/// The files that rows come from. No row tells of them, so that they are known even where nothing else is
/// to be known beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How many there are.
    pub files: u64,
    /// The size of each in bytes, in no particular order.
    pub sizes: Vec<u64>,
    /// When the newest was last written, by the clock of its store.
    pub modified: Option<DateTime<Utc>>,
    /// The values of each partition column as folders spell them; `None` is the null partition.
    pub partitions: BTreeMap<String, BTreeSet<Option<String>>>,
}

/// What a check asks of the files that rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered<'a> {
    /// The values of a partition column.
    Partition(&'a str),
    /// How many there are, how large they are, and when they were written.
    Files,
}

/// What file footers and dictionaries say about a column, or one look at a batch of it. Extremes of floating-point
/// columns are given only where no value is NaN; footers, which leave NaN out, give none.
#[derive(Debug, Clone, Default)]
pub struct ColumnProof {
    /// Number of nulls.
    pub nulls: Option<u64>,
    /// Smallest value, as an array of length 1 of the column's type.
    pub min: Option<ArrayRef>,
    /// Largest value.
    pub max: Option<ArrayRef>,
    /// Whether the extremes are values of the column rather than bounds around them.
    pub exact: bool,
    /// Every value that the column holds but null, and perhaps others, as an array of the column's type.
    pub values: Option<ArrayRef>,
}

impl ColumnProof {
    /// What the values of a batch show; None for a column that is neither of numbers nor of times, or has a NaN, or
    /// no value.
    pub(crate) fn of_rows(column: &ArrayRef) -> Option<Self> {
        fn ends<T: ArrowPrimitiveType>(column: &ArrayRef) -> Option<[ArrayRef; 2]>
        where
            T::Native: ArrowNativeTypeOp + PartialOrd,
        {
            let values = column.as_primitive::<T>();
            let ends = [min(values)?, max(values)?];
            // NaN is the greatest or, with its sign set, the least.
            if ends.iter().any(|end| end.partial_cmp(end).is_none()) {
                return None;
            }
            let one = |end| PrimitiveArray::<T>::new_scalar(end).into_inner();
            Some(ends.map(|end| Arc::new(one(end).with_data_type(column.data_type().clone())) as ArrayRef))
        }
        let [min, max] = match column.data_type() {
            DataType::Float64 => ends::<Float64Type>(column)?,
            DataType::Float32 => ends::<Float32Type>(column)?,
            other => for_whole_type!(other, T => Ok::<_, ArrowError>(ends::<T>(column))).ok()??,
        };
        Some(Self { min: Some(min), max: Some(max), exact: true, ..Self::default() })
    }

    /// Whether the extremes are known and lie in an inclusive range of the column's integers.
    pub(crate) fn is_within(&self, low: i128, high: i128) -> bool {
        self.extremes_are(|end| whole_value(end, 0).is_some_and(|end| (low..=high).contains(&end)))
    }

    /// Whether the extremes are known and lie in an inclusive range of floats.
    pub(crate) fn is_within_floats(&self, low: f64, high: f64) -> bool {
        let end = |end: &ArrayRef| floats(end).ok().and_then(|values| values.first().copied());
        self.extremes_are(|known| end(known).is_some_and(|end| (low..=high).contains(&end)))
    }

    fn extremes_are(&self, so: impl Fn(&ArrayRef) -> bool) -> bool {
        [&self.min, &self.max].into_iter().all(|end| end.as_ref().is_some_and(&so))
    }
}

impl Proofs {
    /// The number of nulls of a column, where known.
    pub fn nulls(&self, column: &str) -> Option<u64> {
        self.columns.get(column)?.nulls
    }

    /// Whether the columns are proven unique: some subset of them is.
    pub fn proves_unique(&self, columns: &[String]) -> bool {
        self.unique.iter().any(|key| !key.is_empty() && key.iter().all(|c| columns.contains(c)))
    }
}
