//! `not`: the opposite of a rule.

use schemars::JsonSchema;

use crate::parts::{Logic, PartList, parse};
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "not",
    aliases: &[],
    dimension: "logic",
    summary: "A rule does not pass.",
    definition: "Where the part tests single rows, a row passes if it fails the part, and is not evaluated where the part does \
                 not evaluate it: null stays null. Where the part is about a figure or has `mostly`, `where` or `warn` of \
                 its own, the part is judged as a check, and this one passes if it fails; of several parts none may pass. \
                 Without rows the check is skipped.",
    example: Example {
        yaml: "not: {in_set: {column: mode, values: [CAR]}}",
        params: r#"{"in_set": {"column": "mode", "values": ["CAR"]}}"#,
        input: "mode:utf8\nAIR\nCAR\n\n",
        status: "fail",
        observed: "1 of 2 fail (50 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::None,
    short: Some("rules"),
    answers_empty: false,
    parse: |params| parse(Logic::None, params),
    schema: schema_of::<Params>,
};

/// The parameters.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Params {
    /// The rule that must not pass.
    rules: PartList,
}
