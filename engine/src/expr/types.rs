//! Our types and Polars' types.

use arrow::datatypes::TimeUnit as ArrowUnit;
use polars::prelude::{DataType, Field, TimeUnit, TimeZone};

use crate::error::{Error, Result};
use crate::spec::Type;

/// The Polars type of `wanted`.
pub fn to_polars(wanted: &Type) -> Result<DataType> {
    Ok(match wanted {
        Type::Int8 => DataType::Int8,
        Type::Int16 => DataType::Int16,
        Type::Int32 => DataType::Int32,
        Type::Int64 => DataType::Int64,
        Type::UInt8 => DataType::UInt8,
        Type::UInt16 => DataType::UInt16,
        Type::UInt32 => DataType::UInt32,
        Type::UInt64 => DataType::UInt64,
        Type::Float32 => DataType::Float32,
        Type::Float64 => DataType::Float64,
        Type::Decimal(precision, scale) => DataType::Decimal(usize::from(*precision), *scale as usize),
        Type::String => DataType::String,
        Type::Binary => DataType::Binary,
        Type::Bool => DataType::Boolean,
        Type::Date => DataType::Date,
        Type::Time => DataType::Time,
        Type::Timestamp(unit, zone) => {
            let unit = match unit {
                // Polars has no seconds; milliseconds hold them exactly.
                ArrowUnit::Second | ArrowUnit::Millisecond => TimeUnit::Milliseconds,
                ArrowUnit::Microsecond => TimeUnit::Microseconds,
                ArrowUnit::Nanosecond => TimeUnit::Nanoseconds,
            };
            let zone = zone.as_ref().map(|zone| TimeZone::opt_try_new(Some(zone.as_ref())));
            let zone = zone.transpose().map_err(|error| {
                Error::wrong(format!("there is no time zone in {wanted}"))
                    .because(error)
                    .hint("write it as in Europe/Berlin")
            })?;
            DataType::Datetime(unit, zone.flatten())
        }
        Type::List(item) => DataType::List(Box::new(to_polars(item)?)),
        Type::Struct(fields) => {
            let fields = fields.iter().map(|(name, field)| Ok(Field::new(name.into(), to_polars(field)?)));
            DataType::Struct(fields.collect::<Result<_>>()?)
        }
    })
}

/// Our name of a Polars type, for messages and schemas.
pub fn name(dtype: &DataType) -> String {
    match dtype {
        DataType::Null => "null".into(),
        DataType::Duration(_) => "interval".into(),
        other => from_polars(other).map_or_else(|| other.to_string(), |known| known.to_string()),
    }
}

/// The type the file would write for a Polars type, if it can write it.
pub fn from_polars(dtype: &DataType) -> Option<Type> {
    Some(match dtype {
        DataType::Int8 => Type::Int8,
        DataType::Int16 => Type::Int16,
        DataType::Int32 => Type::Int32,
        DataType::Int64 => Type::Int64,
        DataType::UInt8 => Type::UInt8,
        DataType::UInt16 => Type::UInt16,
        DataType::UInt32 => Type::UInt32,
        DataType::UInt64 => Type::UInt64,
        DataType::Float32 => Type::Float32,
        DataType::Float64 => Type::Float64,
        DataType::Decimal(precision, scale) => Type::Decimal(*precision as u8, *scale as i8),
        DataType::String => Type::String,
        DataType::Binary => Type::Binary,
        DataType::Boolean => Type::Bool,
        DataType::Date => Type::Date,
        DataType::Time => Type::Time,
        DataType::Datetime(unit, zone) => {
            let unit = match unit {
                TimeUnit::Milliseconds => ArrowUnit::Millisecond,
                TimeUnit::Microseconds => ArrowUnit::Microsecond,
                TimeUnit::Nanoseconds => ArrowUnit::Nanosecond,
            };
            Type::Timestamp(unit, zone.as_ref().map(|zone| zone.to_string().into()))
        }
        DataType::List(item) => Type::List(Box::new(from_polars(item)?)),
        DataType::Struct(fields) => {
            let fields =
                fields.iter().map(|field| Some((field.name().to_string(), from_polars(field.dtype())?)));
            Type::Struct(fields.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
