//! `constant`, `almost_constant`, `most_common_in_set`, `entropy`, `domain_mass`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use lockgate_rules::{Check, Exactness, Status, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, column, judge, rows, single, state, try_bind, verdict};

/// Each text as often as its count says.
fn repeated(counts: &[(&str, usize)]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(counts.iter().flat_map(|(text, n)| std::iter::repeat_n(text, *n))))
}

fn of(rule: &str, array: ArrayRef, params: Value) -> Verdict {
    let mut params = params;
    params["column"] = json!("x");
    verdict(rule, params, &single("x", array))
}

fn figure(rule: &str, array: ArrayRef, params: Value) -> f64 {
    let found = of(rule, array, params);
    found.observed.as_f64().unwrap_or_else(|| panic!("{found:?}"))
}

const COUNTS: &[(&str, usize)] = &[("a", 5), ("b", 3), ("c", 2), ("d", 1), ("Zürich", 1)];

#[test]
fn entropy_agrees_with_scipy() {
    // scipy 1.17: stats.entropy([5, 3, 2, 1, 1]), with base 2 and 10, and divided by ln 5.
    for (params, expected) in [
        (json!({"min": 0}), 1.424_129_917_346_773_4),
        (json!({"min": 0, "base": 2}), 2.054_585_169_337_799),
        (json!({"min": 0, "base": 10}), 0.618_491_764_617_037_7),
        (json!({"min": 0, "normalised": true}), 0.884_861_668_999_042_8),
    ] {
        let found = figure("entropy", repeated(COUNTS), params.clone());
        assert!((found - expected).abs() < 1e-15, "{params}: {found} is not {expected}");
    }
}

#[test]
fn one_value_has_no_entropy() {
    for params in [json!({"max": 0}), json!({"max": 0, "normalised": true}), json!({"max": 0, "base": 2})] {
        let found = of("entropy", repeated(&[("a", 3)]), params);
        assert_eq!((found.status, found.observed_text.as_str()), (Status::Pass, "0"));
    }
    let nan = column("float64", &[Some("NaN"), Some("NaN"), Some("0"), Some("-0"), None]);
    assert_eq!(figure("entropy", nan, json!({"min": 0, "base": 2})), 1.0);
}

#[test]
fn an_entropy_has_a_base_above_one_or_none() {
    for params in [
        json!({"column": "x", "min": 0, "base": 1}),
        json!({"column": "x", "min": 0, "base": "two"}),
        json!({"column": "x", "min": 0, "base": 2, "normalised": true}),
    ] {
        assert_eq!(Check::parse("entropy", &params).unwrap_err().key.as_deref(), Some("base"), "{params}");
    }
    assert_eq!(Check::parse("entropy", &json!({"column": "x"})).unwrap_err().key.as_deref(), Some("min"));
}

#[test]
fn a_constant_column_is_asked_for_or_refused() {
    let two = || column("float64", &[Some("NaN"), Some("0"), None]);
    assert_eq!(of("constant", two(), json!({})).observed_text, "2 distinct values");
    assert_eq!(of("constant", two(), json!({"negate": true})).status, Status::Pass);
    let zeros = || column("float32", &[Some("-0"), Some("0"), None]);
    assert_eq!(of("constant", zeros(), json!({})).status, Status::Pass);
    let frozen = of("constant", zeros(), json!({"negate": true}));
    assert_eq!((frozen.status, frozen.expected.as_str()), (Status::Fail, "several distinct values"));
    let many: ArrayRef = Arc::new(Int64Array::from_iter_values(0..50_000));
    let found = of("constant", many, json!({}));
    assert_eq!(found.status, Status::Fail);
    assert!(matches!(found.exactness, Exactness::Approx { .. }));
    assert_eq!(of("constant", column("utf8", &[None, None]), json!({})).status, Status::Skipped);
    try_bind(&[("constant", json!("x"))], &list_schema()).unwrap_err();
}

fn list_schema() -> arrow::datatypes::Schema {
    use arrow::datatypes::{DataType, Field, Schema};
    Schema::new(vec![Field::new("x", DataType::new_list(DataType::Int64, true), true)])
}

#[test]
fn the_most_common_value_has_a_share() {
    for (params, expected) in [
        (json!({"min": 0.4}), Status::Pass),
        (json!({"min": 0.42}), Status::Fail),
        (json!({"max": 0.5, "warn": {"max": 0.4}}), Status::Warn),
    ] {
        let found = of("almost_constant", repeated(COUNTS), params);
        assert_eq!((found.status, found.observed.as_f64()), (expected, Some(5.0 / 12.0)));
    }
    assert_eq!(figure("almost_constant", column("bool", &[Some("true"), None]), json!({"min": 1})), 1.0);
}

#[test]
fn the_most_common_value_is_one_of_a_set() {
    let run = |array: ArrayRef, values: Value, ties: bool| {
        let found = of("most_common_in_set", array, json!({"values": values, "ties_okay": ties}));
        (found.status, found.observed_text)
    };
    assert_eq!(run(repeated(COUNTS), json!(["a", "x"]), false), (Status::Pass, "a (41.67 %)".into()));
    assert_eq!(run(repeated(COUNTS), json!(["b"]), false), (Status::Fail, "a (41.67 %)".into()));
    let tied = || repeated(&[("b", 2), ("ä", 2), ("c", 1)]);
    assert_eq!(run(tied(), json!(["b"]), false), (Status::Fail, "b, ä (40 % each)".into()));
    assert_eq!(run(tied(), json!(["b"]), true), (Status::Pass, "b, ä (40 % each)".into()));
    assert_eq!(run(tied(), json!(["b", "ä"]), false).0, Status::Pass);
    let numbers = || column("decimal", &[Some("1.50"), Some("1.50"), Some("2"), None, None, None]);
    assert_eq!(run(numbers(), json!([1.5]), false), (Status::Pass, "1.50 (66.67 %)".into()));
    let nan = column("float64", &[Some("NaN"), Some("NaN"), Some("1")]);
    assert_eq!(run(nan, json!(["NaN"]), false).0, Status::Pass);
    let days = column("date", &[Some("2024-01-01"), Some("2024-01-01"), Some("2024-01-02")]);
    assert_eq!(run(days, json!(["2024-01-01"]), false), (Status::Pass, "2024-01-01 (66.67 %)".into()));
    let wrong = json!({"column": "x", "values": [1.234]});
    let errors = try_bind(&[("most_common_in_set", wrong)], &single("x", numbers()).schema()).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("values.0"));
}

#[test]
fn more_values_than_are_named_are_still_counted() {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..60_000).map(|at| at % 20_001)));
    let found = of("most_common_in_set", values.clone(), json!({"values": [3]}));
    assert_eq!(found.status, Status::Fail);
    assert!(found.observed_text.starts_with("(not kept), "), "{}", found.observed_text);
    let (n, ln) = (60_000.0_f64, f64::ln);
    // 19,998 values occur three times, 3 twice.
    let expected = -(19_998.0 * (3.0 / n) * ln(3.0 / n) + 3.0 * (2.0 / n) * ln(2.0 / n));
    let found = figure("entropy", values, json!({"min": 0}));
    assert!((found - expected).abs() < 1e-11, "{found} is not {expected}");
}

#[test]
fn more_distinct_values_than_are_counted_are_an_error_whatever_the_split() {
    let n = (lockgate_rules::measure::MOST_VALUES + 1) as i64;
    let batch = single("x", Arc::new(Int64Array::from_iter_values(0..n)));
    let suite = bind(&[("almost_constant", json!({"column": "x", "max": 0.5}))], &batch.schema());
    for parts in
        [vec![batch.clone()], vec![batch.slice(0, 3_000_000), batch.slice(3_000_000, n as usize - 3_000_000)]]
    {
        let found = judge(&suite, &state(&suite, &parts)).remove(0);
        assert_eq!((found.status, found.closes_gate()), (Status::Error, true));
        assert_eq!(
            found.observed_text,
            "there are more than 4,194,304 distinct values, which are not counted"
        );
    }
}

#[test]
fn the_mass_of_a_domain_is_a_share_of_the_values() {
    let batch = rows("x:utf8\nBern\nBasel\n\nParis\nBern\n");
    let run = |params: Value| verdict("domain_mass", params, &batch);
    let params = |min: f64, warn: f64| json!({"column": "x", "values": ["Bern", "Basel"], "min": min, "warn": {"min": warn}});
    assert_eq!(run(params(0.75, 0.75)).status, Status::Pass);
    assert_eq!(run(params(0.5, 0.8)).status, Status::Warn);
    let failed = run(params(0.76, 0.76));
    assert_eq!((failed.status, failed.n_evaluated, failed.n_failed, failed.n_null), (Status::Fail, 4, 1, 1));
    // A value that is listed twice counts once.
    let twice: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, f64::NAN]));
    assert_eq!(figure("domain_mass", twice, json!({"values": [1, 1.0, "NaN"], "min": 0})), 2.0 / 3.0);
    let empty = json!({"column": "x", "values": [], "min": 1});
    assert_eq!(Check::parse("domain_mass", &empty).unwrap_err().key.as_deref(), Some("values"));
}
