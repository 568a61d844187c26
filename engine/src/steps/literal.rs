//! Values written in the pipeline file, as values of a column's type.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use polars::prelude::{AnyValue, DataType, PlSmallStr, Scalar, TimeUnit};

use super::type_name::type_name;
use crate::error::{Error, Result};
use crate::spec::{Node, Value};

/// The value of `node` as a `dtype`; null is a value of every type.
///
/// Nothing is rounded or guessed: a number that does not fit, or text where a number is needed, is an
/// error at its place. Dates and times are written as ISO 8601.
pub(super) fn typed(node: &Node, dtype: &DataType) -> Result<Scalar> {
    if node.value == Value::Null {
        return Ok(Scalar::null(dtype.clone()));
    }
    let value = match &node.value {
        Value::Bool(value) => (*dtype == DataType::Boolean).then_some(AnyValue::Boolean(*value)),
        Value::Int(value) => int(*value, dtype),
        Value::Float(value) => float(*value, dtype),
        Value::Text(text) => text_as(text, dtype),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    };
    value.map(|value| Scalar::new(dtype.clone(), value)).ok_or_else(|| {
        let message = format!("{} is not a value of type {}", shown(node), type_name(dtype));
        let error = Error::wrong(message).at(node.span);
        match form(dtype) {
            Some(form) => error.hint(form),
            None => error,
        }
    })
}

/// The value as it stands in a name or a message.
pub(super) fn shown(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(_) => "a list".into(),
        Value::Map(_) => "a mapping".into(),
    }
}

fn form(dtype: &DataType) -> Option<&'static str> {
    match dtype {
        DataType::String => Some("put it in quotes to make it text"),
        DataType::Date => Some("write it as 2024-12-31"),
        DataType::Time => Some("write it as 23:59:59"),
        DataType::Datetime(_, None) => Some("write it as 2024-12-31 23:59:59"),
        DataType::Datetime(_, Some(_)) => Some("write it with its offset, as 2024-12-31T23:59:59+01:00"),
        _ => None,
    }
}

fn int(value: i64, dtype: &DataType) -> Option<AnyValue<'static>> {
    Some(match dtype {
        DataType::Int8 => AnyValue::Int8(value.try_into().ok()?),
        DataType::Int16 => AnyValue::Int16(value.try_into().ok()?),
        DataType::Int32 => AnyValue::Int32(value.try_into().ok()?),
        DataType::Int64 => AnyValue::Int64(value),
        DataType::UInt8 => AnyValue::UInt8(value.try_into().ok()?),
        DataType::UInt16 => AnyValue::UInt16(value.try_into().ok()?),
        DataType::UInt32 => AnyValue::UInt32(value.try_into().ok()?),
        DataType::UInt64 => AnyValue::UInt64(value.try_into().ok()?),
        DataType::Float32 => exact(value, 1 << 24).map(|value| AnyValue::Float32(value as f32))?,
        DataType::Float64 => exact(value, 1 << 53).map(|value| AnyValue::Float64(value as f64))?,
        DataType::Decimal(precision, scale) => decimal(&value.to_string(), *precision, *scale)?,
        _ => return None,
    })
}

/// `value` if a float with integers up to `limit` holds it exactly.
fn exact(value: i64, limit: u64) -> Option<i64> {
    (value.unsigned_abs() <= limit).then_some(value)
}

fn float(value: f64, dtype: &DataType) -> Option<AnyValue<'static>> {
    match dtype {
        DataType::Float32 => Some(AnyValue::Float32(value as f32)),
        DataType::Float64 => Some(AnyValue::Float64(value)),
        DataType::Decimal(precision, scale) if value.is_finite() => {
            decimal(&value.to_string(), *precision, *scale)
        }
        _ => None,
    }
}

fn text_as(text: &str, dtype: &DataType) -> Option<AnyValue<'static>> {
    match dtype {
        DataType::String => Some(AnyValue::StringOwned(PlSmallStr::from_str(text))),
        DataType::Decimal(precision, scale) => decimal(text, *precision, *scale),
        DataType::Date => {
            let days = text.parse::<NaiveDate>().ok()?.signed_duration_since(NaiveDate::default()).num_days();
            Some(AnyValue::Date(days.try_into().ok()?))
        }
        DataType::Time => {
            let time = text.parse::<NaiveTime>().ok()?;
            let nanoseconds = u64::from(time.num_seconds_from_midnight()) * 1_000_000_000;
            Some(AnyValue::Time((nanoseconds + u64::from(time.nanosecond())).try_into().ok()?))
        }
        DataType::Datetime(unit, None) => {
            Some(AnyValue::Datetime(since_epoch(naive_moment(text)?, *unit)?, *unit, None))
        }
        DataType::Datetime(unit, Some(zone)) => {
            let moment = DateTime::parse_from_rfc3339(text).ok()?.naive_utc();
            let zone = std::sync::Arc::new(zone.clone());
            Some(AnyValue::DatetimeOwned(since_epoch(moment, *unit)?, *unit, Some(zone)))
        }
        _ => None,
    }
}

fn naive_moment(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
}

fn since_epoch(moment: NaiveDateTime, unit: TimeUnit) -> Option<i64> {
    let moment = moment.and_utc();
    match unit {
        TimeUnit::Milliseconds => Some(moment.timestamp_millis()),
        TimeUnit::Microseconds => Some(moment.timestamp_micros()),
        TimeUnit::Nanoseconds => moment.timestamp_nanos_opt(),
    }
}

/// Digits such as `-12.50` as a decimal; none if they are not a number or do not fit without rounding.
fn decimal(text: &str, precision: usize, scale: usize) -> Option<AnyValue<'static>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let only_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !only_digits || digits.trim_matches('.').is_empty() || fraction.len() > scale {
        return None;
    }
    let digits = format!("{whole}{fraction:0<scale$}");
    let digits = digits.trim_start_matches('0');
    if digits.len() > precision {
        return None;
    }
    let value: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some(AnyValue::Decimal(if negative { -value } else { value }, precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Span;

    fn value(value: Value, dtype: &DataType) -> Option<AnyValue<'static>> {
        typed(&Node { value, span: Span::default() }, dtype).ok().map(|scalar| scalar.value().clone())
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error_and_not_rounded() {
        assert_eq!(value(Value::Int(127), &DataType::Int8), Some(AnyValue::Int8(127)));
        assert_eq!(value(Value::Int(128), &DataType::Int8), None);
        assert_eq!(value(Value::Int(-1), &DataType::UInt32), None);
        assert_eq!(value(Value::Float(1.5), &DataType::Int64), None);
        assert_eq!(value(Value::Int(1 << 54), &DataType::Float64), None);
        assert_eq!(value(Value::Float(1.005), &DataType::Decimal(5, 2)), None);
        assert_eq!(value(Value::Float(1.5), &DataType::Decimal(5, 2)), Some(AnyValue::Decimal(150, 5, 2)));
        assert_eq!(
            value(Value::Text("-0.07".into()), &DataType::Decimal(5, 2)),
            Some(AnyValue::Decimal(-7, 5, 2))
        );
        assert_eq!(value(Value::Int(1000), &DataType::Decimal(5, 2)), None);
    }

    #[test]
    fn dates_and_times_are_iso_text() {
        assert_eq!(value(Value::Text("1970-01-31".into()), &DataType::Date), Some(AnyValue::Date(30)));
        assert_eq!(value(Value::Text("31.1.1970".into()), &DataType::Date), None);
        let micro = DataType::Datetime(TimeUnit::Microseconds, None);
        let moment = AnyValue::Datetime(60_000_000, TimeUnit::Microseconds, None);
        assert_eq!(value(Value::Text("1970-01-01 00:01:00".into()), &micro), Some(moment));
    }

    #[test]
    fn null_is_a_value_of_every_type() {
        assert_eq!(value(Value::Null, &DataType::Date), Some(AnyValue::Null));
    }

    #[test]
    fn an_unquoted_number_is_no_text() {
        assert_eq!(value(Value::Int(10013), &DataType::String), None);
    }
}
