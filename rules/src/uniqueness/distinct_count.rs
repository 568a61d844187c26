//! `distinct_count`: the number of distinct values.

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
    name: "distinct_count",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The number of distinct values is within limits.",
    definition: "d, the number of distinct values, rows with nulls left out. \
                 Exact up to 16,384 distinct values, then a HyperLogLog estimate with a relative standard error of \
                 0.8 %, unless `exactness: exact`. \
                 NaN is one value, -0.0 is 0.0. Several columns count as one key. Without values the check is \
                 skipped.",
    example: Example {
        yaml: "distinct_count: {column: city, max: 2}",
        params: r#"{"column": "city", "max": 2}"#,
        input: "city:utf8\na\nb\na\n\nc\n",
        status: "fail",
        observed: "3",
    },
    cost: Cost::Sketch,
    shape: Shape::Scalar,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<DistinctCount>,
    schema: schema_of::<DistinctCount>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DistinctCount {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
}

impl Rule for DistinctCount {
    fn validate(&self) -> Result<(), ParamError> {
        Limits::new(self.min.as_ref(), self.max.as_ref()).validate()
    }

    fn expected(&self) -> String {
        format!("number of distinct values {}", Limits::new(self.min.as_ref(), self.max.as_ref()).text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let limits = Limits::new(self.min.as_ref(), self.max.as_ref());
        frequency::bind(site, limits, distinct_count, Method::Sketch)
    }
}

fn distinct_count(all: &Frequencies) -> f64 {
    all.distinct
}
