//! `not_in_future`, `not_older_than`. The clock of the tests stands at 2024-01-03T00:00:00Z.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::TimestampNanosecondType;
use lockgate_rules::{AnsweredFrom, Check, ColumnProof, Proofs, Status};
use serde_json::{Value, json};

use crate::support::{bind, column, judge_with, single, state, try_bind, verdict};

/// How many of the values fail.
fn failed(rule: &str, params: Value, array: ArrayRef) -> u64 {
    let mut params = params;
    params["column"] = json!("x");
    let found = verdict(rule, params, &single("x", array));
    assert_ne!(found.status, Status::Error, "{}", found.observed_text);
    found.n_failed
}

#[test]
fn the_present_is_neither_in_the_future_nor_old() {
    for kind in ["date", "date64", "timestamp", "timestamp_ms", "timestamp_utc"] {
        let midnight = || column(kind, &[Some("2024-01-03"), None]);
        assert_eq!(failed("not_in_future", json!({}), midnight()), 0, "{kind}");
        assert_eq!(failed("not_older_than", json!({"age": "0s"}), midnight()), 0, "{kind}");
    }
}

#[test]
fn a_date_is_its_midnight_in_utc() {
    let days = || column("date", &[Some("2024-01-02"), Some("2024-01-03"), Some("2024-01-04"), None]);
    let future = |params: Value| failed("not_in_future", params, days());
    assert_eq!(future(json!({})), 1);
    assert_eq!(future(json!({"now": "2024-01-02T23:59:59.999Z"})), 2);
    assert_eq!(future(json!({"now": "2024-01-03T23:59:59Z"})), 1);
    assert_eq!(future(json!({"offset": "23h"})), 1);
    assert_eq!(future(json!({"offset": "24h"})), 0);
    let old = |params: Value| failed("not_older_than", params, days());
    assert_eq!(old(json!({"age": "0s"})), 1);
    assert_eq!(old(json!({"age": "1d"})), 0);
    assert_eq!(old(json!({"age": "1d", "now": "2024-01-03T00:00:01Z"})), 1);
}

#[test]
fn a_timestamp_with_a_zone_is_an_instant() {
    let utc = column("timestamp_utc", &[Some("2024-01-02T23:30:00"), Some("2024-01-03T00:30:00")]);
    let values = utc.as_primitive::<TimestampNanosecondType>().clone();
    for zone in ["UTC", "+05:30", "Europe/Zurich"] {
        let zoned: ArrayRef = Arc::new(values.clone().with_timezone(zone));
        assert_eq!(failed("not_in_future", json!({}), zoned.clone()), 1, "{zone}");
        assert_eq!(failed("not_older_than", json!({"age": "10m"}), zoned), 1, "{zone}");
    }
}

#[test]
fn dates_before_1970_and_far_ahead_are_told_apart() {
    let days = || column("date", &[Some("1969-12-31"), Some("0001-01-01"), Some("9999-12-31")]);
    assert_eq!(failed("not_in_future", json!({"now": "1969-12-31"}), days()), 1);
    assert_eq!(failed("not_in_future", json!({"now": "1969-12-30T23:59:59Z"}), days()), 2);
    assert_eq!(failed("not_older_than", json!({"now": "1970-01-01", "age": "1d"}), days()), 1);
    assert_eq!(failed("not_older_than", json!({"now": "1970-01-01", "age": "4000000000s"}), days()), 1);
}

#[test]
fn a_footer_answers_where_the_check_sets_the_clock() {
    let values = column("timestamp", &[Some("2024-01-01T00:00:00"), Some("2024-01-02T00:00:00"), None]);
    let known = ColumnProof {
        nulls: Some(1),
        min: Some(values.slice(0, 1)),
        max: Some(values.slice(1, 1)),
        exact: false,
        values: None,
    };
    let columns = [("x".to_owned(), known)].into_iter().collect();
    let proofs = Proofs { rows: Some(3), columns, ..Proofs::default() };
    let answered = |rule: &str, params: Value| {
        let batch = single("x", values.clone());
        let suite = bind(&[(rule, params)], &batch.schema());
        let found = judge_with(&suite, &state(&suite, &[batch]), &proofs).remove(0);
        assert_eq!((found.n_evaluated, found.n_null), (2, 1));
        (found.status, found.answered_from)
    };
    let future = |now: &str| answered("not_in_future", json!({"column": "x", "now": now}));
    assert_eq!(future("2024-01-02"), (Status::Pass, AnsweredFrom::Footer));
    assert_eq!(future("2024-01-01T23:59:59"), (Status::Fail, AnsweredFrom::Scan));
    let old = |now: &str| answered("not_older_than", json!({"column": "x", "age": "1d", "now": now}));
    assert_eq!(old("2024-01-02"), (Status::Pass, AnsweredFrom::Footer));
    assert_eq!(old("2024-01-02T00:00:01"), (Status::Fail, AnsweredFrom::Scan));
    assert_eq!(answered("not_in_future", json!({"column": "x"})), (Status::Pass, AnsweredFrom::Scan));
}

#[test]
fn only_times_have_an_age() {
    for kind in ["utf8", "int64", "bool"] {
        let schema = single("x", column(kind, &[])).schema();
        for (rule, params) in [
            ("not_in_future", json!({"column": "x"})),
            ("not_older_than", json!({"column": "x", "age": "1d"})),
        ] {
            let errors = try_bind(&[(rule, params)], &schema).unwrap_err();
            assert_eq!(errors[0].key.as_deref(), Some("column"), "{rule} {kind}");
        }
    }
    for (rule, params, key) in [
        ("not_older_than", json!({"column": "x"}), "age"),
        ("not_older_than", json!({"column": "x", "age": "-1d"}), "age"),
        ("not_in_future", json!({"column": "x", "offset": 5}), "offset"),
        ("not_in_future", json!({"column": "x", "now": "noon"}), "now"),
    ] {
        assert_eq!(Check::parse(rule, &params).unwrap_err().key.as_deref(), Some(key), "{rule} {params}");
    }
}
