//! One key column of a batch in its canonical form.

use polars::prelude::{Column, DataType, PolarsNumericType, PolarsResult, Series};
use polars_arrow::array::{Array, BinaryViewArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::ArrowDataType;

/// Canonical values of a column; those under a null mean nothing.
pub(super) enum Lane {
    /// Values of up to 64 bits, signed ones sign-extended.
    Words { values: Vec<u64>, valid: Option<Bitmap> },
    /// Values of up to 128 bits.
    Huge { values: Vec<i128>, valid: Option<Bitmap> },
    /// Text or binary.
    Bytes(BinaryViewArray),
    /// Nothing but nulls.
    Null,
}

impl Lane {
    /// The canonical form of `column`; null for a type that cannot be a key, which planning refuses.
    pub(super) fn of(column: &Column) -> PolarsResult<Self> {
        let series = column.as_materialized_series().rechunk();
        let physical = series.to_physical_repr();
        Ok(match physical.dtype() {
            DataType::Boolean => {
                let array = physical.bool()?.downcast_as_array().clone();
                Self::Words {
                    values: array.values().iter().map(u64::from).collect(),
                    valid: array.validity().cloned(),
                }
            }
            DataType::UInt8 => words(physical.u8()?, u64::from),
            DataType::UInt16 => words(physical.u16()?, u64::from),
            DataType::UInt32 => words(physical.u32()?, u64::from),
            DataType::UInt64 => words(physical.u64()?, |v| v),
            DataType::Int8 => words(physical.i8()?, |v| i64::from(v) as u64),
            DataType::Int16 => words(physical.i16()?, |v| i64::from(v) as u64),
            DataType::Int32 => words(physical.i32()?, |v| i64::from(v) as u64),
            DataType::Int64 => words(physical.i64()?, |v| v as u64),
            DataType::Float32 => words(physical.f32()?, |v| u64::from(canonical_f32(v))),
            DataType::Float64 => words(physical.f64()?, canonical_f64),
            DataType::Int128 => {
                let array = physical.i128()?.downcast_as_array();
                Self::Huge { values: array.values().as_slice().to_vec(), valid: array.validity().cloned() }
            }
            DataType::String => bytes(&physical.cast(&DataType::Binary)?)?,
            DataType::Binary => bytes(&physical)?,
            _ => Self::Null,
        })
    }

    /// Which rows are not null, unless all are.
    pub(super) fn valid(&self, rows: usize) -> Option<Bitmap> {
        match self {
            Self::Words { valid, .. } | Self::Huge { valid, .. } => valid.clone(),
            Self::Bytes(array) => array.validity().cloned(),
            Self::Null => Some(Bitmap::new_zeroed(rows)),
        }
    }
}

fn words<T: PolarsNumericType>(
    values: &polars::prelude::ChunkedArray<T>,
    canonical: impl Fn(T::Native) -> u64,
) -> Lane {
    let array = values.downcast_as_array();
    Lane::Words {
        values: array.values().iter().map(|&v| canonical(v)).collect(),
        valid: array.validity().cloned(),
    }
}

fn bytes(series: &Series) -> PolarsResult<Lane> {
    let array = series.binary()?.downcast_as_array().clone();
    debug_assert_eq!(array.dtype(), &ArrowDataType::BinaryView);
    Ok(Lane::Bytes(array))
}

fn canonical_f64(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

fn canonical_f32(value: f32) -> u32 {
    if value.is_nan() { f32::NAN.to_bits() } else { (value + 0.0).to_bits() }
}
