//! `eq`: values are equal to a literal or another column.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::comparison::{self, Op};
use crate::literal::Operand;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "eq",
    aliases: &[],
    dimension: "validity",
    summary: "Every value is equal to a literal, or another column of the same row.",
    definition: "Numbers, decimals, dates and timestamps are compared exactly (as floats, where one of two \
                 columns has floats), texts by their UTF-8 bytes. NaN fails; \
                 -0.0 equals 0.0. A row where either side is null is not evaluated (see `nulls`). A timestamp \
                 literal without an offset is taken as UTC. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "eq: {column: a, value: 1, mostly: 0.5}",
        params: r#"{"column": "a", "value": 1, "mostly": 0.5}"#,
        input: "a:int64\n1\n1\n2\n",
        status: "pass",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Eq>,
    schema: schema_of::<Eq>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Eq {
    /// What values are compared with.
    value: Operand,
}

impl Rule for Eq {
    fn other_columns(&self) -> Vec<&str> {
        self.value.column().into_iter().collect()
    }

    fn expected(&self) -> String {
        format!("{} {}", Op::Eq.text(), self.value)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        comparison::bind(site, &[(Op::Eq, &self.value, "value")])
    }
}
