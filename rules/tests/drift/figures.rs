//! Figures against scipy and numpy.

use lockgate_rules::{Exactness, Status};
use serde_json::json;

use crate::support::{column, rows, single};
use crate::{after, distance, drawn, figure};

#[test]
fn distances_of_numbers_agree_with_scipy() {
    // Few enough that the stored baseline still holds each of them.
    let before = drawn(1, 200, |value| value);
    let now = drawn(2, 250, |value| value * 1.1 + 3.0);
    // scipy 1.17 and numpy 2.4 over the same draws, with the deciles of the 200 as edges: ks_2samp,
    // wasserstein_distance ÷ std, entropy, jensenshannon(base=2), chi2_contingency, and formulas.
    for (rule, expected) in [
        ("ks", 0.172),
        ("wasserstein", 0.378_980_185_702_355_14),
        ("psi", 0.844_045_570_249_451_8),
        ("kl_divergence", 0.613_123_257_702_870_2),
        ("jensen_shannon", 0.333_541_903_175_189_67),
        ("hellinger", 0.322_029_063_238_342_85),
        ("total_variation", 0.224),
        ("l_infinity", 0.172),
        ("chi_square", 0.333_819_271_210_480_5),
    ] {
        let verdict = after(rule, json!("c"), &now, &before);
        let found = distance(&verdict);
        assert!((found - expected).abs() < 1e-9, "{rule}: {found}");
        assert_eq!(verdict.exactness, Exactness::Exact, "{rule}");
        assert_eq!(verdict.status, Status::Fail, "{rule}");
    }
    let p = figure(&after("chi_square", json!("c"), &now, &before), "p_value");
    assert!((p / 2.509_151_378_935_526e-7 - 1.0).abs() < 1e-6, "{p}");
}

#[test]
fn the_robust_distance_takes_off_what_chance_explains() {
    let (before, now) = (drawn(1, 500, |value| value), drawn(2, 700, |value| value * 1.1 + 3.0));
    let plain = figure(&after("ks", json!("c"), &now, &before), "ks");
    let robust = figure(&after("ks", json!({"column": "c", "robust": true}), &now, &before), "ks");
    // c(0.05) = √(−½·ln 0.025) = 1.35810, times √(1200 ÷ 350,000).
    assert!((plain - robust - 1.358_101_5 * (1200.0_f64 / 350_000.0).sqrt()).abs() < 1e-6, "{robust}");
    let strict = json!({"column": "c", "robust": true, "alpha": 1e-9});
    assert!(figure(&after("ks", strict, &now, &before), "ks") < robust);
}

#[test]
fn sketched_quantiles_say_by_how_much_they_may_be_wrong() {
    let (before, now) = (drawn(3, 60_000, |value| value), drawn(4, 60_000, |value| value + 20.0));
    let verdict = after("ks", json!("c"), &now, &before);
    let Exactness::Approx { bound } = verdict.exactness else { panic!("{verdict:?}") };
    assert!(bound < 0.02, "{bound}");
    // Uniform from 0 to 99.9 against the same moved by 20.
    assert!((figure(&verdict, "ks") - 0.2).abs() < bound + 0.01, "{verdict:?}");
    let [low, high] = [&verdict.observed["interval"][0], &verdict.observed["interval"][1]];
    assert!((high.as_f64().unwrap() - low.as_f64().unwrap() - 2.0 * bound).abs() < 1e-12, "{verdict:?}");
}

#[test]
fn a_p_value_excuses_but_does_not_accuse_many_rows() {
    let city = |bern: usize, zug: usize| {
        let values = [vec![Some("Bern"); bern], vec![Some("Zug"); zug]].concat();
        single("c", column("utf8", &values))
    };
    let status = |params, now, before| after("chi_square", params, now, before).status;
    let (few, few_before) = (city(6, 14), city(13, 7));
    // scipy 1.17: chi2_contingency([[6, 14], [13, 7]], correction=False): p = 0.0267, V = 0.350.
    assert_eq!(status(json!("c"), &few, &few_before), Status::Fail);
    assert_eq!(status(json!({"column": "c", "p_value": 0.01}), &few, &few_before), Status::Pass);
    assert_eq!(status(json!({"column": "c", "p_value": 0.05}), &few, &few_before), Status::Fail);
    let (many, many_before) = (city(5600, 5400), city(5300, 5700));
    assert_eq!(status(json!({"column": "c", "p_value": 0.01}), &many, &many_before), Status::Pass);
    let alone = json!({"column": "c", "p_value": 0.01, "p_value_alone": true});
    let refused = after("chi_square", alone, &many, &many_before);
    assert_eq!(refused.status, Status::Error, "{refused:?}");
    assert!(refused.observed_text.contains("10,000"), "{refused:?}");
}

#[test]
fn cohens_h_compares_shares_of_nulls() {
    let nulls = |of: usize, all: usize| {
        single("c", column("int64", &(0..all).map(|row| (row >= of).then_some("1")).collect::<Vec<_>>()))
    };
    let verdict = after("missingness_drift", json!("c"), &nulls(3, 10), &nulls(1, 10));
    // numpy: 2·arcsin √0.3 − 2·arcsin √0.1.
    assert!((figure(&verdict, "missingness_drift") - 0.515_778_371_934_124_1).abs() < 1e-12);
    assert!(verdict.observed_text.ends_with("(30 % after 10 %)"), "{}", verdict.observed_text);
    let all = after("missingness_drift", json!("c"), &nulls(4, 4), &nulls(0, 4));
    assert!((figure(&all, "missingness_drift") - std::f64::consts::PI).abs() < 1e-12);
}

#[test]
fn a_correlation_is_compared_after_fishers_transformation() {
    let now = rows("a:int64,b:float64\n1,2\n2,1\n3,4\n4,3\n5,5\n,1\n");
    let before = rows("a:int64,b:float64\n1,1\n2,3\n3,2\n4,5\n");
    let params = json!({"columns": ["a", "b"]});
    let verdict = after("correlation_drift", params, &now, &before);
    // numpy: |arctanh(corrcoef now) − arctanh(corrcoef before)|, with 0.8 now.
    assert!((figure(&verdict, "correlation_drift") - 0.094_435_903_167_748_86).abs() < 1e-9, "{verdict:?}");
    assert_eq!((verdict.status, verdict.n_evaluated, verdict.n_null), (Status::Pass, 5, 1));
}

#[test]
fn what_changed_most_is_named() {
    let before = single("c", column("dict", &[Some("Bern"), Some("Bern"), Some("Zug"), Some("Zug")]));
    let now = single("c", column("view", &[Some("Bern"), Some("Genève"), Some("Zug"), Some("Genève"), None]));
    let largest = after("l_infinity", json!("c"), &now, &before);
    assert_eq!(largest.observed_text, "0.4 (other)");
    let fresh = after("new_categories", json!("c"), &now, &before);
    assert_eq!(fresh.observed_text, "50 % of values are new: Genève");
    assert_eq!(fresh.status, Status::Fail);
    let none = after("new_categories", json!("c"), &before, &now);
    assert_eq!((none.status, none.observed_text.as_str()), (Status::Pass, "no new categories"));
}

#[test]
fn a_category_may_be_an_old_one_where_the_baseline_is_cut_short() {
    let many: Vec<String> = (0..3000).map(|row| format!("v{}", row % 300)).collect();
    let before = single("c", column("utf8", &many.iter().map(|v| Some(v.as_str())).collect::<Vec<_>>()));
    // v299 is not among the 200 that are stored, but may have been one in 300 as far as is known.
    let now = |value: &'static str, times: usize| {
        let values = [vec![Some("v0"); 1000 - times], vec![Some(value); times]].concat();
        single("c", column("utf8", &values))
    };
    let rare = after("new_categories", json!("c"), &now("v299", 3), &before);
    assert_eq!(figure(&rare, "new_categories"), 0.0);
    assert!(matches!(rare.exactness, Exactness::Approx { .. }));
    let frequent = after("new_categories", json!("c"), &now("v299", 500), &before);
    assert_eq!(figure(&frequent, "new_categories"), 0.5);
}

#[test]
fn a_dataset_drifts_by_the_share_of_its_columns() {
    let table = |moved: f64, city: &str| {
        let mut csv = "a:float64,b:float64,c:utf8\n".to_owned();
        for row in 0..60 {
            csv +=
                &format!("{},{},{}\n", f64::from(row) + moved, row, if row % 2 == 0 { city } else { "Zug" });
        }
        rows(&csv)
    };
    let params = json!({"columns": ["a", "b", "c"], "fail": 0.5, "warn": 0.3});
    let before = table(0.0, "Bern");
    for (moved, city, status, text) in [
        (0.0, "Bern", Status::Pass, "0 of 3 columns drifted"),
        (30.0, "Bern", Status::Warn, "1 of 3 columns drifted: a"),
        (30.0, "Basel", Status::Fail, "2 of 3 columns drifted: a, c"),
    ] {
        let verdict = after("dataset_drift", params.clone(), &table(moved, city), &before);
        assert_eq!((verdict.status, verdict.observed_text.as_str()), (status, text));
    }
    let every = after("dataset_drift", json!({"columns": "*"}), &table(30.0, "Bern"), &before);
    assert_eq!(every.observed_text, "1 of 3 columns drifted: a");
}
