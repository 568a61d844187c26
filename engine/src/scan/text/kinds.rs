//! The type of a CSV column, from the texts in it: the narrowest in which none of them loses anything.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::Utc;

use super::cells;

/// What kinds of text a column holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds(u16);

const BOOLEAN: u16 = 1;
const WHOLE: u16 = 1 << 1;
/// Whole numbers that a float cannot tell from their neighbours.
const LARGE: u16 = 1 << 2;
const FRACTION: u16 = 1 << 3;
const DATE: u16 = 1 << 4;
const LOCAL: u16 = 1 << 5;
/// Timestamps with an offset.
const INSTANT: u16 = 1 << 6;
/// Timestamps with more than six digits after the second.
const NANOS: u16 = 1 << 7;
/// Dates and timestamps that do not fit 64 bits of nanoseconds.
const FAR: u16 = 1 << 8;
const TEXT: u16 = 1 << 9;

impl Kinds {
    /// Takes note of a text that is not null.
    pub(super) fn see(&mut self, text: &str) {
        if self.0 & TEXT == 0 {
            self.0 |= kind(text);
        }
    }

    /// The type that holds all that was seen; `Null` if nothing was.
    pub(super) fn data_type(self) -> DataType {
        let only = |kinds: u16| self.0 & !kinds == 0;
        let unit = if self.0 & NANOS == 0 { TimeUnit::Microsecond } else { TimeUnit::Nanosecond };
        match self.0 {
            0 => DataType::Null,
            BOOLEAN => DataType::Boolean,
            _ if only(WHOLE | LARGE) => DataType::Int64,
            _ if only(WHOLE | FRACTION) => DataType::Float64,
            _ if only(DATE | FAR) => DataType::Date32,
            seen if seen & NANOS != 0 && seen & FAR != 0 => DataType::Utf8View,
            _ if only(DATE | LOCAL | NANOS | FAR) => DataType::Timestamp(unit, None),
            _ if only(INSTANT | NANOS | FAR) => DataType::Timestamp(unit, Some("UTC".into())),
            _ => DataType::Utf8View,
        }
    }
}

fn kind(text: &str) -> u16 {
    match text.as_bytes() {
        [b'0'..=b'9' | b'-' | b'.', ..] => number(text).or_else(|| time(text)).unwrap_or(TEXT),
        b"NaN" | b"nan" | b"inf" | b"Infinity" => FRACTION,
        _ if text.len() <= 5 && text.trim_ascii().len() == text.len() && cells::boolean(text).is_some() => {
            BOOLEAN
        }
        _ => TEXT,
    }
}

/// A number that is written in the usual way: one with a leading zero or plus may be a code.
fn number(text: &str) -> Option<u16> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if matches!(unsigned.as_bytes(), [b'0', b'0'..=b'9', ..]) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) && !unsigned.is_empty() {
        let exact = text.parse::<i64>().ok()?;
        return Some(if exact.unsigned_abs() > 1 << 53 { LARGE } else { WHOLE });
    }
    if unsigned == "inf" || unsigned == "Infinity" {
        return Some(FRACTION);
    }
    let plain = unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    (plain && text.parse::<f64>().is_ok_and(f64::is_finite)).then_some(FRACTION)
}

/// A date, or a timestamp to the second or finer.
fn time(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let far = if cells::timestamp(text, TimeUnit::Nanosecond, &Utc).is_none() { FAR } else { 0 };
    if bytes.len() == 10 && bytes[4] == b'-' {
        return cells::date(text).map(|_| DATE | far);
    }
    if bytes.len() < 19 || !b"T ".contains(&bytes[10]) {
        return None;
    }
    // What follows the seconds and their fraction is an offset.
    let fraction = text.get(19..)?.trim_start_matches('.').trim_start_matches(|c: char| c.is_ascii_digit());
    let place = if fraction.is_empty() { LOCAL } else { INSTANT };
    if cells::timestamp(text, TimeUnit::Microsecond, &Utc).is_some() {
        return Some(place | far);
    }
    (far == 0).then_some(place | NANOS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(texts: &[&str]) -> DataType {
        let mut kinds = Kinds::default();
        for text in texts {
            kinds.see(text);
        }
        kinds.data_type()
    }

    const MICROS: TimeUnit = TimeUnit::Microsecond;

    #[test]
    fn each_type_is_known_by_its_texts() {
        for (texts, expected) in [
            (&["1", "-20", "0"][..], DataType::Int64),
            (&["1", "2.5", "-1e-3", "NaN", "-inf", ".5"], DataType::Float64),
            (&["true", "False"], DataType::Boolean),
            (&["2024-02-29"], DataType::Date32),
            (&["2024-02-29 10:00:00", "2024-02-29T10:00:00.123456"], DataType::Timestamp(MICROS, None)),
            (
                &["2024-02-29T10:00:00Z", "2024-02-29 10:00:00.5+02:00"],
                DataType::Timestamp(MICROS, Some("UTC".into())),
            ),
            (&["2024-02-29T10:00:00.123456789"], DataType::Timestamp(TimeUnit::Nanosecond, None)),
            (&["a"], DataType::Utf8View),
            (&[], DataType::Null),
        ] {
            assert_eq!(inferred(texts), expected, "{texts:?}");
        }
    }

    #[test]
    fn kinds_that_hold_one_another_are_joined() {
        assert_eq!(inferred(&["2024-02-29", "2024-02-29 10:00:00"]), DataType::Timestamp(MICROS, None));
        assert_eq!(inferred(&["9007199254740993", "1"]), DataType::Int64);
    }

    #[test]
    fn what_would_lose_something_is_text() {
        for texts in [
            &["00123"][..],
            &["+49301234"],
            &["007.5"],
            &["9223372036854775808"],
            &["9007199254740993", "1.5"],
            &["1e400"],
            &[" 1"],
            &["1", "true"],
            &["1", "x"],
            &["2023-02-29"],
            &["2024-02-29", "1"],
            &["2024-02-29 10:00:00", "2024-02-29 10:00:00Z"],
            &["2024-02-29 10:00:00.123456789", "9999-12-31 00:00:00"],
            &["2024-02-29 10:00"],
            &["10:00:00"],
            &["-"],
            &["."],
            &["true "],
        ] {
            assert_eq!(inferred(texts), DataType::Utf8View, "{texts:?}");
        }
    }

    #[test]
    fn texts_are_values_of_the_type_that_was_inferred() {
        let samples = [
            &["1", "-2"][..],
            &["1", "2.5", "NaN", "-Infinity", "1e5", "5."],
            &["TRUE"],
            &["2024-02-29", "0001-01-01"],
            &["2024-02-29", "2024-02-29T10:00:00", "9999-12-31 23:59:59"],
            &["2024-02-29 10:00:00+0200", "2024-02-29 10:00:00Z"],
            &["2024-02-29 10:00:00.123456789"],
        ];
        for texts in samples {
            let data_type = inferred(texts);
            assert_ne!(data_type, DataType::Utf8View, "{texts:?}");
            let read = cells::column(&data_type, texts.iter().map(|text| Some((*text).into())));
            assert!(read.is_ok(), "{texts:?} as {data_type}: {read:?}");
        }
    }
}
