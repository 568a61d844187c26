//! What compares with another dataset: `row_count_match`, `schema_match`, `aggregate_match`, `dataset_match`,
//! `join_coverage`, `key_overlap`.
//!
//! Figures over `HERE` and `THERE` are those of DuckDB 2.0.0, with `IS NOT DISTINCT FROM` in place of `=`
//! where null equals null.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lockgate_rules::{Check, Exactness, Status, Suite};
use serde_json::{Value, json};

use crate::support::{against, bind, column, gathered, judge, measured, rows, single, state};

/// A repeated key, nulls in keys and values, NaN, -0, infinity, text beyond ASCII, a dictionary, instants of a
/// zone, decimals of two places.
const HERE: &str = "id:int64,code:dict,price:decimal,at:timestamp_utc,x:float64
1,a,1.10,2024-01-01T00:00:00,0.1
2,b,2.25,2024-01-01T00:00:01,NaN
2,b,2.25,2024-01-01T00:00:01,NaN
,c,3.00,,1.5
4,,-4.00,2024-06-01T12:00:00,-0
5,é,,2023-12-31T23:59:59.999999,1e10
7,a,0.01,2024-01-01T00:00:00,inf
";

/// Nearly the same in other types: narrower integers, plain texts, four places, no zone.
const THERE: &str = "id:int32,code:utf8,price:decimal38,at:timestamp,x:float64
1,a,1.1000,2024-01-01T00:00:00,0.1
2,b,2.2500,2024-01-01T00:00:01,NaN
,c,3.0000,,1.5
4,,-4.0001,2024-06-01T12:00:00,0
5,e,,2023-12-31T23:59:59.999999,10000000001
6,f,9.9900,2024-02-29T00:00:00,2
6,f,9.9900,2024-02-29T00:00:00,2
";

/// Both in two batches.
fn halves(csv: &str) -> [RecordBatch; 2] {
    let all = rows(csv);
    [all.slice(0, 3), all.slice(3, all.num_rows() - 3)]
}

fn compared(rule: &str, params: Value) -> lockgate_rules::Verdict {
    let told = format!("{rule} {params}");
    against(rule, params, &halves(HERE), &halves(THERE)).unwrap_or_else(|error| panic!("{told}: {error}"))
}

fn status(rule: &str, params: &Value, here: &str, there: &str) -> &'static str {
    let found = against(rule, params.clone(), &[rows(here)], &[rows(there)]);
    found.unwrap_or_else(|error| panic!("{rule} {params}: {error}")).status.name()
}

const TWO: &str = "id:int64,n:int64\n1,10\n2,20\n";
const FOUR: &str = "id:int64,n:int64\n1,10\n2,21\n3,30\n4,40\n";
const NONE: &str = "id:int64,n:int64\n";

#[test]
fn counts_schemas_and_aggregates_pass_warn_fail_and_are_skipped() {
    let dataset = || json!({"source": "s"});
    for (rule, params, here, there, expected) in [
        ("row_count_match", json!({"to": dataset()}), TWO, TWO, "pass"),
        ("row_count_match", json!({"to": dataset(), "tolerance": 2, "warn": {"max": 1}}), TWO, FOUR, "warn"),
        ("row_count_match", json!({"to": dataset(), "tolerance": 1}), TWO, FOUR, "fail"),
        ("row_count_match", json!({"to": dataset(), "relative": 0.5}), TWO, FOUR, "pass"),
        ("row_count_match", json!({"to": dataset(), "relative": 0.49}), TWO, FOUR, "fail"),
        ("row_count_match", json!({"to": dataset(), "min": 0.5, "max": 2}), TWO, FOUR, "pass"),
        ("row_count_match", json!({"to": dataset(), "min": 0.4, "warn": {"min": 0.6}}), TWO, FOUR, "warn"),
        ("row_count_match", json!({"to": dataset(), "max": 1.9}), FOUR, TWO, "fail"),
        ("row_count_match", json!({"to": dataset()}), NONE, NONE, "pass"),
        ("row_count_match", json!({"to": dataset(), "relative": 0}), NONE, NONE, "pass"),
        ("row_count_match", json!({"to": dataset(), "relative": 1}), TWO, NONE, "fail"),
        ("row_count_match", json!({"to": dataset(), "max": 1}), NONE, NONE, "skipped"),
        ("row_count_match", json!({"to": dataset(), "max": 1000}), TWO, NONE, "fail"),
        ("row_count_match", json!({"to": dataset(), "min": 0.1}), NONE, TWO, "fail"),
        ("schema_match", json!({"to": dataset()}), NONE, FOUR, "pass"),
        ("aggregate_match", json!({"fn": "count", "to": dataset()}), TWO, TWO, "pass"),
        ("aggregate_match", json!({"fn": "count", "to": dataset()}), NONE, TWO, "fail"),
        ("aggregate_match", json!({"fn": "count", "to": dataset()}), NONE, NONE, "skipped"),
        ("aggregate_match", json!({"fn": "sum", "column": "n", "to": dataset()}), TWO, NONE, "fail"),
        (
            "aggregate_match",
            json!({"fn": "sum", "column": "n", "to": dataset(), "relative": 0.71, "warn": {"max": 0.7}}),
            TWO,
            FOUR,
            "warn",
        ),
        (
            "aggregate_match",
            json!({"fn": "max", "column": "n", "to": dataset(), "tolerance": 20}),
            TWO,
            FOUR,
            "pass",
        ),
        (
            "aggregate_match",
            json!({"fn": "sum", "column": "n", "by": "id", "to": dataset()}),
            NONE,
            NONE,
            "skipped",
        ),
        (
            "aggregate_match",
            json!({"fn": "sum", "column": "n", "by": "id", "to": dataset(), "tolerance": 1, "warn": {"max": 0}}),
            TWO,
            "id:int64,n:int64\n1,10\n2,21\n",
            "warn",
        ),
        (
            "aggregate_match",
            json!({"fn": "sum", "column": "n", "by": "id", "to": dataset(), "tolerance": 99}),
            TWO,
            FOUR,
            "fail",
        ),
    ] {
        assert_eq!(status(rule, &params, here, there), expected, "{rule} {params}");
    }
}

#[test]
fn rows_and_keys_pass_warn_fail_and_are_skipped() {
    let dataset = || json!({"source": "s"});
    let keys = || json!({"source": "s", "columns": "id"});
    for (rule, params, here, there, expected) in [
        ("dataset_match", json!({"keys": "id", "to": dataset()}), FOUR, FOUR, "pass"),
        (
            "dataset_match",
            json!({"keys": "id", "to": dataset(), "max": 3, "warn": {"max": 2}}),
            TWO,
            FOUR,
            "warn",
        ),
        ("dataset_match", json!({"keys": "id", "to": dataset(), "max": 2}), TWO, FOUR, "fail"),
        ("dataset_match", json!({"keys": "id", "to": dataset(), "max_share": 0.75}), TWO, FOUR, "pass"),
        ("dataset_match", json!({"keys": "id", "to": dataset(), "max_share": 0.74}), TWO, FOUR, "fail"),
        ("dataset_match", json!({"keys": "id", "to": dataset()}), NONE, TWO, "fail"),
        ("dataset_match", json!({"keys": "id", "to": dataset()}), TWO, NONE, "fail"),
        ("dataset_match", json!({"keys": "id", "to": dataset()}), NONE, NONE, "skipped"),
        ("join_coverage", json!({"column": "id", "to": keys()}), TWO, FOUR, "pass"),
        (
            "join_coverage",
            json!({"column": "id", "to": keys(), "side": "right", "min": 0.4, "warn": {"min": 0.6}}),
            TWO,
            FOUR,
            "warn",
        ),
        ("join_coverage", json!({"column": "id", "to": keys(), "side": "both"}), TWO, FOUR, "fail"),
        ("join_coverage", json!({"column": "id", "to": keys()}), NONE, FOUR, "skipped"),
        ("join_coverage", json!({"column": "id", "to": keys(), "side": "right"}), FOUR, NONE, "skipped"),
        ("join_coverage", json!({"column": "id", "to": keys(), "side": "both"}), NONE, NONE, "skipped"),
        ("join_coverage", json!({"column": "id", "to": keys(), "side": "both"}), FOUR, NONE, "fail"),
        ("join_coverage", json!({"column": "id", "to": keys()}), FOUR, NONE, "fail"),
        ("key_overlap", json!({"column": "id", "to": keys(), "min": 0.5}), TWO, FOUR, "pass"),
        (
            "key_overlap",
            json!({"column": "id", "to": keys(), "min": 0.5, "warn": {"min": 0.6}}),
            TWO,
            FOUR,
            "warn",
        ),
        ("key_overlap", json!({"column": "id", "to": keys(), "min": 0.6}), TWO, FOUR, "fail"),
        ("key_overlap", json!({"column": "id", "to": keys(), "max": 0.4}), TWO, FOUR, "fail"),
        ("key_overlap", json!({"column": "id", "to": keys(), "min": 0.5}), NONE, FOUR, "fail"),
        ("key_overlap", json!({"column": "id", "to": keys(), "min": 0.5}), FOUR, NONE, "fail"),
        ("key_overlap", json!({"column": "id", "to": keys(), "min": 0.5}), NONE, NONE, "skipped"),
        (
            "key_overlap",
            json!({"column": "id", "to": keys(), "min": 0.5, "measure": "here_in_there"}),
            NONE,
            FOUR,
            "skipped",
        ),
        (
            "key_overlap",
            json!({"column": "id", "to": keys(), "min": 0.5, "measure": "there_in_here"}),
            NONE,
            FOUR,
            "fail",
        ),
    ] {
        assert_eq!(status(rule, &params, here, there), expected, "{rule} {params}");
    }
}

#[test]
fn aggregates_are_those_of_duckdb_on_either_side() {
    for (function, column, here, there, difference) in [
        ("count", None, json!(7), json!(7), json!(0)),
        ("count", Some("price"), json!(6), json!(6), json!(0)),
        ("sum", Some("price"), json!("4.61"), json!("22.3299"), json!("17.7199")),
        ("min", Some("price"), json!("-4.00"), json!("-4.0001"), json!("0.0001")),
        ("max", Some("price"), json!("3.00"), json!("9.9900"), json!("6.9900")),
        ("distinct_count", Some("price"), json!(5), json!(5), json!(0)),
        ("distinct_count", Some("code"), json!(4), json!(5), json!(1)),
        ("sum", Some("id"), json!(21), json!(24), json!(3)),
        ("mean", Some("id"), json!(3.5), json!(4.0), json!(0.5)),
        (
            "min",
            Some("at"),
            json!("2023-12-31T23:59:59.999999Z"),
            json!("2023-12-31T23:59:59.999999"),
            json!(0),
        ),
        ("max", Some("at"), json!("2024-06-01T12:00:00Z"), json!("2024-06-01T12:00:00"), json!(0)),
        ("sum", Some("x"), json!("NaN"), json!("NaN"), json!(0.0)),
    ] {
        let mut params = json!({"fn": function, "to": {"source": "s"}});
        if let Some(column) = column {
            params["column"] = json!(column);
        }
        let found = compared("aggregate_match", params);
        assert_eq!(
            found.observed,
            json!({"here": here, "there": there, "difference": difference}),
            "{function} {column:?}"
        );
        let agrees = [json!(0), json!(0.0)].contains(&difference);
        assert_eq!(found.status == Status::Pass, agrees, "{function} {column:?}");
    }
    let mean = compared("aggregate_match", json!({"fn": "mean", "column": "price", "to": {"source": "s"}}));
    for (side, value) in [("here", 0.768_333_333_333_333_4), ("there", 3.721_65)] {
        assert!((mean.observed[side].as_f64().unwrap() - value).abs() < 1e-14, "{}", mean.observed);
    }
}

#[test]
fn sums_and_means_of_decimals_of_different_scale_agree_exactly() {
    // 0.1 + 0.2 is not 0.3 in floats; a third of 0.10 has no last digit.
    let here = "x:decimal\n0.10\n0.20\n0.00\n9007199254740993.01\n";
    let there = "x:decimal38\n9007199254740993.3100\n0.0000\n0.0000\n0.0000\n";
    for function in ["sum", "mean"] {
        let params = json!({"fn": function, "column": "x", "to": {"table": "t"}});
        assert_eq!(status("aggregate_match", &params, here, there), "pass", "{function}");
        let nearly = there.replace(".3100", ".3101");
        assert_eq!(status("aggregate_match", &params, here, &nearly), "fail", "{function}");
    }
}

#[test]
fn distances_between_times_are_seconds() {
    let params =
        |tolerance: f64| json!({"fn": "max", "column": "t", "to": {"source": "s"}, "tolerance": tolerance});
    let here = "t:timestamp_utc\n2024-01-01T00:00:00\n";
    for (there, apart) in [
        ("t:date\n2024-01-02\n", json!(86_400)),
        ("t:timestamp_ms\n2024-01-01T00:00:01.5\n", json!("1.500000000")),
    ] {
        let found =
            |tolerance| against("aggregate_match", params(tolerance), &[rows(here)], &[rows(there)]).unwrap();
        assert_eq!(found(0.0).observed["difference"], apart);
        assert_eq!((found(86_400.0).status, found(1.4).status), (Status::Pass, Status::Fail));
    }
}

#[test]
fn keys_whose_aggregates_differ_are_listed_worst_first() {
    let found = compared(
        "aggregate_match",
        json!({"fn": "sum", "column": "price", "by": "code", "to": {"source": "s"}, "tolerance": 0.001}),
    );
    let listed: Vec<Value> = [
        ("e", Some("there"), Value::Null, Value::Null),
        ("f", Some("there"), Value::Null, json!("19.9800")),
        ("é", Some("here"), Value::Null, Value::Null),
        ("b", None, json!("4.50"), json!("2.2500")),
        ("a", None, json!("1.11"), json!("1.1000")),
        ("", None, json!("-4.00"), json!("-4.0001")),
    ]
    .into_iter()
    .map(|(code, only, here, there)| {
        let code = if code.is_empty() { Value::Null } else { json!(code) };
        let mut listed = json!({"key": {"code": code}, "here": here, "there": there});
        if let Some(only) = only {
            listed["only"] = json!(only);
        }
        listed
    })
    .collect();
    assert_eq!(found.observed, json!({"keys": 7, "differing": 6, "failed": 5, "differences": listed}));
    assert_eq!(
        found.observed_text,
        "5 of 7 keys differ: e only there (none); f only there (19.9800); é only here (none); …"
    );
    assert_eq!((found.status, found.n_evaluated, found.n_failed), (Status::Fail, 7, 5));
    assert_eq!(found.id, "aggregate_match(sum(price) by code, s)");
}

#[test]
fn counts_by_key_are_those_of_duckdb() {
    // The pairs of counts that differ, here and there.
    for (by, keys, counts) in [
        ("at", 6, vec![(None, Some(2)), (Some(2), Some(1)), (Some(2), Some(1))]),
        (
            "price",
            8,
            vec![(Some(1), None), (None, Some(1)), (None, Some(2)), (Some(1), None), (Some(2), Some(1))],
        ),
    ] {
        let found = compared("aggregate_match", json!({"fn": "count", "by": by, "to": {"source": "s"}}));
        assert_eq!(found.observed["keys"], json!(keys), "{by}");
        let differences = found.observed["differences"].as_array().unwrap();
        let mut pairs: Vec<(Option<u64>, Option<u64>)> =
            differences.iter().map(|of| (of["here"].as_u64(), of["there"].as_u64())).collect();
        let mut counts = counts;
        pairs.sort_unstable();
        counts.sort_unstable();
        assert_eq!(pairs, counts, "{by}");
    }
}

#[test]
fn too_many_keys_are_an_error() {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100_001));
    let many = single("id", ids);
    let few = many.slice(0, 100_000);
    let params = json!({"fn": "count", "by": "id", "to": {"source": "s"}});
    let halves = [many.slice(0, 50_000), many.slice(50_000, 50_001)];
    let wrong = against("aggregate_match", params.clone(), &halves, std::slice::from_ref(&few)).unwrap();
    assert_eq!(wrong.status, Status::Error, "{}", wrong.observed_text);
    assert!(wrong.closes_gate());
    let right = against("aggregate_match", params, std::slice::from_ref(&few), std::slice::from_ref(&few));
    assert_eq!(right.unwrap().status, Status::Pass);
}

#[test]
fn many_distinct_values_of_a_key_are_an_estimate_that_says_so() {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..20_000));
    let keys: ArrayRef = Arc::new(Int64Array::from(vec![1; 20_000]));
    let batch = RecordBatch::try_from_iter([("k", keys), ("v", values)]).unwrap();
    let batch = std::slice::from_ref(&batch);
    let by_key = json!({"fn": "distinct_count", "column": "v", "by": "k", "to": {"source": "s"}});
    let found = against("aggregate_match", by_key, batch, batch).unwrap();
    assert!(matches!(found.exactness, Exactness::Approx { .. }));
    assert_eq!(found.status, Status::Pass);
    let whole = json!({"fn": "distinct_count", "column": "v", "to": {"source": "s"}});
    let found = against("aggregate_match", whole, batch, batch).unwrap();
    assert_eq!((found.exactness, &found.observed["here"]), (Exactness::Exact, &json!(20_000)));
}

#[test]
fn rows_that_differ_are_counted_as_duckdb_counts_them() {
    let found = compared("dataset_match", json!({"keys": "id", "to": {"source": "s"}}));
    assert_eq!(
        found.observed,
        json!({
            "failed": 6, "only_here": 1, "only_there": 2, "different": 2, "repeated": 1,
            "columns": {"code": 1, "price": 1, "x": 1},
        })
    );
    assert_eq!(
        found.observed_text,
        "1 row only here, 2 only there, 2 different (code 1, price 1, x 1), 1 repeated"
    );
    assert_eq!((found.n_evaluated, found.n_failed, found.n_null), (9, 6, 1));
    let found = compared(
        "dataset_match",
        json!({"keys": ["price"], "columns": ["id", "code"], "to": {"source": "s"}}),
    );
    assert_eq!(
        found.observed,
        json!({
            "failed": 7, "only_here": 2, "only_there": 3, "different": 1, "repeated": 1, "columns": {"code": 1},
        })
    );
}

#[test]
fn rows_that_differ_are_shown_with_both_values() {
    let found = compared("dataset_match", json!({"keys": "id", "to": {"source": "s"}}));
    let shown: Vec<Value> = found.samples.iter().map(|row| json!(row.values)).collect();
    assert_eq!(
        shown,
        [
            json!({"id": 4, "price": {"here": "-4.00", "there": "-4.0001"}}),
            json!({"id": 5, "code": {"here": "é", "there": "e"}, "x": {"here": 1e10, "there": 10_000_000_001.0}}),
            json!({"id": 7, "code": "a", "price": "0.01", "at": "2024-01-01T00:00:00Z", "x": "inf"}),
            json!({
                "id": {"there": 6}, "code": {"there": "f"}, "price": {"there": "9.9900"},
                "at": {"there": "2024-02-29T00:00:00"}, "x": {"there": 2.0},
            }),
        ]
    );
    let two = compared("dataset_match", json!({"keys": "id", "to": {"source": "s"}, "samples": 2}));
    assert_eq!(json!(two.samples), json!(found.samples[..2]));
}

#[test]
fn what_is_redacted_is_neither_shown_nor_stored() {
    let samples = json!({"rows": 9, "redact": ["price", "code"]});
    let checks =
        Check::parse("dataset_match", &json!({"keys": "id", "to": {"source": "s"}, "samples": samples}));
    let mut checks = checks.unwrap();
    let by_code = json!({"fn": "sum", "column": "price", "by": "code", "to": {"source": "s"}});
    checks.extend(Check::parse("aggregate_match", &by_code).unwrap());
    let there = halves(THERE);
    let references = checks.iter().flat_map(Check::references);
    let references = references.map(|reference| (reference.clone(), gathered(&reference, &there))).collect();
    let suite = Suite::bind(checks, &rows(HERE).schema(), references).unwrap();
    let state = state(&suite, &halves(HERE));
    let verdicts = judge(&suite, &state);
    let shown: Vec<Value> = verdicts[0].samples.iter().map(|row| row.values["price"].clone()).collect();
    assert_eq!(shown, vec![json!("(redacted)"); 4]);
    for text in [serde_json::to_string(&verdicts).unwrap(), serde_json::to_string(&state).unwrap()] {
        for kept_back in ["é", "\"f\"", "-4.0001\"}}"] {
            assert!(!text.contains(kept_back), "{kept_back}: {text}");
        }
    }
}

#[test]
fn numbers_may_differ_within_a_tolerance() {
    let params = |tolerance: Value, relative: Value| json!({"keys": "k", "to": {"source": "s"}, "tolerance": tolerance, "relative": relative});
    for (kinds, here, there, tolerance, relative, expected) in [
        (("float64", "float64"), "1.0", "1.5", json!(0.5), json!(0), "pass"),
        (("float64", "float64"), "1.0", "1.5", json!(0.4), json!(0), "fail"),
        (("float64", "float64"), "110", "100", json!(0), json!(0.1), "pass"),
        // The share is of the number there, as in numpy's isclose.
        (("float64", "float64"), "100", "110.6", json!(0), json!(0.095), "fail"),
        (("float64", "float64"), "NaN", "NaN", json!(0.1), json!(0), "pass"),
        (("float64", "float64"), "NaN", "1", json!(1e300), json!(1), "fail"),
        (("float64", "float64"), "1", "NaN", json!(1e300), json!(1), "fail"),
        (("float64", "float64"), "inf", "inf", json!(0), json!(0), "pass"),
        (("float64", "float64"), "1", "inf", json!(1), json!(1), "fail"),
        (("float64", "float64"), "-inf", "inf", json!(1), json!(1), "fail"),
        (("float64", "float64"), "-0", "0", json!(0), json!(0), "pass"),
        (("float64", "float64"), "", "", json!(0), json!(0), "pass"),
        (("float64", "float64"), "0", "", json!(1), json!(0), "fail"),
        (("decimal", "decimal38"), "1.00", "1.0100", json!(0.02), json!(0), "pass"),
        (("decimal", "decimal38"), "1.00", "1.0300", json!(0.02), json!(0), "fail"),
        (("int64", "float64"), "3", "3", json!(0), json!(0), "pass"),
        (("int64", "float64"), "3", "3.5", json!(0), json!(0), "fail"),
        (("date", "date"), "2024-01-01", "2024-01-02", json!(5), json!(0), "fail"),
        (("utf8", "dict"), "a", "a ", json!(5), json!(0), "fail"),
    ] {
        let csv = |kind: &str, value: &str| format!("k:int64,v:{kind}\n1,{value}\n");
        let found =
            status("dataset_match", &params(tolerance, relative), &csv(kinds.0, here), &csv(kinds.1, there));
        assert_eq!(found, expected, "{kinds:?} {here} {there}");
    }
}

#[test]
fn keys_meet_across_types_that_hold_the_same_values() {
    for (here, there, mine, theirs, meet) in [
        ("int8", "uint64", "5", "5", true),
        ("int64", "uint64", "-1", "18446744073709551615", false),
        ("uint64", "uint64", "18446744073709551615", "18446744073709551615", true),
        ("int64", "decimal38", "-7", "-7.0000", true),
        ("decimal", "decimal38", "0.10", "0.1000", true),
        ("decimal", "decimal38", "0.10", "0.1001", false),
        ("decimal38", "decimal", "9999999999999999999999999999999999.9999", "0.00", false),
        ("date", "timestamp", "2024-01-01", "2024-01-01T00:00:00", true),
        ("date", "date64", "1969-12-31", "1969-12-31", true),
        ("timestamp_ms", "timestamp_utc", "2024-01-01T00:00:00.001", "2024-01-01T00:00:00.001", true),
        ("timestamp_ms", "timestamp_utc", "2024-01-01T00:00:00.001", "2024-01-01T00:00:00.001000001", false),
        ("float32", "float64", "0.5", "0.5", true),
        ("float64", "float64", "NaN", "NaN", true),
        ("float64", "float64", "-0", "0", true),
        ("dict", "view", "Zürich", "Zürich", true),
        ("large", "utf8", "a", "A", false),
        ("bool", "bool", "true", "true", true),
    ] {
        let (here, there) =
            (single("k", column(here, &[Some(mine)])), single("k", column(there, &[Some(theirs)])));
        let told = format!("{here:?} {there:?}");
        let (here, there) = (std::slice::from_ref(&here), std::slice::from_ref(&there));
        let to = json!({"source": "s", "columns": "k"});
        for (rule, params) in [
            ("join_coverage", json!({"column": "k", "to": to})),
            ("key_overlap", json!({"column": "k", "to": to, "min": 1})),
            ("dataset_match", json!({"keys": "k", "to": {"source": "s"}})),
            ("aggregate_match", json!({"fn": "count", "by": "k", "to": {"source": "s"}})),
        ] {
            let found = against(rule, params, here, there).unwrap();
            assert_eq!(found.status == Status::Pass, meet, "{rule} {told}: {}", found.observed_text);
        }
    }
    let (here, there) =
        ([single("k", column("int64", &[Some("1")]))], [single("k", column("utf8", &[Some("1")]))]);
    let wrong =
        against("dataset_match", json!({"keys": "k", "to": {"source": "s"}}), &here, &there).unwrap_err();
    assert_eq!(wrong, "column \"k\" (int64) cannot be compared with \"k\" (string) of the other dataset");
}

#[test]
fn a_null_in_a_key_pairs_rows_but_joins_nothing() {
    let (here, there) = ("a:int64,b:utf8\n1,\n,x\n,\n", "a:int64,b:utf8\n1,\n,x\n,\n");
    let keys = json!({"source": "s", "columns": ["a", "b"]});
    assert_eq!(
        status("dataset_match", &json!({"keys": ["a", "b"], "to": {"source": "s"}}), here, there),
        "pass"
    );
    let joined = json!({"columns": ["a", "b"], "to": keys, "min": 0.1});
    assert_eq!(status("join_coverage", &joined, here, there), "fail");
    let overlap = json!({"columns": ["a", "b"], "to": keys, "min": 0.1});
    assert_eq!(status("key_overlap", &overlap, here, there), "skipped");
}

#[test]
fn shares_of_rows_that_join_are_those_of_duckdb() {
    // Rows here and there that a join keeps, of 7 each.
    for (key, left, right) in [("id", 5, 4), ("code", 5, 3), ("price", 4, 3), ("at", 6, 4)] {
        let to = json!({"source": "s", "columns": key});
        let found = compared("join_coverage", json!({"column": key, "to": to, "side": "both", "min": 0}));
        assert_eq!(
            (&found.observed["here"], &found.observed["there"]),
            (&json!(left), &json!(right)),
            "{key}"
        );
        let share = f64::from(left.min(right)) / 7.0;
        assert_eq!(found.observed["share"], json!(share), "{key}");
        assert_eq!(
            (found.n_evaluated, found.n_failed, found.n_null),
            (14, 14 - left as u64 - right as u64, 1)
        );
    }
    let found = compared("join_coverage", json!({"column": "id", "to": {"source": "s", "columns": "id"}}));
    assert_eq!(found.observed_text, "5 of 7 rows here have a partner (71.43 %)");
    let shown: Vec<&Value> = found.samples.iter().map(|row| &row.values["id"]).collect();
    assert_eq!(shown, [&Value::Null, &json!(7)]);
}

#[test]
fn a_join_that_multiplies_rows_breaks_the_cardinality() {
    let (one, two) = ("k:int64\n1\n2\n3\n", "k:int64\n1\n1\n2\n9\n9\n");
    for (here, there, cardinality, expected) in [
        (one, one, "1-1", "pass"),
        (two, one, "n-1", "pass"),
        (two, one, "1-1", "fail"),
        (two, one, "1-n", "fail"),
        (one, two, "1-n", "pass"),
        (one, two, "n-1", "fail"),
        (one, two, "1-1", "fail"),
        // What joins nothing may repeat.
        (one, "k:int64\n1\n9\n9\n", "1-1", "pass"),
        ("k:int64\n1\n9\n9\n\n", one, "1-1", "pass"),
    ] {
        let to = json!({"source": "s", "columns": "k"});
        let params = json!({"column": "k", "to": to, "min": 0, "cardinality": cardinality});
        assert_eq!(status("join_coverage", &params, here, there), expected, "{here} {there} {cardinality}");
    }
    let to = json!({"source": "s", "columns": "k"});
    let params = json!({"column": "k", "to": to, "min": 0, "cardinality": "1-1"});
    let found = against("join_coverage", params, &[rows(two)], &[rows(two)]).unwrap();
    assert_eq!(
        found.observed_text,
        "5 of 5 rows here have a partner (100 %); not 1-1: 2 rows repeat a key here, 2 rows repeat a key there"
    );
}

#[test]
fn overlaps_of_keys_are_those_of_duckdb() {
    // Distinct keys here, there and on both sides.
    for (key, here, there, both) in [("id", 5, 5, 4), ("code", 4, 5, 3), ("price", 5, 5, 3), ("at", 4, 5, 4)]
    {
        for (measure, of) in
            [("jaccard", here + there - both), ("here_in_there", here), ("there_in_here", there)]
        {
            let to = json!({"source": "s", "columns": key});
            let found =
                compared("key_overlap", json!({"column": key, "to": to, "measure": measure, "min": 0}));
            let overlap = f64::from(both) / f64::from(of);
            let counts = (both, here - both, there - both);
            assert_eq!(
                found.observed,
                json!({"overlap": overlap, "shared": counts.0, "only_here": counts.1, "only_there": counts.2}),
                "{key} {measure}"
            );
        }
    }
}

#[test]
fn schemas_match_by_name_and_type() {
    let other = "id:int32,code:utf8,price:decimal38\n";
    for (here, more, expected) in [
        ("id:int32,code:dict,price:decimal38\n", json!({}), "the same columns"),
        ("price:decimal38,code:view,id:int32\n", json!({}), "the same columns"),
        ("price:decimal38,code:view,id:int32\n", json!({"ordered": true}), "reordered price, id"),
        ("id:int64,code:utf8,price:decimal38\n", json!({}), "id is int64 instead of int32"),
        ("id:int8,code:utf8,price:decimal38\n", json!({"type_mode": "widenable"}), "the same columns"),
        ("id:int64,code:utf8,price:decimal38\n", json!({"type_mode": "family"}), "the same columns"),
        ("id:int32,code:utf8,price:decimal\n", json!({}), "price is decimal(20,2) instead of decimal(38,4)"),
        ("id:int32,price:decimal38,x:bool\n", json!({}), "added x; removed code"),
        ("id:int32,code:utf8,price:decimal38,x:bool\n", json!({"mode": "contains"}), "the same columns"),
        ("id:int32\n", json!({"mode": "contains"}), "removed code, price"),
        ("id:int32\n", json!({"mode": "subset"}), "the same columns"),
        ("id:int32,x:bool\n", json!({"mode": "subset"}), "added x"),
        ("id:int32,x:bool\n", json!({"ignore_columns": ["x", "code", "price"]}), "the same columns"),
    ] {
        let mut params = json!({"to": {"table": "t"}});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = against("schema_match", params, &[rows(here)], &[rows(other)]).unwrap();
        assert_eq!(found.observed_text, expected, "{here} {more}");
        assert_eq!(found.answered_from, lockgate_rules::AnsweredFrom::Plan);
    }
}

#[test]
fn rows_that_leave_and_rows_out_of_scope_are_not_compared() {
    let there = "a:int64,b:int64\n1,2\n";
    for (params, rule) in [
        (json!({"to": {"source": "s"}, "where": "a < b"}), "row_count_match"),
        (json!({"keys": "a", "to": {"source": "s"}, "where": "a < b"}), "dataset_match"),
        (
            json!({"fn": "sum", "column": "b", "by": "a", "to": {"source": "s"}, "where": "a < b"}),
            "aggregate_match",
        ),
        (json!({"column": "a", "to": {"source": "s", "columns": "a"}, "where": "a < b"}), "join_coverage"),
        (
            json!({"column": "a", "to": {"source": "s", "columns": "a"}, "min": 1, "where": "a < b"}),
            "key_overlap",
        ),
    ] {
        assert_eq!(status(rule, &params, "a:int64,b:int64\n1,2\n9,3\n8,\n", there), "pass", "{rule}");
        let mut other_scope = params.clone();
        other_scope.as_object_mut().unwrap().remove("where");
        other_scope["to"]["where"] = json!("a < b");
        let there = "a:int64,b:int64\n1,2\n9,3\n8,\n";
        assert_eq!(status(rule, &other_scope, "a:int64,b:int64\n1,2\n", there), "pass", "{rule}");
    }
    let batch = rows("name:utf8,population:int64\nBern,134\nBasel,-1\n");
    let checks = [
        ("ge", json!({"column": "population", "value": 0, "on_row": "drop", "mostly": 0})),
        ("join_coverage", json!({"column": "name", "to": {"source": "cities", "columns": "name"}})),
        ("dataset_match", json!({"keys": "name", "to": {"source": "cities"}, "max": 3})),
    ];
    let suite = bind(&checks, &batch.schema());
    let verdicts = judge(&suite, &state(&suite, &[batch]));
    assert_eq!(verdicts[1].n_evaluated, 1);
    assert_eq!(verdicts[2].observed["only_there"], json!(3));
}

#[test]
fn a_state_of_a_comparison_with_other_rows_is_an_error() {
    let here = rows("k:int64,v:int64\n1,1\n");
    let suite = |there: &str| {
        let checks = Check::parse("dataset_match", &json!({"keys": "k", "to": {"source": "s"}})).unwrap();
        let reference = checks[0].references().remove(0);
        let other = gathered(&reference, &[rows(there)]);
        Suite::bind(checks, &here.schema(), [(reference, other)].into_iter().collect()).unwrap()
    };
    let (one, other) = (suite("k:int64,v:int64\n1,1\n"), suite("k:int64,v:int64\n1,2\n"));
    let mut measured_by_one = one.start();
    measured_by_one.merge(measured(&one, &here).part).unwrap();
    assert_eq!(judge(&one, &measured_by_one)[0].status, Status::Pass);
    assert_eq!(judge(&other, &measured_by_one)[0].status, Status::Error);
    let verdict = judge(&suite("k:int64,v:int64\n1,1\n"), &measured_by_one).remove(0);
    assert_eq!(verdict.status, Status::Pass, "equal rows are the same dataset");
}

#[test]
fn columns_may_have_other_names_there() {
    let (here, there) = ("id:int64,v:int64\n1,5\n", "key:int64,amount:int64\n1,5\n");
    for (rule, params) in [
        ("dataset_match", json!({"keys": {"id": "key"}, "columns": {"v": "amount"}, "to": {"source": "s"}})),
        (
            "aggregate_match",
            json!({"fn": "sum", "column": {"v": "amount"}, "by": {"id": "key"}, "to": {"source": "s"}}),
        ),
        ("aggregate_match", json!({"fn": "sum", "column": {"v": "amount"}, "to": {"source": "s"}})),
        ("join_coverage", json!({"column": "id", "to": {"source": "s", "columns": "key"}})),
    ] {
        assert_eq!(status(rule, &params, here, there), "pass", "{rule} {params}");
    }
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    let to = json!({"source": "s"});
    let both = json!({"source": "s", "table": "t"});
    let keys = json!({"source": "s", "columns": "k"});
    for (rule, params, key) in [
        ("row_count_match", json!({"to": {}}), "to"),
        ("row_count_match", json!({"to": both}), "to.table"),
        ("row_count_match", json!({"to": to, "tolerance": 1, "min": 0.5}), "tolerance"),
        ("row_count_match", json!({"to": to, "relative": -1}), "relative"),
        ("row_count_match", json!({"to": to, "min": 2, "max": 1}), "min"),
        ("row_count_match", json!({"to": to, "group_by": "k"}), "group_by"),
        ("aggregate_match", json!({"fn": "sum", "to": to}), "column"),
        ("aggregate_match", json!({"fn": "sum", "column": ["a", "b"], "to": to}), "column"),
        ("aggregate_match", json!({"fn": "count", "by": [], "to": to}), "by"),
        ("aggregate_match", json!({"fn": "count", "to": to, "tolerance": 1, "relative": 1}), "relative"),
        ("aggregate_match", json!({"fn": "count", "to": to, "tolerance": -1}), "tolerance"),
        ("dataset_match", json!({"to": to}), "keys"),
        ("dataset_match", json!({"keys": ["k", "k"], "to": to}), "keys"),
        ("dataset_match", json!({"keys": "k", "to": to, "max": 1, "max_share": 0.1}), "max"),
        ("dataset_match", json!({"keys": "k", "to": to, "tolerance": -0.1}), "tolerance"),
        ("join_coverage", json!({"column": "k", "to": to}), "columns"),
        ("join_coverage", json!({"column": "k", "to": keys, "min": 2}), "min"),
        ("key_overlap", json!({"column": "k", "to": keys}), "min"),
    ] {
        let wrong = Check::parse(rule, &params).unwrap_err();
        assert_eq!(wrong.key.as_deref(), Some(key), "{rule} {params}: {}", wrong.message);
    }
}

#[test]
fn columns_that_do_not_fit_are_refused_when_bound() {
    let (here, there) = (rows("k:int64,v:utf8,w:float64\n"), rows("k:int64,v:int64,w:float64\n"));
    for (rule, params, message) in [
        ("dataset_match", json!({"keys": "z", "to": {"source": "s"}}), "no column \"z\""),
        (
            "dataset_match",
            json!({"keys": "k", "to": {"source": "s"}}),
            "column \"v\" (string) cannot be compared with \"v\" (int64) of the other dataset",
        ),
        (
            "aggregate_match",
            json!({"fn": "sum", "column": "v", "to": {"source": "s"}}),
            "column \"v\" is of type string, which has no sum",
        ),
        (
            "join_coverage",
            json!({"columns": ["k", "w"], "to": {"source": "s", "columns": "k"}}),
            "2 columns are compared with 1",
        ),
        (
            "key_overlap",
            json!({"column": "w", "to": {"source": "s", "columns": "k"}, "min": 0}),
            "column \"w\" (float64) cannot be compared with \"k\" (int64) of the other dataset",
        ),
    ] {
        let wrong =
            against(rule, params, std::slice::from_ref(&here), std::slice::from_ref(&there)).unwrap_err();
        assert_eq!(wrong, message, "{rule}");
    }
    let times = [rows("t:date\n2024-01-01\n")];
    let relative = json!({"fn": "max", "column": "t", "to": {"source": "s"}, "relative": 0.1});
    let wrong = against("aggregate_match", relative, &times, &times).unwrap_err();
    assert_eq!(wrong, "column \"t\" is one of times, which have no relative difference");
    let left_out = json!({"keys": "k", "to": {"source": "s"}, "ignore_columns": ["v"]});
    let found = against("dataset_match", left_out, &[here], &[there]).unwrap();
    assert_eq!(found.status, Status::Skipped);
}
