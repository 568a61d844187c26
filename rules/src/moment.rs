//! Points in time as people write them, and as nanoseconds.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::literal::parse_time;

/// A date or timestamp, taken as UTC without an offset.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("\"{text}\" is not a date or a timestamp"));
        moment(&text).map(Self).ok_or_else(wrong)
    }
}

/// Reads a date or timestamp.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    parse_time(text).and_then(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos))
}

/// Nanoseconds since 1970.
pub(crate) fn nanos(at: DateTime<Utc>) -> i128 {
    i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos())
}
