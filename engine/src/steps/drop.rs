//! `drop`: all columns but these.

use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, visible};
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};

pub(super) static STEP: StepDef = StepDef {
    name: "drop",
    summary: "Removes the named columns.",
    nulls: "Values are not looked at. An empty table loses the columns too.",
    example: Example {
        step: "drop: [year, \"*_delay\"]",
        input: "year:int64,flight:string,dep_delay:int64,arr_delay:int64\n2013,UA1545,2,11\n2013,UA1714,4,",
        others: &[],
        output: "flight:string\nUA1545\nUA1714",
    },
    parse: arguments::plain::<Drop>,
    schema: arguments::schema_of::<Drop>,
};

/// The columns to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Drop(Columns);

impl Step for Drop {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let dropped = self.0.resolve(cx.input)?;
        if dropped.len() == visible(cx.input).count() {
            let error = Error::wrong("drop leaves no column");
            return Err(self.0.iter().fold(error, |error, name| error.at(name.span)));
        }
        Ok(Lowering::Rows(vec![RowOp::Drop(dropped.into_iter().map(|column| column.name).collect())]))
    }
}
