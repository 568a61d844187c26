//! `when`: rules that have to pass where a condition holds.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::check::{Check, ParamError};
use crate::parts::{Logic, PartList, Parts};
use crate::reference::Reference;
use crate::rule::{Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, schema_of};

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

#[derive(Debug)]
struct When {
    condition: String,
    parts: Parts,
}

fn parse(params: &Map<String, Value>) -> Result<Box<dyn Rule>, ParamError> {
    let wrong = |message: &str| ParamError::new(message).key("condition");
    let condition = match params.get("condition") {
        Some(Value::String(condition)) if !condition.trim().is_empty() => condition.clone(),
        Some(Value::String(_)) => return Err(wrong("the condition is empty")),
        Some(_) => return Err(wrong("the condition has to be a SQL text")),
        None => return Err(wrong("\"condition\" is missing")),
    };
    Ok(Box::new(When { condition, parts: Parts::parse(Logic::All, params, "then")? }))
}

impl Rule for When {
    fn other_columns(&self) -> Vec<&str> {
        self.parts.columns()
    }

    fn predicates(&self) -> Vec<&str> {
        self.parts.predicates()
    }

    fn scope(&self) -> Option<&str> {
        Some(&self.condition)
    }

    fn parts(&self) -> &[Check] {
        &self.parts.checks
    }

    fn references(&self) -> Vec<Reference> {
        self.parts.references()
    }

    fn expected(&self) -> String {
        format!("where {}, {}", self.condition, self.parts.expected())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        self.parts.bind(site)
    }
}
