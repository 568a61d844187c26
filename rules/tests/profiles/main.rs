//! Profiles: what they say of columns, that they merge, are stored in little room, and read back.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::float_cmp,
    unreachable_pub,
    reason = "tests fail by panicking, compare exact figures, and share helpers"
)]

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::DateTime;
use lockgate_rules::{
    Batch, ColumnProfile, Depth, Metric, NO_HISTORY, Partitions, Profile, Proofs, References, State, Suite,
};
use serde_json::json;
use support::{column, rows, single};

fn profiling(schema: &Schema, depth: Depth) -> Suite {
    let wanted: Vec<(String, Depth)> =
        schema.fields().iter().map(|field| (field.name().clone(), depth)).collect();
    Suite::bind_profiling(Vec::new(), schema, References::default(), &wanted).unwrap()
}

fn measure(suite: &Suite, batches: &[RecordBatch]) -> State {
    support::state(suite, batches)
}

fn profile(batch: &RecordBatch, depth: Depth) -> Profile {
    let suite = profiling(&batch.schema(), depth);
    measure(&suite, std::slice::from_ref(batch)).profiles().remove("").unwrap_or_default()
}

fn of(kind: &str, values: &[Option<&str>]) -> ColumnProfile {
    let batch = single("c", column(kind, values));
    profile(&batch, Depth::Full).columns.into_values().next().unwrap()
}

fn figure(profile: &ColumnProfile, metric: &Metric) -> Option<f64> {
    metric.of(profile)
}

#[test]
fn a_profile_says_what_the_metrics_ask() {
    let numbers = of("decimal", &[Some("1.50"), Some("2.50"), None, Some("-3.00"), Some("2.50")]);
    for (metric, expected) in [
        (Metric::RowCount, Some(5.0)),
        (Metric::NullCount, Some(1.0)),
        (Metric::NullRatio, Some(0.2)),
        (Metric::DistinctCount, Some(3.0)),
        (Metric::Min, Some(-3.0)),
        (Metric::Max, Some(2.5)),
        (Metric::Sum, Some(3.5)),
        (Metric::Mean, Some(0.875)),
        (Metric::Median, Some(2.0)),
        (Metric::TopRatio, Some(0.5)),
        (Metric::ShareOf("2.50".into()), Some(0.5)),
        (Metric::ShareOf("9".into()), Some(0.0)),
        (Metric::AvgLength, None),
    ] {
        assert_eq!(figure(&numbers, &metric), expected, "{metric:?}");
    }
    // statistics.stdev([1.5, 2.5, -3, 2.5])
    let stddev = figure(&numbers, &Metric::Stddev).unwrap();
    assert!((stddev - 2.625_991_876_098_122).abs() < 1e-12, "{stddev}");
    assert_eq!(numbers.range_text(), Some(("-3.00".into(), "2.50".into())));
}

#[test]
fn nan_infinity_and_zero_of_either_sign_are_told_apart() {
    let floats = of("float64", &[Some("NaN"), Some("inf"), Some("-0"), Some("0"), None]);
    assert_eq!(figure(&floats, &Metric::NanRatio), Some(0.2));
    assert_eq!(figure(&floats, &Metric::Max), Some(f64::INFINITY));
    assert_eq!(figure(&floats, &Metric::DistinctCount), Some(3.0));
    assert!(figure(&floats, &Metric::Mean).unwrap().is_nan());
    let read: ColumnProfile =
        serde_json::from_str(&serde_json::to_string(&floats.clone().compacted()).unwrap()).unwrap();
    assert_eq!(figure(&read, &Metric::Max), Some(f64::INFINITY));
    assert_eq!(figure(&read, &Metric::NanRatio), Some(0.2));
}

#[test]
fn texts_have_lengths_and_shapes_only_where_wanted() {
    let texts = [Some("AB-12"), Some("XY-99"), Some("Zürich"), Some(""), None];
    let full = of("dict", &texts);
    let lengths = full.lengths.clone().unwrap();
    assert_eq!((lengths.range, lengths.mean()), (Some((0, 6)), Some(4.0)));
    assert_eq!(full.shapes.unwrap().most().first(), Some(&("AA-99", 2)));
    let cheap = profile(&single("c", column("view", &texts)), Depth::Drift);
    let cheap = cheap.column("c", None).unwrap();
    assert!(cheap.shapes.is_none() && cheap.lengths.is_some());
    assert_eq!(cheap.data_type, "string");
}

#[test]
fn dates_and_times_show_their_range() {
    for (kind, low, high) in [
        ("date", "2024-01-31", "2024-02-01"),
        ("date64", "2024-01-31", "2024-02-01"),
        ("timestamp", "2024-01-31T00:00:00", "2024-02-01T12:00:00"),
        ("timestamp_utc", "2024-01-31T00:00:00Z", "2024-02-01T12:00:00Z"),
    ] {
        let values = [Some(low.trim_end_matches('Z')), None, Some(high.trim_end_matches('Z'))];
        assert_eq!(of(kind, &values).range_text(), Some((low.into(), high.into())), "{kind}");
    }
}

#[test]
fn a_column_that_cannot_be_compared_has_rows_and_nulls() {
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let field = Arc::new(Field::new("x", DataType::Int64, true));
    let structs: ArrayRef = Arc::new(StructArray::from(vec![(field, inner)]));
    for array in [structs, Arc::new(arrow::array::NullArray::new(2)) as ArrayRef] {
        let nulls = array.logical_null_count() as u64;
        let profile = profile(&single("c", array), Depth::Full);
        let found = profile.column("c", None).unwrap();
        assert_eq!((found.rows, found.nulls), (2, nulls));
        assert!(found.distinct.is_none() && found.frequent.is_none());
    }
}

#[test]
fn rows_belong_to_their_partitions() {
    let batch = rows("day:utf8,v:int64\na,1\nb,2\na,3\n,4\nb,\n");
    let suite = profiling(&batch.schema(), Depth::Drift);
    let names: Vec<String> = ["p=b", "p=a", "p=unused"].map(str::to_owned).to_vec();
    let partitions = Some(Partitions { of_row: &[1, 0, 1, 1, 0], names: &names });
    let mut state = suite.start();
    for _ in 0..2 {
        let measured = suite.measure(&Batch {
            record: &batch,
            predicates: &[],
            origins: None,
            now: DateTime::UNIX_EPOCH,
            partitions,
        });
        state.merge(measured.unwrap().part).unwrap();
    }
    let found: BTreeMap<String, (u64, u64, Option<f64>)> = state
        .profiles()
        .into_iter()
        .map(|(name, profile)| {
            let column = profile.column("v", None).unwrap();
            (name, (profile.rows.unwrap(), column.nulls, column.sum()))
        })
        .collect();
    let expected = [("p=a", (6, 0, Some(16.0))), ("p=b", (4, 2, Some(4.0)))];
    assert_eq!(found, expected.map(|(name, figures)| (name.to_owned(), figures)).into());
}

#[test]
fn a_redacted_column_names_no_value() {
    let batch = rows("id:int64,name:utf8\n1,Ada\n1,Bob\n2,Ada\n");
    let checks = support::check(
        "unique",
        &json!({"columns": ["id"], "samples": {"columns": ["id", "name"], "redact": ["name"]}}),
    );
    let wanted = [("name".to_owned(), Depth::Full), ("id".to_owned(), Depth::Full)];
    let suite = Suite::bind_profiling(checks, &batch.schema(), References::default(), &wanted).unwrap();
    let profile = measure(&suite, &[batch.clone(), batch]).profiles().remove("").unwrap();
    let text = serde_json::to_string(&profile).unwrap();
    assert!(!text.contains("Ada"), "{text}");
    let name = profile.column("name", None).unwrap().frequent.clone().unwrap();
    assert_eq!(name.most().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [4, 2]);
}

#[test]
fn profiling_needs_no_check_and_proofs_do_not_stop_it() {
    let batch = rows("v:int64\n1\n");
    let mut suite = profiling(&batch.schema(), Depth::Drift);
    suite.rely_on(&Proofs::default());
    assert!(suite.is_measured());
    assert_eq!(suite.needed().collect::<Vec<_>>(), ["v"]);
    assert_eq!(NO_HISTORY.points.len(), 0);
}

/// Columns of many rows, as in a real table.
fn table(rows: usize, columns: usize, seed: u64) -> RecordBatch {
    let mut state = seed;
    let mut draw = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut arrays: Vec<(String, ArrayRef)> = Vec::new();
    for at in 0..columns {
        let numbers: Vec<f64> =
            (0..rows).map(|_| (draw() % 1_000_000) as f64 / 100.0 * (at + 1) as f64).collect();
        let spread = [5, 300, 100_000][at % 3];
        let texts: Vec<String> = (0..rows).map(|_| format!("value {}", draw() % spread)).collect();
        arrays.push((format!("n{at}"), Arc::new(Float64Array::from(numbers))));
        arrays.push((format!("t{at}"), Arc::new(StringArray::from(texts))));
    }
    RecordBatch::try_from_iter(arrays).unwrap()
}

#[test]
fn a_stored_profile_takes_a_few_kilobytes_a_column() {
    let batch = table(50_000, 6, 88_172_645_463_325_252);
    let profile = profile(&batch, Depth::Drift);
    for (key, column) in &profile.columns {
        let size = serde_json::to_string(column).unwrap().len();
        assert!(size < 6_000, "{}: {size} bytes", key.column);
    }
}

#[test]
fn a_compacted_profile_stays_within_the_bounds_it_states() {
    let batch = table(40_000, 3, 12_345);
    let suite = profiling(&batch.schema(), Depth::Drift);
    let parts: Vec<RecordBatch> = (0..40).map(|at| batch.slice(at * 1000, 1000)).collect();
    let stored = measure(&suite, &parts).profiles().remove("").unwrap();
    let read: Profile = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
    let mut twice = read.clone();
    twice.merge(read);
    assert_eq!(twice.rows, Some(80_000));
    for (name, spread) in [("t0", 5.0), ("t1", 300.0), ("t2", 33_000.0)] {
        let (count, exact) = twice.column(name, None).unwrap().distinct.as_ref().unwrap().count();
        assert!((count / spread - 1.0).abs() < 0.1 && exact == (spread < 10.0), "{name}: {count}");
    }
    let quantiles = twice.column("n0", None).unwrap().quantiles.clone().unwrap();
    let (bound, median) = (quantiles.bound(), twice.column("n0", None).unwrap().quantile(0.5).unwrap());
    assert!(bound < 0.02, "{bound}");
    // Uniform from 0 to 10,000.
    assert!((median / 10_000.0 - 0.5).abs() < bound + 0.01, "{median}");
}

#[test]
fn merging_a_column_whose_type_changed_keeps_what_can_be_compared() {
    let mut whole = of("int64", &[Some("1"), Some("2"), None]);
    whole.merge(of("decimal", &[Some("3.00"), Some("4.00")]));
    assert_eq!((whole.rows, whole.nulls, whole.quantile(0.5)), (5, 1, Some(2.5)));
    assert!(whole.moments.is_none() && whole.distinct.is_none() && whole.frequent.is_none());
    whole.merge(of("utf8", &[Some("a")]));
    assert_eq!((whole.rows, whole.quantile(0.5)), (6, None));
}

#[test]
fn a_profile_of_the_first_version_is_still_read() {
    let stored: Profile = serde_json::from_str(include_str!("version-1.json")).unwrap();
    assert_eq!(stored.rows, Some(6));
    let price = stored.column("price", None).unwrap();
    assert_eq!((price.rows, price.nulls, price.quantile(0.5)), (6, 1, Some(3.0)));
    assert_eq!((price.sum(), price.range_text()), (Some(15.0), Some(("1.00".into(), "5.00".into()))));
    let city = stored.column("city", Some("a < b")).unwrap();
    assert_eq!(city.frequent.as_ref().unwrap().most(), [("Bern", 3), ("Zürich", 1)]);
    assert_eq!(city.distinct.as_ref().unwrap().count(), (2.0, true));
    assert_eq!(stored.pairs.len(), 1);
    let again = serde_json::to_value(&stored).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(include_str!("version-1.json")).unwrap());
}

#[test]
fn a_profile_of_a_later_version_is_refused() {
    let error = serde_json::from_value::<Profile>(json!({"version": 2, "columns": []})).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
}
