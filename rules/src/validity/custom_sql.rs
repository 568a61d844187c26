//! `custom_sql`: what a query over the table gives.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value, json};

use crate::amount::{Aggregate, Amount};
use crate::check::ParamError;
use crate::literal::{Family, Literal, type_name};
use crate::measure::{Accumulator, Readings, What};
use crate::pattern::OneOrMany;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Query, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::{Figure, Limits, grouped, judge};
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "custom_sql",
    aliases: &[],
    dimension: "validity",
    summary: "A query over the table gives no rows, a number within limits, or true.",
    definition: "One SELECT over the table, called `this`, and the sources and tables named in `reads`. With `expect: rows` \
                 each row it gives is a failure: their number has to be within `min` and `max` (0 and 0), and the first \
                 are shown. With `expect: scalar` it has to give one row of one number within the limits, with \
                 `expect: truth` one row of one boolean that is TRUE; null, or more rows than one, is an error, no row \
                 at all is skipped. Where a check of the table redacts a column, no value that the query gives is shown. \
                 The query sees the rows that stay after the other checks took theirs out; all of \
                 them are held in memory.",
    example: Example {
        yaml: "custom_sql: SELECT shop, day FROM this GROUP BY shop, day HAVING SUM(units) > 100",
        params: r#""SELECT shop, day FROM this GROUP BY shop, day HAVING SUM(units) > 100""#,
        input: "shop:utf8,day:date\nBern,2024-01-01\nBasel,2024-01-02\n",
        status: "fail",
        observed: "the query gives 2 rows",
    },
    cost: Cost::Query,
    shape: Shape::Scalar,
    columns: Columns::None,
    short: Some("query"),
    answers_empty: true,
    parse: parse_params::<CustomSql>,
    schema: schema_of::<CustomSql>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CustomSql {
    /// One SELECT over `this` and the tables of `reads`.
    query: String,
    /// Sources or tables the query names, apart from `this`.
    #[serde(default)]
    reads: Option<OneOrMany>,
    /// What the query gives.
    #[serde(default)]
    expect: Expect,
    /// Smallest number that passes.
    min: Option<Literal>,
    /// Largest number that passes.
    max: Option<Literal>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Expect {
    /// Rows that are failures.
    #[default]
    Rows,
    /// One number.
    Scalar,
    /// TRUE.
    Truth,
}

impl CustomSql {
    fn limits(&self) -> Limits {
        let mut limits = Limits::new(self.min.as_ref(), self.max.as_ref());
        if self.expect == Expect::Rows && limits == Limits::default() {
            limits.max = Some(Literal::Number(Number::from(0)));
        }
        limits
    }
}

impl Rule for CustomSql {
    fn validate(&self) -> Result<(), ParamError> {
        if self.query.trim().is_empty() {
            return Err(ParamError::new("the query is empty").key("query"));
        }
        match self.expect {
            Expect::Truth if self.min.is_some() || self.max.is_some() => {
                Err(ParamError::new("a truth has no limits").key("expect").hint("drop min and max"))
            }
            Expect::Truth => Ok(()),
            Expect::Rows | Expect::Scalar => self.limits().validate(),
        }
    }

    fn query(&self) -> Option<Query<'_>> {
        let reads = self.reads.as_ref().map_or(&[][..], OneOrMany::as_slice);
        Some(Query { text: &self.query, reads })
    }

    fn expected(&self) -> String {
        match self.expect {
            Expect::Rows => format!("{} rows of {}", self.limits().text(), self.query),
            Expect::Scalar => format!("{} from {}", self.limits().text(), self.query),
            Expect::Truth => format!("true from {}", self.query),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        warn.fit(None, "warn.")?;
        let limits = self.limits();
        limits.fit(None, "")?;
        let measure = match self.expect {
            Expect::Rows => site.measure(What::FirstRows, &[]),
            Expect::Scalar | Expect::Truth => {
                let [field] = site.schema.fields().as_ref() else {
                    let columns = site.schema.fields().len();
                    return Err(
                        Problem::new(format!("the query gives {columns} columns, not one")).key("query")
                    );
                };
                let (wanted, what) = match self.expect {
                    Expect::Scalar => (Family::of(field.data_type()).is_number(), What::Extremes),
                    _ => (Family::of(field.data_type()) == Family::Bool, What::Truths),
                };
                if !wanted {
                    let given = type_name(field.data_type());
                    return Err(
                        Problem::new(format!("the query gives a column of type {given}")).key("expect")
                    );
                }
                site.measure(what, &[field.name().clone()])
            }
        };
        let names = site.schema.fields().iter().map(|field| field.name().as_str());
        let disclosure = site.disclosure(names);
        let data_type = site.schema.fields().first().map(|field| field.data_type().clone());
        Ok(Bound::Whole(Box::new(Answered { limits, warn, disclosure, measure, data_type })))
    }
}

#[derive(Debug)]
struct Answered {
    limits: Limits,
    warn: Limits,
    /// Whether a number that the query gives may be shown.
    disclosure: Disclosure,
    measure: usize,
    /// The type of the column, where one is read.
    data_type: Option<DataType>,
}

impl Judge for Answered {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else { return Outcome::error("the query was not asked") };
        if let Accumulator::NullRows(rows) = &all.accumulator {
            let outcome = judge(&Figure::count(all.rows), &self.limits, &self.warn);
            let text = format!("the query gives {} rows", grouped(i128::from(all.rows)));
            let failed = if outcome.status == Status::Fail { all.rows } else { 0 };
            return Outcome { text, ..outcome }.counts(all.rows, 0).failed(failed).samples(rows.first());
        }
        let counted = |outcome: Outcome| outcome.counts(all.rows, all.nulls);
        match (all.rows, all.nulls) {
            (0, _) => return counted(Outcome::skipped("the query gives no row")),
            (1, 0) => {}
            (1, _) => return counted(Outcome::error("the query gives null")),
            (rows, _) => {
                return counted(Outcome::error(format!(
                    "the query gives {} rows",
                    grouped(i128::from(rows))
                )));
            }
        }
        counted(match &all.accumulator {
            Accumulator::Total(truths) => {
                let status = if *truths == 1 { Status::Pass } else { Status::Fail };
                Outcome::new(status, Value::Bool(*truths == 1), json!(*truths == 1).to_string())
            }
            // Of one value the smallest is the value.
            _ => match Amount::of(Aggregate::Min, all, self.data_type.as_ref()) {
                Some(value) => self.disclosure.outcome(judge(&value.figure(), &self.limits, &self.warn)),
                None => Outcome::error("the query was not asked"),
            },
        })
    }
}
