//! `when`: rules that have to pass where a condition holds.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::check::ParamError;
use crate::parts::{Logic, Made, PartList, Parts};
use crate::rule::{Columns, Cost, Example, Rule, RuleDef, Shape, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "when",
    aliases: &[],
    dimension: "logic",
    summary: "Where a condition holds, rules pass.",
    definition: "Rows where the condition is not TRUE (FALSE or NULL) are out of scope, as with `where`; on the others `then` is \
                 judged as `all_of` judges its parts, nulls included. Where no row is in scope the check is skipped.",
    example: Example {
        yaml: "when: {condition: ordered < shipped, then: [{not_null: carrier}]}",
        params: r#"{"condition": "ordered < shipped", "then": [{"not_null": "carrier"}]}"#,
        input: "ordered:int64,shipped:int64,carrier:utf8\n1,2,A\n1,2,\n2,1,\n1,,\n",
        status: "fail",
        observed: "1 of 2 fail (50 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::None,
    short: None,
    answers_empty: false,
    parse,
    schema: schema_of::<Params>,
};

/// The parameters.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Params {
    /// The condition, in SQL.
    condition: String,
    /// The rules that have to pass where it holds.
    then: PartList,
}

fn parse(params: &Map<String, Value>) -> Result<Box<dyn Rule>, ParamError> {
    let wrong = |message: &str| ParamError::new(message).key("condition");
    let condition = match params.get("condition") {
        Some(Value::String(condition)) if !condition.trim().is_empty() => condition.clone(),
        Some(Value::String(_)) => return Err(wrong("the condition is empty")),
        Some(_) => return Err(wrong("the condition has to be a SQL text")),
        None => return Err(wrong("\"condition\" is missing")),
    };
    Ok(Box::new(Made { scope: Some(condition), parts: Parts::parse(Logic::All, params, "then")? }))
}
