//! Literals: numbers, text, dates, timestamps and intervals.

use chrono::{NaiveDate, NaiveDateTime};
use sqlparser::ast::{self, DateTimeField};

use super::term::{Interval, Literal};
use crate::error::{Error, Result};

/// A literal without a type name before it.
pub(super) fn value(value: &ast::Value) -> Result<Literal> {
    Ok(match value {
        ast::Value::Number(digits, _) => number(digits)?,
        ast::Value::Boolean(value) => Literal::Bool(*value),
        ast::Value::Null => Literal::Null,
        ast::Value::SingleQuotedString(text) | ast::Value::EscapedStringLiteral(text) => {
            Literal::Text(text.clone())
        }
        ast::Value::DollarQuotedString(text) => Literal::Text(text.value.clone()),
        other => return Err(Error::wrong(format!("the literal {other} is not known"))),
    })
}

/// A number: whole, with a fraction, or with an exponent.
pub(super) fn number(text: &str) -> Result<Literal> {
    let unreadable = || Error::wrong(format!("{text} is not a number"));
    let digits = text.replace('_', "");
    if let Ok(whole) = digits.parse::<i64>() {
        return Ok(Literal::Int(whole));
    }
    let float: f64 = digits.parse().map_err(|_| unreadable())?;
    if digits.contains(['e', 'E']) {
        return Ok(Literal::Float(float));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    match format!("{whole}{fraction}").parse::<i128>() {
        Ok(mantissa) if fraction.len() <= 38 && mantissa.unsigned_abs() < 10_u128.pow(38) => {
            Ok(Literal::Decimal { mantissa, scale: fraction.len() as u8, float })
        }
        _ => Err(Error::wrong(format!("the number {text} has more than 38 digits"))),
    }
}

/// `DATE '…'` or `TIMESTAMP '…'`.
pub(super) fn typed(typed: &ast::TypedString) -> Result<Literal> {
    let text = typed.value.clone().into_string().unwrap_or_default();
    match &typed.data_type {
        ast::DataType::Date => date(&text).map(Literal::Date),
        ast::DataType::Timestamp(..) | ast::DataType::Datetime(..) => {
            timestamp(&text).map(Literal::Timestamp)
        }
        other => Err(Error::wrong(format!("the literal {other} '{text}' is not known"))
            .hint("DATE '2024-01-31' and TIMESTAMP '2024-01-31 12:00:00' are")),
    }
}

/// Days since 1970-01-01 of a date `2024-01-31`.
pub(super) fn date(text: &str) -> Result<i32> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
        .map(|date| (date - NaiveDate::default()).num_days() as i32)
        .map_err(|_| Error::wrong(format!("'{text}' is not a date")).hint("write it as DATE '2024-01-31'"))
}

/// Microseconds since 1970-01-01 of a timestamp `2024-01-31 12:30:00.5`, a date, or either with a `T`.
pub(super) fn timestamp(text: &str) -> Result<i64> {
    let clean = text.trim().trim_end_matches('Z').replacen('T', " ", 1);
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&clean, format).ok())
        .map(|point| point.and_utc().timestamp_micros())
        .or_else(|| date(&clean).ok().map(|days| i64::from(days) * 86_400_000_000))
        .ok_or_else(|| {
            Error::wrong(format!("'{text}' is not a timestamp"))
                .hint("write it as TIMESTAMP '2024-01-31 12:30:00', in UTC")
        })
}

/// `INTERVAL '1' DAY`, `INTERVAL 90 MINUTE`, `INTERVAL '1 day 2 hours'`.
pub(super) fn interval(interval: &ast::Interval) -> Result<Interval> {
    let wrong = |what: &str| {
        Error::wrong(format!("cannot read the interval {what}"))
            .hint("write it as INTERVAL '1' DAY or INTERVAL '2 hours 30 minutes'")
    };
    let ast::Expr::Value(value) = interval.value.as_ref() else {
        return Err(wrong(&interval.value.to_string())
            .hint("an interval of a column's length: date_add('day', n, x)"));
    };
    let text = match &value.value {
        ast::Value::Number(digits, _) => digits.clone(),
        other => other.clone().into_string().ok_or_else(|| wrong(&value.to_string()))?,
    };
    let mut total = Interval::default();
    if let Some(field) = &interval.leading_field {
        add(&mut total, text.trim(), &field_name(field))
            .ok_or_else(|| wrong(&format!("'{text}' {field}")))?;
        return Ok(total);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let pairs = words.chunks_exact(2);
    if words.is_empty() || !pairs.remainder().is_empty() {
        return Err(wrong(&format!("'{text}'")));
    }
    for pair in pairs {
        add(&mut total, pair[0], pair[1]).ok_or_else(|| wrong(&format!("'{text}'")))?;
    }
    Ok(total)
}

fn add(total: &mut Interval, number: &str, unit: &str) -> Option<()> {
    let number: i64 = number.parse().ok()?;
    let of = Interval::of(unit)?;
    let part = |each: i64, sum: i64| each.checked_mul(number)?.checked_add(sum);
    total.months = part(of.months, total.months)?;
    total.days = part(of.days, total.days)?;
    total.micros = part(of.micros, total.micros)?;
    Some(())
}

impl Interval {
    /// One `unit`: `day`, `DAYS`, `hour`, …
    pub(super) fn of(unit: &str) -> Option<Self> {
        let none = Self::default();
        let unit = unit.to_lowercase();
        Some(match unit.strip_suffix('s').unwrap_or(&unit) {
            "year" => Self { months: 12, ..none },
            "quarter" => Self { months: 3, ..none },
            "month" => Self { months: 1, ..none },
            "week" => Self { days: 7, ..none },
            "day" => Self { days: 1, ..none },
            "hour" => Self { micros: 3_600_000_000, ..none },
            "minute" => Self { micros: 60_000_000, ..none },
            "second" => Self { micros: 1_000_000, ..none },
            "millisecond" => Self { micros: 1000, ..none },
            "microsecond" => Self { micros: 1, ..none },
            _ => return None,
        })
    }
}

/// The unit a field names, in lower case.
pub(super) fn field_name(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Week(_) => "week".into(),
        DateTimeField::Custom(name) => name.value.to_lowercase(),
        other => other.to_string().to_lowercase(),
    }
}
