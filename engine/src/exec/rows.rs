//! Runs row-local operations over one batch, on the calling thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::{
    BooleanChunked, ChunkFull, Column, DataFrame, ExplodeOptions, Expr, IntoColumn, IntoLazy, LazyFrame,
    ListBuilderTrait, ListStringChunkedBuilder, PlSmallStr, Schema,
};

use crate::error::{Error, Result};
use crate::scan::{ORIGIN, ROW_BITS};
use crate::steps::{Evaluator, HIDDEN, RowOp};
use crate::validate::REASONS;

/// The compiled operations of one row-local step.
pub struct RowWork {
    ops: Vec<Compiled>,
    /// The files that rows came from, by number.
    files: Arc<[String]>,
    /// What was counted, beside rows in and out.
    counts: BTreeMap<&'static str, AtomicU64>,
}

/// What rows that leave for the quarantine are counted as.
const QUARANTINED: &str = "quarantined";

enum Compiled {
    With(Evaluator),
    Keep(Evaluator),
    Project(Evaluator),
    Divert(Evaluator, Vec<String>),
    Count(Evaluator, &'static str),
    Refuse(Evaluator, String),
    Drop(Vec<PlSmallStr>),
    Explode { columns: Vec<PlSmallStr>, keep_empty: bool },
}

/// What became of a batch.
pub struct Worked {
    /// Rows that go on.
    pub frame: DataFrame,
    /// Rows that left for the quarantine, with their reasons in [`REASONS`].
    pub diverted: Option<DataFrame>,
}

impl RowWork {
    /// Compiles `ops` against the schema of the batches to come, whose rows came from `files`, by number.
    pub fn new(ops: Vec<RowOp>, input: &Schema, files: Arc<[String]>) -> Result<Self> {
        let mut schema = input.clone();
        let counted = ops.iter().filter_map(|op| match op {
            RowOp::Divert(_) => Some(QUARANTINED),
            RowOp::Count { what, .. } => Some(*what),
            _ => None,
        });
        let counts = counted.map(|what| (what, AtomicU64::default())).collect();
        let ops = ops
            .into_iter()
            .map(|op| {
                let compiled = Compiled::new(&op, &schema)?;
                schema = schema_after(&op, &schema)?;
                Ok(compiled)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { ops, files, counts })
    }

    /// What was counted of all batches so far.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        self.counts.iter().map(|(what, count)| (*what, count.load(Ordering::Relaxed))).collect()
    }

    fn count(&self, what: &str, rows: &BooleanChunked) {
        if let Some(count) = self.counts.get(what) {
            count.fetch_add(rows.sum().unwrap_or(0).into(), Ordering::Relaxed);
        }
    }

    /// Whether rows may leave for the quarantine.
    pub fn diverts(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Compiled::Divert(..)))
    }

    /// Applies the operations in order.
    pub fn apply(&self, mut frame: DataFrame) -> Result<Worked> {
        let mut diverted = None;
        for op in &self.ops {
            match op {
                Compiled::With(columns) => {
                    let columns = columns.evaluate(&frame)?;
                    frame = with_columns(frame, columns)?;
                }
                Compiled::Project(columns) => frame = project(&frame, columns.evaluate(&frame)?)?,
                Compiled::Keep(predicate) => frame = filter(&frame, &truth(predicate, &frame)?)?,
                Compiled::Divert(failed, reasons) => {
                    let failed = truths(failed, &frame)?;
                    let leaving = failed
                        .iter()
                        .fold(BooleanChunked::full(REASONS.into(), false, frame.height()), |all, one| {
                            &all | one
                        });
                    if leaving.any() {
                        self.count(QUARANTINED, &leaving);
                        diverted = Some(with_reasons(filter(&frame, &leaving)?, &leaving, &failed, reasons)?);
                        frame = filter(&frame, &!&leaving)?;
                    }
                }
                Compiled::Count(rows, what) => self.count(what, &truth(rows, &frame)?),
                Compiled::Refuse(failed, reason) => {
                    let failed = truth(failed, &frame)?;
                    if let Some(row) = failed.iter().position(|failed| failed == Some(true)) {
                        return Err(self.refused(&frame, row, reason));
                    }
                }
                Compiled::Drop(names) => frame = frame.drop_many(names.iter().cloned()),
                Compiled::Explode { columns, keep_empty } => {
                    let options = ExplodeOptions { empty_as_null: *keep_empty, keep_nulls: *keep_empty };
                    frame = frame
                        .explode(columns.iter().cloned(), options)
                        .map_err(|error| Error::wrong(error.to_string()))?;
                }
            }
        }
        Ok(Worked { frame, diverted })
    }
}

impl RowWork {
    /// The error that `row` of `frame` is not acceptable, with the file and row that it came from.
    fn refused(&self, frame: &DataFrame, row: usize, reason: &str) -> Error {
        let origins = frame.column(ORIGIN).and_then(|origins| origins.u64().cloned()).ok();
        let origin = origins.and_then(|origins| origins.get(row));
        let file = origin.and_then(|origin| self.files.get((origin >> ROW_BITS) as usize));
        match (origin, file) {
            (Some(origin), Some(file)) => {
                let row = origin & ((1 << ROW_BITS) - 1);
                Error::wrong(format!("{reason}; the first such row is row {row} of {file}, counted from 0"))
            }
            _ => Error::wrong(reason),
        }
    }
}

impl Compiled {
    fn new(op: &RowOp, schema: &Schema) -> Result<Self> {
        let compile = |exprs: &[Expr]| Evaluator::new(exprs, schema);
        Ok(match op {
            RowOp::With(exprs) => Self::With(compile(exprs)?),
            RowOp::Project(exprs) => Self::Project(compile(exprs)?),
            RowOp::Keep(predicate) => Self::Keep(compile(std::slice::from_ref(predicate))?),
            RowOp::Divert(failures) => {
                let (failed, reasons): (Vec<Expr>, Vec<String>) = failures.iter().cloned().unzip();
                Self::Divert(compile(&failed)?, reasons)
            }
            RowOp::Count { what, rows } => Self::Count(compile(std::slice::from_ref(rows))?, what),
            RowOp::Refuse { failed, reason } => {
                Self::Refuse(compile(std::slice::from_ref(failed))?, reason.clone())
            }
            RowOp::Drop(names) => Self::Drop(names.clone()),
            RowOp::Explode { columns, keep_empty } => {
                Self::Explode { columns: columns.clone(), keep_empty: *keep_empty }
            }
        })
    }
}

/// The schema of rows of `schema` after `op`.
fn schema_after(op: &RowOp, schema: &Schema) -> Result<Schema> {
    let empty = DataFrame::empty_with_schema(schema).lazy();
    let after: Result<DataFrame, _> = LazyFrame::collect(op.apply_lazy(empty));
    let after = after.map_err(|error| Error::defect("a step no longer fits its rows").because(error))?;
    Ok(after.schema().as_ref().clone())
}

/// The rows for which `mask` is true, column by column on this thread.
pub fn filter(frame: &DataFrame, mask: &BooleanChunked) -> Result<DataFrame> {
    if mask.all() && mask.null_count() == 0 {
        return Ok(frame.clone());
    }
    let columns = frame
        .columns()
        .iter()
        .map(|column| column.filter(mask))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::defect("could not filter a batch").because(error))?;
    let height = columns.first().map_or_else(|| mask.sum().unwrap_or(0) as usize, Column::len);
    DataFrame::new(height, columns).map_err(|error| Error::defect("could not filter a batch").because(error))
}

/// The predicate with null as false.
fn truth(predicate: &Evaluator, frame: &DataFrame) -> Result<BooleanChunked> {
    truths(predicate, frame)?.pop().ok_or_else(|| Error::defect("a predicate gave no column"))
}

/// The predicates with null as false.
fn truths(predicates: &Evaluator, frame: &DataFrame) -> Result<Vec<BooleanChunked>> {
    let columns = predicates.evaluate(frame)?;
    let masks = columns.iter().map(|column| {
        let mask =
            column.bool().map_err(|error| Error::defect("a predicate is not boolean").because(error))?;
        let whole = mask.null_count() == 0;
        Ok(if whole { mask.clone() } else { mask.iter().map(|row| row == Some(true)).collect() })
    });
    masks.collect()
}

/// The rows that leave, each with the reasons it gave.
fn with_reasons(
    mut rows: DataFrame,
    leaving: &BooleanChunked,
    failed: &[BooleanChunked],
    reasons: &[String],
) -> Result<DataFrame> {
    let mut lists = ListStringChunkedBuilder::new(REASONS.into(), rows.height(), rows.height());
    for (row, _) in leaving.iter().enumerate().filter(|(_, leaves)| *leaves == Some(true)) {
        let own = failed.iter().zip(reasons).filter(|(mask, _)| mask.get(row) == Some(true));
        lists.append_values_iter(own.map(|(_, reason)| reason.as_str()));
    }
    rows.with_column(lists.finish().into_column())
        .map_err(|error| Error::defect("the reasons do not fit the rows that leave").because(error))?;
    Ok(rows)
}

fn with_columns(mut frame: DataFrame, columns: Vec<Column>) -> Result<DataFrame> {
    for column in columns {
        frame
            .with_column(column)
            .map_err(|error| Error::defect("a computed column does not fit its batch").because(error))?;
    }
    Ok(frame)
}

fn project(frame: &DataFrame, mut columns: Vec<Column>) -> Result<DataFrame> {
    columns.extend(frame.columns().iter().filter(|column| column.name().starts_with(HIDDEN)).cloned());
    DataFrame::new(frame.height(), columns)
        .map_err(|error| Error::defect("a computed column does not fit its batch").because(error))
}
