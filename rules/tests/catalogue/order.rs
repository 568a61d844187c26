//! `increasing`, `decreasing` and `non_overlapping_ranges`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lockgate_rules::{Status, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, column, judge, rows, single, state, try_bind, verdict};

fn one(rule: &str, kind: &str, values: &[Option<&str>], params: Value) -> Verdict {
    let mut params = params;
    params["column"] = json!("x");
    verdict(rule, params, &single("x", column(kind, values)))
}

#[test]
fn neighbours_are_compared_on_every_type() {
    for (kind, values) in [
        ("int8", ["-128", "0", "127"]),
        ("int64", ["-9223372036854775808", "9223372036854775806", "9223372036854775807"]),
        ("uint64", ["0", "9223372036854775808", "18446744073709551615"]),
        ("float32", ["-inf", "-1.5", "inf"]),
        ("float64", ["-inf", "-1e-300", "5e-324"]),
        ("decimal", ["-0.01", "0.00", "0.01"]),
        ("decimal38", ["-9999999999999999999999999999999999.9999", "0", "0.0001"]),
        ("date", ["1969-12-31", "1970-01-01", "2024-02-29"]),
        ("date64", ["1969-12-31", "1970-01-01", "2024-02-29"]),
        ("timestamp", ["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00", "2024-01-01T00:00:00"]),
        ("timestamp_utc", ["1969-12-31T23:59:59", "1970-01-01T00:00:00", "1970-01-01T00:00:00.000000001"]),
    ] {
        let up = [Some(values[0]), None, Some(values[1]), Some(values[2])];
        let down = [Some(values[2]), Some(values[1]), None, Some(values[0])];
        let equal = [Some(values[1]), Some(values[1])];
        for (rule, other, right, wrong) in
            [("increasing", "decreasing", up, down), ("decreasing", "increasing", down, up)]
        {
            let strict = json!({"strict": true});
            let found = one(rule, kind, &right, strict.clone());
            assert_eq!(
                (found.status, found.n_evaluated, found.n_null),
                (Status::Pass, 3, 1),
                "{rule} {kind}"
            );
            assert_eq!(one(rule, kind, &wrong, json!({})).n_failed, 2, "{rule} {kind}");
            assert_eq!(one(other, kind, &right, json!({})).n_failed, 2, "{other} {kind}");
            assert_eq!(one(rule, kind, &equal, json!({})).status, Status::Pass, "{rule} {kind}");
            assert_eq!(one(rule, kind, &equal, strict).status, Status::Fail, "{rule} {kind}");
            assert_eq!(one(rule, kind, &right[..1], json!({})).status, Status::Pass, "{rule} {kind}");
            assert_eq!(one(rule, kind, &[None, None], json!({})).status, Status::Skipped, "{rule} {kind}");
        }
    }
}

#[test]
fn zeros_are_equal_and_nan_is_out_of_order() {
    let zeros = [Some("0"), Some("-0"), Some("0")];
    assert_eq!(one("increasing", "float64", &zeros, json!({})).status, Status::Pass);
    assert_eq!(one("decreasing", "float64", &zeros, json!({"strict": true})).n_failed, 2);
    let nan = one("increasing", "float64", &[Some("1"), Some("NaN"), Some("NaN"), Some("2")], json!({}));
    assert_eq!(nan.n_failed, 3);
    assert_eq!(nan.observed_text, "3 values out of order: NaN after 1 (value 2)");
}

#[test]
fn the_first_values_out_of_order_are_shown_by_their_place() {
    let texts = ["5", "4", "9", "9", "8", "7", "6", "5", "4"].map(Some);
    let found = one("increasing", "int32", &texts, json!({}));
    assert_eq!(found.observed_text, "6 values out of order: 4 after 5 (value 2)");
    let places: Vec<u64> =
        found.observed["first"].as_array().unwrap().iter().map(|b| b["value"].as_u64().unwrap()).collect();
    assert_eq!(places, [2, 5, 6, 7, 8]);
    assert_eq!(found.observed["first"][1], json!({"value": 5, "before": "9", "after": "8"}));
}

#[test]
fn a_step_is_exact() {
    let run = |rule: &str, kind: &str, values: &[&str], step: Value| {
        let values: Vec<Option<&str>> = values.iter().copied().map(Some).collect();
        one(rule, kind, &values, json!({"step": step})).n_failed
    };
    assert_eq!(run("increasing", "int64", &["3", "5", "7"], json!(2)), 0);
    assert_eq!(run("increasing", "int64", &["3", "5", "5", "8"], json!(2)), 2);
    assert_eq!(run("decreasing", "uint8", &["7", "5", "3", "0"], json!(2)), 1);
    assert_eq!(run("increasing", "decimal", &["0.10", "0.20", "0.30"], json!(0.1)), 0);
    assert_eq!(run("increasing", "date", &["2024-02-28", "2024-02-29", "2024-03-01"], json!("1d")), 0);
    assert_eq!(
        run("increasing", "timestamp_utc", &["2024-01-01T00:00:00", "2024-01-01T00:30:00"], json!("30m")),
        0
    );
    for (kind, step) in [
        ("int64", json!(0)),
        ("int64", json!(0.5)),
        ("date", json!("1h")),
        ("date", json!(1)),
        ("timestamp", json!("soon")),
        ("float64", json!(1)),
    ] {
        let params = json!({"column": "x", "step": step});
        let schema = single("x", column(kind, &[])).schema();
        let errors = try_bind(&[("increasing", params)], &schema).unwrap_err();
        assert_eq!(errors[0].key.as_deref(), Some("step"), "{kind} {step}");
    }
    let texts = single("x", column("utf8", &[])).schema();
    let errors = try_bind(&[("increasing", json!("x"))], &texts).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("column"));
}

/// x, g and k of 5,000 rows in a fixed disorder.
fn disorder() -> RecordBatch {
    let column =
        |f: fn(i64) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..5_000).map(f))) };
    let columns =
        [("x", column(|i| i * 7_919 % 1_009)), ("g", column(|i| i % 7)), ("k", column(|i| i * 31 % 53))];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn breaches_agree_with_duckdb_in_any_order_within_any_groups_and_split() {
    // DuckDB 2.0: rows where x compares so with lag(x) over (partition by within order by order_by, i).
    let table = [
        ("increasing", json!({}), 4_240),
        ("decreasing", json!({}), 759),
        ("increasing", json!({"within": "g"}), 4_685),
        ("increasing", json!({"within": ["g"], "strict": true}), 4_685),
        ("increasing", json!({"order_by": "k"}), 4_797),
        ("increasing", json!({"order_by": "k", "within": "g"}), 3_585),
    ];
    let batch = disorder();
    for (rule, mut params, expected) in table {
        params["column"] = json!("x");
        let suite = bind(&[(rule, params.clone())], &batch.schema());
        let whole = judge(&suite, &state(&suite, std::slice::from_ref(&batch))).remove(0);
        assert_eq!(whole.n_failed, expected, "{rule} {params}");
        for size in [1, 7, 999] {
            let parts: Vec<_> =
                (0..5_000).step_by(size).map(|at| batch.slice(at, size.min(5_000 - at))).collect();
            assert_eq!(judge(&suite, &state(&suite, &parts)).remove(0), whole, "{rule} {params} {size}");
        }
    }
}

#[test]
fn rows_without_an_order_or_a_group_are_left_out() {
    let batch = rows("x:int64,k:float64,g:utf8\n1,3,a\n9,,a\n2,2,\n3,1,a\n8,NaN,a\n");
    let by = |params: Value| verdict("increasing", params, &batch);
    let ordered = by(json!({"column": "x", "order_by": "k"}));
    // In the order of k: 3, 2, 1, and 8 with NaN at last.
    assert_eq!((ordered.n_evaluated, ordered.n_null, ordered.n_failed), (4, 1, 2));
    let within = by(json!({"column": "x", "within": "g"}));
    assert_eq!((within.n_evaluated, within.n_null, within.n_failed), (4, 1, 1));
    let ties = rows("x:int64,k:int64\n2,1\n1,1\n3,0\n");
    let found = verdict("decreasing", json!({"column": "x", "order_by": "k"}), &ties);
    assert_eq!(found.status, Status::Pass, "rows with equal k stay in row order: 3, 2, 1");
    assert_eq!(found.expected, "decreasing by order of k");
    let unknown = json!({"column": "x", "within": "h"});
    let errors = try_bind(&[("increasing", unknown)], &batch.schema()).unwrap_err();
    assert_eq!(errors[0].message, "no column \"h\"");
}

/// The numbers of clashes and of rows that are no ranges.
fn ranges(csv: &str, params: Value) -> (Status, u64, u64) {
    let mut params = params;
    params["lower"] = json!("a");
    params["upper"] = json!("b");
    let found = verdict("non_overlapping_ranges", params, &rows(csv));
    let count = |key: &str| found.observed[key].as_u64().unwrap_or_default();
    (found.status, count("clashes"), count("not_ranges"))
}

#[test]
fn ranges_fare_as_dbt_utils_says() {
    let with = |rows: &str| format!("a:int64,b:int64\n{rows}");
    let gaps = |mode: &str| json!({"gaps": mode});
    for (rows, allowed, not_allowed, required) in [
        ("1,3\n3,5\n", 0, 0, 1),
        ("5,9\n1,3\n", 0, 1, 0),
        ("1,4\n3,5\n", 1, 1, 1),
        ("1,9\n2,3\n4,5\n", 1, 2, 1),
        ("1,3\n1,3\n", 1, 1, 1),
        ("1,3\n", 0, 0, 0),
    ] {
        for (mode, expected) in [("allowed", allowed), ("not_allowed", not_allowed), ("required", required)] {
            let (status, clashes, reversed) = ranges(&with(rows), gaps(mode));
            assert_eq!((clashes, reversed), (expected, 0), "{mode} {rows}");
            assert_eq!(status == Status::Pass, expected == 0, "{mode} {rows}");
        }
    }
    assert_eq!(ranges(&with("3,1\n"), json!({})), (Status::Fail, 0, 1));
    assert_eq!(ranges(&with("3,3\n4,5\n"), json!({})), (Status::Fail, 0, 1));
    assert_eq!(ranges(&with("3,3\n4,5\n"), json!({"zero_length": true})), (Status::Pass, 0, 0));
    assert_eq!(ranges(&with("3,\n,5\n"), json!({})).0, Status::Skipped);
}

#[test]
fn ranges_are_compared_within_partitions_and_types() {
    let days = "p:utf8,q:int64,a:date,b:date\nx,1,2024-01-01,2024-02-01\nx,2,2024-01-15,2024-03-01\n\
                x,1,2024-02-01,2024-03-01\n,1,2024-01-01,2024-12-31\n";
    assert_eq!(ranges(days, json!({"partition_by": ["p", "q"]})), (Status::Pass, 0, 0));
    assert_eq!(ranges(days, json!({"partition_by": "p"})), (Status::Fail, 2, 0));
    assert_eq!(ranges("a:float64,b:float64\n0,NaN\n-inf,-0\n", json!({})), (Status::Fail, 0, 1));
    let shown = verdict(
        "non_overlapping_ranges",
        json!({"lower": "a", "upper": "b", "partition_by": "p"}),
        &rows(days),
    );
    assert_eq!(shown.observed_text, "2 × overlap: 2024-01-01 to 2024-02-01, 2024-01-15 to 2024-03-01");
    assert_eq!(shown.id, "non_overlapping_ranges(a, b, p)");
    let mixed = rows("a:int64,b:float64,c:utf8\n").schema();
    let key =
        |params: Value| try_bind(&[("non_overlapping_ranges", params)], &mixed).unwrap_err()[0].key.clone();
    assert_eq!(key(json!({"lower": "a", "upper": "b"})).as_deref(), Some("upper"));
    assert_eq!(key(json!({"lower": "c", "upper": "b"})).as_deref(), Some("lower"));
}

#[test]
fn more_rows_than_are_held_to_be_sorted_are_an_error() {
    let few: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1_000_000));
    let batch = RecordBatch::try_from_iter([("a", few.clone()), ("b", few)]).unwrap();
    let more = |rule: &str, params: Value| {
        let suite = bind(&[(rule, params)], &batch.schema());
        let mut parts = vec![batch.clone(); 10];
        let fits = judge(&suite, &state(&suite, &parts)).remove(0);
        assert_ne!(fits.status, Status::Error, "{rule}: {}", fits.observed_text);
        parts.push(batch.slice(0, 1));
        judge(&suite, &state(&suite, &parts)).remove(0)
    };
    for (rule, params, what) in [
        ("non_overlapping_ranges", json!({"lower": "a", "upper": "b"}), "more than 10,000,000 ranges"),
        ("increasing", json!({"column": "a", "order_by": "b"}), "more than 10,000,000 rows"),
    ] {
        let found = more(rule, params);
        assert_eq!((found.status, found.n_evaluated), (Status::Error, 10_000_001), "{rule}");
        assert!(found.observed_text.contains(what), "{}", found.observed_text);
        assert!(found.observed_text.contains("`where`"), "{}", found.observed_text);
    }
}
