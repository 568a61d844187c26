//! `sort`: rows in order.

use polars::prelude::{DataType, Expr, LazyFrame, PolarsResult, SortMultipleOptions};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::existing;
use super::{BindContext, Example, Lowering, Step, StepDef, WholeStep, arguments};
use crate::error::{Error, Result};
use crate::spec::{FromNode, Node, OneOrMany, Parsed, Spanned, Value, decode};

pub(super) static STEP: StepDef = StepDef {
    name: "sort",
    summary: "Sorts the rows by columns, each ascending or descending; rows that are equal stay in their order.",
    nulls: "Null stands last in either direction, or first with nulls: first. NaN is greater than every number. Text \
            is ordered by its UTF-8 bytes.",
    example: Example {
        step: "sort: [carrier, {delay: desc}]",
        input: "id:int64,carrier:string,delay:float64\n1,UA,2\n2,B6,\n3,UA,NaN\n4,B6,-1\n5,,0\n6,UA,2",
        others: &[],
        output: "id:int64,carrier:string,delay:float64\n4,B6,-1\n2,B6,\n3,UA,NaN\n1,UA,2\n6,UA,2\n5,,0",
    },
    parse: |node| Ok(Box::new(Sort::from_node(node)?)),
    schema: |generator| {
        arguments::any_of([generator.subschema_for::<SortKeys>(), generator.subschema_for::<Sort>()])
    },
};

/// What rows are ordered by.
pub(super) type SortKeys = OneOrMany<Parsed<SortKey>>;

/// Keys, and where null goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sort {
    /// Columns in order of weight; `{column: desc}` for descending.
    by: SortKeys,
    /// Where null stands.
    #[serde(default)]
    nulls: Nulls,
}

/// A column, ascending, or `{column: desc}`.
#[derive(Debug)]
pub(super) struct SortKey {
    pub(super) column: Spanned<String>,
    direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Direction {
    #[default]
    Asc,
    Desc,
}

/// Where null stands, whatever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Nulls {
    First,
    #[default]
    Last,
}

arguments::short_or_long!(SortKey, String, crate::spec::Entries<Direction>);

impl FromNode for SortKey {
    fn from_node(node: &Node) -> Result<Self> {
        match &node.value {
            Value::Map(entries) => match entries.as_slice() {
                [(column, direction)] => Ok(Self { column: column.clone(), direction: decode(direction)? }),
                _ => Err(Error::wrong("a sort key is one column").at(node.span).hint("write [a, {b: desc}]")),
            },
            _ => Ok(Self { column: decode(node)?, direction: Direction::default() }),
        }
    }
}

impl FromNode for Sort {
    fn from_node(node: &Node) -> Result<Self> {
        match node.value {
            Value::Map(_) | Value::Null => decode(node),
            _ => Ok(Self { by: decode(node)?, nulls: Nulls::default() }),
        }
    }
}

impl Step for Sort {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        Ok(Lowering::Whole(Box::new(Order::bind(&self.by, self.nulls, cx)?)))
    }
}

/// A checked order of rows.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) keys: Vec<Expr>,
    options: SortMultipleOptions,
}

impl Order {
    /// Checks the keys against the columns.
    pub(super) fn bind(by: &SortKeys, nulls: Nulls, cx: &BindContext<'_>) -> Result<Self> {
        let mut keys = Vec::with_capacity(by.len());
        for Parsed(key) in by {
            let column = existing(cx.input, &key.column)?;
            if matches!(column.dtype, DataType::List(_) | DataType::Struct(_)) {
                return Err(column.unfit("sort", "values that have an order"));
            }
            keys.push(column.expr());
        }
        if keys.is_empty() {
            return Err(Error::wrong("sort names no column"));
        }
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(by.iter().map(|key| key.direction == Direction::Desc))
            .with_nulls_last_multi(by.iter().map(|_| nulls == Nulls::Last))
            .with_maintain_order(true);
        Ok(Self { keys, options })
    }

    /// `frame` in this order.
    pub(super) fn of(&self, frame: LazyFrame) -> LazyFrame {
        frame.sort_by_exprs(&self.keys, self.options.clone())
    }
}

impl WholeStep for Order {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        Ok(self.of(input))
    }

    fn is_row_by_row(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn nulls_stand_where_they_are_told_in_both_directions() {
        let input = "id:int64,x:int64\n1,\n2,5\n3,7";
        gives("sort: {by: x, nulls: first}", input, "id:int64,x:int64\n1,\n2,5\n3,7");
        gives("sort: {by: {x: desc}, nulls: first}", input, "id:int64,x:int64\n1,\n3,7\n2,5");
        gives("sort: {by: [{x: desc}]}", input, "id:int64,x:int64\n3,7\n2,5\n1,");
    }

    #[test]
    fn rows_equal_in_order_stay_in_their_order() {
        let input = "id:int64,x:int64\n1,1\n2,0\n3,1\n4,0\n5,1";
        gives("sort: [{x: desc}]", input, "id:int64,x:int64\n1,1\n3,1\n5,1\n2,0\n4,0");
        gives("sort: x", input, "id:int64,x:int64\n2,0\n4,0\n1,1\n3,1\n5,1");
    }

    #[test]
    fn a_misspelt_direction_is_refused() {
        let error = outcome("sort: [{x: down}]", "x:int64\n1").unwrap_err();
        assert!(error.contains("down"), "{error}");
    }
}
