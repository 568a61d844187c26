//! Column types as the file writes them: `int64`, `decimal(12,2)`, `timestamp(us, UTC)`, `list<string>`.

mod arrow_types;
mod parse;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::TimeUnit;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::FromNode;
use super::node::Node;
use crate::error::{Error, Result};

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the types' own names")]
pub enum Type {
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    Float64,
    /// Exact decimal: digits in all, and digits after the point.
    Decimal(u8, i8),
    String,
    Binary,
    Bool,
    Date,
    Time,
    /// A point in time; without a zone it is local to wherever it was written.
    Timestamp(TimeUnit, Option<Arc<str>>),
    List(Box<Type>),
    Struct(Vec<(String, Type)>),
}

/// Names of types without parameters: our own, then SQL's.
const NAMES: &[(&str, Type)] = &[
    ("int8", Type::Int8),
    ("int16", Type::Int16),
    ("int32", Type::Int32),
    ("int64", Type::Int64),
    ("uint8", Type::UInt8),
    ("uint16", Type::UInt16),
    ("uint32", Type::UInt32),
    ("uint64", Type::UInt64),
    ("float32", Type::Float32),
    ("float64", Type::Float64),
    ("string", Type::String),
    ("binary", Type::Binary),
    ("bool", Type::Bool),
    ("date", Type::Date),
    ("time", Type::Time),
    ("timestamp", Type::Timestamp(TimeUnit::Microsecond, None)),
    ("tinyint", Type::Int8),
    ("smallint", Type::Int16),
    ("int", Type::Int32),
    ("integer", Type::Int32),
    ("bigint", Type::Int64),
    ("utinyint", Type::UInt8),
    ("usmallint", Type::UInt16),
    ("uinteger", Type::UInt32),
    ("ubigint", Type::UInt64),
    ("real", Type::Float32),
    ("float", Type::Float32),
    ("double", Type::Float64),
    ("double precision", Type::Float64),
    ("text", Type::String),
    ("varchar", Type::String),
    ("char", Type::String),
    ("bytea", Type::Binary),
    ("blob", Type::Binary),
    ("varbinary", Type::Binary),
    ("boolean", Type::Bool),
    ("datetime", Type::Timestamp(TimeUnit::Microsecond, None)),
    ("timestamp_ms", Type::Timestamp(TimeUnit::Millisecond, None)),
    ("timestamp_ns", Type::Timestamp(TimeUnit::Nanosecond, None)),
];

/// How many of `NAMES` are our own.
const OWN: usize = 16;

/// Type names with parameters, for hints.
const COMPOUND: &[&str] = &["decimal(p,s)", "timestamp(us, UTC)", "list<type>", "struct<name: type>"];

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            Type::Timestamp(TimeUnit::Microsecond, None) => f.write_str("timestamp"),
            Type::Timestamp(unit, zone) => {
                write!(f, "timestamp({}", unit_name(*unit))?;
                zone.as_ref().map_or(Ok(()), |zone| write!(f, ", {zone}"))?;
                f.write_str(")")
            }
            Type::List(item) => write!(f, "list<{item}>"),
            Type::Struct(fields) => {
                f.write_str("struct<")?;
                for (index, (name, field)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {field}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
            plain => {
                let name = NAMES.iter().find(|(_, known)| known == plain).map_or("", |(name, _)| *name);
                f.write_str(name)
            }
        }
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

impl FromNode for Type {
    fn from_node(node: &Node) -> Result<Self> {
        match node.as_text() {
            Some(text) => text.parse(),
            None => Err(Error::wrong(format!("expected a type such as int64, found {}", node.describe()))),
        }
    }
}

impl JsonSchema for Type {
    fn schema_name() -> Cow<'static, str> {
        "Type".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> =
            NAMES[..OWN].iter().map(|(name, _)| *name).chain(COMPOUND.iter().copied()).collect();
        json_schema!({
            "type": "string",
            "description": format!("The type of a column: {}", names.join(", ")),
            "examples": ["int64", "decimal(12,2)", "string", "timestamp"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_written_as_it_is_read() {
        for text in [
            "int8",
            "uint64",
            "float32",
            "decimal(12,2)",
            "string",
            "binary",
            "bool",
            "date",
            "time",
            "timestamp",
            "timestamp(ms)",
            "timestamp(us, UTC)",
            "timestamp(ns, Europe/Berlin)",
            "list<int64>",
            "struct<a: int64, b: list<decimal(5,0)>>",
            "list<struct<x: string>>",
        ] {
            let found: Type = text.parse().unwrap();
            assert_eq!(found.to_string(), text);
            assert_eq!(Type::from_arrow(&found.to_arrow()), Some(found));
        }
    }

    #[test]
    fn sql_names_are_read_too() {
        for (sql, own) in [
            ("BIGINT", "int64"),
            ("Double Precision", "float64"),
            ("VARCHAR(20)", "string"),
            ("NUMERIC(5)", "decimal(5,0)"),
            ("TIMESTAMP(3)", "timestamp(ms)"),
            ("TIMESTAMP WITH TIME ZONE", "timestamp(us, UTC)"),
            ("INT64[]", "list<int64>"),
        ] {
            assert_eq!(sql.parse::<Type>().unwrap().to_string(), own);
        }
    }

    #[test]
    fn what_is_no_type_is_refused_with_a_suggestion() {
        let error = "strng".parse::<Type>().unwrap_err();
        assert!(
            error.cure().unwrap().starts_with("did you mean \"string\"? the types are int8, "),
            "{error:?}"
        );
        for text in [
            "",
            "decimal(40,2)",
            "decimal(5,6)",
            "list<",
            "list<int64",
            "struct<>",
            "struct<a>",
            "int64 x",
            "timestamp(fs)",
            "int64)",
        ] {
            assert!(text.parse::<Type>().is_err(), "{text}");
        }
        assert!("list<".repeat(1000).parse::<Type>().is_err());
    }
}
