//! Values of a column as integers that order as they do.

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::quantiles::{from_key, to_key};
use super::values::{floats, for_whole_type};
use crate::literal::{Family, whole_text};

/// A value for each row (arbitrary where the column is null). Whole numbers, dates and timestamps are their
/// own; floats become integers that order as they do, -0.0 as 0.0 and NaN above all others.
pub(super) fn order_keys(column: &ArrayRef) -> Result<Vec<i128>, ArrowError> {
    fn whole<T: ArrowPrimitiveType>(column: &ArrayRef) -> Vec<i128>
    where
        T::Native: Into<i128>,
    {
        column.as_primitive::<T>().values().iter().map(|value| (*value).into()).collect()
    }
    if Family::of(column.data_type()) == Family::Float {
        return Ok(floats(column)?.iter().map(|value| float_key(*value)).collect());
    }
    for_whole_type!(column.data_type(), T => Ok(whole::<T>(column)))
}

fn float_key(value: f64) -> i128 {
    i128::from(if value.is_nan() { u64::MAX } else { to_key(value + 0.0) })
}

/// The key of a NaN among those of floats.
pub(crate) const NAN_KEY: i128 = u64::MAX as i128;

/// The value of a key, in words.
pub(crate) fn key_text(key: i128, data_type: &DataType) -> String {
    if Family::of(data_type) != Family::Float {
        return whole_text(key, data_type);
    }
    if key == NAN_KEY {
        return f64::NAN.to_string();
    }
    u64::try_from(key).map(|key| from_key(key).to_string()).unwrap_or_default()
}
