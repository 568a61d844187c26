//! Arguments of aggregate functions in the few forms the folds work on, made in parallel.

use polars::prelude::{Column, DataFrame, DataType, PlSmallStr, PolarsResult};
use polars_arrow::array::{BinaryViewArray, PrimitiveArray};
use polars_arrow::bitmap::Bitmap;

use crate::error::{Error, Result};
use crate::steps::keys::{KeyEncoder, Keys};

/// The form a fold wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Nothing,
    Valid,
    Int,
    Wide,
    Float,
    Bytes,
    Keys,
    Column,
}

/// The values of a batch.
pub(super) enum Argument {
    /// The values do not matter.
    Nothing,
    /// Which values are not null; none if all are not.
    Valid(Option<Bitmap>),
    /// Whole numbers, times and booleans.
    Int(PrimitiveArray<i64>),
    /// Unsigned numbers of 64 bits, decimals without their point.
    Wide(PrimitiveArray<i128>),
    /// Numbers as floats.
    Float(PrimitiveArray<f64>),
    /// Text and binary.
    Bytes(BinaryViewArray),
    /// Values as keys; nulls are left out.
    Keys(Keys),
    /// As they are.
    Column(Column),
}

impl Form {
    /// The form in which values of a type are compared and summed.
    pub(super) fn ordered(dtype: &DataType) -> Self {
        use DataType as D;
        match dtype {
            D::Float32 | D::Float64 => Self::Float,
            D::UInt64 | D::Int128 | D::Decimal(..) => Self::Wide,
            D::String | D::Binary => Self::Bytes,
            _ => Self::Int,
        }
    }

    /// A column in this form.
    pub(super) fn of(self, column: &Column) -> Result<Argument> {
        self.convert(column)
            .map_err(|e| Error::defect("cannot read an argument of an aggregate").because(e))?
    }

    fn convert(self, column: &Column) -> PolarsResult<Result<Argument>> {
        let physical = || column.as_materialized_series().to_physical_repr().rechunk();
        Ok(Ok(match self {
            Self::Nothing => Argument::Nothing,
            Self::Valid => {
                let valid = column.as_materialized_series().rechunk().rechunk_validity();
                let nothing = column.dtype().is_null();
                Argument::Valid(if nothing { Some(Bitmap::new_zeroed(column.len())) } else { valid })
            }
            Self::Int => {
                Argument::Int(physical().cast(&DataType::Int64)?.i64()?.rechunk().downcast_as_array().clone())
            }
            Self::Wide => Argument::Wide(
                physical().cast(&DataType::Int128)?.i128()?.rechunk().downcast_as_array().clone(),
            ),
            Self::Float => {
                let floats = column.as_materialized_series().cast(&DataType::Float64)?;
                Argument::Float(floats.f64()?.rechunk().downcast_as_array().clone())
            }
            Self::Bytes => {
                let bytes = column.as_materialized_series().cast(&DataType::Binary)?;
                Argument::Bytes(bytes.binary()?.rechunk().downcast_as_array().clone())
            }
            Self::Keys => return Ok(keys(column)),
            Self::Column => Argument::Column(column.clone()),
        }))
    }
}

fn keys(column: &Column) -> Result<Argument> {
    let name = PlSmallStr::from_static("value");
    let encoder = KeyEncoder::with_types(vec![(name.clone(), column.dtype().clone())])?;
    let frame = DataFrame::new(column.len(), vec![column.clone().with_name(name)])
        .map_err(|e| Error::defect("cannot read an argument of an aggregate").because(e))?;
    Ok(Argument::Keys(encoder.encode_valid(&frame)?))
}
