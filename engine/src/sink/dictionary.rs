//! Whether a column of a row group is worth a dictionary.
//!
//! The Parquet writer begins every column with a dictionary and gives it up once the dictionary's page is
//! full: for a column of ever new values all that hashing is for nothing. A sample tells beforehand.

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use parquet::file::properties::DEFAULT_DICTIONARY_PAGE_SIZE_LIMIT;
use xxhash_rust::xxh3::xxh3_64;

/// Rows that are looked at, evenly over the row group.
const SAMPLE: usize = 4096;

/// Whether the different values of `column` in `batches`, as far as a sample tells, fit into the page of a
/// dictionary. Nested columns are not looked at, and neither are few rows: they may have one.
pub(super) fn may_fit(batches: &[RecordBatch], column: usize) -> Result<bool, ArrowError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let Some(first) = batches.first() else { return Ok(true) };
    let data_type = first.column(column).data_type();
    if rows < 2 * SAMPLE || data_type.is_nested() {
        return Ok(true);
    }
    let words = RowConverter::new(vec![SortField::new(data_type.clone())])?;
    let (mut hashes, mut bytes) = (Vec::with_capacity(SAMPLE + batches.len()), 0);
    for values in sampled(batches, column, rows / SAMPLE)? {
        for row in &words.convert_columns(&[values])? {
            hashes.push(xxh3_64(row.as_ref()));
            bytes += row.as_ref().len();
        }
    }
    let width = data_type.primitive_width().unwrap_or(bytes / hashes.len().max(1));
    Ok(different(&mut hashes, rows) * width as f64 <= DEFAULT_DICTIONARY_PAGE_SIZE_LIMIT as f64)
}

/// Every `stride`th value of a column.
fn sampled(batches: &[RecordBatch], column: usize, stride: usize) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut next = 0;
    batches
        .iter()
        .map(|batch| {
            let rows: UInt32Array = (next..batch.num_rows()).step_by(stride).map(|row| row as u32).collect();
            next += rows.len() * stride;
            next -= batch.num_rows();
            take(batch.column(column), &rows, None)
        })
        .collect()
}

/// How many different values there are among `rows`, estimated from the hashes of a sample: those seen, and
/// as many unseen as once² / (2 · twice) (A. Chao, "Nonparametric estimation of the number of classes in a
/// population", Scandinavian Journal of Statistics 11, 1984).
fn different(hashes: &mut [u64], rows: usize) -> f64 {
    hashes.sort_unstable();
    let (mut seen, mut once, mut twice) = (0.0, 0.0, 0.0);
    for equal in hashes.chunk_by(|a, b| a == b) {
        seen += 1.0;
        once += f64::from(u8::from(equal.len() == 1));
        twice += f64::from(u8::from(equal.len() == 2));
    }
    let unseen =
        if twice > 0.0 { once * once / (2.0 * twice) } else { once * (once - 1.0_f64).max(0.0) / 2.0 };
    (seen + unseen).min(rows as f64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    fn fits(values: impl Fn(usize) -> ArrayRef) -> bool {
        let batches: Vec<_> = (0..10)
            .map(|batch| RecordBatch::try_from_iter_with_nullable([("x", values(batch), true)]).unwrap())
            .collect();
        may_fit(&batches, 0).unwrap()
    }

    /// Ten batches of 50,000 numbers below `limit`, scattered.
    fn numbers(limit: u64) -> bool {
        fits(|batch| {
            let scattered = |row: u64| (row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % limit;
            let rows = (batch as u64 * 50_000..).take(50_000);
            Arc::new(Int64Array::from_iter_values(rows.map(|row| scattered(row) as i64)))
        })
    }

    #[test]
    fn numbers_fit_as_long_as_their_dictionary_fills_no_page() {
        assert_eq!([1, 50, 10_000, 60_000].map(numbers), [true; 4]);
        assert_eq!([400_000, u64::MAX].map(numbers), [false; 2]);
    }

    #[test]
    fn texts_that_are_all_different_do_not_fit_and_few_do() {
        let texts = |batch: usize, different: usize| -> ArrayRef {
            let text = |row| format!("a text of some length, number {}", (batch * 50_000 + row) % different);
            Arc::new((0..50_000).map(|row| (row % 9 != 0).then(|| text(row))).collect::<StringArray>())
        };
        assert!(fits(|batch| texts(batch, 100)));
        assert!(!fits(|batch| texts(batch, 1_000_000)));
    }

    #[test]
    fn nothing_and_only_null_fit() {
        assert!(may_fit(&[], 0).unwrap());
        assert!(fits(|_| Arc::new(Int64Array::from(vec![None; 50_000]))));
    }
}
