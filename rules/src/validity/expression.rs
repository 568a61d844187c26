//! `expression`: a SQL condition holds for every row.

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::{Nulls, ParamError};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "expression",
    aliases: &[],
    dimension: "validity",
    summary: "A SQL condition over one row holds.",
    definition: "A row passes where the condition is TRUE and fails where it is FALSE. Where it is NULL, it fails unless \
                 `nulls` says otherwise: SQL constraints let NULL pass, which hides what is missing. NaN compares as \
                 the expression language says. Without rows the check is skipped.",
    example: Example {
        yaml: "expression: a < b",
        params: r#""a < b""#,
        input: "a:int64,b:int64\n1,2\n3,2\n,2\n",
        status: "fail",
        observed: "2 of 3 fail (66.67 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::None,
    short: Some("expr"),
    answers_empty: false,
    parse: parse_params::<Expression>,
    schema: schema_of::<Expression>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Expression {
    /// The condition.
    expr: String,
}

impl Rule for Expression {
    fn validate(&self) -> Result<(), ParamError> {
        if self.expr.trim().is_empty() {
            return Err(ParamError::new("the condition is empty").key("expr"));
        }
        Ok(())
    }

    fn predicate(&self) -> Option<&str> {
        Some(&self.expr)
    }

    fn expected(&self) -> String {
        self.expr.clone()
    }

    fn bind(&self, _: &mut Site<'_>) -> Result<Bound, Problem> {
        Ok(Bound::Rows(Box::new(Holds)))
    }
}

#[derive(Debug)]
struct Holds;

impl RowTest for Holds {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        rows.predicate().cloned()
    }

    fn default_nulls(&self) -> Nulls {
        Nulls::Fail
    }
}
