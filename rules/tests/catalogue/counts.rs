//! `not_null`, `completeness`, `unique`, `primary_key`, the distinct family, `row_count`, `foreign_key`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::DataType;
use lockgate_rules::{Check, Exactness, KeySet, References, Status, Suite};
use serde_json::{Value, json};

use crate::support::{bind, check, column, judge, rows, single, state, try_bind, verdict};

#[test]
fn not_null_takes_nan_and_empty_text_for_values() {
    let numbers = single("x", column("float64", &[Some("NaN"), None, Some("0")]));
    assert_eq!(verdict("not_null", json!("x"), &numbers).n_failed, 1);
    for kind in ["utf8", "view", "dict"] {
        let texts = single("x", column(kind, &[Some(""), None, Some("x"), None]));
        let found = verdict("not_null", json!("x"), &texts);
        assert_eq!((found.n_evaluated, found.n_failed, found.n_null), (4, 2, 2), "{kind}");
    }
}

#[test]
fn mostly_is_met_exactly_at_the_share() {
    let batch = single("x", column("int64", &[Some("1"), Some("1"), Some("1"), None]));
    let status = |params: Value| verdict("completeness", params, &batch).status;
    assert_eq!(status(json!({"column": "x", "mostly": 0.75})), Status::Pass);
    assert_eq!(status(json!({"column": "x", "mostly": 0.750_000_1})), Status::Fail);
    assert_eq!(status(json!({"column": "x", "mostly": 0.5, "warn": 0.75})), Status::Pass);
    assert_eq!(status(json!({"column": "x", "mostly": 0.5, "warn": 0.8})), Status::Warn);
    assert_eq!(status(json!({"column": "x", "mostly": 0})), Status::Pass);
}

#[test]
fn keys_are_equal_across_layouts_of_their_values() {
    let one = |kind: &str, values: &[Option<&str>]| {
        verdict("unique", json!("x"), &single("x", column(kind, values))).n_failed
    };
    for kind in ["int8", "int64", "uint64", "float32", "float64", "decimal", "utf8", "large", "view", "dict"]
    {
        assert_eq!(one(kind, &[Some("1"), Some("2"), Some("1"), None, None, Some("1")]), 2, "{kind}");
    }
    assert_eq!(one("float64", &[Some("NaN"), Some("NaN"), Some("0"), Some("-0")]), 2);
    assert_eq!(one("bool", &[Some("true"), Some("false"), Some("true")]), 1);
    assert_eq!(one("timestamp", &[Some("2024-01-01T00:00:00"), Some("2024-01-01T00:00:00.000001")]), 0);
    assert_eq!(one("view", &[Some("ab"), Some("a"), Some("b"), Some("")]), 0);
}

#[test]
fn several_columns_are_one_key() {
    let batch = rows("a:utf8,b:utf8\nab,c\na,bc\nab,c\n,c\n,c\n");
    let run = |params: Value| verdict("unique", params, &batch);
    let found = run(json!(["a", "b"]));
    assert_eq!((found.n_evaluated, found.n_failed, found.n_null), (3, 1, 2));
    let equal = run(json!({"columns": ["a", "b"], "nulls_distinct": false}));
    assert_eq!((equal.n_evaluated, equal.n_failed), (5, 2));
    assert_eq!(
        run(json!({"columns": ["a", "b"], "nulls_distinct": false, "count": "rows_in_dup_groups"})).n_failed,
        4
    );
    assert_eq!(
        run(json!({"columns": ["a", "b"], "nulls_distinct": false, "count": "dup_groups"})).n_failed,
        2
    );
    assert_eq!(run(json!({"columns": ["a", "b"], "max": 1})).status, Status::Pass);
    // A null in one column is not the null in another.
    let crossed = rows("a:int64,b:int64\n,1\n1,\n0,1\n1,0\n");
    let params = json!({"columns": ["a", "b"], "nulls_distinct": false});
    assert_eq!(verdict("unique", params, &crossed).n_failed, 0);
}

#[test]
fn millions_of_keys_are_counted_exactly_however_they_come() {
    let n = 3_000_000_i64;
    let values: ArrayRef =
        Arc::new(Int64Array::from_iter_values((0..n).map(|at| if at % 1000 == 7 { 7 } else { at })));
    let batch = single("x", values);
    let suite =
        bind(&[("unique", json!("x")), ("uniqueness", json!({"column": "x", "min": 0.5}))], &batch.schema());
    // Keys, and rows.
    assert_eq!(suite.measures().len(), 2);
    let parts: Vec<RecordBatch> = (0..30).map(|at| batch.slice(at * 100_000, 100_000)).collect();
    let verdicts = judge(&suite, &state(&suite, &parts));
    assert_eq!(verdicts[0].n_failed, 2999);
    assert_eq!(verdicts[1].observed.as_f64(), Some(2_997_000.0 / 3_000_000.0));
}

#[test]
fn a_primary_key_is_unique_and_never_null() {
    let status = |csv: &str| verdict("primary_key", json!("x"), &rows(csv));
    assert_eq!(status("x:int64\n1\n2\n").status, Status::Pass);
    assert_eq!(status("x:int64\n1\n\n").observed, json!({"extra_rows": 0, "null_keys": 1}));
    assert_eq!(status("x:int64\n\n\n").status, Status::Fail);
    assert_eq!(status("x:int64\n").status, Status::Skipped);
}

#[test]
fn distinct_counts_are_exact_while_few_and_within_their_error_when_many() {
    let count = |n: i64, exactness: Option<&str>| {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..3 * n).map(|at| at % n)));
        let mut params = json!({"column": "x", "min": 0});
        if let Some(exactness) = exactness {
            params["exactness"] = json!(exactness);
        }
        let found = verdict("distinct_count", params, &single("x", values));
        (found.observed.as_f64().unwrap(), found.exactness)
    };
    assert_eq!(count(16_384, None), (16_384.0, Exactness::Exact));
    assert_eq!(count(200_000, Some("exact")), (200_000.0, Exactness::Exact));
    let (estimate, exactness) = count(200_000, None);
    assert!(matches!(exactness, Exactness::Approx { bound } if bound < 0.01));
    assert!((estimate / 200_000.0 - 1.0).abs() < 0.03, "{estimate}");
}

#[test]
fn an_estimate_does_not_depend_on_the_split() {
    let values: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..100_000).map(|at| f64::from(at % 60_000))));
    let batch = single("x", values);
    let suite = bind(&[("distinct_count", json!({"column": "x", "min": 0}))], &batch.schema());
    let whole = judge(&suite, &state(&suite, std::slice::from_ref(&batch)));
    for size in [1_000, 7_777, 50_000] {
        let parts: Vec<_> =
            (0..batch.num_rows()).step_by(size).map(|at| batch.slice(at, size.min(100_000 - at))).collect();
        assert_eq!(judge(&suite, &state(&suite, &parts))[0].observed, whole[0].observed);
    }
}

#[test]
fn the_distinct_family_answers_the_same_question_four_ways() {
    let batch =
        single("x", column("float64", &[Some("NaN"), Some("NaN"), Some("0"), Some("-0"), Some("5"), None]));
    let value =
        |rule: &str| verdict(rule, json!({"column": "x", "min": 0}), &batch).observed.as_f64().unwrap();
    assert_eq!(value("distinct_count"), 3.0);
    assert_eq!(value("distinctness"), 0.6);
    assert_eq!(value("uniqueness"), 0.2);
    assert_eq!(value("unique_value_ratio"), 1.0 / 3.0);
    let params = json!({"column": "x", "min": 0, "exactness": "approx"});
    let errors = try_bind(&[("uniqueness", params)], &batch.schema()).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("exactness"));
}

#[test]
fn no_rows_are_a_number_of_rows() {
    let empty = rows("x:int64\n");
    assert_eq!(verdict("row_count", json!({"max": 10}), &empty).status, Status::Pass);
    assert_eq!(verdict("row_count", json!({"min": 1}), &empty).status, Status::Fail);
    assert_eq!(verdict("row_count", json!(0), &empty).status, Status::Pass);
    let two = rows("x:int64\n1\n2\n");
    assert_eq!(verdict("row_count", json!({"min": 1, "warn": {"min": 3}}), &two).status, Status::Warn);
}

fn with_keys(params: &Value, keys: KeySet, batch: &RecordBatch) -> Result<(u64, u64, u64), String> {
    let checks: Vec<Check> = check("foreign_key", params);
    let references: References =
        [(checks[0].references().remove(0), lockgate_rules::Gathered::Keys(Arc::new(keys)))]
            .into_iter()
            .collect();
    let suite =
        Suite::bind(checks, &batch.schema(), references).map_err(|errors| errors[0].message.clone())?;
    let found = judge(&suite, &state(&suite, std::slice::from_ref(batch))).remove(0);
    Ok((found.n_evaluated, found.n_failed, found.n_null))
}

#[test]
fn foreign_keys_are_found_across_widths_and_layouts() {
    let params = json!({"column": "x", "to": {"source": "s", "columns": "id"}});
    let keys = |kind: &str, values: &[Option<&str>]| {
        let array = column(kind, values);
        let mut keys = KeySet::new(&[array.data_type().clone()]).unwrap();
        keys.extend(&[array], None).unwrap();
        keys
    };
    for here in ["int8", "int32", "int64", "uint64"] {
        for there in ["int16", "int64", "uint8"] {
            let batch = single("x", column(here, &[Some("1"), Some("5"), None, Some("2")]));
            let found = with_keys(&params, keys(there, &[Some("1"), Some("2"), None, Some("2")]), &batch);
            assert_eq!(found, Ok((3, 1, 1)), "{here} {there}");
        }
    }
    for here in ["utf8", "view", "dict", "large"] {
        let batch = single("x", column(here, &[Some("a"), Some("ä"), None]));
        assert_eq!(with_keys(&params, keys("dict", &[Some("a"), None]), &batch), Ok((2, 1, 1)), "{here}");
    }
    let batch = single("x", column("int64", &[Some("1"), Some("5"), None]));
    let negated = json!({"column": "x", "negate": true, "to": {"table": "s", "columns": ["id"]}});
    assert_eq!(with_keys(&negated, keys("int64", &[Some("1")]), &batch), Ok((2, 1, 1)));
    with_keys(&params, keys("utf8", &[Some("1")]), &batch).unwrap_err();
    with_keys(&params, keys("decimal", &[Some("1")]), &batch).unwrap_err();
}

#[test]
fn the_largest_unsigned_key_is_not_minus_one() {
    const MOST: &str = "18446744073709551615";
    // 2^63 and the smallest key of 64 signed bits share their bits too.
    const UPPER: &str = "9223372036854775808";
    const LOWER: &str = "-9223372036854775808";
    let params = json!({"column": "x", "to": {"source": "s", "columns": "id"}});
    let two = json!({"columns": ["x", "y"], "to": {"source": "s", "columns": ["id", "name"]}});
    for (here, value, there, key, is_found) in [
        ("uint64", MOST, "int64", "-1", false),
        ("int64", "-1", "uint64", MOST, false),
        ("uint64", UPPER, "int64", LOWER, false),
        ("int64", LOWER, "uint64", UPPER, false),
        ("uint64", MOST, "int8", "-1", false),
        ("int8", "-1", "uint64", MOST, false),
        ("uint64", MOST, "uint64", MOST, true),
        ("int64", "-1", "int16", "-1", true),
        ("uint64", "7", "int64", "7", true),
        ("int32", "7", "uint64", "7", true),
        ("uint64", "9223372036854775807", "int64", "9223372036854775807", true),
    ] {
        let (column, other) = (column(here, &[Some(value), None]), column(there, &[Some(key)]));
        let failed = u64::from(!is_found);
        let mut keys = KeySet::new(&[other.data_type().clone()]).unwrap();
        keys.extend(std::slice::from_ref(&other), None).unwrap();
        let batch = single("x", column.clone());
        assert_eq!(with_keys(&params, keys, &batch), Ok((1, failed, 1)), "{here} {value}, {there} {key}");
        let names = crate::support::column("utf8", &[Some("a"), Some("a")]);
        let mut keys = KeySet::new(&[other.data_type().clone(), DataType::Utf8]).unwrap();
        keys.extend(&[other, names.slice(0, 1)], None).unwrap();
        let batch = arrow::array::RecordBatch::try_from_iter([("x", column), ("y", names)]).unwrap();
        assert_eq!(with_keys(&two, keys, &batch), Ok((1, failed, 1)), "{here} {value}, {there} {key}, a");
    }
}

#[test]
fn foreign_keys_of_several_columns_skip_rows_with_a_null() {
    let mut keys = KeySet::new(&[DataType::Int64, DataType::Utf8]).unwrap();
    keys.extend(
        &[column("int64", &[Some("1"), Some("2"), None]), column("utf8", &[Some("a"), Some("b"), Some("c")])],
        None,
    )
    .unwrap();
    assert_eq!(keys.len(), 2);
    let batch = rows("a:int64,b:utf8\n1,a\n1,b\n,c\n2,\n");
    let params = json!({"columns": ["a", "b"], "to": {"source": "s", "columns": ["x", "y"]}});
    assert_eq!(with_keys(&params, keys, &batch), Ok((2, 1, 2)));
}
