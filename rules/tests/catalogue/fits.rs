//! `fits_distribution` and `outliers`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use lockgate_rules::{Check, Exactness, Status, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, column, judge, single, state, try_bind, verdict};

const A: [f64; 10] = [3.5, -1.25, 7.0, 0.0, 2.75, 1e3, -4.5, 2.75, 13.125, 0.1];
const B: [f64; 12] = [0.5, 1.2, 0.8, 3.1, 0.2, 1.9, 0.7, 0.05, 2.4, 1.1, 0.9, 0.33];

fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn of(rule: &str, array: ArrayRef, params: Value) -> Verdict {
    let mut params = params;
    params["column"] = json!("x");
    verdict(rule, params, &single("x", array))
}

#[test]
fn distances_agree_with_scipy() {
    // scipy 1.17: stats.kstest, with the parameters of maximum likelihood where none are given.
    for (values, params, expected) in [
        (&A[..], json!({"distribution": "normal"}), 0.517_206_142_187_390_9),
        (&B, json!({"distribution": "normal", "mean": 1, "stddev": 1}), 0.171_056_126_308_481_83),
        (&B, json!({"distribution": "normal"}), 0.204_503_422_226_618_21),
        (&B, json!({"distribution": "uniform", "min": 0, "max": 4}), 0.45),
        (&B, json!({"distribution": "uniform"}), 0.372_950_819_672_131_23),
        (&B, json!({"distribution": "exponential", "mean": 1}), 0.170_081_362_875_257_16),
        (&B, json!({"distribution": "exponential"}), 0.137_964_113_598_574_36),
        (&B, json!({"distribution": "lognormal"}), 0.163_211_979_118_170_87),
        (&B, json!({"distribution": "lognormal", "mean": 0, "stddev": 1}), 0.177_665_191_163_231_65),
        (
            &[1.0, 1.0, 1.0, 2.0, 2.0, 3.0],
            json!({"distribution": "normal", "mean": 2, "stddev": 1}),
            0.341_344_746_068_542_9,
        ),
    ] {
        let found = of("fits_distribution", floats(values), params.clone());
        let distance = found.observed["distance"].as_f64().unwrap();
        assert!((distance - expected).abs() < 1e-14, "{params}: {distance} is not {expected}");
        assert_eq!(found.exactness, Exactness::Exact);
    }
}

#[test]
fn a_fit_passes_warns_or_fails() {
    for (fail, warn, expected) in
        [(0.2, 0.15, Status::Pass), (0.2, 0.1, Status::Warn), (0.1, 0.05, Status::Fail)]
    {
        let params = json!({"distribution": "exponential", "fail": fail, "warn": warn});
        assert_eq!(of("fits_distribution", floats(&B), params).status, expected);
    }
}

#[test]
fn values_that_no_distribution_has_do_not_fit() {
    let run = |values: &[f64], distribution: &str| {
        let found = of("fits_distribution", floats(values), json!({"distribution": distribution, "fail": 1}));
        (found.status, found.observed_text)
    };
    let fails = |text: &str| (Status::Fail, text.to_owned());
    assert_eq!(run(&[1.0, f64::NAN], "normal"), fails("NaN"));
    assert_eq!(run(&[1.0, f64::INFINITY], "normal"), fails("no normal distribution has such values"));
    assert_eq!(run(&[0.0, 1.0, 2.0], "lognormal"), fails("no lognormal distribution has such values"));
    assert_eq!(run(&[-1.0, -1.0], "lognormal"), fails("no lognormal distribution has such values"));
    assert_eq!(run(&[-3.0, 1.0], "exponential"), fails("no exponential distribution has such values"));
    let equal = (Status::Skipped, "all values are equal".to_owned());
    for distribution in ["normal", "uniform", "lognormal"] {
        assert_eq!(run(&[7.0, 7.0], distribution), equal, "{distribution}");
    }
    // Given parameters need no spread.
    let one = json!({"distribution": "normal", "mean": 0, "stddev": 1, "fail": 0.6});
    assert_eq!(of("fits_distribution", floats(&[0.0]), one).observed_text, "0.5");
}

#[test]
fn many_values_are_at_a_distance_within_its_bound() {
    let n = 500_000_u64;
    let values: Vec<f64> = (0..n).map(|at| (at * 7_919 % n) as f64 + 0.5).collect();
    let batch = single("x", floats(&values));
    let params = json!({"column": "x", "distribution": "uniform", "min": 0, "max": n, "fail": 0.01});
    let fences =
        json!({"column": "x", "method": "percentile", "lower": 0.1, "upper": 0.9, "max_ratio": 0.21});
    let suite = bind(&[("fits_distribution", params), ("outliers", fences)], &batch.schema());
    let parts: Vec<_> = (0..10).map(|at| batch.slice(at * 50_000, 50_000)).collect();
    let verdicts = judge(&suite, &state(&suite, &parts));
    let Exactness::Approx { bound } = verdicts[0].exactness else { panic!("{:?}", verdicts[0]) };
    let distance = verdicts[0].observed["distance"].as_f64().unwrap();
    assert!(distance <= bound + 1e-5, "{distance} beyond {bound}");
    assert_eq!(verdicts[0].status, Status::Pass);
    let Exactness::Approx { bound } = verdicts[1].exactness else { panic!("{:?}", verdicts[1]) };
    let ratio = verdicts[1].observed["ratio"].as_f64().unwrap();
    assert!((ratio - 0.2).abs() <= bound + 1e-5, "{ratio} beyond {bound}");
}

#[test]
fn parameters_belong_to_their_distribution() {
    for (params, key) in [
        (json!({"distribution": "uniform", "mean": 1}), "mean"),
        (json!({"distribution": "normal", "min": 1}), "min"),
        (json!({"distribution": "normal", "stddev": 0}), "stddev"),
        (json!({"distribution": "exponential", "mean": -1}), "mean"),
        (json!({"distribution": "uniform", "min": 2, "max": 1}), "min"),
        (json!({"distribution": "cauchy"}), "distribution"),
        (json!({}), "distribution"),
    ] {
        let mut params = params;
        params["column"] = json!("x");
        let error = Check::parse("fits_distribution", &params).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{params}");
    }
    let schema = single("x", column("utf8", &[])).schema();
    let params = json!({"column": "x", "distribution": "normal"});
    assert_eq!(
        try_bind(&[("fits_distribution", params)], &schema).unwrap_err()[0].key.as_deref(),
        Some("column")
    );
}

#[test]
fn fences_agree_with_numpy() {
    // numpy 2.4.
    for (params, low, high, outside) in [
        (json!({"method": "zscore"}), -843.971_872_919_365, 1_048.666_872_919_365, 0),
        (json!({"method": "zscore", "threshold": 2}), -528.532_081_946_243_4, 733.227_081_946_243_3, 1),
        (json!({"method": "mad"}), -14.763_212_499_999_998, 20.263_212_499_999_998, 1),
        (json!({"method": "iqr"}), -9.124_999_999_999_998, 15.274_999_999_999_999, 1),
        (json!({"method": "percentile", "lower": 0.1, "upper": 0.9}), -1.575, 111.812_499_999_999_64, 2),
    ] {
        let mut params = params;
        params["max_ratio"] = json!(0);
        let found = of("outliers", floats(&A), params.clone());
        let fence = |key: &str| found.observed[key].as_f64().unwrap();
        assert!((fence("lower") - low).abs() < 1e-11, "{params}: {}", fence("lower"));
        assert!((fence("upper") - high).abs() < 1e-11, "{params}: {}", fence("upper"));
        assert_eq!(found.n_failed, outside, "{params}");
        assert_eq!(found.status == Status::Pass, outside == 0, "{params}");
    }
}

#[test]
fn outliers_pass_warn_or_fail() {
    for (most, warn, expected) in
        [(0.1, 0.1, Status::Pass), (0.2, 0.05, Status::Warn), (0.09, 0.05, Status::Fail)]
    {
        let params = json!({"method": "iqr", "max_ratio": most, "warn": warn});
        assert_eq!(of("outliers", floats(&A), params).status, expected, "{most} {warn}");
    }
}

#[test]
fn decimals_and_integers_have_fences_in_their_own_unit() {
    for kind in ["decimal", "decimal38", "int64", "uint64", "float32"] {
        let values = ["1", "2", "3", "4", "1000"].map(Some);
        for method in ["iqr", "mad"] {
            let params = json!({"method": method, "max_ratio": 0});
            assert_eq!(of("outliers", column(kind, &values), params).n_failed, 1, "{kind} {method}");
        }
        let zscore = of(
            "outliers",
            column(kind, &values),
            json!({"method": "zscore", "threshold": 1, "max_ratio": 0}),
        );
        // numpy: the mean is 202, the deviation 446.0969626.
        assert_eq!(zscore.observed_text, "1 of 5 values (20 %) outside -244.097 to 648.097", "{kind}");
    }
}

#[test]
fn without_a_spread_nothing_is_outside() {
    for method in ["zscore", "mad", "iqr", "percentile"] {
        let run = |values: &[f64]| of("outliers", floats(values), json!({"method": method, "max_ratio": 0}));
        for values in [&[0.1; 1000][..], &[7.0]] {
            let found = run(values);
            assert_eq!((found.status, found.n_failed), (Status::Pass, 0), "{method}");
            assert!(found.observed_text.ends_with("they have no spread"), "{}", found.observed_text);
        }
        // NaN is left out, also of the fences.
        let nan = run(&[f64::NAN, 7.0, 7.0]);
        assert_eq!((nan.status, nan.n_evaluated), (Status::Pass, 2), "{method}");
        assert_eq!(run(&[f64::NAN]).status, Status::Skipped, "{method}");
        assert_eq!(run(&[]).status, Status::Skipped, "{method}");
    }
}

#[test]
fn undefined_fences_are_an_error() {
    let run = |values: &[f64], method: &str| {
        let found = of("outliers", floats(values), json!({"method": method, "max_ratio": 1}));
        (found.status, found.observed_text)
    };
    let infinite = (Status::Error, "infinite values leave the fences undefined".to_owned());
    assert_eq!(run(&[1.0, 2.0, f64::INFINITY], "zscore"), infinite);
    assert_eq!(run(&[f64::INFINITY, f64::INFINITY, 1.0], "iqr"), infinite);
    let powers = "the powers of the values are beyond the range of floats";
    assert_eq!(run(&[1e200, -1e200], "zscore"), (Status::Error, powers.to_owned()));
    // An infinite value is an outlier like any other where it moves no fence.
    let one = of(
        "outliers",
        floats(&[1.0, 2.0, 3.0, 4.0, 5.0, f64::INFINITY]),
        json!({"method": "iqr", "max_ratio": 0.2}),
    );
    assert_eq!((one.status, one.n_failed), (Status::Pass, 1));
}

#[test]
fn parameters_belong_to_their_method() {
    for (params, key) in [
        (json!({"method": "iqr", "threshold": 1, "max_ratio": 0}), "threshold"),
        (json!({"method": "zscore", "k": 1, "max_ratio": 0}), "k"),
        (json!({"method": "zscore", "threshold": -1, "max_ratio": 0}), "threshold"),
        (json!({"method": "percentile", "lower": 0.9, "upper": 0.1, "max_ratio": 0}), "lower"),
        (json!({"method": "percentile", "lower": 2, "max_ratio": 0}), "lower"),
        (json!({"method": "mad"}), "max_ratio"),
        (json!({"max_ratio": 0}), "method"),
    ] {
        let mut params = params;
        params["column"] = json!("x");
        assert_eq!(Check::parse("outliers", &params).unwrap_err().key.as_deref(), Some(key), "{params}");
    }
}
