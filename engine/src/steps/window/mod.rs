//! `window`: columns computed from the rows around a row.

use polars::prelude::{
    DataType, Expr, LazyFrame, PlSmallStr, PolarsResult, SortMultipleOptions, by_name, col,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, Found, new_name};
use super::sort::{Nulls, Order, SortKeys};
use super::{BindContext, Example, Lowering, Step, StepDef, WholeStep, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, Spanned};

mod function;

pub(super) static STEP: StepDef = StepDef {
    name: "window",
    summary: "Adds columns computed over the rows around each row: row_number(), rank(), dense_rank(), lag(x, n), \
              lead(x, n), first(x), last(x), count(*), count(x), sum(x), mean(x), min(x), max(x), within the rows \
              of the same partition, in the given order. The rows stay where they are.",
    nulls: "Null is a partition of its own, and stands last in the order. Null values do not enter count(x), sum, \
            mean, min and max, which are null (count 0) where nothing entered; lag, lead, first and last take null \
            as it comes. NaN enters: sums and means from there on are NaN. The frame is `running` (from the start of \
            the partition to the row itself, not to rows equal in order) if there is an order_by, and `all` if not. \
            Rows equal in order count in the order of the table.",
    example: Example {
        step: "window: {partition_by: carrier, order_by: hour, \
               derive: {nth: row_number(), before: \"lag(delay, 1)\", so_far: sum(delay)}}",
        input: "carrier:string,hour:int64,delay:int64\nUA,7,5\nB6,6,\nUA,6,2\nB6,9,4\nUA,8,",
        others: &[],
        output: "carrier:string,hour:int64,delay:int64,nth:int64,before:int64,so_far:int64\n\
                 UA,7,5,2,2,7\nB6,6,,1,,\nUA,6,2,1,,2\nB6,9,4,2,,4\nUA,8,,3,5,7",
    },
    parse: arguments::plain::<Window>,
    schema: arguments::schema_of::<Window>,
};

/// The row's place in the table.
const PLACE: PlSmallStr = PlSmallStr::from_static("__lockgate_place");
/// The row's number in its partition, from 1.
const NUMBER: PlSmallStr = PlSmallStr::from_static("__lockgate_number");
/// The number of the first row equal to it in order.
const RANK: PlSmallStr = PlSmallStr::from_static("__lockgate_rank");

/// Which rows a row sees, and what is computed over them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Window {
    /// Rows with the same values in these columns see each other; all rows if absent.
    #[serde(default)]
    partition_by: Columns,
    /// The order of the rows; that of the table if absent.
    #[serde(default)]
    order_by: SortKeys,
    /// New column → function call.
    derive: Entries<Spanned<String>>,
    /// Which rows of the partition `first`, `last`, `count`, `sum`, `mean`, `min` and `max` see.
    frame: Option<Spanned<Frame>>,
}

/// Rows seen from a row.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Frame {
    /// The whole partition.
    All,
    /// From the start of the partition to the row itself.
    Running,
    /// The row itself and this many rows before it.
    Rows(u32),
}

impl Step for Window {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let partition: Vec<Expr> = self.partition_by.resolve(cx.input)?.iter().map(Found::expr).collect();
        let order =
            if self.order_by.is_empty() { None } else { Some(Order::bind(&self.order_by, Nulls::Last, cx)?) };
        let usual = if order.is_some() { Frame::Running } else { Frame::All };
        let frame = self.frame.as_ref().map_or(usual, |frame| frame.value);
        let mut derived = Vec::with_capacity(self.derive.len());
        for (name, call) in &self.derive {
            let new = new_name(name)?;
            let value = function::bind(call, cx, frame, order.is_some())?;
            derived.push(over(value, &partition).map_err(|error| error.at(call.span))?.alias(new));
        }
        if derived.is_empty() {
            return Err(Error::wrong("window derives no column"));
        }
        let peers = order.iter().flat_map(Order::keys).chain(partition.iter().cloned()).collect::<Vec<_>>();
        let rank = over(col(NUMBER).min(), &peers)?.alias(RANK);
        let number = over(col(PLACE).cum_count(false), &partition)?.cast(DataType::Int64).alias(NUMBER);
        Ok(Lowering::Whole(Box::new(Windows { order, number, rank, derived })))
    }
}

/// `value` within the rows of equal `keys`.
fn over(value: Expr, keys: &[Expr]) -> Result<Expr> {
    if keys.is_empty() {
        return Ok(value);
    }
    value.over(keys).map_err(|error| Error::defect("cannot partition a window").because(error))
}

/// Checked windows.
struct Windows {
    order: Option<Order>,
    number: Expr,
    rank: Expr,
    derived: Vec<Expr>,
}

impl WholeStep for Windows {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let placed = input.with_row_index(PLACE, None);
        let ordered = self.order.as_ref().map_or(placed.clone(), |order| order.of(placed));
        let computed = ordered
            .with_column(self.number.clone())
            .with_column(self.rank.clone())
            .with_columns(&self.derived);
        let placed = match self.order {
            Some(_) => computed.sort([PLACE], SortMultipleOptions::default()),
            None => computed,
        };
        Ok(placed.drop(by_name([PLACE, NUMBER, RANK], true, false)))
    }
}

#[cfg(test)]
mod tests;
