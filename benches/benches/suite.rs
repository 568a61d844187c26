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
            b.iter(|| {
                let batch = Batch {
                    record: &record,
                    predicates: &[],
                    origins: None,
                    now: DateTime::UNIX_EPOCH,
                    partitions: None,
                };
                black_box(suite.measure(&batch).unwrap())
            });
        });
    }
}

criterion_group!(benches, suites);
criterion_main!(benches);
