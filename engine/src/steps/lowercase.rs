//! `lowercase`: text in one case.

use schemars::JsonSchema;
use serde::Deserialize;

use super::column::Columns;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::Result;
use crate::expr::lowercase;

pub(super) static STEP: StepDef = StepDef {
    name: "lowercase",
    summary: "Turns text into small letters, in every script that has two cases.",
    nulls: "Null stays null, the empty text stays empty.",
    example: Example {
        step: "lowercase: ship_mode",
        input: "id:int64,ship_mode:string\n1,AIR\n2,\n3,\"\"\n4,ÉTÉ",
        others: &[],
        output: "id:int64,ship_mode:string\n1,air\n2,\n3,\"\"\n4,été",
    },
    parse: arguments::plain::<Lowercase>,
    schema: arguments::schema_of::<Lowercase>,
};

/// Text columns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Lowercase(Columns);

impl Step for Lowercase {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.0.resolve(cx.input)?;
        columns.iter().try_for_each(|column| column.need_text("lowercase"))?;
        Ok(Lowering::Rows(vec![RowOp::With(columns.iter().map(|column| lowercase(column.expr())).collect())]))
    }
}
