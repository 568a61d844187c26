//! Types and the Arrow types they mean.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::Type;

/// Types that mean one Arrow type and nothing else.
const SIMPLE: &[(Type, DataType)] = &[
    (Type::Int8, DataType::Int8),
    (Type::Int16, DataType::Int16),
    (Type::Int32, DataType::Int32),
    (Type::Int64, DataType::Int64),
    (Type::UInt8, DataType::UInt8),
    (Type::UInt16, DataType::UInt16),
    (Type::UInt32, DataType::UInt32),
    (Type::UInt64, DataType::UInt64),
    (Type::Float32, DataType::Float32),
    (Type::Float64, DataType::Float64),
    (Type::String, DataType::Utf8),
    (Type::Binary, DataType::Binary),
    (Type::Bool, DataType::Boolean),
    (Type::Date, DataType::Date32),
    (Type::Time, DataType::Time64(TimeUnit::Nanosecond)),
];

impl Type {
    /// The Arrow type of this type, as a scan or a writer produces it.
    pub fn to_arrow(&self) -> DataType {
        match self {
            Type::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Type::Timestamp(unit, zone) => DataType::Timestamp(*unit, zone.clone()),
            Type::List(item) => DataType::List(Arc::new(Field::new("item", item.to_arrow(), true))),
            Type::Struct(fields) => DataType::Struct(
                fields
                    .iter()
                    .map(|(name, field)| Field::new(name, field.to_arrow(), true))
                    .collect::<Fields>(),
            ),
            simple => SIMPLE.iter().find(|(own, _)| own == simple).map_or(DataType::Null, |(_, t)| t.clone()),
        }
    }

    /// The type of an Arrow column, whatever its layout; `None` for what the file cannot write.
    pub fn from_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale) => Type::Decimal(*precision, *scale),
            DataType::LargeUtf8 | DataType::Utf8View => Type::String,
            DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Type::Binary,
            DataType::Date64 => Type::Timestamp(TimeUnit::Millisecond, None),
            DataType::Time32(_) | DataType::Time64(_) => Type::Time,
            DataType::Timestamp(unit, zone) => Type::Timestamp(*unit, zone.clone()),
            DataType::Dictionary(_, value) => Type::from_arrow(value)?,
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                Type::List(Box::new(Type::from_arrow(item.data_type())?))
            }
            DataType::Struct(fields) => {
                let fields =
                    fields.iter().map(|f| Some((f.name().clone(), Type::from_arrow(f.data_type())?)));
                Type::Struct(fields.collect::<Option<_>>()?)
            }
            simple => SIMPLE.iter().find(|(_, arrow)| arrow == simple)?.0.clone(),
        })
    }
}
