//! What the benches share: rows like those of an order's lines, at any number.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray,
};

/// Rows of orders' lines: serial and packed numbers, prices, a few different texts, many different texts,
/// dates, and a partition that changes every 50,000 rows.
pub fn lines(first: usize, rows: usize) -> RecordBatch {
    let range = || first..first + rows;
    let mode = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"];
    let mix = |row: usize| row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let text = |row: usize| format!("the {} requests {:x} sleep", mode[mix(row) % 7], mix(row) % 100_000_007);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("order_id", Arc::new(Int64Array::from_iter_values(range().map(|row| row as i64 / 4)))),
        ("line", Arc::new(Int32Array::from_iter_values(range().map(|row| (row % 4) as i32)))),
        ("part_id", Arc::new(Int64Array::from_iter_values(range().map(|row| (mix(row) % 2_000_000) as i64)))),
        (
            "price",
            Arc::new(Float64Array::from_iter_values(
                range().map(|row| (mix(row) % 9_000_000) as f64 / 100.0),
            )),
        ),
        (
            "discount",
            Arc::new(Float64Array::from_iter_values(range().map(|row| (mix(row) % 11) as f64 / 100.0))),
        ),
        ("mode", Arc::new(StringViewArray::from_iter_values(range().map(|row| mode[mix(row) % 7])))),
        ("comment", Arc::new(StringViewArray::from_iter_values(range().map(text)))),
        (
            "shipped",
            Arc::new(Date32Array::from_iter_values(range().map(|row| 9000 + (mix(row) % 2500) as i32))),
        ),
        (
            "created_at",
            Arc::new(StringViewArray::from_iter_values(
                range().map(|row| format!("2024-01-{:02}", 1 + row / 50_000 % 28)),
            )),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}
