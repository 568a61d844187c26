//! Spans of time as people write them: `36h`, `90d`, `12w`.

use chrono::TimeDelta;
use lockgate_rules::parse_age;

/// Reads a span of time.
pub(super) fn age(text: &str) -> Result<TimeDelta, String> {
    let nanos = parse_age(text)?;
    let age = TimeDelta::try_seconds((nanos / 1_000_000_000) as i64).filter(|age| *age <= LONGEST);
    age.ok_or_else(|| format!("{text} is longer than anything is kept; write 100 years (36500d) at most"))
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
