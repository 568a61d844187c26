//! The run's logical time as orchestrators give it: a date, or a time with or without a zone.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound, Utc};

/// A time to the millisecond, as partition names hold it. A date is its midnight; what names no zone is UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunTime(pub(super) DateTime<Utc>);

impl FromStr for RunTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        let local = || text.parse::<NaiveDateTime>().ok().map(|time| time.and_utc());
        let date = || Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc());
        let time = zoned().or_else(local).or_else(date);
        time.map(|time| Self(time.trunc_subsecs(3)))
            .ok_or_else(|| format!("\"{text}\" is no time; write it like 2026-11-23 or 2026-11-23T06:30:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_time(text: &str) -> Option<String> {
        text.parse::<RunTime>().ok().map(|time| time.0.to_rfc3339())
    }

    #[test]
    fn a_date_is_its_midnight() {
        assert_eq!(run_time("2026-11-23").as_deref(), Some("2026-11-23T00:00:00+00:00"));
    }

    #[test]
    fn a_zone_is_brought_to_utc_and_none_is_utc() {
        assert_eq!(run_time("2026-11-23T06:30:00+02:00").as_deref(), Some("2026-11-23T04:30:00+00:00"));
        assert_eq!(run_time("2026-11-23T06:30:00Z").as_deref(), Some("2026-11-23T06:30:00+00:00"));
        assert_eq!(run_time("2026-11-23T06:30:00").as_deref(), Some("2026-11-23T06:30:00+00:00"));
    }

    #[test]
    fn what_is_finer_than_a_millisecond_is_cut_off() {
        let time = run_time("2026-11-23T06:30:00.123999Z");
        assert_eq!(time.as_deref(), Some("2026-11-23T06:30:00.123+00:00"));
    }

    #[test]
    fn nothing_else_is_a_time() {
        for text in ["", "today", "2026-13-01", "23.11.2026", "1700000000", "2026-11-23T25:00:00Z"] {
            assert_eq!(run_time(text), None, "{text}");
        }
    }
}
