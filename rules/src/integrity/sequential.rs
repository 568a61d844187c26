//! `sequential`: no number, day, month, … is missing between the first and the last.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::calendar::{Expected, Period, too_many_periods};
use crate::check::ParamError;
use crate::literal::{Exact, Family, Literal, plain, scale_of, type_name, whole_text};
use crate::measure::{Accumulator, MOST_RUNS, Periods, Readings, Run, Runs, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::grouped;
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "sequential",
    aliases: &["no_gaps"],
    dimension: "integrity",
    summary: "No step is missing between the smallest and the largest value.",
    definition: "Of integers and decimals, every value from the smallest to the largest in steps of `interval` (1) occurs, \
                 and none between them. Of dates and timestamps, every `period` (day for dates; hour, day, week from \
                 Monday, month, quarter or year, in UTC) from the first to the last has a value. Values may repeat and \
                 come in any order: add `unique` or `increasing` where they may not (dbt_utils' `sequential_values` \
                 refuses repeats). Shows how many steps are missing and the first five. Nulls are left out; without \
                 values the check is skipped. More than a million stretches without a gap, or ten million periods, are an \
                 error.",
    example: Example {
        yaml: "sequential: invoice",
        params: r#""invoice""#,
        input: "invoice:int64\n3\n1\n\n3\n6\n",
        status: "fail",
        observed: "3 missing: 2, 4, 5",
    },
    cost: Cost::Frequencies,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Sequential>,
    schema: schema_of::<Sequential>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sequential {
    /// For numbers: the distance from one to the next (1).
    interval: Option<Literal>,
    /// For dates and timestamps: of which period there has to be a value (day for dates).
    period: Option<Period>,
}

impl Sequential {
    /// The interval in the unit of a column.
    fn interval(&self, data_type: &DataType) -> Result<i128, Problem> {
        let text = self.interval.as_ref().map_or_else(|| "1".into(), ToString::to_string);
        let exact = Exact::parse(&text).map(|exact| exact.at_scale(scale_of(data_type)));
        let interval = exact.filter(|point| point.exact && point.floor > 0).map(|point| point.floor);
        interval.ok_or_else(|| {
            let message = format!("\"{text}\" is no interval of a column of type {}", type_name(data_type));
            Problem::new(message).key("interval").hint("give a number above 0")
        })
    }
}

impl Rule for Sequential {
    fn validate(&self) -> Result<(), ParamError> {
        if self.interval.is_some() && self.period.is_some() {
            let both = ParamError::new("both interval and period are given").key("period");
            return Err(both.hint("interval is for numbers, period for dates and timestamps"));
        }
        Ok(())
    }

    fn expected(&self) -> String {
        match (&self.interval, self.period) {
            (Some(interval), _) => format!("no gaps in steps of {interval}"),
            (None, Some(period)) => format!("a value in every {}", period.name()),
            (None, None) => "no gaps".into(),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        let columns = [name.clone()];
        let kind = type_name(&data_type);
        let disclosure = site.disclosure([name.as_str()]);
        match Family::of(&data_type) {
            Family::Whole => {
                if self.period.is_some() {
                    let message = format!("column \"{name}\" is of type {kind}, which has no periods");
                    return Err(Problem::new(message).key("period").hint("give interval instead"));
                }
                let interval = self.interval(&data_type)?;
                let measure = site.measure(What::Runs(interval), &columns);
                Ok(Bound::Whole(Box::new(Numbers { interval, data_type, disclosure, measure })))
            }
            Family::Time => {
                if self.interval.is_some() {
                    let message = format!("column \"{name}\" is of type {kind}, which has no intervals");
                    return Err(Problem::new(message).key("interval").hint("give period instead"));
                }
                let is_date = matches!(plain(&data_type), DataType::Date32 | DataType::Date64);
                let Some(period) = self.period.or(is_date.then_some(Period::Day)) else {
                    let message = "a column of timestamps needs a period";
                    return Err(Problem::new(message).key("period").hint("for example `period: hour`"));
                };
                let measure = site.measure(What::Periods(period), &columns);
                Ok(Bound::Whole(Box::new(Times { period, disclosure, measure })))
            }
            _ => {
                let message = format!("column \"{name}\" is of type {kind}, which has no steps");
                Err(Problem::new(message).key("column").hint("it is for whole numbers, dates and timestamps"))
            }
        }
    }
}

/// So many of the missing are shown.
const SHOWN: usize = 5;

/// The outcome where so many are missing, the first of which tell what is beside them, and so many are between
/// the steps.
fn outcome(missing: u128, first: Vec<String>, between: u128, disclosure: Disclosure) -> Outcome {
    let first: Vec<String> = first.into_iter().map(|step| disclosure.text(step)).collect();
    let some = |count: u128, what: &str| {
        (count > 0).then(|| format!("{} {what}", grouped(i128::try_from(count).unwrap_or(i128::MAX))))
    };
    let more = if missing > first.len() as u128 { ", …" } else { "" };
    let absent = some(missing, "missing").map(|text| format!("{text}: {}{more}", first.join(", ")));
    let parts: Vec<String> = absent.into_iter().chain(some(between, "between the steps")).collect();
    let status = if parts.is_empty() { Status::Pass } else { Status::Fail };
    let text = if parts.is_empty() { "no gaps".into() } else { parts.join("; ") };
    let count = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
    let observed = json!({"missing": count(missing), "first": first, "between_steps": count(between)});
    Outcome::new(status, observed, text).failed(count(missing.saturating_add(between)))
}

/// Of whole numbers.
#[derive(Debug)]
struct Numbers {
    interval: i128,
    data_type: DataType,
    disclosure: Disclosure,
    measure: usize,
}

impl Numbers {
    fn outcome(&self, found: &Runs) -> Outcome {
        let Some(runs) = found.runs() else {
            let most = grouped(MOST_RUNS as i128);
            return Outcome::error(format!(
                "the values come in more than {most} stretches without a gap, which are not held; take fewer rows \
                 with `where`"
            ));
        };
        let start = runs.iter().map(|run| run.first).min().unwrap_or_default();
        let residue = start.rem_euclid(self.interval);
        let (steps, others): (Vec<&Run>, Vec<&Run>) =
            runs.iter().partition(|run| run.first.rem_euclid(self.interval) == residue);
        let length = |run: &&Run| (run.last.abs_diff(run.first)) / self.interval.unsigned_abs() + 1;
        let between = others.iter().map(length).fold(0_u128, u128::saturating_add);
        let (mut missing, mut first) = (0_u128, Vec::new());
        // What lies on no step may still be the largest value; steps up to it are missing too.
        let largest = runs.iter().map(|run| run.last).max().unwrap_or(start);
        let mut gap = |from: i128, count: u128| {
            missing = missing.saturating_add(count);
            let room = (SHOWN - first.len()).min(usize::try_from(count).unwrap_or(SHOWN));
            first.extend((1..=room as i128).map(|at| whole_text(from + at * self.interval, &self.data_type)));
        };
        for pair in steps.windows(2) {
            if let [before, after] = pair {
                gap(before.last, after.first.abs_diff(before.last) / self.interval.unsigned_abs() - 1);
            }
        }
        if let Some(last) = steps.last() {
            gap(last.last, largest.abs_diff(last.last.min(largest)) / self.interval.unsigned_abs());
        }
        outcome(missing, first, between, self.disclosure)
    }
}

impl Judge for Numbers {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Runs(runs))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the values were not gathered");
        };
        let outcome =
            if all.present() == 0 { Outcome::skipped("no values in scope") } else { self.outcome(runs) };
        outcome.counts(all.present(), all.nulls)
    }
}

/// Of dates and timestamps.
#[derive(Debug)]
struct Times {
    period: Period,
    disclosure: Disclosure,
    measure: usize,
}

impl Times {
    fn outcome(&self, found: &Periods) -> Outcome {
        let ends = found.counts.first_key_value().zip(found.counts.last_key_value());
        let Some(((first, _), (last, _))) = ends else { return Outcome::skipped("no values in scope") };
        let expected = Expected { period: self.period, first: *first, last: *last, exclude: &[] };
        let Some(numbers) = expected.numbers() else { return too_many_periods(self.period) };
        let (mut missing, mut shown) = (0, Vec::new());
        for number in numbers.filter(|number| !found.counts.contains_key(number)) {
            missing += 1;
            if shown.len() < SHOWN {
                shown.push(self.period.text(number));
            }
        }
        outcome(missing, shown, 0, self.disclosure)
    }
}

impl Judge for Times {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Periods(periods))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the values were not gathered");
        };
        self.outcome(periods).counts(all.present(), all.nulls)
    }
}
