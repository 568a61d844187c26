//! Texts become typed values, or it is said which does not: nothing is rounded, cut off or guessed.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{ArrayRef, BooleanBuilder, PrimitiveArray, PrimitiveBuilder, StringViewBuilder};
use arrow::compute::kernels::cast_utils::{Parser, parse_decimal, string_to_datetime};
use arrow::datatypes::{
    ArrowPrimitiveType, ArrowTimestampType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use chrono::{NaiveTime, TimeZone, Timelike, Utc};

/// A text, or null.
pub(super) type Text<'t> = Option<Cow<'t, str>>;

/// Whether [`column`] makes values of the type.
pub(super) fn is_known(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => zone.parse::<Tz>().is_ok(),
        DataType::Boolean
        | DataType::Date32
        | DataType::Time64(TimeUnit::Nanosecond)
        | DataType::Timestamp(..)
        | DataType::Decimal128(..)
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8View => true,
        other => other.is_integer(),
    }
}

/// The texts as values of `data_type`, which must be known. The error is the place of the first text
/// that does not fit.
///
/// Blanks around a value are ignored, but in text. Null stays null.
pub(super) fn column<'t>(
    data_type: &DataType,
    texts: impl Iterator<Item = Text<'t>>,
) -> Result<ArrayRef, usize> {
    Ok(match data_type {
        DataType::Boolean => booleans(texts)?,
        DataType::Int8 => parsed::<Int8Type>(texts)?,
        DataType::Int16 => parsed::<Int16Type>(texts)?,
        DataType::Int32 => parsed::<Int32Type>(texts)?,
        DataType::Int64 => parsed::<Int64Type>(texts)?,
        DataType::UInt8 => parsed::<UInt8Type>(texts)?,
        DataType::UInt16 => parsed::<UInt16Type>(texts)?,
        DataType::UInt32 => parsed::<UInt32Type>(texts)?,
        DataType::UInt64 => parsed::<UInt64Type>(texts)?,
        DataType::Float32 => Arc::new(values::<Float32Type>(texts, finite::<Float32Type>)?),
        DataType::Float64 => Arc::new(values::<Float64Type>(texts, finite::<Float64Type>)?),
        DataType::Decimal128(precision, scale) => {
            let whole = values::<Decimal128Type>(texts, |text| decimal(text, *precision, *scale))?;
            Arc::new(whole.with_precision_and_scale(*precision, *scale).map_err(|_| 0_usize)?)
        }
        DataType::Date32 => Arc::new(values::<Date32Type>(texts, date)?),
        DataType::Time64(TimeUnit::Nanosecond) => Arc::new(values::<Time64NanosecondType>(texts, time)?),
        DataType::Timestamp(unit, zone) => {
            let zone = zone.as_deref();
            let tz: Tz = zone.unwrap_or("UTC").parse().map_err(|_| 0_usize)?;
            let value = |text: &str| timestamp(text, *unit, &tz);
            match unit {
                TimeUnit::Second => zoned(values::<TimestampSecondType>(texts, value)?, zone),
                TimeUnit::Millisecond => zoned(values::<TimestampMillisecondType>(texts, value)?, zone),
                TimeUnit::Microsecond => zoned(values::<TimestampMicrosecondType>(texts, value)?, zone),
                TimeUnit::Nanosecond => zoned(values::<TimestampNanosecondType>(texts, value)?, zone),
            }
        }
        _ => strings(texts),
    })
}

fn strings<'t>(texts: impl Iterator<Item = Text<'t>>) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(texts.size_hint().0);
    texts.for_each(|text| builder.append_option(text));
    Arc::new(builder.finish())
}

fn booleans<'t>(texts: impl Iterator<Item = Text<'t>>) -> Result<ArrayRef, usize> {
    let mut builder = BooleanBuilder::with_capacity(texts.size_hint().0);
    for (place, text) in texts.enumerate() {
        let value = text.map(|text| boolean(&text).ok_or(place)).transpose()?;
        builder.append_option(value);
    }
    Ok(Arc::new(builder.finish()))
}

fn parsed<'t, T: ArrowPrimitiveType + Parser>(
    texts: impl Iterator<Item = Text<'t>>,
) -> Result<ArrayRef, usize> {
    Ok(Arc::new(values::<T>(texts, T::parse)?))
}

fn values<'t, T: ArrowPrimitiveType>(
    texts: impl Iterator<Item = Text<'t>>,
    value: impl Fn(&str) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>, usize> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(texts.size_hint().0);
    for (place, text) in texts.enumerate() {
        match text {
            None => builder.append_null(),
            Some(text) => builder.append_value(value(&text).ok_or(place)?),
        }
    }
    Ok(builder.finish())
}

fn zoned<T: ArrowTimestampType>(values: PrimitiveArray<T>, zone: Option<&str>) -> ArrayRef {
    Arc::new(values.with_timezone_opt(zone))
}

/// `true` or `false`, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let text = text.trim_ascii();
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A number; a finite one that is too large for the type is none, rather than infinite.
fn finite<T: Parser<Native: Into<f64> + Copy>>(text: &str) -> Option<T::Native> {
    let value = T::parse(text)?;
    let infinite = Into::<f64>::into(value).is_infinite();
    (!infinite || !text.bytes().any(|byte| byte.is_ascii_digit())).then_some(value)
}

/// A decimal number with no more digits after the point than `scale`, but for zeros.
fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let text = text.trim_ascii();
    (digits_after_point(text)? <= i64::from(scale))
        .then(|| parse_decimal::<Decimal128Type>(text, precision, scale).ok())
        .flatten()
}

/// How many digits after the point are needed to write the number; fewer than none for one that ends in
/// zeros.
fn digits_after_point(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0').len() as i64;
    let zeros = whole.len() - whole.trim_end_matches('0').len();
    Some(if fraction == 0 { -(zeros as i64) } else { fraction } - i64::from(exponent))
}

/// A date; one with a time is a date if the time is midnight.
pub(super) fn date(text: &str) -> Option<i32> {
    let text = text.trim_ascii();
    if text.len() > 10 && !text.starts_with(['+', '-']) {
        let midnight = string_to_datetime(&Utc, text).ok()?.time() == NaiveTime::MIN;
        return midnight.then(|| Date32Type::parse(text)).flatten();
    }
    Date32Type::parse(text)
}

/// A time of day.
fn time(text: &str) -> Option<i64> {
    // Without a colon it would be a count of nanoseconds.
    text.contains(':').then(|| Time64NanosecondType::parse(text)).flatten()
}

/// A point in time, in `unit`s since 1970; one without an offset is in `zone`. None if `unit` is too
/// coarse for it.
pub(super) fn timestamp(text: &str, unit: TimeUnit, zone: &impl TimeZone) -> Option<i64> {
    let time = string_to_datetime(zone, text.trim_ascii()).ok()?;
    let (value, finest) = match unit {
        TimeUnit::Second => (time.timestamp(), 1_000_000_000),
        TimeUnit::Millisecond => (time.timestamp_millis(), 1_000_000),
        TimeUnit::Microsecond => (time.timestamp_micros(), 1_000),
        TimeUnit::Nanosecond => (time.timestamp_nanos_opt()?, 1),
    };
    time.nanosecond().is_multiple_of(finest).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};

    fn texts<'t>(values: &[&'t str]) -> Vec<Text<'t>> {
        values.iter().map(|value| (!value.is_empty()).then_some(Cow::Borrowed(*value))).collect()
    }

    fn read(data_type: &DataType, values: &[&str]) -> Result<ArrayRef, usize> {
        column(data_type, texts(values).into_iter())
    }

    fn fits(data_type: &DataType, value: &str) -> bool {
        read(data_type, &[value]).is_ok()
    }

    const MICROS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

    #[test]
    fn null_stays_null_in_every_type() {
        let types = [
            DataType::Boolean,
            DataType::UInt8,
            DataType::Int64,
            DataType::Float32,
            DataType::Decimal128(5, 2),
            DataType::Date32,
            DataType::Time64(TimeUnit::Nanosecond),
            MICROS,
            DataType::Timestamp(TimeUnit::Second, Some("Europe/Berlin".into())),
            DataType::Utf8View,
        ];
        for data_type in types {
            assert!(is_known(&data_type), "{data_type}");
            let array = read(&data_type, &["", ""]).unwrap();
            assert_eq!((array.null_count(), array.data_type()), (2, &data_type));
        }
        assert!(!is_known(&DataType::BinaryView));
        assert!(!is_known(&DataType::Timestamp(TimeUnit::Second, Some("Nowhere".into()))));
    }

    #[test]
    fn the_first_text_that_does_not_fit_is_told() {
        assert_eq!(read(&DataType::Int64, &["1", "", "x", "y"]).unwrap_err(), 2);
        assert_eq!(read(&DataType::Boolean, &["TRUE", "yes"]).unwrap_err(), 1);
    }

    #[test]
    fn a_number_that_would_lose_something_does_not_fit() {
        assert!(!fits(&DataType::Int64, "1.5") && !fits(&DataType::Int64, "1.0"));
        assert!(!fits(&DataType::Int8, "128") && fits(&DataType::Int8, "-128"));
        assert!(!fits(&DataType::UInt8, "-1") && !fits(&DataType::Int64, "9223372036854775808"));
        assert!(!fits(&DataType::Float64, "1e400") && !fits(&DataType::Float32, "1e39"));
        assert!(fits(&DataType::Float64, "inf") && fits(&DataType::Float64, "NaN"));
        let money = DataType::Decimal128(5, 2);
        for value in ["1.239", "1000", "1e-3", "x", "1.2.3", ""] {
            assert!(value.is_empty() || !fits(&money, value), "{value}");
        }
        for value in ["1.230", "-999.99", "12e1", "1230e-3", " 5 ", "0.000"] {
            assert!(fits(&money, value), "{value}");
        }
        assert_eq!(read(&money, &["1230e-3"]).unwrap().as_primitive::<Decimal128Type>().value(0), 123);
    }

    #[test]
    fn a_time_that_would_lose_something_does_not_fit() {
        assert!(fits(&DataType::Date32, "2024-02-29") && !fits(&DataType::Date32, "2023-02-29"));
        assert!(fits(&DataType::Date32, "2024-02-29T00:00:00"));
        assert!(!fits(&DataType::Date32, "2024-02-29T10:00:00"));
        assert!(fits(&MICROS, "2024-02-29 10:00:00.123456") && !fits(&MICROS, "2024-02-29 10:00:00.1234567"));
        assert!(fits(&MICROS, "2024-02-29") && fits(&MICROS, "9999-12-31T23:59:59"));
        let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
        assert!(!fits(&nanos, "9999-12-31T23:59:59"));
        let time = DataType::Time64(TimeUnit::Nanosecond);
        assert!(fits(&time, "10:30:00") && !fits(&time, "1030") && !fits(&time, "25:00:00"));
    }

    #[test]
    fn a_timestamp_without_an_offset_is_in_the_zone_of_its_type() {
        let berlin = DataType::Timestamp(TimeUnit::Second, Some("Europe/Berlin".into()));
        let values = read(&berlin, &["2024-07-01T12:00:00", "2024-07-01T12:00:00Z"]).unwrap();
        let values = values.as_primitive::<TimestampSecondType>();
        assert_eq!(values.value(1) - values.value(0), 7_200);
    }

    #[test]
    fn text_keeps_its_blanks() {
        assert_eq!(read(&DataType::Utf8View, &[" a "]).unwrap().as_string_view().value(0), " a ");
    }
}
