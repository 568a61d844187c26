//! `lt`: values are less than a literal or another column.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::comparison::{self, Op};
use crate::literal::Operand;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "lt",
    aliases: &[],
    dimension: "validity",
    summary: "Every value is less than a literal, or another column of the same row.",
    definition: "Numbers, decimals, dates and timestamps are compared exactly (as floats, where one of two \
                 columns has floats), texts by their UTF-8 bytes. NaN fails; \
                 -0.0 equals 0.0. A row where either side is null is not evaluated (see `nulls`). A timestamp \
                 literal without an offset is taken as UTC. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "lt: {column: a, value: 4}",
        params: r#"{"column": "a", "value": 4}"#,
        input: "a:int64\n1\n2\n3\n",
        status: "pass",
        observed: "all 3 pass",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Lt>,
    schema: schema_of::<Lt>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lt {
    /// What values are compared with.
    value: Operand,
}

impl Rule for Lt {
    fn other_columns(&self) -> Vec<&str> {
        self.value.column().into_iter().collect()
    }

    fn expected(&self) -> String {
        format!("{} {}", Op::Lt.text(), self.value)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        comparison::bind(site, &[(Op::Lt, &self.value, "value")])
    }
}
