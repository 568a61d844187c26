//! `filter`: the rows for which a condition is true.

use schemars::JsonSchema;
use serde::Deserialize;

use super::arguments::Formula;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::Result;
use crate::spec::Parsed;

pub(super) static STEP: StepDef = StepDef {
    name: "filter",
    summary: "Keeps the rows for which the condition is true; the others are removed and counted.",
    nulls: "A condition that is null is not true, so its row goes, as in SQL's WHERE. NaN is greater than every \
            number and equal to itself.",
    example: Example {
        step: "filter: quantity > 0",
        input: "id:int64,quantity:int64\n1,5\n2,0\n3,\n4,7",
        others: &[],
        output: "id:int64,quantity:int64\n1,5\n4,7",
    },
    parse: arguments::plain::<Filter>,
    schema: arguments::schema_of::<Filter>,
};

/// The condition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Filter(Parsed<Formula>);

impl Step for Filter {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        Ok(Lowering::Rows(vec![RowOp::Keep(self.0.0.0.bind_predicate(cx.input)?)]))
    }
}
