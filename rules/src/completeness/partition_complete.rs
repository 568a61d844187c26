//! `partition_complete`: every partition that the calendar expects was delivered.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::age::Age;
use crate::arrived::{self, OfDelivery, Times};
use crate::calendar::{DayOff, Expected, Moment, Period, Shortfall, too_many_periods, validate_range};
use crate::check::ParamError;
use crate::literal::parse_time;
use crate::proofs::{Delivered, Delivery};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "partition_complete",
    aliases: &[],
    dimension: "completeness",
    summary: "Every partition that the calendar expects is among those read.",
    definition: "Of a source: each `period` (day) from the one of the smallest value of the partition column, or of `from`, \
                 to the one of the largest, of `to`, or of the run's clock less `lag`, has a partition among the files \
                 read. Values are dates or timestamps, or as `format` says; one that is neither is an error of the check. \
                 `exclude` lists weekdays and dates; a period is not expected where each of its days is excluded. No \
                 rows are read, so that an empty file counts; null partitions are left out. Without partitions the check \
                 is skipped, also where `from` is given. More than ten million periods are an error.",
    example: Example {
        yaml: "partition_complete: {partition: day, from: 2024-01-01, exclude: [sunday]}",
        params: r#"{"partition": "day", "from": "2024-01-01", "exclude": ["sunday"]}"#,
        input: "day:utf8\n",
        status: "skipped",
        observed: "the rows come from no files",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::None,
    short: Some("partition"),
    answers_empty: false,
    parse: parse_params::<PartitionComplete>,
    schema: schema_of::<PartitionComplete>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PartitionComplete {
    /// The partition column.
    partition: String,
    /// The period of a partition (day).
    #[serde(default)]
    period: Period,
    /// Strftime pattern of the partition's values, where they are no dates or timestamps, such as %Y%m%d.
    format: Option<String>,
    /// Weekdays and dates for which no partition is expected, such as sunday or 2024-12-25.
    #[serde(default)]
    exclude: Vec<DayOff>,
    /// A date or timestamp in the first period expected.
    from: Option<Moment>,
    /// A date or timestamp in the last period expected.
    to: Option<Moment>,
    /// How long before the run's clock the last period expected is, such as 1d, in place of `to`.
    lag: Option<Age>,
}

impl PartitionComplete {
    /// The time that a partition's value stands for, in nanoseconds since 1970.
    fn time(&self, value: &str) -> Option<i128> {
        let nanos = |time: DateTime<Utc>| i128::from(time.timestamp()) * 1_000_000_000;
        let Some(format) = &self.format else {
            return parse_time(value).map(|(seconds, _)| i128::from(seconds) * 1_000_000_000);
        };
        let time = NaiveDateTime::parse_from_str(value, format).ok();
        // A pattern of months or years alone says no day.
        let day = || NaiveDate::parse_from_str(value, format).ok();
        let month = || NaiveDate::parse_from_str(&format!("{value} 1"), &format!("{format} %d")).ok();
        let year = || NaiveDate::parse_from_str(&format!("{value} 1 1"), &format!("{format} %m %d")).ok();
        let midnight = || day().or_else(month).or_else(year)?.and_hms_opt(0, 0, 0);
        time.or_else(midnight).map(|time| nanos(time.and_utc()))
    }
}

impl OfDelivery for PartitionComplete {
    fn outcome(&self, delivery: &Delivery, now: DateTime<Utc>) -> Outcome {
        let format = self.format.as_deref();
        let Times { known, nulls } =
            match Times::of(delivery, &self.partition, format, |value| self.time(value)) {
                Ok(times) => times,
                Err(why) => return Outcome::error(why),
            };
        let found: BTreeSet<i64> = known.into_iter().map(|(time, _)| self.period.number(time)).collect();
        let Some((first, last)) = found.first().zip(found.last()) else {
            return Outcome::skipped("no partitions were read").counts(0, nulls);
        };
        let clock = i128::from(now.timestamp()) * 1_000_000_000;
        let to = self.to.map(|to| to.0).or(self.lag.map(|lag| clock - lag.0));
        let expected = Expected {
            period: self.period,
            first: self.from.map_or(*first, |from| self.period.number(from.0)),
            last: to.map_or(*last, |to| self.period.number(to)),
            exclude: &self.exclude,
        };
        let Some(shortfall) = Shortfall::of(&expected, 1, |number| u64::from(found.contains(&number))) else {
            return too_many_periods(self.period);
        };
        shortfall.outcome(self.period, 1).counts(shortfall.periods, nulls)
    }
}

impl Rule for PartitionComplete {
    fn validate(&self) -> Result<(), ParamError> {
        if self.to.is_some() && self.lag.is_some() {
            return Err(ParamError::new("both to and lag are given").key("lag").hint("keep one"));
        }
        validate_range(self.from, self.to)
    }

    fn delivered(&self) -> Option<Delivered<'_>> {
        Some(Delivered::Partition(&self.partition))
    }

    fn expected(&self) -> String {
        format!("a partition for every {}", self.period.name())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        arrived::bind(self, site)
    }
}
