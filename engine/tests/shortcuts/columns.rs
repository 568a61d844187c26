//! The columns of the random files: their types, the values they are drawn from, and literals to compare with.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, TimeUnit, TimestampMillisecondType};
use serde_json::{Value, json};

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Values, as texts that cast to the type.
    pub(crate) pool: &'static [&'static str],
    /// Literals in ascending order.
    pub(crate) literals: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int8,
    Int64,
    UInt64,
    Float32,
    Float64,
    Decimal,
    Text,
    Dictionary,
    Bool,
    Date,
    Local,
    Utc,
}

const LONG: &str = "a text that is longer than any footer keeps of it, and the same at its beginning: one";
const LONGER: &str = "a text that is longer than any footer keeps of it, and the same at its beginning: two";

pub(crate) const COLUMNS: &[Column] = &[
    Column {
        name: "id",
        kind: Kind::Int64,
        pool: &["1", "2", "3", "4", "5", "6", "7", "8"],
        literals: &["0", "1", "4", "8", "9"],
    },
    Column {
        name: "big",
        kind: Kind::Int64,
        pool: &["0", "7", "-9223372036854775808", "9223372036854775807", "9007199254740993", "-1"],
        literals: &["-9223372036854775808", "-1", "0", "7.5", "9223372036854775807"],
    },
    Column {
        name: "tiny",
        kind: Kind::Int8,
        pool: &["0", "1", "-1", "127", "-128"],
        literals: &["-129", "-128", "0", "1", "127", "1e3"],
    },
    Column {
        name: "whole",
        kind: Kind::UInt64,
        pool: &["1", "18446744073709551615", "0", "9223372036854775808"],
        literals: &["-1", "0", "1", "9223372036854775808", "18446744073709551615"],
    },
    Column {
        name: "single",
        kind: Kind::Float32,
        pool: &["0", "-0", "1.5", "NaN", "inf", "0.1"],
        literals: &["-inf", "0", "0.1", "2"],
    },
    Column {
        name: "double",
        kind: Kind::Float64,
        pool: &["0", "-0", "1.5", "NaN", "-inf", "inf", "1e300", "-2.25"],
        literals: &["-inf", "-2.25", "0", "1.5", "1e300", "inf"],
    },
    Column {
        name: "amount",
        kind: Kind::Decimal,
        pool: &["1.50", "0.00", "-0.01", "12345678.99", "-2.00"],
        literals: &["-2", "-0.005", "0", "1.5", "12345678.99"],
    },
    Column {
        name: "text",
        kind: Kind::Text,
        pool: &["", "a", "Zürich", LONG, LONGER, "  ", "日本"],
        literals: &["", "a", LONG, LONGER, "b", "日本"],
    },
    Column {
        name: "mode",
        kind: Kind::Dictionary,
        pool: &["AIR", "RAIL", "SHIP", "air", ""],
        literals: &["", "AIR", "RAIL", "SHIP"],
    },
    Column { name: "flag", kind: Kind::Bool, pool: &["true", "false"], literals: &["true"] },
    Column {
        name: "date",
        kind: Kind::Date,
        pool: &["2024-01-01", "1969-12-31", "2024-02-29", "9999-12-31"],
        literals: &["1900-01-01", "1969-12-31", "2024-01-01", "9999-12-31"],
    },
    Column {
        name: "local",
        kind: Kind::Local,
        pool: &["2024-01-01T00:00:00", "1969-12-31T23:59:59.999999", "2024-02-29T12:00:00.5"],
        literals: &["1969-12-31T23:59:59.999999", "2024-01-01", "2024-02-29T12:00:00.4"],
    },
    Column {
        name: "utc",
        kind: Kind::Utc,
        pool: &["2024-01-01T00:00:00", "1969-12-31T23:59:59.999", "2024-02-29T12:00:00.5"],
        literals: &["1970-01-01T00:59:59.999+01:00", "2024-01-01", "2024-02-29T12:00:00.501Z"],
    },
];

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Int8 => DataType::Int8,
            Self::Int64 => DataType::Int64,
            Self::UInt64 => DataType::UInt64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Decimal => DataType::Decimal128(10, 2),
            Self::Text => DataType::Utf8,
            Self::Dictionary => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Bool => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Local => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Utc => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(
            self,
            Self::Int8 | Self::Int64 | Self::UInt64 | Self::Float32 | Self::Float64 | Self::Decimal
        )
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Dictionary)
    }

    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Local | Self::Utc)
    }
}

impl Column {
    pub(crate) fn field(&self, nullable: bool) -> Field {
        Field::new(self.name, self.kind.data_type(), nullable)
    }

    /// The values at places of the pool; `None` is null.
    pub(crate) fn array(&self, picks: &[Option<usize>]) -> ArrayRef {
        let value = |pick: &Option<usize>| pick.map(|at| self.pool[at % self.pool.len()]);
        let texts: ArrayRef = Arc::new(StringArray::from(picks.iter().map(value).collect::<Vec<_>>()));
        if let DataType::Timestamp(unit, Some(zone)) = self.kind.data_type() {
            // Without a zone in its text, a time would be taken as local.
            let naive = cast(&texts, &DataType::Timestamp(unit, None)).unwrap();
            return Arc::new(naive.as_primitive::<TimestampMillisecondType>().clone().with_timezone(zone));
        }
        cast(&texts, &self.kind.data_type()).unwrap()
    }

    /// The literal at a place, as the pipeline file writes it for this column.
    pub(crate) fn literal(&self, at: usize) -> Value {
        let text = self.literals[at % self.literals.len()];
        match self.kind {
            Kind::Bool => json!(text == "true"),
            _ => json!(text),
        }
    }
}
