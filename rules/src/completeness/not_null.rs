//! `not_null`: no value of a column is null.

use arrow::array::{Array, BooleanArray};
use arrow::compute::is_not_null;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "not_null",
    aliases: &[],
    dimension: "completeness",
    summary: "No value of the column is null.",
    definition: "A row passes when its value is not null. NaN and empty text are not null; `missing` knows them. \
                 Every row in scope is evaluated; without rows the check is skipped. No rows are \
                 shown where it passes; where footers count few enough nulls for that, none is read.",
    example: Example {
        yaml: "not_null: id",
        params: r#""id""#,
        input: "id:int64,name:utf8\n1,a\n,b\n3,c\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<NotNull>,
    schema: schema_of::<NotNull>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotNull {}

impl Rule for NotNull {
    fn expected(&self) -> String {
        "not null".into()
    }

    fn bind(&self, _: &mut Site<'_>) -> Result<Bound, Problem> {
        Ok(Bound::Rows(Box::new(Present)))
    }
}

/// Tests that a value is there; `completeness` shares it.
#[derive(Debug)]
pub(crate) struct Present;

impl RowTest for Present {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        if column.null_count() == 0 {
            return Ok(BooleanArray::new(arrow::buffer::BooleanBuffer::new_set(column.len()), None));
        }
        is_not_null(column)
    }

    fn tests_nulls(&self) -> bool {
        true
    }

    fn known_to_fail(&self, proofs: &Proofs, columns: &[&str]) -> Option<u64> {
        proofs.nulls(columns.first()?)
    }

    fn shows_what_passes(&self) -> bool {
        false
    }
}
