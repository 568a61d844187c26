//! `uniqueness`: the share of values that occur once.

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
    name: "uniqueness",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The number of values that occur exactly once ÷ the number of values is within limits.",
    definition: "#(count = 1) ÷ n, as Deequ's Uniqueness, rows with nulls left out. \
                 Always exact; every distinct value is held. \
                 NaN is one value, -0.0 is 0.0. Several columns count as one key. Without values the check is \
                 skipped. Where it fails or warns, samples are the first rows that repeat a value.",
    example: Example {
        yaml: "uniqueness: {column: city, min: 0.75}",
        params: r#"{"column": "city", "min": 0.75}"#,
        input: "city:utf8\na\nb\na\n\nc\n",
        status: "fail",
        observed: "0.5",
    },
    cost: Cost::Groups,
    shape: Shape::Scalar,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<Uniqueness>,
    schema: schema_of::<Uniqueness>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Uniqueness {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
}

impl Rule for Uniqueness {
    fn validate(&self) -> Result<(), ParamError> {
        Limits::new(self.min.as_ref(), self.max.as_ref()).validate()
    }

    fn expected(&self) -> String {
        format!(
            "share of values that occur once {}",
            Limits::new(self.min.as_ref(), self.max.as_ref()).text()
        )
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let limits = Limits::new(self.min.as_ref(), self.max.as_ref());
        frequency::bind(site, limits, uniqueness, Method::Exact)
    }
}

fn uniqueness(all: &Frequencies) -> f64 {
    all.single / all.values
}
