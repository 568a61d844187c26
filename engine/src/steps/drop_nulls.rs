//! `drop_nulls`: rows whose columns are filled.

use polars::prelude::Expr;
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, Found};
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{FromNode, Node};

pub(super) static STEP: StepDef = StepDef {
    name: "drop_nulls",
    summary: "Removes and counts the rows in which any of the columns, or all of them, are null.",
    nulls: "NaN and the empty text are not null.",
    example: Example {
        step: "drop_nulls: {columns: [dep_delay, arr_delay], when: all}",
        input: "id:int64,dep_delay:float64,arr_delay:float64\n1,2,11\n2,,4\n3,,\n4,NaN,",
        others: &[],
        output: "id:int64,dep_delay:float64,arr_delay:float64\n1,2,11\n2,,4\n4,NaN,",
    },
    parse: |node| Ok(Box::new(DropNulls::from_node(node)?)),
    schema: arguments::columns_or_schema::<DropNulls>,
};

/// Columns, and how many of them must be null.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DropNulls {
    /// The columns looked at.
    columns: Columns,
    /// Whether a row goes when any of them is null, or when all are.
    #[serde(default)]
    when: When,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    Any,
    All,
}

impl FromNode for DropNulls {
    fn from_node(node: &Node) -> Result<Self> {
        arguments::columns_or(node, |columns| Self { columns, when: When::default() })
    }
}

impl Step for DropNulls {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.columns.resolve(cx.input)?;
        let filled = columns.iter().map(|column| Found::expr(column).is_not_null());
        let kept = match self.when {
            When::Any => filled.reduce(Expr::and),
            When::All => filled.reduce(Expr::or),
        };
        let kept = kept.ok_or_else(|| Error::wrong("drop_nulls names no column"))?;
        Ok(Lowering::Rows(vec![RowOp::Keep(kept)]))
    }
}
