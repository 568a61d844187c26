//! What a suite does with rows, scopes, samples and proofs.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use lockgate_rules::{AnsweredFrom, Batch, ColumnProof, Proofs, Status, Suite};
use serde_json::{Value, json};

use crate::support::{bind, column, judge, judge_with, measured, now, rows, state, try_bind, verdict};

fn statuses(suite: &lockgate_rules::Suite, batch: &RecordBatch) -> Vec<(&'static str, Value)> {
    let verdicts = judge(suite, &state(suite, std::slice::from_ref(batch)));
    verdicts.iter().map(|verdict| (verdict.status.name(), verdict.observed.clone())).collect()
}

#[test]
fn rows_that_leave_are_gone_for_the_measures() {
    let batch = rows("id:int64,x:int64\n1,1\n2,99\n3,3\n3,98\n5,\n");
    let checks = [
        ("le", json!({"column": "x", "value": 10, "on_row": "drop", "mostly": 0})),
        ("row_count", json!({"equals": 3})),
        ("unique", json!("id")),
        ("statistic", json!({"column": "x", "fn": "max", "max": 3})),
    ];
    let suite = bind(&checks, &batch.schema());
    let found = measured(&suite, &batch);
    assert_eq!(found.keep, Some(BooleanArray::from(vec![true, false, true, false, true])));
    assert!(found.quarantined.is_empty());
    assert_eq!(
        statuses(&suite, &batch),
        [("pass", json!(0.5)), ("pass", json!(3)), ("pass", json!(0)), ("pass", json!(3))]
    );
}

#[test]
fn a_quarantined_row_carries_every_reason() {
    let batch = rows("id:int64,x:int64\n1,1\n,99\n3,50\n4,98\n");
    let checks = [
        ("not_null", json!("id")),
        ("le", json!({"column": "x", "value": 60, "on_row": "quarantine"})),
        ("le", json!({"column": "x", "value": 10, "on_row": "drop"})),
    ];
    let suite = bind(&checks, &batch.schema());
    assert_eq!(suite.ids().collect::<Vec<_>>(), ["not_null(id)", "le(x)", "le(x) #2"]);
    let found = measured(&suite, &batch);
    let aside: Vec<_> = found.quarantined.iter().map(|row| (row.row, row.checks.clone())).collect();
    assert_eq!(aside, [(1, vec![0, 1, 2]), (3, vec![1, 2])]);
    assert_eq!(found.keep, Some(BooleanArray::from(vec![true, false, false, false])));
}

#[test]
fn values_nulled_out_are_null_for_the_measures() {
    let batch = rows("x:int64\n1\n99\n3\n");
    let checks = [
        ("le", json!({"column": "x", "value": 10, "on_row": "null_out"})),
        ("statistic", json!({"column": "x", "fn": "sum", "max": 4})),
        ("row_count", json!(3)),
    ];
    let suite = bind(&checks, &batch.schema());
    let found = measured(&suite, &batch);
    assert!(found.keep.is_none());
    assert_eq!(found.null_out.len(), 1);
    assert_eq!(found.null_out[0].rows, BooleanArray::from(vec![false, true, false]));
    assert_eq!(statuses(&suite, &batch)[1..], [("pass", json!(4)), ("pass", json!(3))]);
}

#[test]
fn null_out_needs_a_column() {
    let error = lockgate_rules::Check::parse("expression", &json!({"expr": "a < b", "on_row": "null_out"}))
        .unwrap_err();
    assert_eq!(error.key.as_deref(), Some("on_row"));
}

#[test]
fn rows_where_the_scope_is_not_true_are_out_of_it() {
    let batch = rows("a:int64,b:int64\n1,2\n3,2\n,1\n1,9\n");
    let checks = [
        ("row_count", json!({"equals": 2, "where": "a < b"})),
        ("not_null", json!({"column": "a", "where": "a < b"})),
        ("statistic", json!({"column": "b", "fn": "sum", "where": "a < b", "max": 11})),
        ("statistic", json!({"column": "b", "fn": "sum", "max": 11})),
        ("unique", json!({"column": "a", "where": "a < b"})),
        ("expression", json!({"expr": "a < b", "nulls": "skip"})),
    ];
    let suite = bind(&checks, &batch.schema());
    assert_eq!(suite.predicates(), ["a < b"]);
    let found = statuses(&suite, &batch);
    assert_eq!(found[0], ("pass", json!(2)));
    assert_eq!(found[1], ("pass", json!(1.0)));
    assert_eq!(found[2], ("pass", json!(11)));
    assert_eq!(found[3], ("fail", json!(14)));
    assert_eq!(found[4], ("fail", json!(1)));
    assert_eq!(found[5].0, "fail");
    assert_eq!(suite.ids().next(), Some("row_count where a < b"));
}

#[test]
fn rules_over_the_same_column_share_their_measures() {
    let batch = rows("x:float64,y:float64\n1,2\n");
    let statistic =
        |column: &str, function: &str| ("statistic", json!({"column": column, "fn": function, "min": 0}));
    let checks = [
        statistic("x", "mean"),
        statistic("x", "kurtosis"),
        statistic("x", "stddev"),
        statistic("x", "min"),
        statistic("x", "range"),
        statistic("x", "median"),
        statistic("x", "iqr"),
        statistic("y", "mean"),
        ("row_count", json!({"min": 1})),
        ("row_count", json!({"max": 5})),
    ];
    let suite = bind(&checks, &batch.schema());
    // Moments of x (to the fourth), extremes of x, quantiles of x, moments of y, rows.
    assert_eq!(suite.measures().len(), 5);
    let verdicts = judge(&suite, &state(&suite, &[batch]));
    assert_eq!(verdicts[0].observed, json!(1.0));
}

#[test]
fn samples_are_the_first_failing_rows_with_keys_and_redaction() {
    let batch = rows("id:int64,name:utf8,x:decimal\n1,a,5.00\n2,b,99.50\n3,c,\n4,d,77.25\n");
    let origins = UInt64Array::from(vec![10, 20, 30, 40]);
    let checks = [
        ("le", json!({"column": "x", "value": 10})),
        (
            "le",
            json!({"column": "x", "value": 10, "samples": {"rows": 1, "columns": ["name", "x"], "redact": ["name"]}}),
        ),
        ("le", json!({"column": "x", "value": 10, "samples": 0})),
        ("primary_key", json!("id")),
    ];
    let suite = bind(&checks, &batch.schema());
    let mut state = suite.start();
    for at in 0..2 {
        let (part, from) = (batch.slice(at * 2, 2), origins.slice(at * 2, 2));
        let found = suite
            .measure(&Batch {
                record: &part,
                predicates: &[],
                origins: Some(&from),
                now: now(),
                partitions: None,
            })
            .unwrap();
        state.merge(found.part).unwrap();
    }
    let verdicts = judge(&suite, &state);
    let samples = |at: usize| serde_json::to_value(&verdicts[at].samples).unwrap();
    assert_eq!(
        samples(0),
        json!([{"origin": 20, "values": {"id": 2, "x": "99.50"}}, {"origin": 40, "values": {"id": 4, "x": "77.25"}}])
    );
    assert_eq!(samples(1), json!([{"origin": 20, "values": {"name": "(redacted)", "x": "99.50"}}]));
    assert_eq!(samples(2), json!([]));
}

#[test]
fn a_dictionary_with_nulls_among_its_values_is_understood() {
    let values = column("utf8", &[Some("a"), None, Some("unused")]);
    let keys = arrow::array::Int32Array::from(vec![Some(0), Some(1), None, Some(0)]);
    let array: ArrayRef = Arc::new(arrow::array::DictionaryArray::new(keys, values));
    let batch = crate::support::single("x", array);
    let checks = [
        ("not_null", json!("x")),
        ("missing", json!({"column": "x", "values": ["a"]})),
        ("in_set", json!({"column": "x", "values": ["b"]})),
        ("distinct_count", json!({"column": "x", "max": 1})),
    ];
    let suite = bind(&checks, &batch.schema());
    let verdicts = judge(&suite, &state(&suite, &[batch]));
    assert_eq!(verdicts.iter().map(|v| v.n_failed).collect::<Vec<_>>(), [2, 4, 2, 0]);
    assert_eq!(verdicts.iter().map(|v| v.n_null).collect::<Vec<_>>(), [2, 2, 2, 2]);
    assert_eq!(verdicts[3].status, Status::Pass);
}

fn known(nulls: u64, low: i64, high: i64) -> ColumnProof {
    let value = |value: i64| Some(Arc::new(Int64Array::from(vec![value])) as ArrayRef);
    ColumnProof { nulls: Some(nulls), min: value(low), max: value(high), exact: true, values: None }
}

fn proofs(nulls: u64) -> Proofs {
    let columns = [("x".to_owned(), known(nulls, 1, 9))].into_iter().collect();
    Proofs { rows: Some(5), columns, unique: vec![vec!["x".into()]], delivery: None }
}

/// Positions of the checks that proofs answer.
fn answered(suite: &Suite, proofs: &Proofs) -> Vec<usize> {
    let all = suite.answered(proofs);
    all.iter().enumerate().filter_map(|(at, from)| from.map(|_| at)).collect()
}

#[test]
fn what_is_proven_is_not_measured() {
    let schema = rows("x:int64,y:float64\n").schema();
    let checks = [
        ("row_count", json!({"min": 5})),
        ("not_null", json!("x")),
        ("between", json!({"column": "x", "min": 1, "max": 9})),
        ("between", json!({"column": "x", "min": 2, "max": 9})),
        ("between", json!({"column": "x", "min": 1, "max": 9, "where": "TRUE"})),
        ("unique", json!(["x", "y"])),
        ("primary_key", json!("x")),
        ("statistic", json!({"column": "x", "fn": "max", "max": 8})),
        ("statistic", json!({"column": "x", "fn": "mean", "max": 8})),
        ("schema", json!({"columns": {"x": "int64", "y": "float64"}})),
        ("not_null", json!("y")),
    ];
    let mut suite = bind(&checks, &schema);
    assert_eq!(answered(&suite, &proofs(0)), [0, 1, 2, 5, 6, 7, 9]);
    suite.rely_on(&proofs(0));
    let batch = rows("x:int64,y:float64\n2,1\n");
    let verdicts = judge_with(&suite, &state(&suite, &[batch]), &proofs(0));
    let from: Vec<AnsweredFrom> = verdicts.iter().map(|verdict| verdict.answered_from).collect();
    assert_eq!(from[..3], [AnsweredFrom::Footer; 3]);
    assert_eq!((from[3], from[5], from[9]), (AnsweredFrom::Scan, AnsweredFrom::Plan, AnsweredFrom::Plan));
    assert_eq!((verdicts[0].status, verdicts[7].status), (Status::Pass, Status::Fail));
    assert_eq!((verdicts[2].n_evaluated, verdicts[3].n_evaluated), (5, 1));
    // Without the proofs, what was not measured is an error and no pass.
    assert_eq!(judge(&suite, &suite.start())[0].status, Status::Error);
}

#[test]
fn keys_that_a_step_made_unique_are_not_looked_at_but_their_nulls_are() {
    let by_step = Proofs { unique: vec![vec!["x".into()]], ..Proofs::default() };
    let checks = [
        ("unique", json!("x")),
        ("unique", json!({"columns": ["x", "y"], "nulls_distinct": false})),
        ("primary_key", json!(["x", "y"])),
        ("unique", json!("y")),
        ("unique", json!({"columns": ["x"], "where": "TRUE"})),
    ];
    for csv in ["x:int64,y:int64\n1,1\n2,1\n,1\n3,\n", "x:int64,y:int64\n,1\n", "x:int64,y:int64\n"] {
        let batch = rows(csv);
        let mut suite = bind(&checks, &batch.schema());
        let scanned = judge(&suite, &state(&suite, std::slice::from_ref(&batch)));
        suite.rely_on(&by_step);
        assert_eq!(answered(&suite, &by_step), [0, 1, 2, 4]);
        let relied = judge_with(&suite, &state(&suite, std::slice::from_ref(&batch)), &by_step);
        for (mut relied, scanned) in relied.into_iter().zip(scanned) {
            let from = if relied.columns == ["y"] { AnsweredFrom::Scan } else { AnsweredFrom::Plan };
            if relied.status != Status::Skipped {
                assert_eq!(relied.answered_from, from, "{}", relied.id);
            }
            relied.answered_from = scanned.answered_from;
            assert_eq!(relied, scanned);
        }
        // Without the proofs, the keys that were not looked at are an error and no pass.
        assert_eq!(judge(&suite, &state(&suite, &[batch]))[0].status, Status::Error);
    }
}

#[test]
fn a_value_nulled_out_may_repeat_a_key_that_was_unique() {
    let by_step = Proofs { unique: vec![vec!["x".into()]], ..Proofs::default() };
    let checks = [
        ("unique", json!({"columns": "x", "nulls_distinct": false})),
        ("le", json!({"column": "x", "value": 1, "on_row": "null_out"})),
    ];
    let batch = rows("x:int64\n1\n2\n3\n");
    let mut suite = bind(&checks, &batch.schema());
    assert!(answered(&suite, &by_step).is_empty());
    suite.rely_on(&by_step);
    assert_eq!(judge_with(&suite, &state(&suite, &[batch]), &by_step)[0].n_failed, 1);
}

#[test]
fn a_failure_that_footers_show_is_still_looked_at_for_its_rows() {
    let suite = bind(&[("not_null", json!("x"))], &rows("x:int64\n").schema());
    assert!(answered(&suite, &proofs(1)).is_empty());
}

#[test]
fn footers_do_not_answer_for_rows_that_may_leave() {
    let schema = rows("x:int64,y:int64\n").schema();
    let checks = |bound: i64| {
        [("row_count", json!({"min": 5})), ("le", json!({"column": "x", "value": bound, "on_row": "drop"}))]
    };
    assert_eq!(answered(&bind(&checks(9), &schema), &proofs(0)), [0, 1]);
    assert!(answered(&bind(&checks(8), &schema), &proofs(0)).is_empty());
}

#[test]
fn all_null_columns_are_skipped_from_footers_too() {
    let suite = bind(&[("between", json!({"column": "x", "min": 1}))], &rows("x:int64\n").schema());
    let all_null = ColumnProof { nulls: Some(5), ..ColumnProof::default() };
    let columns = [("x".to_owned(), all_null)].into_iter().collect();
    let proofs = Proofs { rows: Some(5), columns, ..Proofs::default() };
    assert_eq!(judge_with(&suite, &suite.start(), &proofs)[0].status, Status::Skipped);
}

#[test]
fn values_that_dictionaries_list_answer_where_all_of_them_pass() {
    let listed = |nulls: u64, values: &[&str]| {
        let values: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let known = ColumnProof { nulls: Some(nulls), values: Some(values), ..ColumnProof::default() };
        Proofs {
            rows: Some(9),
            columns: [("x".to_owned(), known)].into_iter().collect(),
            ..Proofs::default()
        }
    };
    let checks = [
        ("in_set", json!({"column": "x", "values": ["AIR", "SHIP", "RAIL"]})),
        ("regex", json!({"column": "x", "pattern": "[A-Z]+", "nulls": "pass"})),
        ("length", json!({"column": "x", "max": 3, "mostly": 0.5})),
        ("in_set", json!({"column": "x", "values": ["AIR", "SHIP"], "where": "TRUE"})),
        ("missing", json!({"column": "x"})),
        ("distinct_count", json!({"column": "x", "max": 9})),
    ];
    let suite = bind(&checks, &rows("x:utf8\n").schema());
    assert_eq!(answered(&suite, &listed(2, &["AIR", "SHIP"])), [0, 1]);
    assert_eq!(answered(&suite, &listed(0, &["AIR", "SHIP"])), [0, 1, 4]);
    assert_eq!(answered(&suite, &listed(0, &["AIR", ""])), [2]);
    assert_eq!(answered(&suite, &listed(0, &[])), [0, 1, 2, 4]);
    let verdicts = judge_with(&suite, &suite.start(), &listed(2, &["AIR", "SHIP"]));
    assert_eq!(verdicts[0].answered_from, AnsweredFrom::Dictionary);
    let counts = |at: usize| (verdicts[at].status, verdicts[at].n_evaluated, verdicts[at].n_null);
    assert_eq!((counts(0), counts(1)), ((Status::Pass, 7, 2), (Status::Pass, 9, 2)));
}

#[test]
fn a_column_that_only_tests_of_its_values_read_may_be_listed() {
    let listable = |checks: &[(&str, Value)]| -> Vec<String> {
        let suite = bind(checks, &rows("x:utf8,y:utf8,z:int64\n").schema());
        suite.listable().map(str::to_owned).collect()
    };
    let in_set = |column: &str| ("in_set", json!({"column": column, "values": ["a"]}));
    assert_eq!(listable(&[in_set("x"), in_set("y")]), ["x", "y"]);
    assert_eq!(
        listable(&[in_set("x"), in_set("y"), ("distinct_count", json!({"column": "x", "max": 9}))]),
        ["y"]
    );
    assert_eq!(
        listable(&[in_set("x"), ("regex", json!({"column": "y", "pattern": "a", "where": "z > 1"}))]),
        ["x"]
    );
    assert_eq!(listable(&[in_set("x"), ("eq", json!({"column": "y", "value": {"column": "x"}}))]), [""; 0]);
}

#[test]
fn an_id_names_one_check() {
    let checks = [
        ("not_null", json!({"columns": ["id", "x"], "id": "keys"})),
        ("ge", json!({"column": "x", "value": 0, "id": "keys.x"})),
    ];
    let wrong = try_bind(&checks, &rows("id:int64,x:int64\n").schema()).unwrap_err();
    assert_eq!((wrong.len(), wrong[0].message.as_str()), (1, "two checks have the id \"keys.x\""));
}

#[test]
fn what_is_expected_tells_when_it_warns() {
    let expected = |rule: &str, params: Value| verdict(rule, params, &rows("x:int64\n1\n")).expected;
    let rows = expected("row_count", json!({"min": 1, "warn": {"min": 20_000}}));
    assert_eq!(rows, "at least 1 row; warns unless at least 20000");
    let nulls = expected("not_null", json!({"column": "x", "mostly": 0.9, "warn": 0.99}));
    assert_eq!(nulls, "not null in at least 90 % of rows; warns below 99 %");
    let psi = expected("psi", json!({"column": "x", "baseline": "previous", "warn": 0.05, "fail": 0.2}));
    assert!(psi.ends_with("; warns above 0.05"), "{psi}");
}

#[test]
fn unknown_columns_are_all_reported() {
    let schema = rows("x:int64\n").schema();
    let checks = [
        ("not_null", json!("nope")),
        ("not_null", json!("x")),
        ("le", json!({"column": "x", "value": {"column": "gone"}})),
        ("not_null", json!({"column": "x", "nulls": "skip"})),
    ];
    let errors = try_bind(&checks, &schema).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.check).collect::<Vec<_>>(), [0, 2, 3]);
    assert!(errors[0].hint.as_deref().is_some_and(|hint| hint.contains('x')));
}

#[test]
fn a_state_of_another_suite_is_refused() {
    let batch = rows("x:int64\n1\n");
    let one = bind(&[("row_count", json!({"min": 1}))], &batch.schema());
    let other = bind(&[("statistic", json!({"column": "x", "fn": "mean", "min": 1}))], &batch.schema());
    let state = state(&one, &[batch]);
    assert_eq!(judge(&other, &state)[0].status, Status::Error);
    assert!(other.start().append(state).is_err());
}

#[test]
fn a_batch_without_a_column_or_predicate_is_refused() {
    let suite = bind(&[("not_null", json!({"column": "x", "where": "TRUE"}))], &rows("x:int64\n").schema());
    let other = rows("y:int64\n1\n");
    assert!(
        suite
            .measure(&Batch { record: &other, predicates: &[], origins: None, now: now(), partitions: None })
            .is_err()
    );
    let batch = rows("x:int64\n1\n");
    assert!(
        suite
            .measure(&Batch { record: &batch, predicates: &[], origins: None, now: now(), partitions: None })
            .is_err()
    );
}

/// Checks with every way to treat nulls and a share that lets some rows fail, each by itself and after a condition.
fn in_every_way(checks: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for (rule, params) in checks {
        for more in [
            json!({}),
            json!({"nulls": "pass"}),
            json!({"nulls": "fail", "mostly": 0.1}),
            json!({"where": "k < m", "mostly": 0.5}),
        ] {
            if *rule == "missing" && more.get("nulls").is_some() {
                continue;
            }
            let mut params = params.clone();
            params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all.push((*rule, params));
        }
    }
    all
}

/// A column `x` beside keys `k`, and `m`, below which some of these are.
fn with_keys(keys: &ArrayRef, x: ArrayRef) -> RecordBatch {
    let m = column("int64", &vec![Some("3"); x.len()]);
    let columns = [("k", Arc::clone(keys)), ("m", m), ("x", x)];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// Many looks at a column take other ways than one: they find its distinct values or its ends first.
fn together_as_alone(batch: &RecordBatch, checks: &[(&'static str, Value)]) {
    let checks = in_every_way(checks);
    let all = bind(&checks, &batch.schema());
    let together = judge(&all, &state(&all, &[batch.clone(), batch.slice(0, 0), batch.slice(0, 3)]));
    for (check, together) in checks.iter().zip(together) {
        let one = bind(std::slice::from_ref(check), &batch.schema());
        let alone = judge(&one, &state(&one, &[batch.clone(), batch.slice(0, 0), batch.slice(0, 3)]));
        let shown = |verdict: &lockgate_rules::Verdict| {
            let mut shown = serde_json::to_value(verdict).unwrap();
            shown.as_object_mut().unwrap().remove("id");
            shown
        };
        assert_eq!(shown(&together), shown(&alone[0]), "{check:?}");
    }
}

#[test]
fn checks_of_a_text_column_say_together_what_each_says_alone() {
    let texts =
        ["a", "", "B", "a", "", "a", "Ünï", "a", "", "B", "a", "a", "", "a", "a", "B", "a", "a", "", "a"];
    let values: Vec<Option<&str>> = texts.iter().map(|text| (!text.is_empty()).then_some(*text)).collect();
    let keys = [Some("1"), None, Some("2"), Some("3")].into_iter().cycle().take(values.len());
    let keys = column("int64", &keys.collect::<Vec<_>>());
    for kind in ["utf8", "view", "large", "dict"] {
        for values in [values.clone(), vec![None; values.len()], vec![Some("a"); values.len()]] {
            let batch = with_keys(&keys, column(kind, &values));
            together_as_alone(
                &batch,
                &[
                    ("in_set", json!({"column": "x", "values": ["a", "B"]})),
                    ("regex", json!({"column": "x", "pattern": "[a-z]+"})),
                    ("length", json!({"column": "x", "max": 3})),
                    ("missing", json!({"column": "x", "values": ["B"]})),
                    ("ne", json!({"column": "x", "value": "a"})),
                ],
            );
        }
    }
}

#[test]
fn checks_of_numbers_say_together_what_each_says_alone() {
    let ordinary = [Some("1"), None, Some("2.5"), Some("-0.0"), Some("7"), Some("0")];
    let nan = [Some("1"), Some("NaN"), None, Some("2"), Some("inf"), Some("-inf")];
    for (kind, values) in [
        ("float64", ordinary.to_vec()),
        ("float32", ordinary.to_vec()),
        ("float64", nan.to_vec()),
        ("float32", nan.to_vec()),
        ("float64", vec![None; 6]),
        ("float64", vec![Some("NaN"); 6]),
        ("int8", vec![Some("-128"), None, Some("127"), Some("0"), Some("7"), Some("7")]),
        ("uint64", vec![Some("18446744073709551615"), None, Some("0"), Some("1"), Some("7"), Some("7")]),
        ("decimal", vec![Some("1.25"), None, Some("-3"), Some("7"), Some("7.01"), Some("0")]),
    ] {
        let keys = column("int64", &[Some("1"), None, Some("2"), Some("3"), None, Some("4")]);
        let batch = with_keys(&keys, column(kind, &values));
        together_as_alone(
            &batch,
            &[
                ("ge", json!({"column": "x", "value": 0})),
                ("gt", json!({"column": "x", "value": 0})),
                ("le", json!({"column": "x", "value": 7})),
                ("between", json!({"column": "x", "min": -1000, "max": 1000})),
                ("between", json!({"column": "x", "min": 0})),
                ("ne", json!({"column": "x", "value": 5})),
            ],
        );
    }
    // A NaN with its sign set is the least of all in the total order.
    let values = [1.0, f64::from_bits(0xfff8_0000_0000_0000), 2.0];
    let keys = column("int64", &[Some("1"), None, Some("2")]);
    let batch = with_keys(&keys, Arc::new(arrow::array::Float64Array::from(values.to_vec())));
    together_as_alone(
        &batch,
        &[("ge", json!({"column": "x", "value": 0})), ("le", json!({"column": "x", "value": 7}))],
    );
}
