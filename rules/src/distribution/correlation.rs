//! `correlation`: Pearson's correlation of two columns lies within limits.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::literal::{Family, Literal, type_name};
use crate::measure::{Accumulator, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, judge};
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "correlation",
    aliases: &[],
    dimension: "distribution",
    summary: "Pearson's correlation of two columns is within limits.",
    definition: "(n·Σxy − Σx·Σy) ÷ √((n·Σx² − (Σx)²)·(n·Σy² − (Σy)²)) over the rows where both are not null, from exact \
                 sums. A value that is NaN or infinite makes it NaN, which lies within no limits. With fewer than two \
                 rows, or where a column is constant, it is not defined and the check is skipped. Integers beyond 2^53 \
                 are rounded to floats.",
    example: Example {
        yaml: "correlation: {columns: [a, b], min: 0.9}",
        params: r#"{"columns": ["a", "b"], "min": 0.9}"#,
        input: "a:int64,b:float64\n1,2\n2,4\n,9\n3,6\n",
        status: "pass",
        observed: "1",
    },
    cost: Cost::Aggregate,
    shape: Shape::Scalar,
    columns: Columns::Exactly(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<Correlation>,
    schema: schema_of::<Correlation>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Correlation {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
}

impl Correlation {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }
}

impl Rule for Correlation {
    fn validate(&self) -> Result<(), ParamError> {
        self.limits().validate()
    }

    fn expected(&self) -> String {
        format!("correlation {}", self.limits().text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        for (name, data_type) in site.columns {
            if !Family::of(data_type).is_number() {
                let message = format!("column \"{name}\" is of type {}, not a number", type_name(data_type));
                return Err(Problem::new(message).key("columns"));
            }
        }
        let warn = Limits::warn_of(site.envelope);
        self.limits().fit(None, "")?;
        warn.fit(None, "warn.")?;
        let columns: Vec<String> = site.columns.iter().map(|(name, _)| name.clone()).collect();
        let measure = site.measure(What::CoMoments, &columns);
        Ok(Bound::Whole(Box::new(Judged { limits: self.limits(), warn, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    limits: Limits,
    warn: Limits,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else {
            return Outcome::error("the sums were not measured");
        };
        let Accumulator::CoMoments(sums) = &all.accumulator else {
            return Outcome::error("the sums were not measured");
        };
        let counted = |outcome: Outcome| outcome.counts(all.present(), all.nulls);
        if all.present() < 2 {
            return counted(Outcome::skipped("fewer than two rows in scope"));
        }
        let value = sums.correlation();
        if value.is_nan() && sums.unusual == 0 {
            return counted(Outcome::skipped("a column is constant"));
        }
        counted(judge(&Figure::Float(value), &self.limits, &self.warn))
    }
}
