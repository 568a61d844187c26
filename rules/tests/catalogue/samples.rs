//! Rows that rules about keys show: which, in what order, with which columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, UInt64Array};
use lockgate_rules::{Batch, State, Suite, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{bind, judge, now, rows, single, verdict};

/// The state of rows numbered from 100, measured in slices of `size`.
fn state_of(suite: &Suite, batch: &RecordBatch, size: usize) -> State {
    let mut state = suite.start();
    for at in (0..batch.num_rows()).step_by(size) {
        let record = batch.slice(at, size.min(batch.num_rows() - at));
        let origins = UInt64Array::from_iter_values((at..at + record.num_rows()).map(|row| row as u64 + 100));
        let measured = suite.measure(&Batch {
            record: &record,
            predicates: &[],
            origins: Some(&origins),
            now: now(),
            partitions: None,
        });
        state.merge(measured.unwrap().part).unwrap();
    }
    state
}

fn samples_of(rule: &str, params: Value, batch: &RecordBatch, size: usize) -> Value {
    let suite = bind(&[(rule, params)], &batch.schema());
    samples(&judge(&suite, &state_of(&suite, batch, size))[0])
}

fn samples(verdict: &Verdict) -> Value {
    serde_json::to_value(&verdict.samples).unwrap()
}

#[test]
fn a_repeated_key_is_shown_where_it_repeats_with_how_often_it_occurs() {
    let batch = rows("id:int64,city:utf8\n1,a\n2,b\n2,c\n1,d\n2,e\n3,f\n");
    for size in [1, 2, 6] {
        assert_eq!(
            samples_of("unique", json!("id"), &batch, size),
            json!([
                {"origin": 102, "occurs": 3, "values": {"id": 2}},
                {"origin": 103, "occurs": 2, "values": {"id": 1}}
            ]),
            "{size}"
        );
        let asked =
            json!({"columns": ["id"], "samples": {"rows": 1, "columns": ["city", "id"], "redact": ["id"]}});
        assert_eq!(
            samples_of("unique", asked, &batch, size),
            json!([{"origin": 102, "occurs": 3, "values": {"city": "c", "id": "(redacted)"}}]),
            "{size}"
        );
        let none = json!({"columns": ["id"], "samples": 0});
        assert_eq!(samples_of("unique", none, &batch, size), json!([]), "{size}");
    }
}

#[test]
fn nothing_is_shown_of_keys_that_do_not_repeat() {
    let batch = rows("id:int64\n1\n2\n\n\n");
    assert_eq!(samples_of("unique", json!("id"), &batch, 2), json!([]));
    assert_eq!(samples_of("unique", json!("id"), &batch.slice(0, 0), 2), json!([]));
}

#[test]
fn a_primary_key_shows_repeats_and_then_nulls() {
    let batch = rows("a:int64,b:utf8\n1,x\n,x\n1,x\n2,\n,\n1,x\n");
    for size in [1, 3, 6] {
        assert_eq!(
            samples_of("primary_key", json!(["a", "b"]), &batch, size),
            json!([
                {"origin": 102, "occurs": 3, "values": {"a": 1, "b": "x"}},
                {"origin": 101, "values": {"a": null, "b": "x"}},
                {"origin": 103, "values": {"a": 2, "b": null}},
                {"origin": 104, "values": {"a": null, "b": null}}
            ]),
            "{size}"
        );
    }
    let two = json!({"columns": ["a", "b"], "samples": 2});
    assert_eq!(samples_of("primary_key", two, &batch, 1).as_array().unwrap().len(), 2);
}

#[test]
fn null_keys_that_equal_each_other_are_shown_as_null() {
    let batch = rows("a:int64,b:utf8\n,x\n,x\n1,\n1,\n");
    let params = json!({"columns": ["a", "b"], "nulls_distinct": false});
    assert_eq!(
        samples_of("unique", params, &batch, 3),
        json!([
            {"origin": 101, "occurs": 2, "values": {"a": null, "b": "x"}},
            {"origin": 103, "occurs": 2, "values": {"a": 1, "b": null}}
        ])
    );
}

#[test]
fn keys_of_every_type_are_shown_as_they_are() {
    for (kind, value, shown) in [
        ("int8", "7", json!(7)),
        ("uint64", "18446744073709551615", json!("18446744073709551615")),
        ("float64", "NaN", json!("NaN")),
        ("float64", "-0", json!(-0.0)),
        ("decimal", "1.50", json!("1.50")),
        ("dict", "Zürich", json!("Zürich")),
        ("view", "a text longer than a view", json!("a text longer than a view")),
        ("bool", "true", json!(true)),
        ("date", "2024-02-29", json!("2024-02-29")),
        ("timestamp_utc", "2024-02-29T12:00:00", json!("2024-02-29T12:00:00Z")),
    ] {
        let array = crate::support::column(kind, &[Some(value), None, Some(value), None]);
        let found = samples_of("unique", json!("x"), &single("x", array), 1);
        assert_eq!(found, json!([{"origin": 102, "occurs": 2, "values": {"x": shown}}]), "{kind}");
    }
}

#[test]
fn rows_that_leave_repeat_nothing() {
    let batch = rows("id:int64,x:int64\n1,1\n1,99\n2,1\n2,1\n");
    let checks = [("unique", json!("id")), ("le", json!({"column": "x", "value": 10, "on_row": "drop"}))];
    let suite = bind(&checks, &batch.schema());
    let found = judge(&suite, &state_of(&suite, &batch, 1));
    assert_eq!(samples(&found[0]), json!([{"origin": 103, "occurs": 2, "values": {"id": 2}}]));
}

#[test]
fn the_uniqueness_family_shows_repeats_only_where_it_fails() {
    let batch = rows("x:utf8\na\nb\na\n");
    for rule in ["uniqueness", "unique_value_ratio"] {
        let of = |min: f64| samples_of(rule, json!({"column": "x", "min": min}), &batch, 2);
        assert_eq!(of(0.9), json!([{"origin": 102, "occurs": 2, "values": {"x": "a"}}]), "{rule}");
        assert_eq!(of(0.1), json!([]), "{rule}");
    }
    // The exact count shares their measure and blames no row.
    let checks =
        [("distinct_count", json!({"column": "x", "max": 1, "exactness": "exact"})), ("unique", json!("x"))];
    let suite = bind(&checks, &batch.schema());
    // Keys, and rows.
    assert_eq!(suite.measures().len(), 2);
    let found = judge(&suite, &state_of(&suite, &batch, 2));
    assert_eq!(found.iter().map(|verdict| verdict.samples.len()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_redacted_value_is_in_no_state() {
    let batch = rows("secret:utf8,id:int64\nhush,1\nhush,1\n");
    let redact = |columns: Value| json!({"columns": columns, "samples": {"columns": ["secret", "id"], "redact": ["secret"]}});
    let suite =
        bind(&[("unique", redact(json!("id"))), ("primary_key", redact(json!(["id"])))], &batch.schema());
    let state = state_of(&suite, &batch, 1);
    assert_eq!(judge(&suite, &state)[0].samples.len(), 1);
    let stored = serde_json::to_string(&state).unwrap();
    assert!(!stored.contains("hush"), "{stored}");
    let row_rule =
        json!({"column": "id", "value": 0, "samples": {"columns": ["secret"], "redact": ["secret"]}});
    let suite = bind(&[("le", row_rule)], &batch.schema());
    let stored = serde_json::to_string(&state_of(&suite, &batch, 1)).unwrap();
    assert!(!stored.contains("hush"), "{stored}");
}

#[test]
fn what_one_check_redacts_no_other_shows_unasked() {
    let batch = rows("id:int64,x:int64\n1,5\n1,6\n");
    let checks = [
        ("primary_key", json!({"columns": ["id"], "samples": {"redact": ["id"]}})),
        ("le", json!({"column": "x", "value": 5})),
        ("le", json!({"column": "x", "value": 5, "samples": {"columns": ["id"]}})),
    ];
    let suite = bind(&checks, &batch.schema());
    let found = judge(&suite, &state_of(&suite, &batch, 2));
    let values = |at: usize| json!(found[at].samples[0].values);
    assert_eq!(values(0), json!({"id": "(redacted)"}));
    assert_eq!(values(1), json!({"id": "(redacted)", "x": 6}));
    assert_eq!(values(2), json!({"id": 1}));
}

#[test]
fn checks_that_share_their_keys_each_show_what_they_want() {
    let batch = rows("id:int64,x:utf8\n1,a\n1,b\n");
    let show = |columns: Value, redact: Value| {
        ("unique", json!({"columns": ["id"], "samples": {"columns": columns, "redact": redact}}))
    };
    let suite =
        bind(&[show(json!(["id"]), json!(["id"])), show(json!(["x", "id"]), json!([]))], &batch.schema());
    // Keys, and rows.
    assert_eq!(suite.measures().len(), 2);
    let found = judge(&suite, &state_of(&suite, &batch, 2));
    assert_eq!(samples(&found[0]), json!([{"origin": 101, "occurs": 2, "values": {"id": "(redacted)"}}]));
    assert_eq!(samples(&found[1]), json!([{"origin": 101, "occurs": 2, "values": {"x": "b", "id": 1}}]));
}

#[test]
fn millions_of_rows_are_shown_as_few_are() {
    // Two millions settle in between; the repeats lie before, across and after.
    let n = 2_600_000_i64;
    let repeats = |row: i64| match row {
        3 | 2_500_000 => 2,
        1_500_000 => 0,
        2_550_000 => 1_499_999,
        row => row,
    };
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..n).map(repeats)));
    let batch = single("x", values);
    let expected = json!([
        {"origin": 103, "occurs": 3, "values": {"x": 2}},
        {"origin": 1_500_100, "occurs": 2, "values": {"x": 0}},
        {"origin": 2_550_100, "occurs": 2, "values": {"x": 1_499_999}}
    ]);
    for size in [100_000, 131_072, 2_600_000] {
        assert_eq!(samples_of("unique", json!("x"), &batch, size), expected, "{size}");
    }
}

#[test]
fn states_that_were_stored_and_put_together_count_and_show_nothing() {
    let (front, back) = (rows("id:int64\n1\n2\n"), rows("id:int64\n2\n3\n3\n"));
    let suite = bind(&[("unique", json!("id"))], &front.schema());
    let reread =
        |state: State| -> State { serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap() };
    let mut both = reread(state_of(&suite, &front, 2));
    both.append(reread(state_of(&suite, &back, 3))).unwrap();
    let found = judge(&suite, &both).remove(0);
    assert_eq!((found.n_failed, found.samples.len()), (2, 0));
}

proptest! {
    #[test]
    fn the_first_repeats_are_shown_however_the_rows_were_cut(
        keys in prop::collection::vec(prop::option::weighted(0.9, 0..40_i64), 0..200),
        size in 1..60_usize,
        limit in 1..8_usize,
    ) {
        let batch = single("x", Arc::new(Int64Array::from(keys.clone())));
        let mut seen: HashMap<i64, (u64, Option<usize>)> = HashMap::new();
        for (row, key) in keys.iter().enumerate().filter_map(|(row, key)| key.map(|key| (row, key))) {
            let (occurs, repeat) = seen.entry(key).or_default();
            *occurs += 1;
            if *occurs == 2 {
                *repeat = Some(row);
            }
        }
        let mut repeats: Vec<(usize, i64, u64)> =
            seen.into_iter().filter_map(|(key, (occurs, row))| Some((row?, key, occurs))).collect();
        repeats.sort_unstable();
        let expected: Vec<Value> = repeats
            .iter()
            .take(limit)
            .map(|(row, key, occurs)| json!({"origin": row + 100, "occurs": occurs, "values": {"x": key}}))
            .collect();
        let params = json!({"columns": ["x"], "samples": limit});
        prop_assert_eq!(samples_of("unique", params, &batch, size), json!(expected));
    }
}

#[test]
fn samples_do_not_apply_to_rules_that_blame_no_row() {
    for (rule, params) in [
        ("row_count", json!({"min": 1, "samples": 3})),
        ("distinct_count", json!({"column": "x", "min": 1, "samples": 3})),
    ] {
        let error = lockgate_rules::Check::parse(rule, &params).unwrap_err();
        assert_eq!(error.message, format!("\"samples\" does not apply to {rule}"));
    }
    assert_eq!(verdict("unique", json!({"columns": "x", "samples": 3}), &rows("x:int64\n1\n")).n_failed, 0);
}
