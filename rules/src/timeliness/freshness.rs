//! `freshness`: the latest date or timestamp is recent.

use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::literal::{Family, nanos_per_unit, type_name, whole_text};
use crate::measure::{Accumulator, Extremes, Readings, What, whole_value};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::verdict::{AnsweredFrom, Outcome, Proofs, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "freshness",
    aliases: &[],
    dimension: "timeliness",
    summary: "The latest date or timestamp of the column is no older than `max_age`.",
    definition: "now − max ≤ max_age, where now is the run's clock. A date counts from its midnight in UTC; a timestamp \
                 without a time zone is taken as UTC. A latest value in the future is fresh. Nulls are left out; \
                 without values the check is skipped. Ages are written 90s, 30m, 36h, 7d or 2w.",
    example: Example {
        yaml: "freshness: {column: updated_at, max_age: 36h}",
        params: r#"{"column": "updated_at", "max_age": "36h"}"#,
        input: "updated_at:timestamp\n2024-01-01T00:00:00\n2024-01-02T06:00:00\n\n",
        status: "pass",
        observed: "18h (2024-01-02T06:00:00)",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Freshness>,
    schema: schema_of::<Freshness>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Freshness {
    /// The greatest age, such as 36h.
    max_age: Age,
}

/// A span of time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(with = "String")]
struct Age(i128);

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_age(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("\"{text}\" is not an age; write it as 90s, 30m, 36h, 7d or 2w"))
        })
    }
}

fn parse_age(text: &str) -> Option<i128> {
    let text = text.trim();
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
fn age_text(nanos: i128) -> String {
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

impl Rule for Freshness {
    fn expected(&self) -> String {
        format!("at most {} old", age_text(self.max_age.0))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        if Family::of(&data_type) != Family::Time {
            let message =
                format!("column \"{name}\" is of type {}, not a date or timestamp", type_name(&data_type));
            return Err(Problem::new(message).key("column").hint("parse it into a timestamp first"));
        }
        let measure = site.measure(What::Extremes, std::slice::from_ref(&name));
        Ok(Bound::Whole(Box::new(Recent { max_age: self.max_age.0, column: name, data_type, measure })))
    }
}

#[derive(Debug)]
struct Recent {
    max_age: i128,
    column: String,
    data_type: DataType,
    measure: usize,
}

impl Recent {
    fn outcome(&self, latest: i128, now: DateTime<Utc>) -> Outcome {
        let now = i128::from(now.timestamp()) * 1_000_000_000 + i128::from(now.timestamp_subsec_nanos());
        let age = now - latest * nanos_per_unit(&self.data_type);
        let status = if age <= self.max_age { Status::Pass } else { Status::Fail };
        let latest = whole_text(latest, &self.data_type);
        let text = format!("{} ({latest})", age_text(age));
        Outcome::new(status, json!({"latest": latest, "age_seconds": (age / 1_000_000_000) as i64}), text)
    }
}

impl Judge for Recent {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else {
            return Outcome::error("the latest value was not measured");
        };
        let outcome = match &all.accumulator {
            Accumulator::Extremes(Extremes::Whole(Some((_, latest)))) => self.outcome(*latest, readings.now),
            _ => Outcome::skipped("no values in scope"),
        };
        outcome.counts(all.present(), all.nulls)
    }

    fn prove(&self, proofs: &Proofs, now: DateTime<Utc>) -> Option<Outcome> {
        let known = proofs.columns.get(&self.column).filter(|known| known.exact)?;
        let latest = whole_value(known.max.as_ref()?, 0)?;
        let (rows, nulls) = (proofs.rows?, known.nulls?);
        let outcome = self.outcome(latest, now);
        Some(outcome.counts(rows - nulls.min(rows), nulls).from(AnsweredFrom::Footer))
    }
}
