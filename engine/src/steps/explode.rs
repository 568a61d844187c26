//! `explode`: a row for each item of a list.

use polars::prelude::DataType;
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::Columns;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::Result;
use crate::spec::{FromNode, Node};

pub(super) static STEP: StepDef = StepDef {
    name: "explode",
    summary: "Makes a row for each item of a list column, in the order of the list; the other columns repeat.",
    nulls: "An empty list and a null list leave one row with null, or none with empty: drop; a null item is an item. \
            Several columns go in step and must have equally many items in a row, or the run stops.",
    example: Example {
        step: "explode: tags",
        input: "id:int64,tags:list<string>\n1,[a;b]\n2,[]\n3,\n4,[c;]",
        others: &[],
        output: "id:int64,tags:string\n1,a\n1,b\n2,\n3,\n4,c\n4,",
    },
    parse: |node| Ok(Box::new(Explode::from_node(node)?)),
    schema: arguments::columns_or_schema::<Explode>,
};

/// List columns, and what becomes of empty lists.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explode {
    /// List columns.
    columns: Columns,
    /// Whether a row whose list is empty or null stays, with null for the item.
    #[serde(default)]
    empty: Empty,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Empty {
    #[default]
    Keep,
    Drop,
}

impl FromNode for Explode {
    fn from_node(node: &Node) -> Result<Self> {
        arguments::columns_or(node, |columns| Self { columns, empty: Empty::default() })
    }
}

impl Step for Explode {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.columns.resolve(cx.input)?;
        for column in &columns {
            if !matches!(column.dtype, DataType::List(_)) {
                return Err(column.unfit("explode", "lists"));
            }
        }
        let columns = columns.into_iter().map(|column| column.name).collect();
        Ok(Lowering::Rows(vec![RowOp::Explode { columns, keep_empty: self.empty == Empty::Keep }]))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn empty_and_null_lists_leave_no_row_when_dropped() {
        gives(
            "explode: {columns: tags, empty: drop}",
            "id:int64,tags:list<int64>\n1,[]\n2,\n3,[7;8]",
            "id:int64,tags:int64\n3,7\n3,8",
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(outcome("explode: x", "x:int64\n1").unwrap_err().contains("explode works on lists"));
    }
}
