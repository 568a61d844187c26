//! `freshness`. The clock of the tests stands at 2024-01-03T00:00:00Z.

use lockgate_rules::{AnsweredFrom, Check, Delivered, Delivery, Proofs, Status, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, check, column, judge_with, rows, single, state, try_bind, verdict};

#[test]
fn freshness_is_the_age_of_the_latest_value() {
    let run = |kind: &str, value: &str, age: &str| {
        verdict(
            "freshness",
            json!({"column": "x", "max_age": age}),
            &single("x", column(kind, &[Some(value), None])),
        )
    };
    assert_eq!(run("date", "2024-01-02", "24h").status, Status::Pass);
    assert_eq!(run("date", "2024-01-01", "1d").status, Status::Fail);
    for kind in ["timestamp", "timestamp_ms", "timestamp_utc"] {
        assert_eq!(run(kind, "2024-01-02T23:59:59.999", "1s").status, Status::Pass, "{kind}");
        assert_eq!(run(kind, "2024-01-02T23:00:00", "59m").status, Status::Fail, "{kind}");
    }
    let future = run("date", "2024-01-05", "0s");
    assert_eq!(
        (future.status, future.observed_text.as_str()),
        (Status::Pass, "2d in the future (2024-01-05)")
    );
    let schema = single("x", column("utf8", &[])).schema();
    try_bind(&[("freshness", json!({"column": "x", "max_age": "1d"}))], &schema).unwrap_err();
}

#[test]
fn the_clock_may_be_said() {
    let batch = single("x", column("date", &[Some("2013-12-31")]));
    let of =
        |now: &str| verdict("freshness", json!({"column": "x", "max_age": "1d", "now": now}), &batch).status;
    assert_eq!(of("2014-01-01"), Status::Pass);
    assert_eq!(of("2014-01-01T00:00:01Z"), Status::Fail);
    let error =
        Check::parse("freshness", &json!({"column": "x", "max_age": "1d", "now": "noon"})).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("now"));
}

/// The verdict for files with these partitions, the newest written half an hour before the clock.
fn delivered(params: Value, partitions: &[Option<&str>]) -> Verdict {
    let batch = rows("day:utf8\n");
    let suite = bind(&[("freshness", params)], &batch.schema());
    let values = partitions.iter().map(|value| value.map(str::to_owned)).collect();
    let delivery = Delivery {
        files: partitions.len() as u64,
        modified: (!partitions.is_empty()).then(|| "2024-01-02T23:30:00Z".parse().unwrap()),
        partitions: [("day".to_owned(), values)].into_iter().collect(),
        ..Delivery::default()
    };
    let proofs = Proofs { delivery: Some(delivery), ..Proofs::default() };
    judge_with(&suite, &state(&suite, &[batch]), &proofs).remove(0)
}

#[test]
fn a_partition_is_as_old_as_its_latest_value() {
    let params = |age: &str| json!({"partition": "day", "max_age": age});
    let days = [Some("2024-01-01"), None, Some("2024-01-02"), Some("2023-12-31")];
    let found = delivered(params("24h"), &days);
    assert_eq!((found.status, found.n_evaluated, found.n_null), (Status::Pass, 3, 1));
    assert_eq!(found.observed_text, "1d (day=2024-01-02)");
    assert_eq!(found.answered_from, AnsweredFrom::Plan);
    assert_eq!(delivered(params("23h"), &days).status, Status::Fail);
    let times = [Some("2024-01-02T22:00:00.000Z"), Some("2024-01-02 23:00:00")];
    assert_eq!(delivered(params("1h"), &times).status, Status::Pass);
    assert_eq!(delivered(params("59m"), &times).status, Status::Fail);
}

#[test]
fn a_partition_may_be_written_in_any_format() {
    let params = json!({"partition": "day", "max_age": "1d", "format": "%Y%m%d"});
    assert_eq!(delivered(params.clone(), &[Some("20240102"), Some("20231231")]).status, Status::Pass);
    assert_eq!(delivered(params.clone(), &[Some("20231231")]).status, Status::Fail);
    let wrong = delivered(params, &[Some("20240102"), Some("later")]);
    assert_eq!((wrong.status, wrong.closes_gate()), (Status::Error, true));
    assert_eq!(wrong.observed_text, "partition day=later is not %Y%m%d");
    let hours = json!({"partition": "day", "max_age": "2h", "format": "%Y-%m-%d-%H-%M"});
    assert_eq!(delivered(hours, &[Some("2024-01-02-22-30")]).status, Status::Pass);
}

#[test]
fn files_are_as_old_as_the_newest() {
    let params = |age: &str| json!({"files": true, "max_age": age});
    let found = delivered(params("30m"), &[Some("a"), Some("b")]);
    assert_eq!((found.status, found.n_evaluated), (Status::Pass, 2));
    assert_eq!(found.observed_text, "30m (2024-01-02T23:30:00Z)");
    assert_eq!(delivered(params("29m"), &[Some("a")]).status, Status::Fail);
}

#[test]
fn where_there_are_no_files_nothing_is_fresh() {
    for params in [json!({"partition": "day", "max_age": "1d"}), json!({"files": true, "max_age": "1d"})] {
        assert_eq!(delivered(params.clone(), &[]).status, Status::Skipped);
        let batch = rows("day:utf8\n");
        let suite = bind(&[("freshness", params)], &batch.schema());
        let found = judge_with(&suite, &state(&suite, &[batch]), &Proofs::default());
        assert_eq!(found[0].status, Status::Skipped);
    }
    assert_eq!(delivered(json!({"partition": "day", "max_age": "1d"}), &[None]).status, Status::Skipped);
}

#[test]
fn freshness_is_of_one_thing() {
    let schema = rows("x:date\n").schema();
    let key = |params: Value| {
        let errors = try_bind(&[("freshness", params)], &schema).unwrap_err();
        errors[0].key.clone().unwrap_or_default()
    };
    assert_eq!(key(json!({"max_age": "1d"})), "column");
    assert_eq!(key(json!({"max_age": "1d", "column": "x", "files": true})), "column");
    assert_eq!(key(json!({"max_age": "1d", "files": true, "where": "TRUE"})), "where");
    for (params, key) in [
        (json!({"max_age": "1d", "files": true, "partition": "x"}), "files"),
        (json!({"max_age": "1d", "column": "x", "format": "%Y"}), "format"),
        (json!({"column": "x"}), "max_age"),
    ] {
        assert_eq!(Check::parse("freshness", &params).unwrap_err().key.as_deref(), Some(key));
    }
    let checks = check("freshness", &json!({"partition": "day", "max_age": "1d"}));
    assert_eq!(checks[0].id(), "freshness(partition day)");
    assert_eq!(checks[0].delivered(), Some(Delivered::Partition("day")));
    assert_eq!(check("freshness", &json!({"columns": ["x", "y"], "max_age": "1d"})).len(), 2);
}
