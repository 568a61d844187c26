//! `ne`: values are not equal to a literal or another column.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::comparison::{self, Op};
use crate::literal::Operand;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "ne",
    aliases: &[],
    dimension: "validity",
    summary: "Every value is not equal to a literal, or another column of the same row.",
    definition: "Numbers, decimals, dates and timestamps are compared exactly (as floats, where one of two \
                 columns has floats), texts by their UTF-8 bytes. NaN is not equal to anything and passes; \
                 -0.0 equals 0.0. A row where either side is null is not evaluated (see `nulls`). A timestamp \
                 literal without an offset is taken as UTC. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "ne: {column: a, value: 0}",
        params: r#"{"column": "a", "value": 0}"#,
        input: "a:int64\n0\n1\n",
        status: "fail",
        observed: "1 of 2 fail (50 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Ne>,
    schema: schema_of::<Ne>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ne {
    /// What values are compared with.
    value: Operand,
}

impl Rule for Ne {
    fn other_columns(&self) -> Vec<&str> {
        self.value.column().into_iter().collect()
    }

    fn expected(&self) -> String {
        format!("{} {}", Op::Ne.text(), self.value)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        comparison::bind(site, &[(Op::Ne, &self.value, "value")])
    }
}
