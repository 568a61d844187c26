//! `unique_value_ratio`: the share of distinct values that occur once.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::frequency::{self, Frequencies, Method};
use crate::literal::Literal;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::Limits;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "unique_value_ratio",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The number of values that occur exactly once ÷ the number of distinct values is within limits.",
    definition: "#(count = 1) ÷ d, as Deequ's UniqueValueRatio, rows with nulls left out. \
                 Always exact; every distinct value is held. \
                 NaN is one value, -0.0 is 0.0. Several columns count as one key. Without values the check is \
                 skipped. Where it fails or warns, samples are the first rows that repeat a value.",
    example: Example {
        yaml: "unique_value_ratio: {column: city, min: 0.5}",
        params: r#"{"column": "city", "min": 0.5}"#,
        input: "city:utf8\na\nb\na\n\nc\n",
        status: "pass",
        observed: "0.666667",
    },
    cost: Cost::Groups,
    shape: Shape::Scalar,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<UniqueValueRatio>,
    schema: schema_of::<UniqueValueRatio>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UniqueValueRatio {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
}

impl Rule for UniqueValueRatio {
    fn validate(&self) -> Result<(), ParamError> {
        Limits::new(self.min.as_ref(), self.max.as_ref()).validate()
    }

    fn expected(&self) -> String {
        format!(
            "share of distinct values that occur once {}",
            Limits::new(self.min.as_ref(), self.max.as_ref()).text()
        )
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let limits = Limits::new(self.min.as_ref(), self.max.as_ref());
        frequency::bind(site, limits, unique_value_ratio, Method::Exact)
    }
}

fn unique_value_ratio(all: &Frequencies) -> f64 {
    all.single / all.distinct
}
