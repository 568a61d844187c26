//! Types as people declare them, and how a column's type compares with one.

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::literal::{plain, type_name};

/// A declared type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Declared {
    name: String,
    #[serde(skip)]
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Exactly(DataType),
    Text,
    Decimal,
    Timestamp,
}

impl Declared {
    /// Reads a type's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let lower = name.trim().to_lowercase();
        let (head, arguments) = match lower.split_once('(') {
            Some((head, rest)) => (head.trim(), Some(rest.strip_suffix(')')?.trim())),
            None => (lower.as_str(), None),
        };
        let kind = match (head, arguments) {
            ("decimal" | "numeric", Some(arguments)) => {
                let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
                Kind::Exactly(DataType::Decimal128(
                    precision.trim().parse().ok()?,
                    scale.trim().parse().ok()?,
                ))
            }
            ("decimal" | "numeric", None) => Kind::Decimal,
            ("timestamp" | "datetime", Some(arguments)) => {
                // The zone keeps the case it was written in.
                let written = name.get(name.find('(')? + 1..name.rfind(')')?)?;
                let zone = written.split_once(',').map(|(_, zone)| zone.trim().into());
                let unit = match arguments.split(',').next()?.trim() {
                    "s" => TimeUnit::Second,
                    "ms" => TimeUnit::Millisecond,
                    "us" => TimeUnit::Microsecond,
                    "ns" => TimeUnit::Nanosecond,
                    _ => return None,
                };
                Kind::Exactly(DataType::Timestamp(unit, zone))
            }
            ("timestamp" | "datetime", None) => Kind::Timestamp,
            (_, Some(_)) => return None,
            ("string" | "utf8" | "text" | "varchar", None) => Kind::Text,
            (simple, None) => Kind::Exactly(simple_type(simple)?),
        };
        Some(Self { name: lower.clone(), kind })
    }

    /// The type of a column, as if it had been declared. Layouts of texts are one type.
    pub(crate) fn of(data_type: &DataType) -> Self {
        let kind = match plain(data_type) {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
            DataType::Date32 | DataType::Date64 => Kind::Exactly(DataType::Date32),
            other => Kind::Exactly(other.clone()),
        };
        Self { name: type_name(data_type), kind }
    }

    /// As declared.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a column is of this type. Layouts of texts do not matter, and a declared `decimal` or
    /// `timestamp` without arguments is any.
    pub(crate) fn is(&self, found: &DataType) -> bool {
        let found = plain(found);
        match &self.kind {
            Kind::Exactly(DataType::Date32) => matches!(found, DataType::Date32 | DataType::Date64),
            Kind::Exactly(wanted) => wanted == found,
            Kind::Text => matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
            Kind::Decimal => matches!(found, DataType::Decimal128(..)),
            Kind::Timestamp => matches!(found, DataType::Timestamp(..)),
        }
    }

    /// Whether every value of a column fits this type without loss.
    pub(crate) fn holds(&self, found: &DataType) -> bool {
        let (Kind::Exactly(wanted), found) = (&self.kind, plain(found)) else { return self.is(found) };
        let digits = |data_type: &DataType| {
            Some(match data_type {
                DataType::Int8 | DataType::UInt8 => 3,
                DataType::Int16 | DataType::UInt16 => 5,
                DataType::Int32 | DataType::UInt32 => 10,
                DataType::Int64 => 19,
                DataType::UInt64 => 20,
                _ => return None,
            })
        };
        let bits = |data_type: &DataType| data_type.primitive_width().unwrap_or_default();
        match (wanted, found) {
            _ if self.is(found) => true,
            (wanted, found) if wanted.is_signed_integer() && found.is_signed_integer() => {
                bits(wanted) >= bits(found)
            }
            (wanted, found) if wanted.is_unsigned_integer() && found.is_unsigned_integer() => {
                bits(wanted) >= bits(found)
            }
            (wanted, found) if wanted.is_signed_integer() && found.is_unsigned_integer() => {
                bits(wanted) > bits(found)
            }
            (DataType::Float64, DataType::Float32) => true,
            (DataType::Float64, found) if found.is_integer() => bits(found) <= 4,
            (DataType::Float32, found) if found.is_integer() => bits(found) <= 2,
            (DataType::Decimal128(p, s), DataType::Decimal128(fp, fs)) => {
                s >= fs && i16::from(*p) - i16::from(*s) >= i16::from(*fp) - i16::from(*fs)
            }
            (DataType::Decimal128(p, s), found) => {
                digits(found).is_some_and(|digits| i16::from(*p) - i16::from(*s) >= digits)
            }
            (DataType::Timestamp(unit, zone), DataType::Timestamp(found_unit, found_zone)) => {
                zone == found_zone && rank(*unit) >= rank(*found_unit)
            }
            _ => false,
        }
    }

    /// Whether a column's values are of the same nature: integers, floats, decimals, texts, …
    pub(crate) fn same_family(&self, found: &DataType) -> bool {
        let found = plain(found);
        match &self.kind {
            Kind::Exactly(wanted) => {
                (wanted.is_integer() && found.is_integer())
                    || (wanted.is_floating() && found.is_floating())
                    || std::mem::discriminant(wanted) == std::mem::discriminant(found)
                    || self.is(found)
            }
            _ => self.is(found),
        }
    }

    /// The type itself, where one is meant.
    pub(crate) fn data_type(&self) -> DataType {
        match &self.kind {
            Kind::Exactly(data_type) => data_type.clone(),
            Kind::Text => DataType::Utf8View,
            Kind::Decimal => DataType::Decimal128(38, 18),
            Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }
}

fn rank(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    }
}

fn simple_type(name: &str) -> Option<DataType> {
    Some(match name {
        "int8" => DataType::Int8,
        "int16" | "smallint" => DataType::Int16,
        "int32" | "int" | "integer" => DataType::Int32,
        "int64" | "bigint" => DataType::Int64,
        "uint8" => DataType::UInt8,
        "uint16" => DataType::UInt16,
        "uint32" => DataType::UInt32,
        "uint64" => DataType::UInt64,
        "float32" | "float" => DataType::Float32,
        "float64" | "double" => DataType::Float64,
        "bool" | "boolean" => DataType::Boolean,
        "date" => DataType::Date32,
        "binary" => DataType::Binary,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for Declared {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "\"{name}\" is not a type; there are int8 … int64, uint8 … uint64, float32, float64, decimal(p,s), \
                 string, bool, date, timestamp, timestamp(us), timestamp(us, UTC)"
            ))
        })
    }
}

impl schemars::JsonSchema for Declared {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeclaredType".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A type such as int64, float64, decimal(12,2), string, bool, date, timestamp(us, UTC)."
        })
    }
}
