//! Spans of time as people write them: `36h`, `90d`, `12w`.

use chrono::TimeDelta;
use lockgate_rules::parse_age;

/// Reads a span of time.
pub(super) fn age(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("\"{text}\" is not an age; write it as 90s, 30m, 36h, 7d or 2w");
    let nanos = parse_age(text).ok_or_else(wrong)?;
    TimeDelta::try_seconds((nanos / 1_000_000_000) as i64).filter(|age| *age <= LONGEST).ok_or_else(wrong)
}

/// Longer than anything has been kept; what is subtracted from a time stays one.
const LONGEST: TimeDelta = TimeDelta::days(36_500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_a_number_and_a_unit() {
        assert_eq!(age("36h"), Ok(TimeDelta::hours(36)));
        assert_eq!(age(" 12 weeks "), Ok(TimeDelta::weeks(12)));
        for wrong in ["", "d", "90", "1y", "-3d", "1.5d", "99999999w"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
