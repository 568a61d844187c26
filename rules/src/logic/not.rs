//! `not`: the opposite of a rule.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::check::{Check, ParamError};
use crate::parts::{Logic, PartList, Parts};
use crate::reference::Reference;
use crate::rule::{Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, schema_of};

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
    parse,
    schema: schema_of::<Params>,
};

/// The parameters.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Params {
    /// The rule that must not pass.
    rules: PartList,
}

#[derive(Debug)]
struct Not {
    parts: Parts,
}

fn parse(params: &Map<String, Value>) -> Result<Box<dyn Rule>, ParamError> {
    Ok(Box::new(Not { parts: Parts::parse(Logic::None, params, "rules")? }))
}

impl Rule for Not {
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
