//! `any_of`: at least one part passes.

use schemars::JsonSchema;

use crate::parts::{Logic, PartList, parse};
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "any_of",
    aliases: &[],
    dimension: "logic",
    summary: "At least one of several rules passes.",
    definition: "Where every part tests single rows, a row passes if it passes one part, fails if it fails all, and is not \
                 evaluated otherwise: a part that does not evaluate a null gives unknown (see `nulls` of the part), by \
                 Kleene's logic, as in SQL. Where a part is about a figure or has `mostly`, `where` or `warn` of its \
                 own, each part is judged as a check, and the check fails if none passes; parts that are skipped do not \
                 count. Without rows the check is skipped.",
    example: Example {
        yaml: "any_of: [{not_null: email}, {not_null: phone}]",
        params: r#"[{"not_null": "email"}, {"not_null": "phone"}]"#,
        input: "email:utf8,phone:utf8\na@b.ch,\n,0441234567\n,\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::None,
    short: Some("rules"),
    answers_empty: false,
    parse: |params| parse(Logic::Any, params),
    schema: schema_of::<Params>,
};

/// The parameters.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Params {
    /// The rules of which one has to pass.
    rules: PartList,
}
