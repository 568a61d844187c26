//! strftime patterns: which are tried if none is given, and whether one says enough.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use polars::prelude::DataType;

use crate::error::{Error, Result};
use crate::spec::Spanned;
use crate::steps::type_name::type_name;

/// ISO 8601, with a blank or a T between date and time.
pub(super) fn iso(to: &DataType) -> &'static [&'static str] {
    match to {
        DataType::Date => &["%Y-%m-%d"],
        DataType::Time => &["%H:%M:%S%.f", "%H:%M"],
        _ => &["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"],
    }
}

/// Whether a pattern reads the offset from UTC.
pub(super) fn has_offset(pattern: &str) -> bool {
    ["%z", "%:z", "%::z", "%#z", "%+"].iter().any(|item| pattern.contains(item))
}

/// An error unless `pattern` is well formed and tells a whole date, time or timestamp.
pub(super) fn check(pattern: &Spanned<String>, to: &DataType) -> Result<()> {
    let text = pattern.value.as_str();
    if StrftimeItems::new(text).any(|item| item == Item::Error) {
        return Err(Error::wrong(format!("\"{text}\" is not a strftime pattern"))
            .at(pattern.span)
            .hint("write it as %Y-%m-%d %H:%M:%S"));
    }
    if tells_all(text, to) {
        return Ok(());
    }
    let needs = match to {
        DataType::Date => "a date needs a day, a month and a year, as in %d.%m.%Y",
        DataType::Time => "a time needs an hour and a minute, as in %H:%M",
        _ => {
            "a timestamp needs a date, an hour and a minute, as in %Y-%m-%d %H:%M; a pattern of a date alone makes a date"
        }
    };
    Err(Error::wrong(format!("\"{text}\" does not tell a whole {}", type_name(to)))
        .at(pattern.span)
        .hint(needs))
}

/// Whether a moment written with `pattern` can be read again.
fn tells_all(pattern: &str, to: &DataType) -> bool {
    let moment = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_361_972_753);
    let Some(written) = written(&moment.fixed_offset(), pattern) else { return false };
    match to {
        DataType::Date => NaiveDate::parse_from_str(&written, pattern).is_ok(),
        DataType::Time => NaiveTime::parse_from_str(&written, pattern).is_ok(),
        _ if has_offset(pattern) => DateTime::parse_from_str(&written, pattern).is_ok(),
        _ => NaiveDateTime::parse_from_str(&written, pattern).is_ok(),
    }
}

fn written(moment: &DateTime<chrono::FixedOffset>, pattern: &str) -> Option<String> {
    use std::fmt::Write;
    let mut text = String::new();
    write!(text, "{}", moment.format(pattern)).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use polars::prelude::TimeUnit;

    use super::*;
    use crate::spec::Span;

    fn accepts(pattern: &str, to: &DataType) -> bool {
        check(&Spanned { value: pattern.into(), span: Span::default() }, to).is_ok()
    }

    #[test]
    fn a_pattern_must_tell_everything_the_type_needs() {
        let timestamp = DataType::Datetime(TimeUnit::Microseconds, None);
        assert!(accepts("%d.%m.%y", &DataType::Date));
        assert!(accepts("%Y%j", &DataType::Date));
        assert!(!accepts("%Y-%m", &DataType::Date));
        assert!(!accepts("%Q", &DataType::Date));
        assert!(accepts("%H%M", &DataType::Time));
        assert!(!accepts("%M", &DataType::Time));
        assert!(accepts("%Y-%m-%d %H:%M", &timestamp));
        assert!(accepts("%Y-%m-%dT%H:%M:%S%z", &timestamp));
        assert!(!accepts("%Y-%m-%d", &timestamp));
    }
}
