//! The values of a column as measures take them: whole numbers of any width, or floats.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type};
use arrow::error::ArrowError;

use crate::literal::{Family, scale_of};
use crate::mask::RowSet;

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

/// The values of the set's rows, next to each other.
pub(super) fn present_only(values: &ScalarBuffer<f64>, rows: &RowSet) -> ScalarBuffer<f64> {
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
        DataType::Float16 => {
            Ok(column.as_primitive::<Float16Type>().values().iter().map(|v| f64::from(*v)).collect())
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
