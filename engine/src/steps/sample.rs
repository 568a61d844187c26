//! `sample`: some of the rows, the same ones every time.

use std::sync::{Mutex, PoisonError};

use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, Field, IdxSize, IntoColumn, LazyFrame,
    NewChunkedArray, PlSmallStr, PolarsResult, UInt64Chunked, by_name, col, lit,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::Columns;
use super::hash::{joined_text, position};
use super::narrow::{ColumnSet, Needs};
use super::{
    BindContext, Example, Lowering, Operator, RowOp, Step, StepDef, StreamStep, Then, Turn, WholeStep,
    arguments,
};
use crate::error::{Error, Result};
use crate::memory::{Memory, Table};
use crate::spec::Spanned;

/// Where a row's number, and then its lot, stands while rows are drawn.
const LOT: PlSmallStr = PlSmallStr::from_static("__lockgate_lot");

pub(super) static STEP: StepDef = StepDef {
    name: "sample",
    summary: "Keeps a share of the rows, or a number of them, drawn by the run's seed and the row's place; with `by`, \
              drawn by the values of columns, so that the same values are kept in every run and in every table.",
    nulls: "With `by`, null is a value like others, told from the empty text. More rows asked for than there are: all \
            are kept. The rows stay in their order.",
    example: Example {
        step: "sample: {fraction: 0.5, by: customer}",
        input: "id:int64,customer:string\n1,ada\n2,bob\n3,ada\n4,eve\n5,\n6,bob",
        others: &[],
        output: "id:int64,customer:string\n1,ada\n2,bob\n3,ada\n6,bob",
    },
    parse: arguments::plain::<Sample>,
    schema: arguments::schema_of::<Sample>,
};

/// How many rows, and how they are drawn.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// The share to keep: above 0, at most 1.
    fraction: Option<Spanned<f64>>,
    /// The number of rows to keep.
    rows: Option<Spanned<u64>>,
    /// Columns whose values decide, instead of the row's place.
    #[serde(default)]
    by: Columns,
    /// Another seed, another sample; the run's seed if absent, 0 with `by`.
    seed: Option<u64>,
}

impl Step for Sample {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let seed = self.seed.unwrap_or(if self.by.is_empty() { cx.seed } else { 0 });
        match (&self.fraction, &self.rows) {
            (Some(fraction), None) => {
                if !(fraction.value > 0.0 && fraction.value <= 1.0) {
                    return Err(
                        Error::wrong("the fraction to keep is above 0 and at most 1").at(fraction.span)
                    );
                }
                let lots = Lots { seed, below: share_of_all(fraction.value) };
                if self.by.is_empty() {
                    return Ok(Lowering::Stream(Box::new(lots)));
                }
                let text = joined_text(&self.by.resolve(cx.input)?, "sample")?;
                Ok(Lowering::Rows(vec![RowOp::Keep(lots.drawn_by(text))]))
            }
            (None, Some(rows)) => {
                if let Some(by) = self.by.first() {
                    return Err(Error::wrong("a number of rows cannot be drawn by columns")
                        .at(by.span)
                        .hint("give a fraction, or leave out `by`"));
                }
                let rows = IdxSize::try_from(rows.value).unwrap_or(IdxSize::MAX);
                Ok(Lowering::Whole(Box::new(Fewest { seed, rows })))
            }
            _ => Err(Error::wrong("sample needs either `fraction` or `rows`")
                .hint("write sample: {fraction: 0.01}")),
        }
    }
}

/// `fraction` of all 64-bit numbers; the last stands for all of them.
fn share_of_all(fraction: f64) -> u64 {
    if fraction >= 1.0 { u64::MAX } else { (fraction * 2f64.powi(64)) as u64 }
}

/// The rows whose lot is below a bound.
#[derive(Debug, Clone, Copy)]
struct Lots {
    seed: u64,
    below: u64,
}

impl Lots {
    fn drawn(self, lot: u64) -> bool {
        lot < self.below || self.below == u64::MAX
    }

    /// Whether the texts are drawn.
    fn drawn_by(self, texts: Expr) -> Expr {
        texts.map(
            move |column: Column| -> PolarsResult<Column> {
                let drawn = position(column.str()?, self.seed).map(|lot| Some(self.drawn(lot)));
                Ok(BooleanChunked::from_iter_options(column.name().clone(), drawn).into_column())
            },
            |_, field| Ok(Field::new(field.name().clone(), DataType::Boolean)),
        )
    }

    /// Which of `height` rows from row `first` on are drawn.
    fn drawn_rows(self, first: u64, height: usize) -> BooleanChunked {
        let rows = (first..).take(height).map(|row| self.drawn(lot(row, self.seed)));
        BooleanChunked::from_iter_values(LOT, rows)
    }
}

/// The lot of row `row`: `SplitMix64`, whose every output is a bijection of its state.
fn lot(row: u64, seed: u64) -> u64 {
    let mut z = seed.wrapping_add(row.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `frame` with the lot of every row.
fn with_lots(frame: LazyFrame, seed: u64) -> LazyFrame {
    let lots = move |column: Column| -> PolarsResult<Column> {
        let rows = column.cast(&DataType::UInt64)?;
        let lots = rows.u64()?.iter().map(|row| row.map(|row| lot(row, seed)));
        Ok(UInt64Chunked::from_iter_options(column.name().clone(), lots).into_column())
    };
    let field =
        |_: &polars::prelude::Schema, field: &Field| Ok(Field::new(field.name().clone(), DataType::UInt64));
    frame.with_row_index(LOT, None).with_column(col(LOT).map(lots, field))
}

impl StreamStep for Lots {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let drawn = if self.below == u64::MAX { lit(true) } else { col(LOT).lt(lit(self.below)) };
        Ok(with_lots(input, self.seed).filter(drawn).drop(by_name([LOT], true, false)))
    }

    fn narrow(&mut self, wanted: &ColumnSet) -> Option<Needs> {
        Some(Needs::of_input(wanted.clone()))
    }

    fn open(&self, _: Vec<Table>, _: &Memory) -> Result<Box<dyn Operator>> {
        Ok(Box::new(Drawing { lots: *self, rows: Mutex::new(0) }))
    }

    fn keeps_unique(&self) -> bool {
        true
    }
}

/// A drawing under way.
struct Drawing {
    lots: Lots,
    /// Rows seen.
    rows: Mutex<u64>,
}

impl Operator for Drawing {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        Ok(Box::new(move || {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            let first = *rows;
            *rows += batch.height() as u64;
            let lots = self.lots;
            let then: Then<'_> = Box::new(move || {
                let drawn = lots.drawn_rows(first, batch.height());
                let kept = batch.filter(&drawn);
                kept.map(Some).map_err(|error| Error::defect("cannot filter a batch").because(error))
            });
            Ok(then)
        }))
    }
}

/// The `rows` rows with the smallest lots.
struct Fewest {
    seed: u64,
    rows: IdxSize,
}

impl WholeStep for Fewest {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let last =
            col(LOT).sort(polars::prelude::SortOptions::default()).head(Some(self.rows as usize)).max();
        let drawn = if self.rows == 0 { lit(false) } else { col(LOT).lt_eq(last) };
        Ok(with_lots(input, self.seed).filter(drawn).drop(by_name([LOT], true, false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::laws::{bound, outcome, parsed, run, table};

    #[test]
    fn lots_are_those_of_splitmix64() {
        let known = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f];
        assert_eq!([0, 1, 2].map(|row| lot(row, 0)), known);
    }

    #[test]
    fn the_share_drawn_is_the_share_asked_for() {
        let lots = Lots { seed: 7, below: share_of_all(0.25) };
        let drawn = lots.drawn_rows(0, 100_000).sum().unwrap();
        assert!((24_000..26_000).contains(&drawn), "{drawn}");
        assert_eq!(Lots { seed: 7, below: share_of_all(1.0) }.drawn_rows(5, 10).sum(), Some(10));
    }

    #[test]
    fn the_operator_draws_the_rows_of_the_lazy_plan() {
        let input = table::read(&(0..50).fold("x:int64".to_owned(), |text, row| format!("{text}\n{row}")));
        for yaml in ["sample: {fraction: 0.3}", "sample: {fraction: 1}", "sample: {fraction: 0.3, seed: 9}"] {
            let lowering = bound(parsed(yaml).unwrap().as_ref(), input.schema(), &[]).unwrap();
            let whole = run(&lowering, input.clone(), &[]).unwrap();
            let Lowering::Stream(stream) = lowering else { panic!("a sample by position streams") };
            let operator = stream.open(Vec::new(), &Memory::unbounded()).unwrap();
            let mut drawn = whole.clear();
            for at in [0, 7, 14, 21, 28, 35, 42, 49] {
                let then = operator.prepare(input.slice(at, 7)).and_then(|turn| turn()).unwrap();
                drawn.vstack_mut(&then().unwrap().unwrap()).unwrap();
            }
            assert!(drawn.equals(&whole), "{yaml}");
        }
    }

    #[test]
    fn a_number_of_rows_is_that_many_in_their_order() {
        let input = "x:int64\n1\n2\n3\n4\n5\n6";
        for rows in [0, 1, 4, 6, 10] {
            let out = outcome(&format!("sample: {{rows: {rows}}}"), input).unwrap();
            assert_eq!(out.height(), rows.min(6));
            let kept: Vec<_> = out.column("x").unwrap().i64().unwrap().iter().flatten().collect();
            assert!(kept.is_sorted(), "{kept:?}");
        }
    }

    #[test]
    fn either_a_fraction_or_a_number_is_asked_for() {
        for yaml in ["{}", "{fraction: 0.1, rows: 3}", "{fraction: 0}", "{fraction: 1.5}", "{rows: 3, by: x}"]
        {
            assert!(outcome(&format!("sample: {yaml}"), "x:int64\n1").is_err(), "{yaml}");
        }
    }

    #[test]
    fn a_row_keeps_its_lot_however_the_rows_are_batched() {
        let lots = Lots { seed: 3, below: share_of_all(0.5) };
        let whole: Vec<_> = lots.drawn_rows(0, 100).iter().collect();
        let parts: Vec<_> = [(0, 33), (33, 1), (34, 66)]
            .into_iter()
            .flat_map(|(first, height)| lots.drawn_rows(first, height).iter().collect::<Vec<_>>())
            .collect();
        assert_eq!(whole, parts);
    }
}
