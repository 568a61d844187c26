//! `all_of`: every part passes.

use schemars::JsonSchema;

use crate::parts::{Logic, PartList, parse};
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "all_of",
    aliases: &[],
    dimension: "logic",
    summary: "Every one of several rules passes.",
    definition: "Where every part tests single rows, a row passes if it passes all parts, fails if it fails one, and is not \
                 evaluated otherwise: a part that does not evaluate a null gives unknown (see `nulls` of the part), by \
                 Kleene's logic, as in SQL. Where a part is about a figure or has `mostly`, `where` or `warn` of its \
                 own, each part is judged as a check, and the check fails if one fails; parts that are skipped do not \
                 count. Without rows the check is skipped.",
    example: Example {
        yaml: "all_of: [{ge: {column: a, value: 0}}, {lt: {column: a, value: {column: b}}}]",
        params: r#"[{"ge": {"column": "a", "value": 0}}, {"lt": {"column": "a", "value": {"column": "b"}}}]"#,
        input: "a:int64,b:int64\n1,2\n-1,2\n3,\n",
        status: "fail",
        observed: "1 of 2 fail (50 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::None,
    short: Some("rules"),
    answers_empty: false,
    parse: |params| parse(Logic::All, params),
    schema: schema_of::<Params>,
};

/// The parameters.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Params {
    /// The rules that have to pass.
    rules: PartList,
}
