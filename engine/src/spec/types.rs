//! Column types as the file writes them: `int64`, `decimal(12,2)`, `timestamp(us, UTC)`, `list<string>`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::FromNode;
use super::node::Node;
use super::suggest;
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

impl FromStr for Type {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut reader = TypeReader { text, rest: text };
        let found = reader.read(0)?;
        reader.rest.trim().is_empty().then_some(found).ok_or_else(|| reader.wrong())
    }
}

struct TypeReader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> TypeReader<'a> {
    fn wrong(&self) -> Error {
        let word = self.text.split(['(', '<']).next().unwrap_or("").trim().to_lowercase();
        let known = NAMES[..OWN].iter().map(|(name, _)| *name).chain(COMPOUND.iter().copied());
        let near =
            suggest::nearest(&word, NAMES.iter().map(|(name, _)| *name).chain(["decimal", "list", "struct"]));
        let list = known.collect::<Vec<_>>().join(", ");
        let hint = near.map_or_else(String::new, |name| format!("did you mean \"{name}\"? "));
        Error::wrong(format!("unknown type \"{}\"", self.text)).hint(format!("{hint}the types are {list}"))
    }

    fn take(&mut self, token: char) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(token);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn expect(&mut self, token: char) -> Result<()> {
        self.take(token).then_some(()).ok_or_else(|| self.wrong())
    }

    fn until(&mut self, ends: &[char]) -> &'a str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (part, rest) = self.rest.split_at(end);
        self.rest = rest;
        part.trim()
    }

    fn read(&mut self, depth: usize) -> Result<Type> {
        if depth > 16 {
            return Err(Error::wrong(format!("the type \"{}\" is nested deeper than 16 levels", self.text)));
        }
        let name = self.until(&['(', '<', ',', '>', ')', '[']).to_lowercase();
        let mut found = match name.as_str() {
            "decimal" | "numeric" | "dec" => self.decimal()?,
            "timestamp" | "datetime" if self.rest.starts_with('(') => self.timestamp()?,
            "timestamptz" | "timestamp with time zone" => {
                Type::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            "varchar" | "char" | "float" if self.rest.starts_with('(') => {
                self.until(&[')']);
                self.expect(')')?;
                if name == "float" { Type::Float64 } else { Type::String }
            }
            "list" | "array" => {
                self.expect('<')?;
                let item = self.read(depth + 1)?;
                self.expect('>')?;
                Type::List(Box::new(item))
            }
            "struct" => self.fields(depth)?,
            name => match NAMES.iter().find(|(known, _)| *known == name) {
                Some((_, found)) => found.clone(),
                None => return Err(self.wrong()),
            },
        };
        while self.take('[') {
            self.expect(']')?;
            found = Type::List(Box::new(found));
        }
        Ok(found)
    }

    fn decimal(&mut self) -> Result<Type> {
        if !self.take('(') {
            return Ok(Type::Decimal(18, 3));
        }
        let precision: u8 = self.until(&[',', ')']).parse().map_err(|_| self.wrong())?;
        let scale: i8 =
            if self.take(',') { self.until(&[')']).parse().map_err(|_| self.wrong())? } else { 0 };
        self.expect(')')?;
        if !(1..=38).contains(&precision) || scale < 0 || scale as u8 > precision {
            return Err(Error::wrong(format!("no decimal has {precision} digits, {scale} after the point"))
                .hint("decimal(p,s) takes p from 1 to 38 and s from 0 to p"));
        }
        Ok(Type::Decimal(precision, scale))
    }

    fn timestamp(&mut self) -> Result<Type> {
        self.expect('(')?;
        let unit = match self.until(&[',', ')']).to_lowercase().as_str() {
            "s" | "0" => TimeUnit::Second,
            "ms" | "3" => TimeUnit::Millisecond,
            "us" | "6" => TimeUnit::Microsecond,
            "ns" | "9" => TimeUnit::Nanosecond,
            _ => return Err(self.wrong()),
        };
        let zone = if self.take(',') { Some(self.until(&[')'])) } else { None };
        self.expect(')')?;
        if zone == Some("") {
            return Err(self.wrong());
        }
        Ok(Type::Timestamp(unit, zone.map(Arc::from)))
    }

    fn fields(&mut self, depth: usize) -> Result<Type> {
        self.expect('<')?;
        let mut fields = Vec::new();
        loop {
            let name = self.until(&[':', '>', ',']).to_owned();
            self.expect(':')?;
            if name.is_empty() {
                return Err(self.wrong());
            }
            fields.push((name, self.read(depth + 1)?));
            if self.take('>') {
                return Ok(Type::Struct(fields));
            }
            self.expect(',')?;
        }
    }
}

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

impl Type {
    /// The Arrow type of this type, as a scan or a writer produces it.
    pub fn to_arrow(&self) -> DataType {
        match self {
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
            Type::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Type::String => DataType::Utf8,
            Type::Binary => DataType::Binary,
            Type::Bool => DataType::Boolean,
            Type::Date => DataType::Date32,
            Type::Time => DataType::Time64(TimeUnit::Nanosecond),
            Type::Timestamp(unit, zone) => DataType::Timestamp(*unit, zone.clone()),
            Type::List(item) => DataType::List(Arc::new(Field::new("item", item.to_arrow(), true))),
            Type::Struct(fields) => DataType::Struct(
                fields
                    .iter()
                    .map(|(name, field)| Field::new(name, field.to_arrow(), true))
                    .collect::<Fields>(),
            ),
        }
    }

    /// The type of an Arrow column, whatever its layout; `None` for what the file cannot write.
    pub fn from_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
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
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale) => Type::Decimal(*precision, *scale),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::String,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Type::Binary,
            DataType::Boolean => Type::Bool,
            DataType::Date32 => Type::Date,
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
            _ => return None,
        })
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
