//! `deduplicate`: one row of each key.
//!
//! The first row of each key leaves at once, batch by batch, against a set of the keys seen. Keeping the
//! last row, or the first by some order, needs all rows: they are held until the end.

mod first;
mod order;
mod overflow;
#[cfg(test)]
mod tests;
mod winner;

use polars::prelude::{
    DataType, Expr, LazyFrame, PlSmallStr, PolarsResult, SortMultipleOptions, UniqueKeepStrategy,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;

use self::first::First;
use self::order::Order;
use self::winner::Winner;
use super::column::{column, existing, visible};
use super::keys::KeyEncoder;
use super::narrow::{ColumnSet, Needs, stays};
use super::rows::hashable;
use super::{BindContext, Example, HIDDEN, Lowering, Operator, Step, StepDef, StreamStep};
use crate::error::Result;
use crate::memory::{Memory, Table};
use crate::spec::{Node, OneOrMany, Spanned, Value, decode};

/// The step in the catalogue.
pub(super) static STEP: StepDef = StepDef {
    name: "deduplicate",
    summary: "Keeps one row of each key: the first, the last, or the first or last by an order. \
              Rows stay in the order they came in. Without keys, rows that are equal in all columns are one.",
    nulls: "A null key equals a null key, NaN equals NaN and -0 equals 0. In `order_by`, a null \
            loses against every value and NaN is greater than every number. Rows that tie are kept by their place: the first for `keep: \
            first`, the last for `keep: last`. Without rows, no rows come out.",
    example: Example {
        step: "deduplicate: {keys: [order_id], keep: last, order_by: updated_at}",
        input: "order_id:int64,updated_at:int64,status:string\n1,10,new\n2,5,new\n1,30,paid\n1,20,packed",
        others: &[],
        output: "order_id:int64,updated_at:int64,status:string\n2,5,new\n1,30,paid",
    },
    parse,
    schema,
};

/// Which row of a key stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Keep {
    /// The first.
    First,
    /// The last.
    Last,
    /// Whichever is cheapest; always the first, so that results do not change from run to run.
    #[default]
    Any,
}

/// Arguments of the step.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Deduplicate {
    /// Columns that make up the key; all columns if left out.
    keys: OneOrMany<Spanned<String>>,
    /// Which row of each key stays.
    keep: Keep,
    /// Columns by which rows of one key are ordered first, each with `asc` (default) or `desc`.
    order_by: OneOrMany<Spanned<String>>,
}

fn parse(node: &Node) -> Result<Box<dyn Step>> {
    let step = match &node.value {
        Value::Null => Deduplicate::default(),
        Value::Map(_) => decode(node)?,
        _ => Deduplicate { keys: decode(node)?, ..Deduplicate::default() },
    };
    Ok(Box::new(step))
}

fn schema(generator: &mut SchemaGenerator) -> schemars::Schema {
    let short = generator.subschema_for::<OneOrMany<String>>();
    let long = generator.subschema_for::<Deduplicate>();
    schemars::json_schema!({ "anyOf": [short, long, { "type": "null" }] })
}

impl Step for Deduplicate {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        for key in &self.keys {
            existing(cx.input, key)?;
        }
        let keys: Vec<PlSmallStr> = if self.keys.is_empty() {
            visible(cx.input).map(|(name, _)| name.clone()).collect()
        } else {
            self.keys.iter().map(|key| key.value.as_str().into()).collect()
        };
        let encoder = KeyEncoder::new(keys.iter().map(PlSmallStr::as_str), cx.input);
        let encoder = match self.keys.first() {
            Some(key) => encoder.map_err(|e| e.at(key.span))?,
            None => encoder.map_err(|e| e.hint("name the columns to compare: `deduplicate: [a, b]`"))?,
        };
        let order = Order::bind(&self.order_by, cx.input)?;
        let input = cx.input.iter_names().cloned().collect();
        let types = keys.iter().filter_map(|key| cx.input.get(key).cloned()).collect();
        Ok(Lowering::Stream(Box::new(Bound { input, keys, types, encoder, keep: self.keep, order })))
    }
}

/// The step bound to its input.
struct Bound {
    /// Names of all columns.
    input: Vec<PlSmallStr>,
    keys: Vec<PlSmallStr>,
    types: Vec<DataType>,
    encoder: KeyEncoder,
    keep: Keep,
    order: Order,
}

impl StreamStep for Bound {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let keep = match self.keep {
            Keep::Last => UniqueKeepStrategy::Last,
            Keep::First | Keep::Any => UniqueKeepStrategy::First,
        };
        // Polars compares −0 and 0, and NaNs, as equal already.
        let hidden = |index: usize| PlSmallStr::from_string(format!("{HIDDEN}key_{index}"));
        let keys: Vec<Expr> = (self.keys.iter().zip(&self.types).enumerate())
            .map(|(index, (key, dtype))| hashable(column(key), dtype).alias(hidden(index)))
            .collect();
        let subset: Vec<Expr> = (0..keys.len()).map(|index| column(&hidden(index))).collect();
        let row = PlSmallStr::from_string(format!("{HIDDEN}order"));
        let by_row = SortMultipleOptions::default().with_maintain_order(true);
        let ordered = self.order.sort(input.with_row_index(row.clone(), None), self.keep != Keep::Last);
        let unique = ordered.with_columns(keys).unique_stable_generic(Some(subset), keep);
        Ok(unique.sort([row], by_row).select(self.input.iter().map(column).collect::<Vec<_>>()))
    }

    fn open(&self, _: Vec<Table>, memory: &Memory) -> Result<Box<dyn Operator>> {
        let first = self.order.is_empty() && self.keep != Keep::Last;
        let encoder = self.encoder.clone();
        Ok(if first {
            Box::new(First::new(encoder, memory))
        } else {
            Box::new(Winner::new(encoder, self.order.clone(), self.keep == Keep::Last, memory))
        })
    }

    fn narrow(&mut self, wanted: &ColumnSet) -> Option<Needs> {
        let mut needed = wanted.clone();
        needed.extend(self.keys.iter().chain(self.order.columns()).cloned());
        self.input.retain(|name| stays(name, &needed));
        Some(Needs::of_input(needed))
    }

    fn proves_unique(&self) -> Option<Vec<String>> {
        Some(self.keys.iter().map(ToString::to_string).collect())
    }

    fn keeps_unique(&self) -> bool {
        true
    }
}
