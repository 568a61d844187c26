//! Types, nulls, NaN, empty columns, and points that tell nothing.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray};
use arrow::datatypes::Int64Type;
use lockgate_rules::{Status, Verdict};
use serde_json::{Value, json};

use crate::support::{column, judge_against, rows, single, try_bind, verdict, verdict_after};
use crate::{DISTANCES, after, distance, figure};

/// Values of every type, at its edges.
fn columns() -> Vec<(&'static str, Vec<Option<&'static str>>)> {
    let whole = vec![Some("9223372036854775807"), Some("-9223372036854775808"), None, Some("0")];
    vec![
        ("int64", whole),
        ("uint64", vec![Some("18446744073709551615"), Some("0"), None]),
        ("int8", vec![Some("127"), Some("-128")]),
        ("float64", vec![Some("inf"), Some("-inf"), Some("NaN"), Some("-0"), Some("0"), None]),
        ("float32", vec![Some("1.5"), Some("NaN")]),
        ("decimal38", vec![Some("1234567890123456789012345678901234.5678"), Some("-0.0001"), None]),
        ("utf8", vec![Some(""), Some("日本語"), Some("Zürich"), None]),
        ("large", vec![Some("a")]),
        ("dict", vec![Some("a"), Some("b"), None, Some("a")]),
        ("bool", vec![Some("true"), Some("false"), None]),
        ("date", vec![Some("2024-02-29"), Some("0001-01-01"), None]),
        ("date64", vec![Some("2024-02-29")]),
        ("timestamp", vec![Some("2024-01-01T00:00:00.000001"), None]),
        ("timestamp_utc", vec![Some("2024-01-01T00:00:00"), Some("1970-01-01T00:00:00")]),
    ]
}

#[test]
fn a_column_that_does_not_change_does_not_drift_whatever_its_type() {
    for (kind, values) in columns() {
        let batch = single("c", column(kind, &values));
        for rule in DISTANCES {
            if try_bind(&[(rule, json!("c"))], &batch.schema()).is_err() {
                let ordered = ["ks", "wasserstein"].contains(&rule);
                let texts = ["utf8", "large", "dict", "bool"].contains(&kind);
                assert!(
                    (ordered && texts) || (rule == "new_categories" && kind.starts_with("float")),
                    "{rule} {kind}"
                );
                continue;
            }
            let verdict = after(rule, json!("c"), &batch, &batch);
            assert_eq!(verdict.status, Status::Pass, "{rule} {kind}: {verdict:?}");
            assert!(distance(&verdict).abs() < 1e-9, "{rule} {kind}: {verdict:?}");
            assert_eq!(verdict.baseline.as_ref().map(|baseline| baseline.points), Some(1), "{rule}");
        }
    }
}

#[test]
fn one_row_all_null_and_nothing_have_an_answer() {
    let some = single("c", column("int64", &[Some("1"), Some("2"), None]));
    for (values, skipped) in [(vec![Some("7")], false), (vec![None, None], true), (vec![], true)] {
        let batch = single("c", column("int64", &values));
        for rule in DISTANCES {
            let found = after(rule, json!("c"), &batch, &some);
            let skipped = skipped && (values.is_empty() || rule != "missingness_drift");
            assert_eq!(found.status == Status::Skipped, skipped, "{rule} {values:?}: {found:?}");
            // And as the baseline.
            let found = after(rule, json!("c"), &some, &batch);
            assert_eq!(found.status == Status::Skipped, skipped, "{rule} {values:?}: {found:?}");
        }
    }
}

#[test]
fn without_history_nothing_passes() {
    let batch = single("c", column("int64", &[Some("1")]));
    for rule in DISTANCES {
        let found = verdict(rule, json!("c"), &batch);
        assert_eq!(found.status, Status::Skipped, "{rule}");
        assert!(found.observed_text.starts_with("no baseline yet"), "{}", found.observed_text);
        let wanting = after(rule, json!({"column": "c", "min_history": 2}), &batch, &batch);
        assert_eq!(wanting.observed_text, "no baseline yet: 1 of 2 earlier points", "{rule}");
        assert_eq!(wanting.status, Status::Skipped);
    }
}

#[test]
fn nulls_nan_and_infinities_are_seen_to_drift() {
    let plain = single("c", column("float64", &[Some("1"), Some("2"), Some("3"), Some("4")]));
    for values in [vec![Some("1"), None, None, None], vec![Some("1"), Some("NaN"), Some("NaN"), Some("NaN")]]
    {
        let now = single("c", column("float64", &values));
        for rule in ["psi", "jensen_shannon", "kl_divergence", "hellinger", "total_variation", "l_infinity"] {
            assert_eq!(after(rule, json!("c"), &now, &plain).status, Status::Fail, "{rule} {values:?}");
        }
    }
    let infinite = single("c", column("float64", &[Some("1"), Some("2"), Some("3"), Some("inf")]));
    let far = after("wasserstein", json!("c"), &infinite, &plain);
    assert_eq!((far.status, far.observed["wasserstein"].is_null()), (Status::Fail, true));
}

#[test]
fn a_type_may_change_among_numbers_and_else_starts_anew() {
    let whole = single("c", column("int64", &[Some("1"), Some("2"), Some("3")]));
    let decimal = single("c", column("decimal", &[Some("1.00"), Some("2.00"), Some("3.00")]));
    let same = verdict_after("ks", json!("c"), &decimal, &[]);
    assert_eq!(same.status, Status::Skipped);
    let history = |batches: &[arrow::array::RecordBatch], now: &arrow::array::RecordBatch| -> Verdict {
        let suite = crate::support::bind(&[("psi", json!("c"))], &now.schema());
        let mut all = lockgate_rules::History::default();
        for batch in batches {
            let of_batch = crate::support::bind(&[("psi", json!("c"))], &batch.schema());
            all.points.extend(crate::support::history(&of_batch, std::slice::from_ref(batch)).points);
        }
        let state = crate::support::state(&suite, std::slice::from_ref(now));
        judge_against(&suite, &state, &all).remove(0)
    };
    assert_eq!(figure(&history(std::slice::from_ref(&whole), &decimal), "psi"), 0.0);
    let both = history(&[whole.clone(), decimal.clone()], &decimal);
    assert!(figure(&both, "psi") < 0.1 && both.baseline.unwrap().points == 2);
    let text = single("c", column("utf8", &[Some("1"), Some("2"), Some("3")]));
    let anew = history(&[whole, decimal], &text);
    assert_eq!(anew.observed_text, "no baseline yet: 0 of 2 earlier points tell of it, 1 wanted");
}

#[test]
fn a_scope_has_a_history_of_its_own() {
    let before = rows("c:int64,d:int64\n1,2\n1,2\n9,1\n");
    let now = rows("c:int64,d:int64\n1,2\n1,2\n1,2\n7,1\n8,1\n");
    let scoped = after("total_variation", json!({"column": "c", "where": "c < d"}), &now, &before);
    assert_eq!((scoped.status, scoped.n_evaluated), (Status::Pass, 3), "{scoped:?}");
    assert_eq!(after("total_variation", json!("c"), &now, &before).status, Status::Fail);
}

#[test]
fn columns_without_a_distribution_are_refused_or_counted() {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)]), None, None]);
    let batch = single("c", Arc::new(lists) as ArrayRef);
    let refused = |rule: &str, params: Value| {
        try_bind(&[(rule, params)], &batch.schema()).map(|_| ()).unwrap_err().remove(0)
    };
    for rule in DISTANCES.into_iter().filter(|rule| *rule != "missingness_drift") {
        assert_eq!(refused(rule, json!("c")).key.as_deref(), Some("column"), "{rule}");
    }
    assert_eq!(refused("dataset_drift", json!(["c"])).key.as_deref(), Some("columns"));
    let mean = refused("change", json!({"column": "c", "metric": "mean", "fail": 1}));
    assert_eq!(mean.key.as_deref(), Some("metric"));
    let found = after("missingness_drift", json!("c"), &batch, &batch);
    assert_eq!((found.status, found.n_null), (Status::Pass, 2));
}

#[test]
fn parameters_that_contradict_are_refused() {
    for (rule, params, key) in [
        ("psi", json!({"column": "c", "bins": [1, 2]}), "reference"),
        ("psi", json!({"column": "c", "reference": [1]}), "bins"),
        ("psi", json!({"column": "c", "bins": [1, 2], "reference": [1], "baseline": "previous"}), "baseline"),
        ("ks", json!({"column": "c", "baseline": {"last": 0}}), "baseline"),
        ("ks", json!({"column": "c", "baseline": {"lasst": 1}}), "baseline"),
        ("ks", json!({"column": "c", "alpha": 0.05}), "alpha"),
        ("ks", json!({"column": "c", "bins": 3}), "bins"),
        ("hellinger", json!({"column": "c", "robust": true}), "robust"),
        ("chi_square", json!({"column": "c", "p_value_alone": true}), "p_value"),
        ("change", json!({"metric": "row_count"}), "fail"),
        ("change", json!({"metric": "rows", "fail": 1}), "metric"),
        ("change", json!({"as": "ratio", "fail": 0.5}), "fail"),
        ("metric_anomaly", json!({"window": 3}), "min_history"),
        ("metric_anomaly", json!({"consecutive": 0}), "consecutive"),
        ("metric_anomaly", json!({"method": "holt_winters", "seasonality": "dom"}), "seasonality"),
        ("metric_anomaly", json!({"method": "holt_winters", "seasonality": "hour", "window": 28}), "window"),
        ("metric_anomaly", json!({"metod": "mad"}), "metod"),
        ("dimension_anomaly", json!({"column": "c", "max_groups": 0}), "max_groups"),
    ] {
        let error = lockgate_rules::Check::parse(rule, &params).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{rule} {params}: {error}");
    }
}

#[test]
fn a_redacted_column_is_compared_without_being_named() {
    let batch = |values: &[Option<&str>]| {
        let name = column("utf8", values);
        let id: ArrayRef = Arc::new((0..name.len() as i64).collect::<Int64Array>());
        arrow::array::RecordBatch::try_from_iter([("id", id), ("name", name)]).unwrap()
    };
    let suite = crate::support::bind(
        &[
            (
                "unique",
                json!({"column": "id", "samples": {"rows": 1, "columns": ["id", "name"], "redact": ["name"]}}),
            ),
            ("new_categories", json!("name")),
        ],
        &batch(&[]).schema(),
    );
    let history = crate::support::history(&suite, &[batch(&[Some("Ada"), Some("Bob")])]);
    let state = crate::support::state(&suite, &[batch(&[Some("Ada"), Some("Eve")])]);
    let verdict = judge_against(&suite, &state, &history).remove(1);
    assert_eq!(figure(&verdict, "new_categories"), 0.5);
    assert!(!format!("{verdict:?}").contains("Eve"), "{verdict:?}");
}
