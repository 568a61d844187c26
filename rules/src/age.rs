//! Spans of time as people write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A span of time, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct Age(pub(crate) i128);

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_age(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Reads a span of time such as `36h`, `90d` or `12w`, in nanoseconds; of anything else says how to write one.
pub fn parse_age(text: &str) -> Result<i128, String> {
    span(text.trim()).ok_or_else(|| format!("\"{text}\" is not an age; write it as 90s, 30m, 36h, 7d or 2w"))
}

fn span(text: &str) -> Option<i128> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let seconds: i128 = match unit.trim() {
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    };
    Some(i128::from(number.parse::<u32>().ok()?) * seconds * 1_000_000_000)
}

/// An age in its two largest units.
pub(crate) fn age_text(nanos: i128) -> String {
    let seconds = (nanos / 1_000_000_000).unsigned_abs();
    let parts =
        [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .take(2)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    let text = if shown.is_empty() { "0s".into() } else { shown.join(" ") };
    if nanos < 0 { format!("{text} in the future") } else { text }
}
