//! `all_of`: every part passes.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::check::{Check, ParamError};
use crate::parts::{Logic, PartList, Parts};
use crate::reference::Reference;
use crate::rule::{Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, schema_of};

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
    parse,
    schema: schema_of::<Params>,
};

/// The parameters.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Params {
    /// The rules that have to pass.
    rules: PartList,
}

#[derive(Debug)]
struct AllOf {
    parts: Parts,
}

fn parse(params: &Map<String, Value>) -> Result<Box<dyn Rule>, ParamError> {
    Ok(Box::new(AllOf { parts: Parts::parse(Logic::All, params, "rules")? }))
}

impl Rule for AllOf {
    fn other_columns(&self) -> Vec<&str> {
        self.parts.columns()
    }

    fn predicates(&self) -> Vec<&str> {
        self.parts.predicates()
    }

    fn parts(&self) -> &[Check] {
        &self.parts.checks
    }

    fn references(&self) -> Vec<Reference> {
        self.parts.references()
    }

    fn expected(&self) -> String {
        self.parts.expected()
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        self.parts.bind(site)
    }
}
