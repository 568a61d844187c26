//! `sort`: rows in order.

use std::sync::Mutex;

use polars::prelude::{
    BinaryOffsetChunked, DataFrame, DataType, Expr, IntoLazy, LazyFrame, PlSmallStr, PolarsResult,
    SortMultipleOptions,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{column, existing};
use super::rows::{locked, order_bytes, rest};
use super::{
    BindContext, Example, Lowering, Operator, Rest, Step, StepDef, StreamStep, Then, Turn, arguments,
};
use crate::error::{Error, Result};
use crate::memory::{Holder, Memory, Runs, Table, bytes_of, stack};
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
        Ok(Lowering::Stream(Box::new(Order::bind(&self.by, self.nulls, cx)?)))
    }
}

/// A checked order of rows.
#[derive(Debug, Clone)]
pub(super) struct Order {
    columns: Vec<PlSmallStr>,
    options: SortMultipleOptions,
}

impl Order {
    /// Checks the keys against the columns.
    pub(super) fn bind(by: &SortKeys, nulls: Nulls, cx: &BindContext<'_>) -> Result<Self> {
        let mut columns = Vec::with_capacity(by.len());
        for Parsed(key) in by {
            let column = existing(cx.input, &key.column)?;
            if matches!(column.dtype, DataType::List(_) | DataType::Struct(_)) {
                return Err(column.unfit("sort", "values that have an order"));
            }
            columns.push(column.name);
        }
        if columns.is_empty() {
            return Err(Error::wrong("sort names no column"));
        }
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(by.iter().map(|key| key.direction == Direction::Desc))
            .with_nulls_last_multi(by.iter().map(|_| nulls == Nulls::Last))
            .with_maintain_order(true);
        Ok(Self { columns, options })
    }

    /// Bytes a row that compare as the rows do.
    fn encode(&self, rows: &DataFrame) -> Result<BinaryOffsetChunked> {
        let SortMultipleOptions { descending, nulls_last, .. } = &self.options;
        order_bytes(rows, self.columns.iter().map(PlSmallStr::as_str), descending, nulls_last)
    }

    /// The columns, in order of weight.
    pub(super) fn keys(&self) -> impl Iterator<Item = Expr> {
        self.columns.iter().map(column)
    }

    /// `frame` in this order.
    pub(super) fn of(&self, frame: LazyFrame) -> LazyFrame {
        frame.sort_by_exprs(self.keys().collect::<Vec<_>>(), self.options.clone())
    }
}

impl StreamStep for Order {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        Ok(self.of(input))
    }

    fn open(&self, _: Vec<Table>, memory: &Memory) -> Result<Box<dyn Operator>> {
        let holder = memory.holder("the rows of a sort");
        Ok(Box::new(Sorting { order: self.clone(), state: Mutex::default(), holder }))
    }

    fn keeps_unique(&self) -> bool {
        true
    }

    fn is_row_by_row(&self) -> bool {
        true
    }
}

/// Rows that wait to be sorted. Once there is no room for more they are sorted and go to disk, and such runs
/// are merged at the end.
struct Sorting {
    order: Order,
    state: Mutex<State>,
    holder: Holder,
}

#[derive(Default)]
struct State {
    rows: Vec<DataFrame>,
    bytes: u64,
    runs: Runs,
}

impl Sorting {
    /// The rows that wait, sorted.
    fn sorted(&self, state: &mut State) -> Result<DataFrame> {
        state.bytes = 0;
        let rows = std::mem::take(&mut state.rows).into_iter().map(Ok);
        let Some(all) = stack(rows)? else { return Ok(DataFrame::default()) };
        let sorted = self.order.of(all.lazy()).collect();
        sorted.map_err(|error| Error::defect("could not sort rows").because(error))
    }

    fn put_away(&self, state: &mut State) -> Result<()> {
        let sorted = self.sorted(state)?;
        state.runs.push(&sorted, self.holder.disk())?;
        self.holder.note(0);
        Ok(())
    }
}

impl Operator for Sorting {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        Ok(Box::new(move || {
            let state = &mut *locked(&self.state);
            if batch.height() > 0 {
                state.bytes += bytes_of(&batch);
                state.rows.push(batch);
            }
            // Rows are there twice while they are sorted.
            if self.holder.hold(2 * state.bytes) {
                self.put_away(state)?;
            }
            Ok(Box::new(|| Ok(None)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        let mut state = std::mem::take(&mut *locked(&self.state));
        if state.runs.is_empty() {
            return Ok(rest(vec![self.sorted(&mut state)?]));
        }
        self.put_away(&mut state)?;
        let order = self.order.clone();
        let merged = state.runs.merge(Box::new(move |rows| order.encode(rows)))?;
        Ok(Box::new(merged.map(|rows| {
            let rows = rows?;
            Ok(Box::new(move || Ok(Some(rows))) as Then<'_>)
        })))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::steps::laws::{gives, outcome};
    use crate::steps::trial::{assert_same, lazy, stream_in, stream_step};
    use crate::steps::trial_frames::{cuts, frames, memories};

    const SORTS: [&str; 7] = [
        "sort: i",
        "sort: [{f: desc}, t]",
        "sort: {by: [t, {x: desc}], nulls: first}",
        "sort: [{d: desc}, {z: desc}]",
        "sort: {by: {b: desc}, nulls: first}",
        "sort: [u, {n: desc}]",
        "sort: f",
    ];

    proptest! {
        #[test]
        fn streaming_is_the_lazy_meaning_whatever_the_memory(
            frame in frames(), step in prop::sample::select(&SORTS[..]), cuts in cuts(), memory in memories(),
        ) {
            let bound = stream_step(step, &frame, &[]);
            let streamed = stream_in(&memory, &*bound, &frame, &[], &cuts).unwrap();
            if streamed.rows.height() > 0 {
                assert_same(&streamed.rows, &lazy(&*bound, &frame, &[]));
            }
            prop_assert_eq!(streamed.rows.height(), frame.height());
        }
    }

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
