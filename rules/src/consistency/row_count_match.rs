//! `row_count_match`: there are as many rows as in another dataset.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, json};

use crate::amount::{Amount, Apart};
use crate::check::ParamError;
use crate::literal::Literal;
use crate::measure::{Readings, What};
use crate::other::{Dataset, rows_of};
use crate::proofs::Proofs;
use crate::reference::{self, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, grouped, judge, short};
use crate::tolerance::not_negative;
use crate::verdict::{AnsweredFrom, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "row_count_match",
    aliases: &[],
    dimension: "consistency",
    summary: "There are as many rows as in another dataset.",
    definition: "The rows in scope, nulls or not, after other checks of the suite have taken rows out, against the rows \
                 of the other dataset where its `where` is true. Without more they have to be equal, as in Great \
                 Expectations' `expect_table_row_count_to_equal_other_table` and dbt_utils.equal_rowcount. \
                 `tolerance` allows |here − there| rows, `relative` |here − there| ÷ there; `min` and `max` limit the \
                 ratio here ÷ there, as AWS Glue's `RowCountMatch` does. `warn` limits the same figure. No rows are a \
                 number of rows too: none on either side agree, and differ by a share of 0; some against none differ \
                 infinitely. Only the ratio of none to none is skipped.",
    example: Example {
        yaml: "row_count_match: {to: {source: cities}, tolerance: 1}",
        params: r#"{"to": {"source": "cities"}, "tolerance": 1}"#,
        input: "id:int64\n1\n\n",
        status: "fail",
        observed: "2 rows here, 4 there",
    },
    cost: Cost::Footer,
    shape: Shape::Scalar,
    columns: Columns::None,
    short: None,
    answers_empty: true,
    parse: parse_params::<RowCountMatch>,
    schema: schema_of::<RowCountMatch>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RowCountMatch {
    /// The dataset whose rows are counted.
    to: Dataset,
    /// So many rows the counts may differ by.
    tolerance: Option<u64>,
    /// So large a share of the rows there the counts may differ by.
    #[schemars(range(min = 0))]
    relative: Option<f64>,
    /// Smallest number of rows here for each there.
    min: Option<Number>,
    /// Largest number of rows here for each there.
    max: Option<Number>,
}

/// What the two counts are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measured {
    Apart(Apart),
    Ratio,
}

impl RowCountMatch {
    fn measured(&self) -> Measured {
        match self {
            Self { min: Some(_), .. } | Self { max: Some(_), .. } => Measured::Ratio,
            _ => Measured::Apart(Apart::by(self.relative)),
        }
    }

    fn limits(&self) -> Limits {
        let literal = |number: &Number| Literal::Number(number.clone());
        match self.measured() {
            Measured::Ratio => {
                Limits { min: self.min.as_ref().map(literal), max: self.max.as_ref().map(literal) }
            }
            Measured::Apart(_) => {
                let share = self.relative.and_then(Number::from_f64);
                Limits::up_to(share.or_else(|| Some(self.tolerance.unwrap_or(0).into())))
            }
        }
    }

    fn reference(&self) -> Reference {
        self.to.rows(reference::Columns::Named(Vec::new()))
    }
}

impl Rule for RowCountMatch {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate("to")?;
        let given = [self.tolerance.is_some(), self.relative.is_some(), self.measured() == Measured::Ratio];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(ParamError::new("more than one of tolerance, relative and min or max is given")
                .key("tolerance")
                .hint("keep one: rows, a share of the rows there, or limits of the ratio"));
        }
        not_negative(&[("relative", self.relative)])?;
        self.limits().validate()
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.reference())
    }

    fn about(&self) -> Option<String> {
        Some(self.to.name().to_owned())
    }

    fn expected(&self) -> String {
        let (other, limits) = (self.to.name(), self.limits().text());
        match self.measured() {
            Measured::Ratio => format!("{limits} rows for each of {other}"),
            Measured::Apart(Apart::Share) => {
                format!("as many rows as {other}, up to a share of {}", self.relative.unwrap_or(0.0))
            }
            Measured::Apart(Apart::Difference) => match self.tolerance.unwrap_or(0) {
                0 => format!("as many rows as {other}"),
                most => format!("as many rows as {other}, up to {}", grouped(i128::from(most))),
            },
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        warn.fit(None, "warn.")?;
        let other = rows_of(site, &self.reference())?;
        let there = other.batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let measure = site.measure(What::Rows, &[]);
        Ok(Bound::Whole(Box::new(Counted {
            measured: self.measured(),
            limits: self.limits(),
            warn,
            there,
            measure,
        })))
    }
}

#[derive(Debug)]
struct Counted {
    measured: Measured,
    limits: Limits,
    warn: Limits,
    there: u64,
    measure: usize,
}

impl Counted {
    fn outcome(&self, here: u64) -> Outcome {
        let there = self.there;
        let count = |count: u64| Amount::Figure(Figure::count(count));
        let (figure, name) = match self.measured {
            Measured::Apart(apart) => (apart.of(&count(here), &count(there)), "difference"),
            Measured::Ratio => (Figure::Float(here as f64 / there as f64), "ratio"),
        };
        let plural = if here == 1 { "" } else { "s" };
        let counts = format!("{} row{plural} here, {} there", grouped(here.into()), grouped(there.into()));
        let outcome = if self.measured == Measured::Ratio && here == 0 && there == 0 {
            Outcome::skipped("no rows on either side")
        } else {
            let status = judge(&figure, &self.limits, &self.warn).status;
            let text = match (self.measured, &figure) {
                (Measured::Ratio, Figure::Float(ratio)) => format!("{counts} (ratio {})", short(*ratio)),
                (Measured::Apart(apart), figure) => format!("{counts}{}", apart.text(figure)),
                _ => counts,
            };
            Outcome::new(status, json!({"here": here, "there": there, name: figure.value()}), text)
        };
        let failed = if outcome.status == Status::Fail { here.abs_diff(there) } else { 0 };
        outcome.counts(here, 0).failed(failed)
    }
}

impl Judge for Counted {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        readings
            .at(self.measure)
            .map_or_else(|| Outcome::error("rows were not counted"), |all| self.outcome(all.rows))
    }

    fn prove(&self, proofs: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        Some(self.outcome(proofs.rows?).from(AnsweredFrom::Footer))
    }
}
