//! `every_period`: each hour, day, week, … has rows.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::calendar::{DayOff, Expected, Moment, Period, Shortfall, too_many_periods, validate_range};
use crate::check::ParamError;
use crate::literal::{Family, type_name};
use crate::measure::{Accumulator, Periods, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "every_period",
    aliases: &[],
    dimension: "completeness",
    summary: "Each hour, day, week, month, quarter or year between the first and the last value has rows.",
    definition: "Each `period` (day) from the one of the smallest value, or of `from`, to the one of the largest, or of `to`, \
                 has at least `min_records` (1) rows. In UTC: a timestamp with a time zone counts by its instant, one \
                 without is taken as UTC; weeks begin on Monday. `exclude` lists weekdays and dates; a period is not \
                 expected where each of its days is excluded. The first and the last period count as a whole, however \
                 little of them the data covers. Nulls are left out; without values the check is skipped, also where \
                 `from` and `to` are given. More than ten million periods are an error.",
    example: Example {
        yaml: "every_period: {column: at, period: day, min_records: 2, exclude: [saturday, sunday]}",
        params: r#"{"column": "at", "period": "day", "min_records": 2, "exclude": ["saturday", "sunday"]}"#,
        input: "at:timestamp\n2024-01-05T10:00:00\n2024-01-05T11:00:00\n\n2024-01-09T00:00:00\n2024-01-09T23:59:59\n",
        status: "fail",
        observed: "1 of 3 days short: 2024-01-08",
    },
    cost: Cost::Aggregate,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<EveryPeriod>,
    schema: schema_of::<EveryPeriod>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EveryPeriod {
    /// The period (day).
    #[serde(default)]
    period: Period,
    /// The fewest rows of a period (1).
    #[serde(default = "one")]
    min_records: u64,
    /// Weekdays and dates that are not expected, such as sunday or 2024-12-25.
    #[serde(default)]
    exclude: Vec<DayOff>,
    /// A date or timestamp in the first period expected, in place of the smallest value.
    from: Option<Moment>,
    /// A date or timestamp in the last period expected, in place of the largest value.
    to: Option<Moment>,
}

fn one() -> u64 {
    1
}

impl Rule for EveryPeriod {
    fn validate(&self) -> Result<(), ParamError> {
        if self.min_records == 0 {
            return Err(ParamError::new("every period has at least 0 records").key("min_records"));
        }
        validate_range(self.from, self.to)
    }

    fn expected(&self) -> String {
        match self.min_records {
            1 => format!("rows in every {}", self.period.name()),
            least => format!("at least {least} rows in every {}", self.period.name()),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        if Family::of(&data_type) != Family::Time {
            let message =
                format!("column \"{name}\" is of type {}, not a date or timestamp", type_name(&data_type));
            return Err(Problem::new(message).key("column").hint("parse it into a timestamp first"));
        }
        let disclosure = site.disclosure([name.as_str()]);
        let measure = site.measure(What::Periods(self.period), &[name]);
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), disclosure, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: EveryPeriod,
    disclosure: Disclosure,
    measure: usize,
}

impl Judged {
    fn outcome(&self, found: &Periods) -> Outcome {
        let EveryPeriod { period, min_records, .. } = self.rule;
        let ends = found.counts.first_key_value().zip(found.counts.last_key_value());
        let Some(((first, _), (last, _))) = ends else { return Outcome::skipped("no values in scope") };
        let expected = Expected {
            period,
            first: self.rule.from.map_or(*first, |from| period.number(from.0)),
            last: self.rule.to.map_or(*last, |to| period.number(to.0)),
            exclude: &self.rule.exclude,
        };
        let count = |number: i64| found.counts.get(&number).copied().unwrap_or_default();
        let Some(shortfall) = Shortfall::of(&expected, min_records, count) else {
            return too_many_periods(period);
        };
        let shortfall = shortfall.disclosed(self.disclosure);
        shortfall.outcome(period, min_records).counts(shortfall.periods, 0)
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Periods(periods))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the values were not gathered");
        };
        let outcome = self.outcome(periods);
        let evaluated = outcome.n_evaluated;
        outcome.counts(evaluated, all.nulls)
    }
}
