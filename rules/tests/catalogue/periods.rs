//! `sequential`, `every_period`, `partition_complete` and `file_checks`. The clock of the tests stands at
//! 2024-01-03T00:00:00Z.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use lockgate_rules::{AnsweredFrom, Check, Delivered, Delivery, Proofs, Status, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, check, column, judge, judge_with, rows, single, state, try_bind, verdict};

fn one(rule: &str, kind: &str, values: &[&str], params: Value) -> Verdict {
    let mut params = params;
    params["column"] = json!("x");
    let values: Vec<Option<&str>> = values.iter().map(|text| (!text.is_empty()).then_some(*text)).collect();
    verdict(rule, params, &single("x", column(kind, &values)))
}

#[test]
fn no_whole_number_is_missing() {
    for (kind, values, params, expected) in [
        ("int8", &["-128", "-127"][..], json!({}), "no gaps"),
        ("int64", &["7"], json!({}), "no gaps"),
        ("int64", &["3", "1", "", "2", "2"], json!({}), "no gaps"),
        ("int64", &["1", "4", "9"], json!({}), "6 missing: 2, 3, 5, 6, 7, …"),
        (
            "uint64",
            &["18446744073709551615", "18446744073709551613"],
            json!({}),
            "1 missing: 18446744073709551614",
        ),
        ("int64", &["10", "30", "20"], json!({"interval": 10}), "no gaps"),
        ("int64", &["-10", "30", "25"], json!({"interval": 10}), "3 missing: 0, 10, 20; 1 between the steps"),
        ("int64", &["0", "25"], json!({"interval": 10}), "2 missing: 10, 20; 1 between the steps"),
        ("decimal", &["0.00", "0.50", "1.00"], json!({"interval": 0.5}), "no gaps"),
        ("decimal", &["0.00", "1.00"], json!({"interval": "0.5"}), "1 missing: 0.50"),
        (
            "int64",
            &["-9223372036854775808", "9223372036854775807"],
            json!({}),
            "18,446,744,073,709,551,614 missing: -9223372036854775807, -9223372036854775806, \
             -9223372036854775805, -9223372036854775804, -9223372036854775803, …",
        ),
    ] {
        let found = one("sequential", kind, values, params);
        assert_eq!(found.observed_text, expected, "{kind} {values:?}");
        assert_eq!(found.status == Status::Pass, expected == "no gaps");
    }
}

#[test]
fn missing_numbers_agree_with_duckdb_however_rows_are_split() {
    // DuckDB 2.0: numbers between min and max of i² mod 1009 for i under 600 that do not occur.
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..600).map(|i: i64| i * i % 1_009)));
    let batch = single("x", values);
    let suite = bind(&[("no_gaps", json!("x"))], &batch.schema());
    for size in [1, 13, 600] {
        let parts: Vec<_> = (0..600).step_by(size).map(|at| batch.slice(at, size.min(600 - at))).collect();
        let found = judge(&suite, &state(&suite, &parts)).remove(0);
        assert_eq!(found.observed_text, "504 missing: 11, 13, 17, 19, 22, …");
        assert_eq!((found.rule.as_str(), found.n_failed), ("sequential", 504));
    }
}

#[test]
fn many_numbers_in_disorder_are_one_run() {
    let n = 400_000_i64;
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..n).map(|at| at * 7_919 % 400_009)));
    let batch = single("x", values);
    let suite = bind(&[("sequential", json!("x"))], &batch.schema());
    let parts: Vec<_> = (0..40).map(|at| batch.slice(at * 10_000, 10_000)).collect();
    let found = judge(&suite, &state(&suite, &parts)).remove(0);
    assert_eq!(found.observed["missing"].as_i64(), Some(400_009 - n));
}

#[test]
fn no_period_is_missing() {
    for (kind, values, params, expected) in [
        ("date", &["2024-02-28", "2024-03-01"][..], json!({}), "1 missing: 2024-02-29"),
        ("date64", &["2023-12-31", "2024-01-01"], json!({}), "no gaps"),
        ("date", &["2023-12-31", "2024-01-08"], json!({"period": "week"}), "1 missing: 2024-01-01"),
        ("date", &["1969-11-30", "1970-02-01"], json!({"period": "month"}), "2 missing: 1969-12, 1970-01"),
        ("date", &["2023-01-01", "2023-10-01"], json!({"period": "quarter"}), "2 missing: 2023-Q2, 2023-Q3"),
        ("date", &["0001-01-01", "0003-12-31"], json!({"period": "year"}), "1 missing: 0002"),
        (
            "timestamp_utc",
            &["2024-01-01T22:59:59", "2024-01-02T00:00:00"],
            json!({"period": "hour"}),
            "1 missing: 2024-01-01T23:00",
        ),
        (
            "timestamp_ms",
            &["1969-12-31T23:59:59.999", "1970-01-01T00:00:00"],
            json!({"period": "hour"}),
            "no gaps",
        ),
    ] {
        let found = one("sequential", kind, values, params);
        assert_eq!(found.observed_text, expected, "{kind} {values:?}");
    }
    let apart = one(
        "sequential",
        "timestamp_ms",
        &["0001-01-01T00:00:00", "9999-01-01T00:00:00"],
        json!({"period": "hour"}),
    );
    assert_eq!(apart.status, Status::Error);
    assert_eq!(apart.observed_text, "there are more than 10,000,000 hours between the first and the last");
}

#[test]
fn what_has_no_steps_is_refused() {
    for (kind, params, key) in [
        ("int64", json!({"column": "x", "period": "day"}), "period"),
        ("int64", json!({"column": "x", "interval": 0}), "interval"),
        ("int64", json!({"column": "x", "interval": 0.5}), "interval"),
        ("date", json!({"column": "x", "interval": 1}), "interval"),
        ("timestamp", json!({"column": "x"}), "period"),
        ("float64", json!({"column": "x"}), "column"),
        ("utf8", json!({"column": "x"}), "column"),
    ] {
        let schema = single("x", column(kind, &[])).schema();
        let errors = try_bind(&[("sequential", params.clone())], &schema).unwrap_err();
        assert_eq!(errors[0].key.as_deref(), Some(key), "{kind} {params}");
    }
    let both = json!({"column": "x", "interval": 1, "period": "day"});
    assert_eq!(Check::parse("sequential", &both).unwrap_err().key.as_deref(), Some("period"));
}

#[test]
fn every_period_has_its_rows() {
    let days = ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-05", ""];
    for (params, expected) in [
        (json!({}), "2 of 5 days missing: 2024-01-03, 2024-01-04"),
        (json!({"exclude": ["wed", "2024-01-04"]}), "all of 3 days"),
        (
            json!({"min_records": 2}),
            "4 of 5 days short: 2024-01-02 (1), 2024-01-03, 2024-01-04, 2024-01-05 (1)",
        ),
        (json!({"to": "2024-01-02"}), "all of 2 days"),
        (json!({"from": "2023-12-31", "to": "2024-01-02T12:00:00Z"}), "1 of 3 days missing: 2023-12-31"),
        (json!({"period": "week"}), "all of 1 week"),
        (json!({"period": "month", "to": "2024-03-31"}), "2 of 3 months missing: 2024-02, 2024-03"),
        (
            json!({"period": "week", "from": "2023-12-25", "exclude": ["mon", "tue", "wed", "thu", "fri", "sat"]}),
            "1 of 2 weeks missing: 2023-12-25",
        ),
        (
            json!({"from": "2024-01-06", "to": "2024-01-07", "exclude": ["Saturday", "Sunday"]}),
            "no periods are expected",
        ),
    ] {
        let found = one("every_period", "date", &days, params.clone());
        assert_eq!(found.observed_text, expected, "{params}");
        let passes = expected.starts_with("all");
        assert_eq!(found.status == Status::Pass, passes, "{params}");
    }
    let found = one("every_period", "date", &days, json!({}));
    assert_eq!((found.n_evaluated, found.n_failed, found.n_null), (5, 2, 1));
}

#[test]
fn periods_are_those_of_utc() {
    let hours = ["2024-03-31T00:30:00", "2024-03-31T01:30:00", "2024-03-31T02:30:00"];
    let found = one("every_period", "timestamp_utc", &hours, json!({"period": "hour"}));
    assert_eq!(found.observed_text, "all of 3 hours");
    let off = json!({"period": "hour", "exclude": ["2024-01-01"]});
    let night = ["2023-12-31T23:00:00", "2024-01-02T00:00:00"];
    assert_eq!(one("every_period", "timestamp", &night, off).observed_text, "all of 2 hours");
}

#[test]
fn what_no_calendar_has_is_refused() {
    for (params, key) in [
        (json!({"column": "x", "exclude": ["someday"]}), "exclude"),
        (json!({"column": "x", "from": "noon"}), "from"),
        (json!({"column": "x", "from": "2024-01-02", "to": "2024-01-01"}), "from"),
        (json!({"column": "x", "min_records": 0}), "min_records"),
        (json!({"column": "x", "period": "fortnight"}), "period"),
    ] {
        assert_eq!(Check::parse("every_period", &params).unwrap_err().key.as_deref(), Some(key), "{params}");
    }
    let schema = rows("x:int64\n").schema();
    let errors = try_bind(&[("every_period", json!("x"))], &schema).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("column"));
}

/// The verdict on files of these partitions and sizes.
fn delivered(rule: &str, params: Value, days: &[Option<&str>], sizes: &[u64]) -> Verdict {
    let batch = rows("day:utf8\n");
    let suite = bind(&[(rule, params)], &batch.schema());
    let values = days.iter().map(|value| value.map(str::to_owned)).collect();
    let delivery = Delivery {
        files: sizes.len() as u64,
        sizes: sizes.to_vec(),
        partitions: [("day".to_owned(), values)].into_iter().collect(),
        ..Delivery::default()
    };
    let proofs = Proofs { delivery: Some(delivery), ..Proofs::default() };
    judge_with(&suite, &state(&suite, &[batch]), &proofs).remove(0)
}

#[test]
fn every_partition_was_delivered() {
    let days = [Some("2024-01-01"), Some("2023-12-30"), None, Some("2023-12-31")];
    let run = |params: Value, days: &[Option<&str>]| {
        let mut params = params;
        params["partition"] = json!("day");
        let found = delivered("partition_complete", params, days, &[]);
        assert_eq!(found.answered_from, AnsweredFrom::Plan);
        (found.status, found.observed_text)
    };
    let passes = |text: &str| (Status::Pass, text.to_owned());
    let fails = |text: &str| (Status::Fail, text.to_owned());
    assert_eq!(run(json!({}), &days), passes("all of 3 days"));
    assert_eq!(run(json!({"from": "2023-12-29"}), &days), fails("1 of 4 days missing: 2023-12-29"));
    assert_eq!(run(json!({"lag": "1d"}), &days), fails("1 of 4 days missing: 2024-01-02"));
    assert_eq!(run(json!({"lag": "2d"}), &days), passes("all of 3 days"));
    assert_eq!(run(json!({"to": "2024-01-02", "exclude": ["tuesday"]}), &days), passes("all of 3 days"));
    let months = [Some("202311"), Some("202401")];
    let monthly = json!({"period": "month", "format": "%Y%m"});
    assert_eq!(run(monthly, &months), fails("1 of 3 months missing: 2023-12"));
    let years = json!({"period": "year", "format": "%Y"});
    assert_eq!(run(years, &[Some("2022"), Some("2023")]), passes("all of 2 years"));
    let wrong = run(json!({}), &[Some("later")]);
    assert_eq!(wrong, (Status::Error, "partition day=later is not a date or a timestamp".into()));
    assert_eq!(run(json!({"from": "2024-01-01"}), &[None]).0, Status::Skipped);
    let checks = check("partition_complete", &json!("day"));
    assert_eq!(checks[0].delivered(), Some(Delivered::Partition("day")));
    assert_eq!(checks[0].id(), "partition_complete(partition day)");
    let both = json!({"partition": "day", "to": "2024-01-01", "lag": "1d"});
    assert_eq!(Check::parse("partition_complete", &both).unwrap_err().key.as_deref(), Some("lag"));
    let scoped = json!({"partition": "day", "where": "TRUE"});
    let errors = try_bind(&[("partition_complete", scoped)], &rows("x:int64\n").schema()).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("where"));
}

#[test]
fn files_are_counted_and_weighed() {
    let run = |params: Value, sizes: &[u64]| {
        let found = delivered("file_checks", params, &[], sizes);
        (found.status, found.observed_text)
    };
    let passes = |text: &str| (Status::Pass, text.to_owned());
    let fails = |text: &str| (Status::Fail, text.to_owned());
    assert_eq!(run(json!({"min_files": 2, "max_files": 2}), &[10, 2_000]), passes("2 files, 2,010 bytes"));
    assert_eq!(run(json!({"min_files": 3}), &[10, 2_000]), fails("2 files, under 3"));
    assert_eq!(
        run(json!({"max_files": 1, "min_bytes": 11, "max_bytes": 1999, "max_total_bytes": 5}), &[10, 2_000]),
        fails(
            "2 files, over 1; 10 bytes in a file, under 11; 2,000 bytes in a file, over 1,999; \
             2,010 bytes in all, over 5"
        )
    );
    assert_eq!(run(json!({"min_files": 1}), &[]), fails("0 files, under 1"));
    assert_eq!(run(json!({"max_files": 1, "min_bytes": 1}), &[]), passes("0 files, 0 bytes"));
    assert_eq!(run(json!({"min_bytes": 1}), &[0]), fails("0 bytes in a file, under 1"));
    let found = delivered("file_checks", json!({"min_bytes": 5}), &[], &[1, 2, 9]);
    assert_eq!((found.n_evaluated, found.n_failed), (3, 2));
    for (params, key) in [(json!({}), "min_files"), (json!({"min_bytes": 2, "max_bytes": 1}), "min_bytes")] {
        assert_eq!(Check::parse("file_checks", &params).unwrap_err().key.as_deref(), Some(key));
    }
}
