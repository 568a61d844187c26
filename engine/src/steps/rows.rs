//! Picks rows of a batch on the calling thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use polars::prelude::row_encode::_get_rows_encoded_ca;
use polars::prelude::{
    BinaryOffsetChunked, BooleanChunked, Column, DataFrame, DataType, Expr, IdxCa, PlSmallStr,
};
use polars_arrow::bitmap::{Bitmap, BitmapBuilder};

use super::{Rest, Then};
use crate::error::{Error, Result};
use crate::scan::BATCH_ROWS;

/// `frames` in batches.
pub(crate) fn rest<'a>(frames: Vec<DataFrame>) -> Rest<'a> {
    let batches = frames.into_iter().flat_map(|frame| {
        let starts = (0..frame.height()).step_by(BATCH_ROWS);
        starts.map(move |start| frame.slice(start as i64, BATCH_ROWS))
    });
    Box::new(batches.map(|batch| Ok(Box::new(move || Ok(Some(batch))) as Then<'a>)))
}

/// A key for Polars' own grouping and joining: it cannot hash a single decimal column as we build it, but
/// decimals of one scale are equal exactly if their texts are.
pub(super) fn hashable(expr: Expr, dtype: &DataType) -> Expr {
    if dtype.is_decimal() { expr.cast(DataType::String) } else { expr }
}

/// The batch without `rows`, which need no order.
pub(super) fn without(batch: &DataFrame, rows: &[u32]) -> Result<DataFrame> {
    if rows.is_empty() {
        return Ok(batch.clone());
    }
    let mut kept = vec![true; batch.height()];
    for &row in rows {
        kept[row as usize] = false;
    }
    keep(batch, kept.iter().copied().collect())
}

/// Bytes a row that compare as the rows do by `columns`, each in its direction and with its nulls where they
/// belong. NaN is greater than every number.
pub(super) fn order_bytes<'a>(
    rows: &DataFrame,
    columns: impl IntoIterator<Item = &'a str>,
    descending: &[bool],
    nulls_last: &[bool],
) -> Result<BinaryOffsetChunked> {
    rows.select_to_vec(columns)
        .and_then(|columns| _get_rows_encoded_ca(PlSmallStr::EMPTY, &columns, descending, nulls_last, false))
        .map_err(|error| Error::defect("cannot compare rows").because(error))
}

/// The rows of the batch whose bit is set.
pub(super) fn keep(batch: &DataFrame, kept: Bitmap) -> Result<DataFrame> {
    if kept.unset_bits() == 0 {
        return Ok(batch.clone());
    }
    batch
        .filter_seq(&BooleanChunked::from_bitmap(PlSmallStr::EMPTY, kept))
        .map_err(|e| Error::defect("cannot filter the rows of a batch").because(e))
}

/// The rows of `columns` at `rows`; a null index gives a null row.
pub(super) fn take(columns: &[Column], rows: &IdxCa) -> Result<Vec<Column>> {
    let taken = columns.iter().map(|column| column.take(rows)).collect::<Result<_, _>>();
    taken.map_err(|e| Error::defect("cannot gather rows").because(e))
}

/// Row numbers, where `NONE` stands for no row.
pub(super) fn indices(rows: Vec<u32>) -> IdxCa {
    let valid = rows.contains(&NONE).then(|| {
        let mut valid = BitmapBuilder::with_capacity(rows.len());
        for row in &rows {
            valid.push(*row != NONE);
        }
        valid.freeze()
    });
    IdxCa::from_vec_validity(PlSmallStr::EMPTY, rows, valid)
}

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// A frame of columns that are known to be equally long.
pub(super) fn frame(height: usize, columns: Vec<Column>) -> Result<DataFrame> {
    DataFrame::new(height, columns).map_err(|e| Error::defect("cannot put a batch together").because(e))
}

/// The state behind the lock. A panic elsewhere ends the run by itself.
pub(super) fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
