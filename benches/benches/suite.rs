//! What checks cost a row: one suite over one batch, measured.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lockgate_rules::{Batch, Check, References, Suite};
use serde_json::json;

const ROWS: usize = 100_000;

fn batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..ROWS as i64))),
        ("price", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|row| row as f64 / 7.0)))),
        (
            "mode",
            Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| ["AIR", "RAIL", "SHIP"][row % 3]))),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn suites(c: &mut Criterion) {
    let record = batch();
    let cases = [
        ("not_null", json!({"column": "price"})),
        ("between", json!({"column": "price", "min": 0, "max": 100_000})),
        ("in_set", json!({"column": "mode", "values": ["AIR", "RAIL", "SHIP"]})),
        ("regex", json!({"column": "mode", "pattern": "[A-Z]+"})),
        ("unique", json!({"columns": ["id"]})),
        ("statistic", json!({"column": "price", "fn": "stddev", "max": 1e9})),
        ("distinct_count", json!({"column": "mode", "max": 10})),
    ];
    let mut group = c.benchmark_group("check");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for (rule, params) in cases {
        let checks = Check::parse(rule, &params).unwrap();
        let suite = Suite::bind(checks, record.schema_ref(), References::default()).unwrap();
        group.bench_function(rule, |b| {
            b.iter(|| measure(&suite, &record));
        });
    }
}

/// Columns of each kind: numbers, texts.
const COLUMNS: usize = 4;

/// A table of numbers and texts with some nulls.
fn wide() -> RecordBatch {
    let number = |salt: usize| {
        let value =
            move |row: usize| (!row.is_multiple_of(31)).then(|| ((row * (salt + 7)) % 10_007) as f64 / 7.0);
        Arc::new((0..ROWS).map(value).collect::<Float64Array>()) as ArrayRef
    };
    let text = |salt: usize| {
        let value =
            move |row: usize| (!row.is_multiple_of(29)).then(|| format!("Item-{}", (row * (salt + 3)) % 499));
        Arc::new((0..ROWS).map(value).collect::<StringArray>()) as ArrayRef
    };
    let numbers = (0..COLUMNS).map(|at| (format!("n{at}"), number(at)));
    let texts = (0..COLUMNS).map(|at| (format!("t{at}"), text(at)));
    RecordBatch::try_from_iter(numbers.chain(texts)).unwrap()
}

/// So many checks over all columns of the table, those that everybody has first.
fn many(checks: usize) -> Vec<Check> {
    let of_number = |at: usize, column: &str| match at {
        0 => ("completeness", json!({"column": column, "mostly": 0.9})),
        1 => ("between", json!({"column": column, "min": 0, "max": 2_000})),
        2 => ("statistic", json!({"column": column, "fn": "mean", "min": 0})),
        3 => ("statistic", json!({"column": column, "fn": "stddev", "max": 2_000})),
        4 => ("distinct_count", json!({"column": column, "min": 1})),
        5 => ("statistic", json!({"column": column, "fn": "median", "min": 0})),
        6 => ("outliers", json!({"column": column, "method": "iqr", "max_ratio": 0.1})),
        7 => ("nan_inf", json!({"column": column})),
        at if at % 3 == 0 => ("ge", json!({"column": column, "value": -(at as i64)})),
        at if at % 3 == 1 => {
            ("statistic", json!({"column": column, "fn": "quantile", "q": at as f64 / 32.0, "min": -1}))
        }
        at => ("between", json!({"column": column, "max": 2_000 + at, "mostly": 0.9})),
    };
    let of_text = |at: usize, column: &str| match at {
        0 => ("completeness", json!({"column": column, "mostly": 0.9})),
        1 => ("regex", json!({"column": column, "pattern": "[A-Za-z]+-[0-9]+"})),
        2 => ("length", json!({"column": column, "min": 1, "max": 20})),
        3 => ("distinct_count", json!({"column": column, "min": 1})),
        4 => ("entropy", json!({"column": column, "min": 0})),
        5 => ("not_in_set", json!({"column": column, "values": ["", "n/a"]})),
        6 => ("missing", json!({"column": column, "mostly": 0.9})),
        at if at % 3 == 0 => ("ne", json!({"column": column, "value": format!("none {at}")})),
        at if at % 3 == 1 => ("length", json!({"column": column, "max": 20 + at})),
        at => ("not_in_set", json!({"column": column, "values": [format!("none {at}")]})),
    };
    let of_column = |at: usize| {
        let (round, column) = (at / (2 * COLUMNS), at % (2 * COLUMNS));
        if column < COLUMNS {
            of_number(round, &format!("n{column}"))
        } else {
            of_text(round, &format!("t{}", column - COLUMNS))
        }
    };
    let all = (0..checks).map(of_column);
    all.flat_map(|(rule, params)| Check::parse(rule, &params).unwrap()).collect()
}

fn many_rules(c: &mut Criterion) {
    let record = wide();
    let mut group = c.benchmark_group("rules");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for checks in [16, 64, 226] {
        let suite = Suite::bind(many(checks), record.schema_ref(), References::default()).unwrap();
        group.bench_function(checks.to_string(), |b| b.iter(|| measure(&suite, &record)));
    }
}

fn measure(suite: &Suite, record: &RecordBatch) {
    let batch = Batch { record, predicates: &[], origins: None, now: DateTime::UNIX_EPOCH, partitions: None };
    black_box(suite.measure(&batch).unwrap());
}

criterion_group!(benches, suites, many_rules);
criterion_main!(benches);
