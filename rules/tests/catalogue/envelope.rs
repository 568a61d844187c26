//! What stands beside every rule (`mostly`, `warn`, `nulls`, `where`, `on_row`, `samples`, `severity`), held to
//! every rule on every type of column it is for.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use lockgate_rules::{Columns, RULES, Severity, Shape, Status, Suite, Verdict};
use serde_json::{Value, json};

use crate::cases::{FIGURE_CASES, FigureCase, ROW_CASES, RowCase, batch, measured};
use crate::support::{bind, column, judge, rows, single};

/// Rules that null passes or fails by what they are about.
const ABOUT_NULLS: [&str; 4] = ["not_null", "completeness", "missing", "at_least_k_complete"];

/// Rules that no rows answer; `periods.rs` has their cases.
const ABOUT_FILES: [&str; 2] = ["file_checks", "partition_complete"];

fn with(params: &str, rule: &str, more: &Value) -> Value {
    let mut all: Value = serde_json::from_str(params).unwrap();
    let takes_columns = RULES.iter().any(|def| def.name == rule && def.columns != Columns::None);
    if takes_columns && all["columns"].is_null() {
        let is_pair = RULES.iter().any(|def| def.name == rule && def.columns == Columns::Exactly(2));
        let names = if is_pair { json!(["x", "y"]) } else { json!("x") };
        all[if is_pair { "columns" } else { "column" }] = names;
    }
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

fn suite(rule: &str, params: &str, more: &Value, batch: &RecordBatch) -> Suite {
    bind(&[(rule, with(params, rule, more))], &batch.schema())
}

fn found(suite: &Suite, batch: &RecordBatch) -> Verdict {
    let mut state = suite.start();
    state.merge(measured(suite, batch).part).unwrap();
    judge(suite, &state).remove(0)
}

/// Calls `f` with each case of a rule about values: the case, its type, and the values that pass and fail.
fn each_row_case(f: impl Fn(&RowCase, &str, &str, Option<&str>)) {
    for case in ROW_CASES {
        for (kind, good, bad) in case.values {
            f(case, kind, good, *bad);
        }
    }
}

fn verdict_of(case: &RowCase, more: &Value, kind: &str, good: &str, values: &[Option<&str>]) -> Verdict {
    let batch = batch(kind, values, Some(good), &vec![true; values.len()]);
    let found = found(&suite(case.rule, case.params, more, &batch), &batch);
    assert_ne!(found.status, Status::Error, "{} {} {kind}: {}", case.rule, case.params, found.observed_text);
    found
}

/// What compares with another dataset has its cases in `reconciliation.rs`.
const RECONCILED: [&str; 6] =
    ["row_count_match", "schema_match", "aggregate_match", "dataset_match", "join_coverage", "key_overlap"];

#[test]
fn every_rule_has_cases() {
    // Rules that compare with history have theirs in `tests/drift`.
    let of = |shape: &[Shape]| -> BTreeSet<&str> {
        let here = RULES.iter().filter(|def| def.dimension != "drift" && !RECONCILED.contains(&def.name));
        here.filter(|def| shape.contains(&def.shape)).map(|def| def.name).collect()
    };
    assert_eq!(ROW_CASES.iter().map(|case| case.rule).collect::<BTreeSet<_>>(), of(&[Shape::Row]));
    assert_eq!(FIGURE_CASES.iter().map(|case| case.rule).collect::<BTreeSet<_>>(), of(&[Shape::Scalar]));
    let whole: BTreeSet<&str> = WHOLE_CASES.iter().map(|(rule, ..)| *rule).collect();
    let mut about_rows = of(&[Shape::Whole, Shape::Distance]);
    about_rows.retain(|rule| !ABOUT_FILES.contains(rule));
    assert_eq!(whole, about_rows);
}

#[test]
fn a_value_passes_or_fails_on_every_type() {
    each_row_case(|case, kind, good, bad| {
        let found = verdict_of(case, &json!({}), kind, good, &[Some(good), bad, Some(good), Some(good)]);
        let told = format!("{} {} {kind}", case.rule, case.params);
        assert_eq!((found.n_evaluated, found.n_failed), (4, 1), "{told}");
        assert_eq!(found.status, Status::Fail, "{told}");
        assert_eq!(found.observed_text, "1 of 4 fail (25 %)", "{told}");
        let one = verdict_of(case, &json!({}), kind, good, &[Some(good)]);
        assert_eq!((one.status, one.observed_text.as_str()), (Status::Pass, "all 1 pass"), "{told}");
        let equal = verdict_of(case, &json!({}), kind, good, &[bad; 3]);
        assert_eq!((equal.status, equal.n_failed), (Status::Fail, 3), "{told}");
    });
}

#[test]
fn mostly_and_warn_are_shares_of_what_is_evaluated() {
    each_row_case(|case, kind, good, bad| {
        let values = [Some(good), bad, Some(good), Some(good)];
        for (more, expected) in [
            (json!({"mostly": 0.75}), Status::Pass),
            (json!({"mostly": 0.76}), Status::Fail),
            (json!({"mostly": 0.5, "warn": 0.75}), Status::Pass),
            (json!({"mostly": 0.5, "warn": 0.8}), Status::Warn),
            (json!({"mostly": 0}), Status::Pass),
        ] {
            let found = verdict_of(case, &more, kind, good, &values);
            assert_eq!(found.status, expected, "{} {} {kind} {more}", case.rule, case.params);
            assert_eq!(found.observed, json!(0.75));
        }
    });
}

#[test]
fn nulls_are_skipped_passed_or_failed() {
    each_row_case(|case, kind, good, bad| {
        if ABOUT_NULLS.contains(&case.rule) {
            return;
        }
        let values = [Some(good), None, bad, None];
        let default = if case.rule == "expression" { "fail" } else { "skip" };
        let counts = |more: Value| {
            let found = verdict_of(case, &more, kind, good, &values);
            (found.n_evaluated, found.n_failed, found.n_null)
        };
        let by_policy = |policy: &str| match policy {
            "skip" => (2, 1, 2),
            "pass" => (4, 1, 2),
            _ => (4, 3, 2),
        };
        for policy in ["skip", "pass", "fail"] {
            let told = format!("{} {} {kind} {policy}", case.rule, case.params);
            assert_eq!(counts(json!({"nulls": policy})), by_policy(policy), "{told}");
        }
        assert_eq!(counts(json!({})), by_policy(default), "{} {kind}", case.rule);
    });
}

#[test]
fn nothing_to_evaluate_is_skipped() {
    each_row_case(|case, kind, good, _| {
        let told = format!("{} {} {kind}", case.rule, case.params);
        let empty = verdict_of(case, &json!({}), kind, good, &[]);
        assert_eq!(
            (empty.status, empty.observed_text.as_str()),
            (Status::Skipped, "no rows in scope"),
            "{told}"
        );
        let scoped = verdict_of(case, &json!({"where": "FALSE"}), kind, good, &[Some(good)]);
        assert_eq!(scoped.status, Status::Skipped, "{told}");
        if !ABOUT_NULLS.contains(&case.rule) {
            let nulls = verdict_of(case, &json!({"nulls": "skip"}), kind, good, &[None, None]);
            let observed = (nulls.status, nulls.observed_text.as_str(), nulls.n_null);
            assert_eq!(observed, (Status::Skipped, "only nulls in scope", 2), "{told}");
        }
    });
}

#[test]
fn a_scope_leaves_rows_out_of_account() {
    each_row_case(|case, kind, good, bad| {
        let batch = batch(kind, &[Some(good), bad, bad, None], Some(good), &[true, true, false, false]);
        let found = found(&suite(case.rule, case.params, &json!({"where": "a < b"}), &batch), &batch);
        let told = format!("{} {} {kind}", case.rule, case.params);
        let nulls = u64::from(bad.is_none() && ABOUT_NULLS.contains(&case.rule));
        assert_eq!((found.n_evaluated, found.n_failed, found.n_null), (2, 1, nulls), "{told}");
        assert!(found.id.ends_with(" where a < b"), "{told}: {}", found.id);
    });
}

#[test]
fn a_failing_row_stays_leaves_or_loses_its_value() {
    each_row_case(|case, kind, good, bad| {
        let batch = batch(kind, &[Some(good), bad, Some(good)], Some(good), &[true; 3]);
        let told = format!("{} {} {kind}", case.rule, case.params);
        let by = |on_row: &str| {
            measured(&suite(case.rule, case.params, &json!({"on_row": on_row}), &batch), &batch)
        };
        let kept = by("keep");
        assert!(kept.keep.is_none() && kept.quarantined.is_empty() && kept.null_out.is_empty(), "{told}");
        let leaves = |mask: &Option<arrow::array::BooleanArray>| {
            mask.as_ref().map(|mask| mask.iter().map(|keep| keep == Some(true)).collect::<Vec<_>>())
        };
        let dropped = by("drop");
        assert_eq!(leaves(&dropped.keep), Some(vec![true, false, true]), "{told}");
        assert!(dropped.quarantined.is_empty(), "{told}");
        let aside = by("quarantine");
        assert_eq!(leaves(&aside.keep), Some(vec![true, false, true]), "{told}");
        let reasons: Vec<(usize, &[u32])> =
            aside.quarantined.iter().map(|row| (row.row, row.checks.as_slice())).collect();
        assert_eq!(reasons, [(1, &[0][..])], "{told}");
        // Of one column only can a value be taken away.
        if RULES.iter().any(|def| def.name == case.rule && def.columns == Columns::One) {
            let nulled = by("null_out");
            let [out] = nulled.null_out.as_slice() else { panic!("{told}") };
            assert_eq!(out.column, "x");
            assert_eq!(
                out.rows.iter().map(|row| row == Some(true)).collect::<Vec<_>>(),
                [false, true, false]
            );
            assert!(nulled.keep.is_none(), "{told}");
        }
    });
}

#[test]
fn samples_are_the_first_failing_rows() {
    each_row_case(|case, kind, good, bad| {
        let values = [bad, Some(good), bad, bad];
        let told = format!("{} {} {kind}", case.rule, case.params);
        let rows = |more: Value| {
            let samples = verdict_of(case, &more, kind, good, &values).samples;
            samples.iter().map(|row| row.origin.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(rows(json!({})), [100, 102, 103], "{told}");
        assert_eq!(rows(json!({"samples": 2})), [100, 102], "{told}");
        assert_eq!(rows(json!({"samples": 0})), Vec::<u64>::new(), "{told}");
        let redact = json!({"samples": {"rows": 1, "columns": ["id", "x"], "redact": ["x"]}});
        let shown = verdict_of(case, &redact, kind, good, &values).samples;
        assert_eq!(json!(shown[0].values), json!({"id": 1, "x": "(redacted)"}), "{told}");
    });
}

#[test]
fn severity_decides_what_a_failure_or_a_warning_leads_to() {
    each_row_case(|case, kind, good, bad| {
        let values = [Some(good), bad, Some(good), Some(good)];
        for (severity, closes, alerts) in
            [("log", false, false), ("alert", false, true), ("stop", true, false)]
        {
            let failed = verdict_of(case, &json!({"severity": severity}), kind, good, &values);
            assert_eq!((failed.closes_gate(), failed.alerts()), (closes, alerts), "{} {severity}", case.rule);
            let more = json!({"severity": severity, "mostly": 0.5, "warn": 0.9});
            let warned = verdict_of(case, &more, kind, good, &values);
            assert_eq!((warned.closes_gate(), warned.alerts()), (false, severity != "log"), "{}", case.rule);
        }
    });
}

fn each_figure_case(f: impl Fn(&FigureCase, &str, &[Option<&str>], f64)) {
    for case in FIGURE_CASES {
        for (kind, values) in case.columns {
            let values: Vec<Option<&str>> = values.iter().map(|value| Some(*value)).collect();
            f(case, kind, &values, case.figure.parse().unwrap());
        }
    }
}

fn figure_of(case: &FigureCase, more: &Value, kind: &str, values: &[Option<&str>]) -> Verdict {
    let scope: Vec<bool> = (0..values.len()).map(|row| row < 4).collect();
    let batch = batch(kind, values, None, &scope);
    found(&suite(case.rule, case.params, more, &batch), &batch)
}

#[test]
fn a_figure_is_judged_by_its_limits_on_every_type() {
    each_figure_case(|case, kind, values, figure| {
        let told = format!("{} {} {kind}", case.rule, case.params);
        let status = |more: Value| figure_of(case, &more, kind, values).status;
        // Row counts are whole numbers.
        let (under, over) = (json!(figure.floor() as i64 - 1), json!(figure.ceil() as i64 + 1));
        let exact = figure_of(case, &json!({"min": under}), kind, values);
        let text = exact.observed.as_str().map(|text| text.parse().unwrap());
        let observed: f64 = exact.observed.as_f64().or(text).unwrap();
        assert!((observed - figure).abs() <= figure.abs() * 4e-16, "{told}: {observed} is not {figure}");
        if ["row_count", "custom_sql"].contains(&case.rule) && under.as_i64() < Some(0) {
            return;
        }
        assert_eq!(status(json!({"min": under, "max": over})), Status::Pass, "{told}");
        assert_eq!(status(json!({"min": over})), Status::Fail, "{told}");
        assert_eq!(status(json!({"max": under})), Status::Fail, "{told}");
        assert_eq!(status(json!({"min": under, "warn": {"min": over}})), Status::Warn, "{told}");
        assert_eq!(status(json!({"min": over, "warn": {"min": over}})), Status::Fail, "{told}");
        for (severity, closes, alerts) in
            [("log", false, false), ("alert", false, true), ("stop", true, false)]
        {
            let failed = figure_of(case, &json!({"min": over, "severity": severity}), kind, values);
            assert_eq!((failed.closes_gate(), failed.alerts()), (closes, alerts), "{told} {severity}");
        }
    });
}

#[test]
fn a_figure_is_of_the_values_in_scope() {
    each_figure_case(|case, kind, values, figure| {
        let told = format!("{} {} {kind}", case.rule, case.params);
        let more = json!({"min": figure.floor() as i64 - 1, "where": "a < b"});
        // Beyond the fourth row nothing is in scope.
        let beyond: Vec<Option<&str>> = values.iter().chain(&values[..2]).copied().collect();
        let scoped = figure_of(case, &more, kind, &beyond);
        let whole = figure_of(case, &json!({"min": figure.floor() as i64 - 1}), kind, values);
        assert_eq!((scoped.observed, scoped.n_evaluated), (whole.observed, 4), "{told}");
        if ["row_count", "custom_sql"].contains(&case.rule) {
            return;
        }
        let with_nulls: Vec<Option<&str>> = [None].iter().chain(values).chain(&[None]).copied().collect();
        let found = figure_of(case, &json!({"min": figure.floor() as i64 - 1}), kind, &with_nulls);
        assert_eq!((found.n_evaluated, found.n_null), (4, 2), "{told}");
        let text = found.observed.as_str().map(|text| text.parse().unwrap());
        let observed: f64 = found.observed.as_f64().or(text).unwrap();
        assert!((observed - figure).abs() <= figure.abs() * 4e-16, "{told}");
        for nothing in [&[][..], &[None, None]] {
            let skipped = figure_of(case, &json!({"min": -5}), kind, nothing);
            assert_eq!(skipped.status, Status::Skipped, "{told}");
        }
    });
}

/// Rules about a whole: parameters, rows that pass, rows that fail, rows with nothing to evaluate.
type WholeCase = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>);

const WHOLE_CASES: &[WholeCase] = &[
    (
        "unique",
        r#"{"columns": "x"}"#,
        "x:decimal\n1\n2\n\n\n",
        "x:decimal\n1\n2\n1\n",
        Some("x:decimal\n\n\n"),
    ),
    ("unique", r#"{"columns": "x", "max": 1}"#, "x:dict\na\na\n", "x:dict\na\na\na\n", Some("x:dict\n")),
    ("primary_key", r#"{"columns": "x"}"#, "x:view\na\nb\n", "x:view\na\n\n", Some("x:view\n")),
    (
        "distinct_values",
        r#"{"column": "x", "values": [1, 2]}"#,
        "x:decimal\n1\n2\n1\n",
        "x:decimal\n1\n1\n",
        Some("x:decimal\n\n"),
    ),
    (
        "freshness",
        r#"{"column": "x", "max_age": "1d"}"#,
        "x:date\n2024-01-02\n",
        "x:date\n2024-01-01\n",
        Some("x:date\n\n"),
    ),
    (
        "freshness",
        r#"{"column": "x", "max_age": "1s"}"#,
        "x:timestamp_utc\n2024-01-02T23:59:59\n",
        "x:timestamp_utc\n2024-01-02T23:59:58.9\n",
        Some("x:timestamp_utc\n"),
    ),
    ("schema", r#"{"columns": {"x": "int64"}}"#, "x:int64\n", "x:int32\n", None),
    ("schema", r#"{"columns": {"x": {"nullable": false}}}"#, "x:bool\ntrue\n", "x:bool\ntrue\n\n", None),
    ("column_names", r#"{"case": "lower_case"}"#, "x:int64\n", "X:int64\n1\n", None),
    (
        "psi",
        r#"{"column": "x", "bins": [0, 1, 2], "reference": [0.5, 0.5]}"#,
        "x:decimal\n0\n1\n0\n1\n",
        "x:decimal\n0\n0\n0\n0\n0\n",
        Some("x:decimal\n\n"),
    ),
    (
        "psi",
        r#"{"column": "x", "bins": [0, 1, 2], "reference": [0.5, 0.5], "fail": 9}"#,
        "x:float64\n0\n1\n",
        "x:float64\n0\nNaN\n",
        Some("x:float64\n"),
    ),
    ("constant", r#"{"column": "x"}"#, "x:dict\na\na\n\n", "x:dict\na\nb\n", Some("x:dict\n\n")),
    (
        "constant",
        r#"{"column": "x", "negate": true}"#,
        "x:float64\nNaN\n0\n",
        "x:float64\n0\n-0\n",
        Some("x:float64\n"),
    ),
    (
        "most_common_in_set",
        r#"{"column": "x", "values": [2, 1]}"#,
        "x:decimal\n2\n2\n1\n",
        "x:decimal\n2\n3\n",
        Some("x:decimal\n\n"),
    ),
    (
        "increasing",
        r#"{"column": "x"}"#,
        "x:date\n2024-01-01\n2024-01-01\n",
        "x:int8\n2\n1\n",
        Some("x:int8\n\n"),
    ),
    (
        "decreasing",
        r#"{"column": "x", "strict": true}"#,
        "x:float32\ninf\n0\n-inf\n",
        "x:float64\n0\n-0\n",
        Some("x:float64\n"),
    ),
    ("sequential", r#"{"column": "x"}"#, "x:uint64\n3\n1\n2\n2\n", "x:uint64\n1\n3\n", Some("x:uint64\n\n")),
    (
        "sequential",
        r#"{"column": "x", "period": "month"}"#,
        "x:timestamp_utc\n2024-01-31T00:00:00\n2023-12-01T00:00:00\n",
        "x:timestamp_utc\n2024-01-31T00:00:00\n2023-11-30T23:59:59\n",
        Some("x:timestamp_utc\n"),
    ),
    (
        "every_period",
        r#"{"column": "x", "period": "week"}"#,
        "x:date\n2024-01-01\n2024-01-14\n",
        "x:date\n2024-01-01\n2024-01-15\n",
        Some("x:date\n\n"),
    ),
    (
        "non_overlapping_ranges",
        r#"{"lower": "x", "upper": "y"}"#,
        "x:int64,y:int64\n3,4\n1,3\n",
        "x:int64,y:int64\n3,4\n1,4\n",
        Some("x:int64,y:int64\n1,\n"),
    ),
    (
        "functional_dependency",
        r#"{"columns": ["x"], "determines": "y"}"#,
        "x:int64,y:utf8\n1,a\n1,a\n2,a\n1,\n",
        "x:int64,y:utf8\n1,a\n1,b\n",
        Some("x:int64,y:utf8\n1,\n,a\n"),
    ),
    (
        "fits_distribution",
        r#"{"column": "x", "distribution": "uniform", "min": 0, "max": 4, "fail": 0.3}"#,
        "x:decimal\n0.5\n1\n2.5\n3\n",
        "x:float64\n1\nNaN\n",
        Some("x:float64\n\n"),
    ),
    (
        "outliers",
        r#"{"column": "x", "method": "iqr", "max_ratio": 0}"#,
        "x:decimal\n1\n2\n3\n4\n",
        "x:decimal\n1\n2\n3\n4\n1000\n",
        Some("x:decimal\n\n"),
    ),
];

#[test]
fn rules_about_a_whole_pass_fail_and_are_skipped() {
    for (rule, params, good, bad, nothing) in WHOLE_CASES {
        let of = |csv: &str, more: Value| {
            let batch = rows(csv);
            let mut params: Value = serde_json::from_str(params).unwrap();
            for (key, value) in more.as_object().unwrap() {
                params[key] = value.clone();
            }
            let suite = bind(&[(*rule, params)], &batch.schema());
            found(&suite, &batch)
        };
        let passed = of(good, json!({}));
        assert_eq!(passed.status, Status::Pass, "{rule} {params}: {}", passed.observed_text);
        for (severity, closes, alerts) in
            [("log", false, false), ("alert", false, true), ("stop", true, false)]
        {
            let failed = of(bad, json!({"severity": severity}));
            assert_eq!(failed.status, Status::Fail, "{rule} {params}: {}", failed.observed_text);
            assert_eq!((failed.closes_gate(), failed.alerts()), (closes, alerts), "{rule} {params}");
        }
        if let Some(nothing) = nothing {
            assert_eq!(of(nothing, json!({})).status, Status::Skipped, "{rule} {params}");
        }
        if !["schema", "column_names"].contains(rule) {
            assert_eq!(of(bad, json!({"where": "FALSE"})).status, Status::Skipped, "{rule} {params}");
        }
    }
}

#[test]
fn a_distance_warns_below_where_it_fails() {
    let batch = single("x", column("int64", &[Some("0"), Some("0"), Some("0"), Some("1")]));
    let status = |warn: f64, fail: f64| {
        let params =
            json!({"column": "x", "bins": [0, 1, 2], "reference": [0.5, 0.5], "warn": warn, "fail": fail});
        found(&bind(&[("psi", params)], &batch.schema()), &batch).status
    };
    assert_eq!(status(0.5, 1.0), Status::Pass);
    assert_eq!(status(0.05, 1.0), Status::Warn);
    assert_eq!(status(0.01, 0.05), Status::Fail);
}

#[test]
fn what_cannot_be_evaluated_is_an_error_that_closes_the_gate() {
    let huge = single("x", column("float64", &[Some("1e200"), Some("-1e200")]));
    for severity in ["log", "alert", "stop"] {
        let params = json!({"column": "x", "fn": "variance", "min": 0, "severity": severity});
        let failed = found(&bind(&[("statistic", params)], &huge.schema()), &huge);
        assert_eq!((failed.status, failed.closes_gate()), (Status::Error, true), "{severity}");
        assert_eq!(failed.severity == Severity::Stop, severity == "stop");
    }
}
