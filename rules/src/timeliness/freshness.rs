//! `freshness`: the latest date or timestamp is recent.

use arrow::datatypes::DataType;
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::age::{Age, age_text};
use crate::arrived::{self, OfDelivery, Times};
use crate::check::ParamError;
use crate::literal::{Family, nanos_per_unit, type_name, whole_text};
use crate::measure::{Accumulator, Extremes, Readings, What, whole_value};
use crate::moment::{Moment, moment, nanos};
use crate::proofs::{Delivered, Delivery, Proofs};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::verdict::{AnsweredFrom, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "freshness",
    aliases: &[],
    dimension: "timeliness",
    summary: "The latest date or timestamp of a column, a partition or the files is no older than `max_age`.",
    definition: "now − max ≤ max_age, where now is the run's clock unless `now` says otherwise. A date counts from its \
                 midnight in UTC; a timestamp without a time zone is taken as UTC. A latest value in the future is \
                 fresh. Nulls are left out; without values the check is skipped. Ages are written 90s, 30m, 36h, 7d or \
                 2w. Of a source it can judge the files instead of the rows: with `partition: created_at` the latest \
                 value of that partition column among the files read (a date, a timestamp, or as `format` says; one \
                 that is neither is an error of the check), with `files: true` when the newest of them was written, by \
                 the clock of its store. Without files it is skipped; null partitions are left out.",
    example: Example {
        yaml: "freshness: {column: updated_at, max_age: 36h}",
        params: r#"{"column": "updated_at", "max_age": "36h"}"#,
        input: "updated_at:timestamp\n2024-01-01T00:00:00\n2024-01-02T06:00:00\n\n",
        status: "pass",
        observed: "18h (2024-01-02T06:00:00)",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::OneOrNone,
    short: None,
    answers_empty: false,
    parse: parse_params::<Freshness>,
    schema: schema_of::<Freshness>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Freshness {
    /// The greatest age, such as 36h.
    max_age: Age,
    /// The partition column whose latest value counts, in place of a column.
    partition: Option<String>,
    /// Strftime pattern of the partition's values, where they are no dates or timestamps.
    format: Option<String>,
    /// Whether the time counts at which the newest file was written, in place of a column.
    #[serde(default)]
    files: bool,
    /// The time from which ages are counted, in place of the run's clock.
    now: Option<Moment>,
}

impl Rule for Freshness {
    fn validate(&self) -> Result<(), ParamError> {
        if self.partition.is_some() && self.files {
            return Err(ParamError::new("both partition and files are given").key("files").hint("keep one"));
        }
        if self.format.is_some() && self.partition.is_none() {
            return Err(ParamError::new("format is for the values of a partition").key("format"));
        }
        Ok(())
    }

    fn delivered(&self) -> Option<Delivered<'_>> {
        let partition = self.partition.as_deref().map(Delivered::Partition);
        partition.or_else(|| self.files.then_some(Delivered::Files))
    }

    fn expected(&self) -> String {
        format!("at most {} old", age_text(self.max_age.0))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let column = site.columns.first().cloned();
        let (name, data_type) = match (column, self.delivered()) {
            (None, None) => {
                let nothing = Problem::new("freshness needs a column, a partition, or files");
                return Err(nothing.key("column").hint("give column, partition, or `files: true`"));
            }
            (Some(_), Some(_)) => {
                let both = Problem::new("freshness is of a column, or of a partition or files");
                return Err(both.key("column").hint("keep one of them"));
            }
            (None, Some(_)) => return arrived::bind(self, site),
            (Some(column), None) => column,
        };
        if Family::of(&data_type) != Family::Time {
            let message =
                format!("column \"{name}\" is of type {}, not a date or timestamp", type_name(&data_type));
            return Err(Problem::new(message).key("column").hint("parse it into a timestamp first"));
        }
        let disclosure = site.disclosure([name.as_str()]);
        let measure = site.measure(What::Extremes, std::slice::from_ref(&name));
        let rule = self.clone();
        Ok(Bound::Whole(Box::new(Recent { rule, column: name, data_type, disclosure, measure })))
    }
}

impl Freshness {
    /// The outcome for a latest time in nanoseconds since 1970, and how it is shown.
    fn aged(&self, latest: i128, shown: &str, clock: DateTime<Utc>) -> Outcome {
        let age = nanos(self.now.map_or(clock, |now| now.0)) - latest;
        let status = if age <= self.max_age.0 { Status::Pass } else { Status::Fail };
        let text = format!("{} ({shown})", age_text(age));
        Outcome::new(status, json!({"latest": shown, "age_seconds": (age / 1_000_000_000) as i64}), text)
    }

    /// The time that a partition's value stands for.
    fn partition_time(&self, value: &str) -> Option<DateTime<Utc>> {
        let Some(format) = &self.format else { return moment(value) };
        let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0);
        let time = NaiveDateTime::parse_from_str(value, format).ok();
        let time = time.or_else(|| midnight(NaiveDate::parse_from_str(value, format).ok()?));
        time.map(|time| time.and_utc())
    }
}

/// Of a column of the rows.
#[derive(Debug)]
struct Recent {
    rule: Freshness,
    column: String,
    data_type: DataType,
    disclosure: Disclosure,
    measure: usize,
}

impl Recent {
    fn outcome(&self, latest: i128, now: DateTime<Utc>) -> Outcome {
        let shown = whole_text(latest, &self.data_type);
        // The age tells the latest value as much as the value does.
        self.disclosure.outcome(self.rule.aged(latest * nanos_per_unit(&self.data_type), &shown, now))
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

/// Of the files that rows come from.
impl OfDelivery for Freshness {
    fn outcome(&self, delivery: &Delivery, now: DateTime<Utc>) -> Outcome {
        match &self.partition {
            Some(name) => self.latest_partition(name, delivery, now),
            None => self.newest_file(delivery, now),
        }
    }
}

impl Freshness {
    fn newest_file(&self, delivery: &Delivery, now: DateTime<Utc>) -> Outcome {
        let Some(newest) = delivery.modified else { return Outcome::skipped("no files were read") };
        let shown = newest.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.aged(nanos(newest), &shown, now).counts(delivery.files, 0)
    }

    fn latest_partition(&self, name: &str, delivery: &Delivery, now: DateTime<Utc>) -> Outcome {
        let format = self.format.as_deref();
        let Times { known, nulls } =
            match Times::of(delivery, name, format, |value| self.partition_time(value)) {
                Ok(times) => times,
                Err(why) => return Outcome::error(why),
            };
        let outcome = match known.iter().max() {
            Some((time, value)) => self.aged(nanos(*time), &format!("{name}={value}"), now),
            None => Outcome::skipped("no partitions were read"),
        };
        outcome.counts(known.len() as u64, nulls)
    }
}
