//! Literals as people write them, brought exactly to the values of a column.
//!
//! Integers, decimals, dates and timestamps are all whole numbers of some unit, so one comparison serves
//! them: a literal becomes the largest whole number not above it, and whether it is that number.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::measure::unpacked;
use crate::rule::Problem;
use crate::sample::json_value;

/// A literal of a pipeline file. Numbers with more digits than a float holds, dates and timestamps are
/// written as texts.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged, expecting = "a number, a text, or true or false")]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text, a date, a timestamp, or a number with many digits.
    Text(String),
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value}"),
        }
    }
}

/// The values of a column, as literals that mean the same; nulls are left out, and what a literal cannot
/// be (a list, bytes) is an error.
pub fn literals(column: &ArrayRef) -> Result<Vec<Literal>, ArrowError> {
    if matches!(Family::of(column.data_type()), Family::List | Family::Other) {
        let message = format!("values of type {} cannot be listed", type_name(column.data_type()));
        return Err(ArrowError::InvalidArgumentError(message));
    }
    let column = unpacked(column)?;
    let values = (0..column.len()).filter(|row| column.is_valid(*row)).map(|row| json_value(&column, row));
    Ok(values
        .filter_map(|value| match value {
            Value::Bool(value) => Some(Literal::Bool(value)),
            Value::Number(value) => Some(Literal::Number(value)),
            Value::String(value) => Some(Literal::Text(value)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
        .collect())
}

/// A literal, or another column of the same row.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged, expecting = "a number, a text, true or false, or {column: name}")]
pub enum Operand {
    /// A literal.
    Literal(Literal),
    /// The value of another column.
    Column {
        /// Its name.
        column: String,
    },
}

impl Operand {
    /// The other column's name.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Column { column } => Some(column),
            Self::Literal(_) => None,
        }
    }
}

impl std::fmt::Display for Operand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Column { column } => f.write_str(column),
        }
    }
}

/// A literal brought to a column's type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Point {
    /// For integers, decimals, dates and timestamps, in the column's unit.
    Whole(WholePoint),
    Float(f64),
    Text(String),
    Bool(bool),
}

/// Where a literal lies among the whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WholePoint {
    /// The largest whole number not above it, saturated to what fits.
    pub(crate) floor: i128,
    /// Whether it is that number.
    pub(crate) exact: bool,
}

/// What kind of values a column holds, as far as rules tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Integers and decimals.
    Whole,
    Float,
    /// Dates and timestamps.
    Time,
    Text,
    Bool,
    List,
    Other,
}

impl Family {
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Boolean => Self::Bool,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Time,
            DataType::Decimal128(..) => Self::Whole,
            DataType::List(_) | DataType::LargeList(_) => Self::List,
            other if other.is_integer() => Self::Whole,
            _ => Self::Other,
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Float)
    }
}

/// The type of a dictionary's values, or the type itself.
pub(crate) fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        other => other,
    }
}

/// Decimal places of a column of whole numbers: a decimal's scale, else 0.
pub(crate) fn scale_of(data_type: &DataType) -> i32 {
    match plain(data_type) {
        DataType::Decimal128(_, scale) => i32::from(*scale),
        _ => 0,
    }
}

/// Brings a literal to the type of a column.
pub(crate) fn point(literal: &Literal, data_type: &DataType) -> Result<Point, Problem> {
    let misfit = |wanted: &str| {
        let shown =
            if matches!(literal, Literal::Text(_)) { format!("\"{literal}\"") } else { literal.to_string() };
        Problem::new(format!("{shown} is not {wanted}, but the column is of type {}", type_name(data_type)))
    };
    match (Family::of(data_type), literal) {
        (Family::Whole, Literal::Number(_) | Literal::Text(_)) => {
            let exact = Exact::parse(&literal.to_string()).ok_or_else(|| misfit("a number"))?;
            Ok(Point::Whole(exact.at_scale(scale_of(data_type))))
        }
        (Family::Float, Literal::Number(_) | Literal::Text(_)) => {
            let value: f64 = literal.to_string().parse().map_err(|_| misfit("a number"))?;
            let single = matches!(plain(data_type), DataType::Float32);
            Ok(Point::Float(if single { f64::from(value as f32) } else { value }))
        }
        (Family::Time, Literal::Text(text)) => {
            let (seconds, nanos) = parse_time(text).ok_or_else(|| {
                misfit("a date or a timestamp").hint("write it as 2024-01-31 or 2024-01-31T12:00:00Z")
            })?;
            Ok(Point::Whole(in_unit(seconds, nanos, data_type)))
        }
        (Family::Time, Literal::Number(_) | Literal::Bool(_)) => {
            Err(misfit("a date or a timestamp").hint("write it as 2024-01-31 or 2024-01-31T12:00:00Z"))
        }
        (Family::Text, Literal::Text(text)) => Ok(Point::Text(text.clone())),
        (Family::Text, Literal::Number(_) | Literal::Bool(_)) => {
            Err(misfit("a text").hint("quote it to compare texts, or cast the column first"))
        }
        (Family::Bool, Literal::Bool(value)) => Ok(Point::Bool(*value)),
        (Family::Bool, _) => Err(misfit("true or false")),
        (Family::Whole | Family::Float, Literal::Bool(_)) => Err(misfit("a number")),
        (Family::List | Family::Other, _) => Err(misfit("comparable with its values")),
    }
}

/// A number as written: `digits · 10^-scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact {
    pub(crate) digits: i128,
    pub(crate) scale: i32,
}

impl Exact {
    /// Reads decimal notation, with or without an exponent. None where it is not a finite number or has
    /// more than 38 digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|b| b.is_ascii_digit()) || exponent.abs() > 400 {
            return None;
        }
        let mut value = 0_i128;
        for digit in all() {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        Some(Self { digits: sign * value, scale: fraction.len() as i32 - exponent })
    }

    /// The number in units of `10^-scale`.
    pub(crate) fn at_scale(self, scale: i32) -> WholePoint {
        let shift = scale - self.scale;
        if self.digits == 0 {
            return WholePoint { floor: 0, exact: true };
        }
        let beyond = if self.digits > 0 { i128::MAX } else { i128::MIN };
        if shift >= 0 {
            let scaled = 10_i128.checked_pow(shift as u32).and_then(|ten| self.digits.checked_mul(ten));
            return WholePoint { floor: scaled.unwrap_or(beyond), exact: scaled.is_some() };
        }
        match 10_i128.checked_pow(shift.unsigned_abs()) {
            Some(ten) => {
                let floor = self.digits.div_euclid(ten);
                WholePoint { floor, exact: self.digits.rem_euclid(ten) == 0 }
            }
            None => WholePoint { floor: if self.digits > 0 { 0 } else { -1 }, exact: false },
        }
    }
}

/// Seconds and nanoseconds since 1970 of a date or a timestamp; without an offset it is taken as UTC.
pub(crate) fn parse_time(text: &str) -> Option<(i64, u32)> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some((date.and_hms_opt(0, 0, 0)?.and_utc().timestamp(), 0));
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some((at.timestamp(), at.timestamp_subsec_nanos()));
    }
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let naive = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?.and_utc();
    Some((naive.timestamp(), naive.timestamp_subsec_nanos()))
}

fn in_unit(seconds: i64, nanos: u32, data_type: &DataType) -> WholePoint {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let unit = nanos_per_unit(data_type);
    WholePoint { floor: total.div_euclid(unit), exact: total.rem_euclid(unit) == 0 }
}

/// Nanoseconds in the unit a date or timestamp counts.
pub(crate) fn nanos_per_unit(data_type: &DataType) -> i128 {
    match plain(data_type) {
        DataType::Date32 => 86_400_000_000_000,
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        _ => 1,
    }
}

/// A whole number of a column's unit in words: a decimal with its point, a date, a timestamp.
pub(crate) fn whole_text(value: i128, data_type: &DataType) -> String {
    if Family::of(data_type) == Family::Time {
        return time_text(value, data_type).unwrap_or_else(|| value.to_string());
    }
    decimal_text(value, scale_of(data_type))
}

fn time_text(value: i128, data_type: &DataType) -> Option<String> {
    let nanos = value.checked_mul(nanos_per_unit(data_type))?;
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
    let at = DateTime::from_timestamp(seconds, nanos.rem_euclid(1_000_000_000) as u32)?;
    Some(match plain(data_type) {
        DataType::Date32 | DataType::Date64 => at.format("%Y-%m-%d").to_string(),
        DataType::Timestamp(_, Some(_)) => at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        _ => at.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
    })
}

/// `digits · 10^-scale` with its point.
pub(crate) fn decimal_text(digits: i128, scale: i32) -> String {
    if scale <= 0 {
        return format!("{digits}{}", if digits == 0 { String::new() } else { "0".repeat(-scale as usize) });
    }
    let scale = scale as usize;
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A type as pipeline files spell it.
pub(crate) fn type_name(data_type: &DataType) -> String {
    match plain(data_type) {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Boolean => "bool".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            zone.as_ref()
                .map_or_else(|| format!("timestamp({unit})"), |zone| format!("timestamp({unit}, {zone})"))
        }
        other => other.to_string().to_lowercase(),
    }
}
