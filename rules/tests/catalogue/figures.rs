//! Statistics against figures computed independently, by numpy 2.4, scipy 1.17 and exact fractions.

use arrow::array::{ArrayRef, Float64Array};
use lockgate_rules::{Exactness, Status, Verdict};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::{bind, column, judge, rows, single, state, try_bind, verdict};

const A: [f64; 10] = [3.5, -1.25, 7.0, 0.0, 2.75, 1e3, -4.5, 2.75, 13.125, 0.1];

fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn statistic(array: ArrayRef, params: Value) -> Verdict {
    let mut params = params;
    params["column"] = json!("x");
    if params.get("min").is_none() {
        params["min"] = json!(-1e300);
    }
    verdict("statistic", params, &single("x", array))
}

fn figure(array: ArrayRef, params: Value) -> f64 {
    let verdict = statistic(array, params);
    let observed = verdict.observed.clone();
    let text = observed.as_str().and_then(|text| text.parse().ok());
    observed.as_f64().or(text).unwrap_or_else(|| panic!("{verdict:?}"))
}

fn close(found: f64, expected: f64) {
    let error = (found - expected).abs() / expected.abs().max(1e-300);
    assert!(error < 4e-16, "{found} is not {expected}");
}

#[test]
fn moments_agree_with_numpy_and_scipy() {
    for (function, expected) in [
        ("sum", 1023.475),
        ("mean", 102.3475),
        ("variance", 99_502.261_729_166_67),
        ("stddev", 315.439_790_973_121_66),
        ("skewness", 2.665_501_510_452_548),
        ("kurtosis", 5.107_473_284_088_424_5),
        ("min", -4.5),
        ("max", 1000.0),
        ("range", 1004.5),
        ("zeros_count", 1.0),
    ] {
        close(figure(floats(&A), json!({"fn": function})), expected);
    }
    close(figure(floats(&A), json!({"fn": "variance", "ddof": 0})), 89_552.035_556_25);
}

#[test]
fn quantiles_agree_with_numpy_in_every_method() {
    let table = [
        ("linear", [-1.575, 0.025, 2.75, 6.754_999_999_999_999]),
        ("lower", [-4.5, 0.0, 2.75, 3.5]),
        ("higher", [-1.25, 0.1, 2.75, 7.0]),
        ("nearest", [-1.25, 0.0, 2.75, 7.0]),
        ("midpoint", [-2.875, 0.05, 2.75, 5.25]),
    ];
    for (method, expected) in table {
        for (q, expected) in [0.1, 0.25, 0.5, 0.77].into_iter().zip(expected) {
            let params = json!({"fn": "quantile", "q": q, "interpolation": method});
            let found = figure(floats(&A), params);
            assert!((found - expected).abs() < 1e-14, "{method} {q}: {found} is not {expected}");
        }
    }
    close(figure(floats(&A), json!({"fn": "median"})), 2.75);
    close(figure(floats(&A), json!({"fn": "iqr"})), 6.1);
    close(figure(floats(&A), json!({"fn": "mad"})), 3.375);
}

#[test]
fn moments_lose_nothing_to_a_large_mean() {
    // Exact fractions: 1e9 + (1, 2, 3, 5, 8, 13, 21, 34).
    let values: Vec<f64> = [1, 2, 3, 5, 8, 13, 21, 34].iter().map(|x| 1e9 + f64::from(*x)).collect();
    let integers: Vec<String> = values.iter().map(ToString::to_string).collect();
    let integers = column("int64", &integers.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>());
    for array in [floats(&values), integers] {
        close(figure(array.clone(), json!({"fn": "mean"})), 1_000_000_010.875);
        close(figure(array.clone(), json!({"fn": "variance"})), 131.839_285_714_285_72);
        close(figure(array.clone(), json!({"fn": "skewness"})), 1.113_487_645_728_654_7);
        let kurtosis = figure(array, json!({"fn": "kurtosis"}));
        assert!((kurtosis - -0.019_385_496_503_135_702).abs() < 1e-15, "{kurtosis}");
    }
}

#[test]
fn huge_integers_are_summed_exactly() {
    let texts = ["9223372036854775807", "9223372036854775806", "-9223372036854775808", "5", "-77"];
    let array = column("int64", &texts.map(Some));
    let verdict = statistic(
        array.clone(),
        json!({"fn": "sum", "min": "9223372036854775733", "max": "9223372036854775733"}),
    );
    assert_eq!((verdict.status, &verdict.observed), (Status::Pass, &json!(9_223_372_036_854_775_733_i64)));
    close(figure(array.clone(), json!({"fn": "mean"})), 1.844_674_407_370_955_3e18);
    close(figure(array.clone(), json!({"fn": "variance"})), 5.954_941_421_116_423e37);
    close(figure(array.clone(), json!({"fn": "skewness"})), -0.343_621_596_744_545_57);
    close(figure(array, json!({"fn": "kurtosis"})), -1.153_061_224_489_796);
}

#[test]
fn decimals_keep_their_places() {
    let array =
        column("decimal", &[Some("12.34"), Some("-0.01"), Some("99999999999999.99"), Some("7.50"), None]);
    let verdict = statistic(array.clone(), json!({"fn": "sum", "max": "100000000000019.82"}));
    assert_eq!((verdict.status, &verdict.observed), (Status::Pass, &json!("100000000000019.82")));
    assert_eq!(
        statistic(array.clone(), json!({"fn": "sum", "max": "100000000000019.819"})).status,
        Status::Fail
    );
    assert_eq!(statistic(array.clone(), json!({"fn": "min"})).observed, json!("-0.01"));
    close(figure(array.clone(), json!({"fn": "mean"})), 25_000_000_000_004.953);
    close(figure(array.clone(), json!({"fn": "variance"})), 2.499_999_999_999_669e27);
    close(figure(array, json!({"fn": "skewness"})), 1.154_700_538_379_251_5);
}

#[test]
fn a_nan_makes_every_figure_nan_but_the_zeros() {
    let values = floats(&[1.0, f64::NAN, 0.0]);
    for function in ["sum", "mean", "stddev", "min", "max", "range", "median", "iqr", "mad", "skewness"] {
        let verdict = statistic(values.clone(), json!({"fn": function}));
        assert_eq!((verdict.status, verdict.observed_text.as_str()), (Status::Fail, "NaN"), "{function}");
    }
    assert_eq!(statistic(values, json!({"fn": "zeros_count", "max": 1})).status, Status::Pass);
}

#[test]
fn infinities_count_as_ieee_says() {
    let up = floats(&[1.0, f64::INFINITY]);
    assert_eq!(statistic(up.clone(), json!({"fn": "mean", "min": 1})).observed, json!("inf"));
    assert_eq!(statistic(up.clone(), json!({"fn": "max", "max": 1e308})).status, Status::Fail);
    assert_eq!(statistic(up, json!({"fn": "variance"})).status, Status::Fail);
    let both = floats(&[f64::NEG_INFINITY, f64::INFINITY]);
    assert_eq!(statistic(both, json!({"fn": "sum"})).observed_text, "NaN");
}

#[test]
fn one_row_and_equal_rows_have_no_shape() {
    let one = floats(&[7.0]);
    assert_eq!(statistic(one.clone(), json!({"fn": "stddev"})).status, Status::Skipped);
    assert_eq!(statistic(one.clone(), json!({"fn": "stddev", "ddof": 0, "max": 0})).status, Status::Pass);
    assert_eq!(statistic(one, json!({"fn": "median", "min": 7, "max": 7})).status, Status::Pass);
    // The middle of two decimals is the decimal between them, and what is infinite stays so.
    let decimals = column("decimal", &[Some("15.87"), Some("15.89")]);
    let bounds = json!({"fn": "median", "min": 15.88, "max": 15.88});
    assert_eq!(statistic(decimals, bounds).status, Status::Pass);
    let infinite = floats(&[f64::NEG_INFINITY, 1.0, 2.0, f64::INFINITY]);
    assert!(figure(infinite.clone(), json!({"fn": "quantile", "q": 0.1})).is_infinite());
    assert!((figure(infinite, json!({"fn": "median"})) - 1.5).abs() < 1e-12);
    let equal = floats(&[0.1; 1000]);
    assert_eq!(statistic(equal.clone(), json!({"fn": "variance", "max": 0})).status, Status::Pass);
    assert_eq!(statistic(equal.clone(), json!({"fn": "skewness"})).status, Status::Skipped);
    close(figure(equal, json!({"fn": "mean"})), 0.1);
}

#[test]
fn powers_beyond_floats_are_an_error() {
    let verdict = statistic(floats(&[1e200, -1e200]), json!({"fn": "variance"}));
    assert_eq!(verdict.status, Status::Error);
    assert!(verdict.closes_gate());
    close(figure(floats(&[1e200, 1e200]), json!({"fn": "mean"})), 1e200);
}

#[test]
fn minus_zero_is_zero() {
    let zeros = floats(&[-0.0, 0.0]);
    assert_eq!(statistic(zeros.clone(), json!({"fn": "zeros_count", "min": 2})).status, Status::Pass);
    assert_eq!(statistic(zeros, json!({"fn": "min", "min": 0})).observed_text, "0");
}

#[test]
fn dates_have_extremes() {
    let dates = column("date", &[Some("2024-01-31"), None, Some("1969-12-31")]);
    let verdict = statistic(dates.clone(), json!({"fn": "max", "min": "2024-01-01", "max": "2024-12-31"}));
    assert_eq!((verdict.status, verdict.observed_text.as_str()), (Status::Pass, "2024-01-31"));
    let schema = single("x", dates).schema();
    for params in
        [json!({"column": "x", "fn": "mean", "min": 1}), json!({"column": "x", "fn": "min", "min": 5})]
    {
        try_bind(&[("statistic", params)], &schema).unwrap_err();
    }
}

#[test]
fn texts_and_truths_have_their_own() {
    let texts = column("dict", &[Some("Zürich"), Some(""), None]);
    close(figure(texts, json!({"fn": "avg_length"})), 3.0);
    close(
        figure(
            column("bool", &[Some("true"), Some("false"), None, Some("true"), Some("true")]),
            json!({"fn": "true_ratio"}),
        ),
        0.75,
    );
}

#[test]
fn warn_is_a_milder_limit() {
    let params = |warn: f64| json!({"fn": "mean", "min": 0, "max": 200, "warn": {"max": warn}});
    assert_eq!(statistic(floats(&A), params(100.0)).status, Status::Warn);
    assert_eq!(statistic(floats(&A), params(110.0)).status, Status::Pass);
}

#[test]
fn many_values_give_a_quantile_within_its_bound() {
    let n = 500_000_u64;
    let values: Vec<f64> = (1..=n).map(|at| (at * 7919 % 500_009) as f64).collect();
    let batch = single("x", floats(&values));
    let checks: Vec<(&str, Value)> = [0.0, 0.01, 0.5, 0.99, 1.0]
        .iter()
        .map(|q| ("statistic", json!({"column": "x", "fn": "quantile", "q": q, "min": 0})))
        .collect();
    let suite = bind(&checks, &batch.schema());
    assert_eq!(suite.measures().len(), 1);
    let parts: Vec<_> = (0..10).map(|at| batch.slice(at * 50_000, 50_000)).collect();
    for verdict in judge(&suite, &state(&suite, &parts)) {
        let Exactness::Approx { bound } = verdict.exactness else { panic!("{verdict:?}") };
        assert!(bound > 0.0 && bound < 0.01, "{bound}");
        let q: f64 = verdict.expected.split(' ').nth(1).unwrap().parse().unwrap();
        let rank = verdict.observed.as_f64().unwrap() / n as f64;
        assert!((rank - q).abs() <= bound + 1e-5, "{q}: {rank} beyond {bound}");
    }
}

#[test]
fn correlation_agrees_with_scipy() {
    let batch = rows("x:float64,y:float64\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n5,10.1\n6.5,-3\n,5\n7,\n");
    let found = verdict("correlation", json!({"columns": ["x", "y"], "min": -1}), &batch);
    close(found.observed.as_f64().unwrap(), CORRELATION);
    assert_eq!((found.n_evaluated, found.n_null), (6, 2));
    let constant = rows("x:float64,y:float64\n1,2\n1,3\n");
    assert_eq!(
        verdict("correlation", json!({"columns": ["x", "y"], "min": 0}), &constant).status,
        Status::Skipped
    );
    let nan = rows("x:float64,y:float64\n1,2\nNaN,3\n2,2\n");
    assert_eq!(verdict("correlation", json!({"columns": ["x", "y"], "min": -1}), &nan).status, Status::Fail);
}

#[test]
fn psi_agrees_with_the_formula() {
    let values: Vec<f64> = [(-1.0, 1), (5.0, 30), (10.0, 40), (25.0, 25), (31.0, 3)]
        .iter()
        .flat_map(|(v, n)| vec![*v; *n])
        .collect();
    let batch = single("x", floats(&values));
    let params = |fail: f64| json!({"column": "x", "bins": [0, 10, 20, 30], "reference": [0.3, 0.4, 0.3], "fail": fail});
    let found = verdict("psi", params(0.2), &batch);
    close(found.observed["psi"].as_f64().unwrap(), PSI);
    assert_eq!(found.observed["counts"], json!([1, 30, 40, 25, 3]));
    assert_eq!(found.status, Status::Pass);
    assert_eq!(verdict("psi", params(0.01), &batch).status, Status::Fail);
    let nan = single("x", floats(&[1.0, f64::NAN]));
    assert_eq!(verdict("psi", params(0.2), &nan).status, Status::Fail);
}

/// From exact fractions; scipy gives -0.1374860961987729.
const CORRELATION: f64 = -0.137_486_096_198_772_86;
/// From numpy.
const PSI: f64 = 0.076_239_869_349_173_23;
