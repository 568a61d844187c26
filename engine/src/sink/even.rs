//! Batches of even length, however the rows came.
//!
//! The Parquet library ends pages by what it is given at a time: by its rows, and by whether they have nulls.
//! Cut in other ways, the same rows would give other bytes.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::error::ArrowError;

/// Rows of a batch; the batches of a scan are a multiple of them.
const EVEN: usize = 16 << 10;

/// The rows of `batches`, in batches of even length but for the last. Only rows around the ends of batches are
/// copied.
pub(super) fn even(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut out = Vec::with_capacity(2 * batches.len());
    let mut short = Short::default();
    for batch in batches {
        let wanted = if short.rows == 0 { 0 } else { (EVEN - short.rows).min(batch.num_rows()) };
        short.push(batch.slice(0, wanted), &mut out)?;
        let rest = batch.slice(wanted, batch.num_rows() - wanted);
        let whole = rest.num_rows() / EVEN * EVEN;
        out.extend((0..whole).step_by(EVEN).map(|at| rest.slice(at, EVEN)));
        short.push(rest.slice(whole, rest.num_rows() - whole), &mut out)?;
    }
    short.flush(&mut out)?;
    Ok(out)
}

/// Rows that are too few for a batch.
#[derive(Default)]
struct Short {
    pieces: Vec<RecordBatch>,
    rows: usize,
}

impl Short {
    fn push(&mut self, piece: RecordBatch, out: &mut Vec<RecordBatch>) -> Result<(), ArrowError> {
        if piece.num_rows() > 0 {
            self.rows += piece.num_rows();
            self.pieces.push(piece);
        }
        if self.rows < EVEN { Ok(()) } else { self.flush(out) }
    }

    fn flush(&mut self, out: &mut Vec<RecordBatch>) -> Result<(), ArrowError> {
        self.rows = 0;
        let mut pieces = std::mem::take(&mut self.pieces);
        match pieces.as_slice() {
            [] => {}
            [_] => out.append(&mut pieces),
            [first, ..] => out.push(concat_batches(first.schema_ref(), &pieces)?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int64Array};
    use arrow::datatypes::Int64Type;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_rows_come_in_order_and_in_even_batches(
            lengths in prop::collection::vec(0..3 * EVEN, 0..12)
        ) {
            let mut next = 0;
            let batches: Vec<RecordBatch> = lengths.iter().map(|rows| {
                let values: ArrayRef = Arc::new(Int64Array::from_iter_values(next..next + *rows as i64));
                next += *rows as i64;
                RecordBatch::try_from_iter([("x", values)]).unwrap()
            }).collect();
            let mut begins = 0;
            let mut values = Vec::new();
            for batch in even(&batches).unwrap() {
                prop_assert_eq!(batch.num_rows(), EVEN.min(next as usize - begins));
                begins += batch.num_rows();
                values.extend_from_slice(batch.column(0).as_primitive::<Int64Type>().values());
            }
            prop_assert_eq!(values, (0..next).collect::<Vec<_>>());
        }
    }
}
