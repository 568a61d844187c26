//! `uppercase`: text in one case.

use schemars::JsonSchema;
use serde::Deserialize;

use super::column::Columns;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::Result;
use crate::expr::uppercase;

pub(super) static STEP: StepDef = StepDef {
    name: "uppercase",
    summary: "Turns text into capital letters, in every script that has two cases.",
    nulls: "Null stays null, the empty text stays empty.",
    example: Example {
        step: "uppercase: ship_mode",
        input: "id:int64,ship_mode:string\n1,air\n2,\n3,\"\"\n4,straße",
        others: &[],
        output: "id:int64,ship_mode:string\n1,AIR\n2,\n3,\"\"\n4,STRASSE",
    },
    parse: arguments::plain::<Uppercase>,
    schema: arguments::schema_of::<Uppercase>,
};

/// Text columns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Uppercase(Columns);

impl Step for Uppercase {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.0.resolve(cx.input)?;
        columns.iter().try_for_each(|column| column.need_text("uppercase"))?;
        Ok(Lowering::Rows(vec![RowOp::With(columns.iter().map(|column| uppercase(column.expr())).collect())]))
    }
}
