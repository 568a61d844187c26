//! `completeness`: the share of values that are not null.

use schemars::JsonSchema;
use serde::Deserialize;

use super::not_null::Present;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "completeness",
    aliases: &[],
    dimension: "completeness",
    summary: "At least a share `mostly` of the column's values is not null.",
    definition: "Non-null values ÷ rows in scope. NaN and empty text are not null. Without rows the check is \
                 skipped. It is `not_null` under the name that goes with `mostly`.",
    example: Example {
        yaml: "completeness: {column: quantity, mostly: 0.75}",
        params: r#"{"column": "quantity", "mostly": 0.75}"#,
        input: "quantity:float64\n1.5\n\nnan\n2\n",
        status: "pass",
        observed: "1 of 4 fail (25 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Completeness>,
    schema: schema_of::<Completeness>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Completeness {}

impl Rule for Completeness {
    fn expected(&self) -> String {
        "not null".into()
    }

    fn bind(&self, _: &mut Site<'_>) -> Result<Bound, Problem> {
        Ok(Bound::Rows(Box::new(Present)))
    }
}
