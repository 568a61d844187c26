//! What verdicts say of columns whose values are not shown.

use lockgate_rules::{Check, Status};
use serde_json::{Value, json};

use crate::support::{bind, check, history, judge, judge_against, rows, state, verdict};

/// The observed text with the values of `x` shown, and without.
fn texts(rule: &str, mut params: Value, csv: &str) -> (String, String) {
    let batch = rows(csv);
    let shown = verdict(rule, params.clone(), &batch);
    params["samples"] = json!({"redact": ["x", "y"]});
    let redacted = verdict(rule, params, &batch);
    assert_eq!((shown.status, shown.n_failed), (redacted.status, redacted.n_failed), "{rule}");
    (shown.observed_text, redacted.observed_text)
}

#[test]
fn figures_over_values_are_shown_and_values_are_not() {
    let numbers = "x:int64,y:int64\n7,3\n5,9\n11,10\n";
    let letters = "x:utf8,y:int64\nBern,1\nbern,1\nBern,1\n";
    let days = "x:date,y:int64\n2023-12-31,1\n2024-01-02,2\n";
    for (rule, params, csv, shown, redacted) in [
        (
            "increasing",
            json!({"column": "x"}),
            numbers,
            "1 value out of order: 5 after 7 (value 2)",
            "1 value out of order: (redacted) after (redacted) (value 2)",
        ),
        (
            "sequential",
            json!({"column": "x", "interval": 2}),
            numbers,
            "1 missing: 9",
            "1 missing: (redacted)",
        ),
        ("sequential", json!({"column": "x"}), days, "1 missing: 2024-01-01", "1 missing: (redacted)"),
        (
            "every_period",
            json!({"column": "x"}),
            days,
            "1 of 3 days missing: 2024-01-01",
            "1 of 3 days missing: (redacted)",
        ),
        (
            "non_overlapping_ranges",
            json!({"lower": "x", "upper": "y"}),
            "x:int64,y:int64\n3,7\n6,8\n9,5\n",
            "1 overlap: 3 to 7, 6 to 8; 1 not from lower to upper: 9 to 5",
            "1 overlap: (redacted) to (redacted), (redacted) to (redacted); 1 not from lower to upper: (redacted) to \
             (redacted)",
        ),
        (
            "distinct_values",
            json!({"column": "x", "values": [5, 7]}),
            numbers,
            "not declared: 11 (1 row)",
            "not declared: (redacted) (1 row)",
        ),
        (
            "most_common_in_set",
            json!({"column": "x", "values": ["Zug"]}),
            letters,
            "Bern (66.67 %)",
            "(redacted) (66.67 %)",
        ),
        (
            "casing",
            json!({"column": "x", "case": "consistent"}),
            letters,
            "1 of 3 fail (33.33 %): bern for Bern",
            "1 of 3 fail (33.33 %): (redacted) for (redacted)",
        ),
        ("statistic", json!({"column": "x", "fn": "max", "max": 9}), numbers, "11", "(redacted)"),
        ("statistic", json!({"column": "x", "fn": "median", "max": 9}), numbers, "7", "(redacted)"),
        ("statistic", json!({"column": "x", "fn": "sum", "max": 9}), numbers, "23", "(redacted)"),
        ("statistic", json!({"column": "x", "fn": "mean", "max": 9}), numbers, "7.66667", "(redacted)"),
        ("statistic", json!({"column": "x", "fn": "range", "max": 9}), numbers, "6", "6"),
        (
            "outliers",
            json!({"column": "x", "method": "percentile", "lower": 0.1, "upper": 0.9, "max_ratio": 1}),
            numbers,
            "2 of 3 values (66.67 %) outside 5.4 to 10.2",
            "2 of 3 values (66.67 %) outside (redacted) to (redacted)",
        ),
        ("freshness", json!({"column": "x", "max_age": "2d"}), days, "1d (2024-01-02)", "(redacted)"),
    ] {
        assert_eq!(texts(rule, params, csv), (shown.to_owned(), redacted.to_owned()), "{rule}");
    }
}

#[test]
fn estimated_parameters_of_a_distribution_tell_values() {
    let batch = rows("x:float64\n1\n2\n3\n");
    let parameters = |distribution: &str, more: Value| {
        let mut params =
            json!({"column": "x", "distribution": distribution, "fail": 1, "samples": {"redact": ["x"]}});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        verdict("fits_distribution", params, &batch).observed["parameters"].clone()
    };
    assert_eq!(parameters("uniform", json!({})), json!({"min": "(redacted)", "max": "(redacted)"}));
    assert_eq!(parameters("uniform", json!({"min": 0.0})), json!({"min": 0.0, "max": "(redacted)"}));
    assert_eq!(parameters("exponential", json!({})), json!({"mean": "(redacted)"}));
    assert_eq!(parameters("exponential", json!({"mean": 2.0})), json!({"mean": 2.0}));
    assert_eq!(parameters("normal", json!({}))["mean"], json!("(redacted)"));
}

#[test]
fn groups_are_told_apart_by_hashes_of_their_values() {
    let batch = rows("x:utf8,y:int64\nhush,1\nhush,\nother,1\n,1\n");
    let params = json!({"column": "y", "group_by": "x", "samples": {"redact": ["x"]}});
    let found = verdict("not_null", params, &batch);
    let groups: Vec<&Value> = found.groups.iter().map(|group| &group.group["x"]).collect();
    assert_eq!(groups.len(), 3);
    assert_eq!(groups.iter().filter(|group| group.is_null()).count(), 1);
    assert!(!serde_json::to_string(&found).unwrap().contains("hush"));
    let name = groups[0].as_str().unwrap();
    assert!(name.starts_with('#') && name.len() == 17, "{name}");
    assert!(found.observed_text.starts_with(&format!("1 of 3 groups fail: {name}")));
    // What another check keeps back no group shows either.
    let suite = bind(
        &[
            ("not_null", json!({"column": "y", "group_by": "x"})),
            ("not_null", json!({"column": "x", "samples": {"redact": ["x"]}})),
        ],
        &batch.schema(),
    );
    let verdicts = judge(&suite, &state(&suite, std::slice::from_ref(&batch)));
    assert!(!serde_json::to_string(&verdicts).unwrap().contains("hush"));
}

#[test]
fn what_is_compared_with_history_names_no_value() {
    let now = rows("x:int64\n1\n2\n3\n4\n5\n900\n");
    let earlier = [rows("x:int64\n1\n2\n3\n4\n5\n6\n"), rows("x:int64\n10\n20\n30\n40\n")];
    for (rule, params, text) in [
        ("change", json!({"metric": "max", "fail": 10}), "(redacted) after (redacted) (+2150 %)"),
        (
            "metric_anomaly",
            json!({"metric": "max", "min_history": 2}),
            "(redacted) where (redacted) is usual (score 34.7958)",
        ),
        ("l_infinity", json!({}), "0.166667 (over)"),
        ("ks", json!({}), "0.333333"),
    ] {
        let mut params = params;
        params["column"] = json!("x");
        params["samples"] = json!({"redact": ["x"]});
        let suite = bind(&[(rule, params)], &now.schema());
        let state = state(&suite, std::slice::from_ref(&now));
        let found = judge_against(&suite, &state, &history(&suite, &earlier)).remove(0);
        assert_eq!(found.observed_text, text, "{rule}");
        let shown = serde_json::to_string(&found.observed).unwrap();
        assert!(!shown.contains("900") && !shown.contains("40"), "{rule}: {shown}");
    }
}

#[test]
fn the_share_of_a_value_is_followed_though_values_are_not_shown() {
    let (now, earlier) = (rows("x:utf8\na\na\nb\n"), [rows("x:utf8\na\nb\n")]);
    let params =
        json!({"column": "x", "metric": {"share_of": "a"}, "fail": 10, "samples": {"redact": ["x"]}});
    let suite = bind(&[("change", params)], &now.schema());
    let state = state(&suite, std::slice::from_ref(&now));
    let found = judge_against(&suite, &state, &history(&suite, &earlier)).remove(0);
    assert_eq!(
        (found.status, found.observed_text.as_str()),
        (Status::Fail, "0.666667 after 0.5 (+33.3333 %)")
    );
}

#[test]
fn any_rule_may_keep_values_back_but_rows_are_shown_by_some() {
    for rule in ["increasing", "row_count", "change"] {
        let params = |samples: Value| match rule {
            "row_count" => json!({"min": 1, "samples": samples}),
            "change" => json!({"fail": 1, "samples": samples}),
            _ => json!({"column": "x", "samples": samples}),
        };
        assert_eq!(check(rule, &params(json!({"redact": ["x"]}))).len(), 1);
        for samples in [json!(3), json!({"rows": 3}), json!({"columns": ["x"], "redact": ["x"]})] {
            let error = Check::parse(rule, &params(samples)).unwrap_err();
            assert_eq!(error.message, format!("\"samples\" does not apply to {rule}"));
            assert_eq!(error.key.as_deref(), Some("samples"));
        }
    }
}
