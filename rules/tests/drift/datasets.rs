//! Another dataset in place of a history.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::Duration;
use lockgate_rules::{
    Check, Exactness, Gathered, History, OtherColumns, OtherRows, Reference, Status, Suite, Verdict, Want,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::partitions::written;
use crate::support::{against, check, column, gathered, judge_against, now, rows, single};
use crate::{DISTANCES, distance, drawn, figure};

/// The verdict on rows compared with those of the source `training`.
pub(crate) fn beside(rule: &str, mut params: Value, here: &RecordBatch, there: &[RecordBatch]) -> Verdict {
    if !params.is_object() {
        params = json!({"columns": params});
    }
    if params["baseline"].is_null() {
        params["baseline"] = json!({"source": "training"});
    }
    against(rule, params, std::slice::from_ref(here), there).unwrap_or_else(|error| panic!("{rule}: {error}"))
}

/// What is wrong with a check of rows against a dataset with these columns and, as when a run is planned, no rows.
fn planned(
    rule: &str,
    params: &Value,
    here: &RecordBatch,
    there: &RecordBatch,
) -> Result<(), (String, Option<String>)> {
    let checks = Check::parse(rule, params).map_err(|error| (error.to_string(), error.key))?;
    let rows = |reference: Reference| {
        let gathered = OtherRows { schema: there.schema(), batches: Vec::new() };
        (reference, Gathered::Rows(Arc::new(gathered)))
    };
    let references: HashMap<_, _> = checks.iter().flat_map(Check::references).map(rows).collect();
    let bound = Suite::bind(checks, &here.schema(), references);
    bound.map(|_| ()).map_err(|mut errors| {
        let error = errors.remove(0);
        (error.message, error.key)
    })
}

#[test]
fn distances_from_a_dataset_agree_with_scipy() {
    // More values than are stored of a published point, so that these figures are only to be had from the rows.
    let there = drawn(5, 3000, |value| value);
    let here = drawn(6, 2000, |value| value * 1.1 + 3.0);
    // scipy 1.17 and numpy 2.4 over the same draws, as in `figures`.
    for (rule, expected) in [
        ("ks", 0.1145),
        ("wasserstein", 0.309_777_923_280_028_6),
        ("psi", 0.782_566_878_304_174_9),
        ("kl_divergence", 0.649_629_927_294_045_7),
        ("jensen_shannon", 0.252_531_058_893_591),
        ("hellinger", 0.248_595_323_718_672_5),
        ("total_variation", 0.117_166_666_666_666_67),
        ("l_infinity", 0.1145),
        ("chi_square", 0.277_247_459_631_652_26),
    ] {
        let verdict = beside(rule, json!("c"), &here, std::slice::from_ref(&there));
        let found = distance(&verdict);
        assert!((found - expected).abs() < 1e-9, "{rule}: {found}");
        assert_eq!(verdict.exactness, Exactness::Exact, "{rule}");
    }
    // numpy: mean, std(ddof=1), median and quantile(0.9).
    for (metric, unit, expected) in [
        (json!("mean"), "percent", 18.002_706_709_986_615),
        (json!("stddev"), "percent", 8.791_699_479_985_46),
        (json!("median"), "percent", 20.154_639_175_257_742),
        (json!({"quantile": 0.9}), "absolute", 11.991),
    ] {
        let params = json!({"column": "c", "metric": metric, "as": unit, "fail": 1});
        let verdict = beside("change", params, &here, std::slice::from_ref(&there));
        let found = figure(&verdict, "change");
        assert!((found - expected).abs() < 1e-9, "{metric}: {found}");
        assert_eq!(verdict.status, Status::Fail);
    }
}

/// Two columns, the second the first and so many times another.
fn pair(seeds: [u64; 2], count: usize, times: f64) -> RecordBatch {
    let (x, y) = (drawn(seeds[0], count, |value| value), drawn(seeds[1], count, |value| value));
    let floats = |batch: &RecordBatch| {
        let column = arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(batch.column(0));
        column.values().to_vec()
    };
    let sum = floats(&x).into_iter().zip(floats(&y)).map(|(x, y)| x + times * y);
    let sum: arrow::array::ArrayRef = Arc::new(sum.collect::<arrow::array::Float64Array>());
    RecordBatch::try_from_iter([("x", Arc::clone(x.column(0))), ("y", sum)]).unwrap()
}

#[test]
fn a_correlation_with_that_of_a_dataset_agrees_with_scipy() {
    let (there, here) = (pair([7, 8], 400, 1.0), pair([9, 10], 300, 3.0));
    let verdict = beside("correlation_drift", json!(["x", "y"]), &here, &[there]);
    // scipy 1.17: |arctanh(pearsonr now) − arctanh(pearsonr there)|.
    assert!((figure(&verdict, "correlation_drift") - 0.472_125_809_691_236).abs() < 1e-9, "{verdict:?}");
    assert!((figure(&verdict, "correlation_before") - 0.697_669_626_570_021_7).abs() < 1e-9);
}

#[test]
fn nulls_rows_categories_and_columns_are_compared_with_a_dataset() {
    use Status::{Fail, Pass};
    let there = rows("a:int64,city:utf8\n1,Bern\n2,Zug\n3,Bern\n4,Zug\n5,Bern\n6,Zug\n7,Bern\n,Zug\n");
    let here = rows(
        "a:int64,city:utf8\n1,Bern\n2,Zug\n3,Basel\n,Bern\n,Zug\n,Bern\n7,Bern\n8,Bern\n9,Bern\n10,Bern\n",
    );
    for (rule, params, expected, text) in [
        // numpy: 2·arcsin √0.3 − 2·arcsin √0.125.
        ("missingness_drift", json!("a"), Fail, "0.436545 (30 % after 12.5 %)"),
        ("new_categories", json!("city"), Fail, "10 % of values are new: Basel"),
        ("change", json!({"fail": 20}), Fail, "10 after 8 (+25 %)"),
        (
            "change",
            json!({"fail": 1, "as": "ratio", "column": "a", "metric": "distinct_count"}),
            Pass,
            "7 after 7 (× 1)",
        ),
        ("dataset_drift", json!({"columns": ["a", "city"]}), Pass, "0 of 2 columns drifted"),
        ("dataset_drift", json!({"columns": "*"}), Pass, "0 of 2 columns drifted"),
    ] {
        let verdict = beside(rule, params, &here, std::slice::from_ref(&there));
        assert_eq!((verdict.status, verdict.observed_text.as_str()), (expected, text), "{rule}");
    }
    let growth = json!({"change": {"fail": 20, "baseline": {"source": "training"}}});
    let part = against("not", json!({"rules": growth}), &[here], &[there]).unwrap();
    assert_eq!(
        (part.status, part.observed_text.as_str()),
        (Pass, "change(row_count against training): 10 after 8 (+25 %)")
    );
}

#[test]
fn a_dataset_knows_more_values_than_a_published_point() {
    let many: Vec<String> = (0..3000).map(|row| format!("v{}", row % 300)).collect();
    let there = single("c", column("utf8", &many.iter().map(|v| Some(v.as_str())).collect::<Vec<_>>()));
    let values = [vec![Some("v0"); 996], vec![Some("v299"); 3], vec![Some("w")]].concat();
    let found = beside("new_categories", json!("c"), &single("c", column("utf8", &values)), &[there]);
    assert_eq!((figure(&found, "new_categories"), found.exactness), (0.001, Exactness::Exact));
}

#[test]
fn a_dataset_is_chosen_among_by_its_own_where_alone() {
    let there = rows("a:int64,b:int64\n1,9\n1,9\n1,9\n5,0\n5,0\n");
    let here = rows("a:int64,b:int64\n1,2\n1,2\n1,0\n5,6\n");
    for (baseline, filter, text) in [
        (json!({"source": "training"}), None, "4 after 5 (-20 %)"),
        (json!({"source": "training"}), Some("a < b"), "3 after 5 (-40 %)"),
        (json!({"source": "training", "where": "a < b"}), None, "4 after 3 (+33.3333 %)"),
        (json!({"table": "training", "where": "a < b"}), Some("a < b"), "3 after 3 (+0 %)"),
        (json!({"table": "training", "where": "FALSE"}), None, "no values in training to compare with"),
    ] {
        let mut params = json!({"column": "a", "baseline": baseline, "fail": 1});
        if let Some(filter) = filter {
            params["where"] = json!(filter);
        }
        let verdict = beside("change", params.clone(), &here, std::slice::from_ref(&there));
        assert_eq!(verdict.observed_text, text, "{params}");
    }
}

#[test]
fn a_check_wants_the_rows_of_a_dataset_in_its_own_columns_and_no_history() {
    let baseline = json!({"source": "training", "where": "a < b"});
    let named = |names: &[&str]| OtherColumns::Named(names.iter().map(|name| (*name).to_owned()).collect());
    for (rule, mut params, columns) in [
        ("psi", json!({"column": "a"}), named(&["a"])),
        ("psi", json!({"column": "a*"}), OtherColumns::All),
        ("dataset_drift", json!({"columns": ["a", "b"]}), named(&["a", "b"])),
        ("correlation_drift", json!({"columns": ["b", "a"]}), named(&["b", "a"])),
        ("change", json!({"fail": 1}), named(&[])),
    ] {
        params["baseline"] = baseline.clone();
        let wanted =
            Reference { dataset: "training".into(), columns, filter: Some("a < b".into()), want: Want::Rows };
        let part = json!({"rules": {rule: params}});
        let part = (!part.to_string().contains('*')).then(|| check("not", &part));
        for check in check(rule, &params).into_iter().chain(part.into_iter().flatten()) {
            assert_eq!(check.references(), std::slice::from_ref(&wanted), "{rule}");
            assert!(check.baselines().is_empty(), "{rule}");
        }
    }
    let id = |rule, params| check(rule, &params).remove(0).id();
    assert_eq!(id("psi", json!({"column": "a", "baseline": baseline})), "psi(a against training)");
    assert_eq!(id("change", json!({"fail": 1, "baseline": baseline})), "change(row_count against training)");
}

#[test]
fn all_partitions_are_compared_with_a_dataset_together_whatever_the_history() {
    let (there, here) = (rows("a:int64\n1\n1\n1\n"), rows("a:int64\n1\n"));
    let params = json!({"column": "a", "baseline": {"table": "candidate"}, "fail": 100});
    let checks = check("change", &params);
    let gather = |wanted: Reference| (wanted.clone(), gathered(&wanted, std::slice::from_ref(&there)));
    let references = checks.iter().flat_map(Check::references).map(gather).collect();
    let suite = Suite::bind(checks, &here.schema(), references).unwrap();
    let days = ["day=1", "day=2"].map(str::to_owned);
    let run = written(&suite, &days.clone().map(|day| (day, here.clone())));
    let long_ago = now() - Duration::days(100_000);
    for history in [History::default(), History::default().of_partitions(days.map(|day| (day, long_ago)))] {
        let verdict = judge_against(&suite, &run, &history).remove(0);
        assert_eq!(verdict.observed_text, "2 after 3 (-33.3333 %)");
        assert_eq!(verdict.expected, "row_count changes by at most 100 % from candidate");
        let compared = verdict.baseline.unwrap();
        let name = (compared.first.key.as_str(), compared.first.run_id.as_str(), compared.first.time);
        assert_eq!((compared.points, name), (1, ("candidate", "", now())));
    }
}

#[test]
fn what_does_not_fit_a_dataset_is_refused_before_there_are_rows() {
    let here = rows("a:int64,b:float64,t:timestamp,s:utf8,d:decimal\n");
    let there = rows("a:utf8,b:int8,t:timestamp_ms,d:int64\n");
    let lacks = "the other dataset has no column \"s\"";
    let apart = |name: &str, here: &str, there: &str| {
        format!("column \"{name}\" ({here}) cannot be compared with that of \"training\" ({there})")
    };
    for (rule, mut params, expected) in [
        ("psi", json!({"column": "s"}), Some(lacks.to_owned())),
        ("missingness_drift", json!({"column": "s"}), Some(lacks.to_owned())),
        ("dataset_drift", json!({"columns": ["b", "s"]}), Some(lacks.to_owned())),
        ("change", json!({"column": "s", "fail": 1}), Some(lacks.to_owned())),
        ("psi", json!({"column": "a"}), Some(apart("a", "int64", "string"))),
        (
            "outliers",
            json!({"column": "a", "method": "iqr", "max_ratio": 0}),
            Some(apart("a", "int64", "string")),
        ),
        ("chi_square", json!({"column": "a"}), Some(apart("a", "int64", "string"))),
        ("dataset_drift", json!({"columns": ["b", "a"]}), Some(apart("a", "int64", "string"))),
        ("correlation_drift", json!({"columns": ["b", "a"]}), Some(apart("a", "int64", "string"))),
        ("ks", json!({"column": "t"}), Some(apart("t", "timestamp(us)", "timestamp(ms)"))),
        ("new_categories", json!({"column": "d"}), Some(apart("d", "decimal(20,2)", "int64"))),
        ("change", json!({"column": "a", "metric": "mean", "fail": 1}), Some(apart("a", "int64", "string"))),
        (
            "change",
            json!({"column": "t", "metric": "max", "fail": 1}),
            Some(apart("t", "timestamp(us)", "timestamp(ms)")),
        ),
        (
            "change",
            json!({"column": "d", "metric": {"share_of": "1"}, "fail": 1}),
            Some(apart("d", "decimal(20,2)", "int64")),
        ),
        ("psi", json!({"column": "b"}), None),
        ("psi", json!({"column": "d"}), None),
        ("missingness_drift", json!({"column": "a"}), None),
        ("change", json!({"column": "a", "metric": "null_ratio", "fail": 1}), None),
        ("change", json!({"column": "t", "metric": "distinct_count", "fail": 1}), None),
    ] {
        params["baseline"] = json!({"source": "training"});
        let expected = expected.map_or(Ok(()), |message| Err((message, Some("baseline".to_owned()))));
        assert_eq!(planned(rule, &params, &here, &there), expected, "{rule} {params}");
    }
}

#[test]
fn what_a_dataset_cannot_be_asked_is_refused() {
    for (rule, mut params, key, words) in [
        ("ks", json!({"column": "c", "min_history": 2}), "min_history", "of which a dataset is none"),
        ("psi", json!({"column": "c", "min_history": 2}), "min_history", "of which a dataset is none"),
        ("change", json!({"fail": 1, "min_history": 2}), "min_history", "of which a dataset is none"),
        ("ks", json!({"column": "c", "group_by": "g"}), "group_by", "the other dataset has no groups"),
        (
            "outliers",
            json!({"column": "c", "method": "mad", "max_ratio": 0, "group_by": "g"}),
            "group_by",
            "the other dataset has no groups",
        ),
        ("metric_anomaly", json!({"column": "c"}), "baseline", "does not apply to metric_anomaly"),
        ("dimension_anomaly", json!({"column": "c"}), "baseline", "does not apply to dimension_anomaly"),
        ("not_null", json!({"column": "c"}), "baseline", "does not apply to not_null"),
    ] {
        params["baseline"] = json!({"source": "training"});
        let error = Check::parse(rule, &params).unwrap_err();
        assert!(error.message.contains(words), "{rule}: {error}");
        assert_eq!(error.key.as_deref(), Some(key), "{rule}");
        let follows = rule.ends_with("anomaly");
        assert_eq!(error.hint.is_some_and(|hint| hint.contains("`change`")), follows, "{rule}");
    }
    for (baseline, key) in [
        (json!({"source": "a", "table": "b"}), "baseline.table"),
        (json!({"source": "a", "last": 7}), "baseline"),
        (json!({"sorce": "a"}), "baseline"),
    ] {
        let error = Check::parse("ks", &json!({"column": "c", "baseline": baseline})).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{baseline}: {error}");
    }
}

#[test]
fn a_redacted_column_is_compared_with_a_dataset_without_being_named() {
    let names =
        |values: &[&str]| single("c", column("utf8", &values.iter().map(|v| Some(*v)).collect::<Vec<_>>()));
    let params = json!({"column": "c", "samples": {"redact": ["c"]}});
    let found = beside("new_categories", params, &names(&["Ada", "Eve"]), &[names(&["Ada", "Bob"])]);
    assert_eq!(figure(&found, "new_categories"), 0.5);
    assert!(!format!("{found:?}").contains("Eve"), "{found:?}");
}

/// Rows of two columns of numbers and one of texts, some of them null.
fn tables() -> impl Strategy<Value = RecordBatch> {
    let number = || prop_oneof![3 => (0..8_i64).prop_map(|v| v.to_string()), 1 => Just(String::new())];
    let text = prop::sample::select(vec!["Bern", "Zug", "Basel", ""]);
    prop::collection::vec((number(), number(), text), 0..40).prop_map(|lines| {
        let lines: Vec<String> = lines.into_iter().map(|(a, b, c)| format!("{a},{b}.5,{c}")).collect();
        rows(&format!("a:int64,b:float64,c:utf8\n{}", lines.join("\n")))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// As long as all values are stored of a published point.
    #[test]
    fn a_dataset_is_as_far_as_the_same_rows_published((here, there) in (tables(), tables()), cut in 0..40_usize) {
        let cut = cut.min(there.num_rows());
        let parts = [there.slice(0, cut), there.slice(cut, there.num_rows() - cut)];
        let of_one = DISTANCES.iter().flat_map(|rule| {
            let columns: &[&str] = match *rule {
                "ks" | "wasserstein" => &["a", "b"],
                "new_categories" => &["a", "c"],
                _ => &["a", "b", "c"],
            };
            columns.iter().map(|column| (*rule, json!({"column": column})))
        });
        let of_several = [
            ("dataset_drift", json!({"columns": ["a", "b", "c"]})),
            ("correlation_drift", json!({"columns": ["a", "b"]})),
            ("change", json!({"column": "b", "metric": "mean", "fail": 10})),
            ("change", json!({"fail": 10})),
            ("outliers", json!({"column": "b", "method": "iqr", "k": 0.2, "max_ratio": 0.1, "baseline": "previous"})),
            ("outliers", json!({"column": "a", "method": "zscore", "threshold": 1, "max_ratio": 0.1, "baseline": "previous"})),
        ];
        for (rule, params) in of_one.chain(of_several) {
            let published = crate::after(rule, params.clone(), &here, &there);
            let mut params = params;
            params.as_object_mut().unwrap().remove("baseline");
            let found = beside(rule, params.clone(), &here, &parts);
            prop_assert_eq!(published.status, found.status, "{} {}", rule, params);
            if found.status != Status::Skipped {
                prop_assert_eq!(published.observed, found.observed, "{} {}", rule, params);
            }
        }
    }
}
