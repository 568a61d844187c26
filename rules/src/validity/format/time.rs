//! Dates and times as ISO 8601 or a pattern says.

use chrono::NaiveDate;
use chrono::format::{Item, ParseErrorKind, Parsed, StrftimeItems, parse};

/// `YYYY-MM-DD`, of a day that exists.
pub(super) fn is_iso_date(text: &str) -> bool {
    let parts =
        shaped(text, "dddd-dd-dd").then(|| (number(text, 0, 4), number(text, 5, 7), number(text, 8, 10)));
    parts.is_some_and(|(year, month, day)| NaiveDate::from_ymd_opt(year as i32, month, day).is_some())
}

/// `YYYY-MM-DDThh:mm:ss`, perhaps with a fraction, perhaps with an offset.
pub(super) fn is_iso_datetime(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else { return false };
    let Some((clock, rest)) = time.split_at_checked(8) else { return false };
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if offset.len() == fraction.len() {
                return false;
            }
            offset
        }
        None => rest,
    };
    is_iso_date(date) && is_clock(clock) && is_offset(offset)
}

/// `hh:mm:ss`, with the leap second of RFC 3339.
fn is_clock(text: &str) -> bool {
    shaped(text, "dd:dd:dd") && number(text, 0, 2) < 24 && number(text, 3, 5) < 60 && number(text, 6, 8) <= 60
}

/// Nothing, `Z` or `±hh:mm`.
fn is_offset(text: &str) -> bool {
    let numeric = || text.starts_with(['+', '-']) && shaped(&text[1..], "dd:dd");
    matches!(text, "" | "Z" | "z") || (numeric() && number(text, 1, 3) < 24 && number(text, 4, 6) < 60)
}

/// Whether a text has digits where a shape has `d`, and is the shape elsewhere.
fn shaped(text: &str, shape: &str) -> bool {
    let fits = |(byte, wanted)| if wanted == b'd' { u8::is_ascii_digit(&byte) } else { byte == wanted };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// The number that digits from one place to another stand for.
fn number(text: &str, from: usize, to: usize) -> u32 {
    text.bytes()
        .take(to)
        .skip(from)
        .fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')))
}

/// A strftime pattern.
pub(super) struct Pattern<'a>(Vec<Item<'a>>);

impl<'a> Pattern<'a> {
    /// Reads a pattern, or says what it is.
    pub(super) fn parse(pattern: &'a str) -> Result<Self, &'static str> {
        let items: Vec<Item<'a>> = StrftimeItems::new(pattern).collect();
        if items.iter().any(|item| matches!(item, Item::Error)) {
            return Err("has a directive that is not known");
        }
        let tells = |item: &Item<'_>| matches!(item, Item::Numeric(..) | Item::Fixed(_));
        if items.iter().any(tells) { Ok(Self(items)) } else { Err("has no directive") }
    }

    /// Whether a text is written so and its parts agree; a month without a day is as good as a day.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut parsed = Parsed::new();
        let possible = |kind| kind == ParseErrorKind::NotEnough;
        parse(&mut parsed, text, self.0.iter()).is_ok()
            && parsed.to_naive_date().map_or_else(|error| possible(error.kind()), |_| true)
            && parsed.to_naive_time().map_or_else(|error| possible(error.kind()), |_| true)
    }
}
