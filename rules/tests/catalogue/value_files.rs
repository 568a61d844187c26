//! `in_set` and `not_in_set` with values from a file.

use std::sync::Arc;

use lockgate_rules::{Check, Literal, References, Suite, literals};
use serde_json::{Value, json};

use crate::support::{column, judge, single, state};

fn texts(values: &[&str]) -> Arc<[Literal]> {
    values.iter().map(|value| Literal::Text((*value).to_owned())).collect()
}

fn check(rule: &str, more: Value) -> Check {
    let mut params = json!({"column": "x", "values": {"file": "known.csv", "column": "code"}});
    for (key, value) in more.as_object().unwrap() {
        params[key] = value.clone();
    }
    Check::parse(rule, &params).unwrap().remove(0)
}

/// Evaluated and failed values of a column against texts of a file, or what is wrong with them.
fn counts(
    rule: &str,
    more: Value,
    kind: &str,
    values: &[Option<&str>],
    file: &[&str],
) -> Result<(u64, u64), String> {
    let batch = single("x", column(kind, values));
    let check = check(rule, more).with_values(texts(file));
    let suite = Suite::bind(vec![check], &batch.schema(), References::default());
    let suite = suite.map_err(|errors| {
        assert_eq!(errors[0].key.as_deref(), Some("values.file"));
        errors[0].message.clone()
    })?;
    let verdict = judge(&suite, &state(&suite, &[batch])).remove(0);
    Ok((verdict.n_evaluated, verdict.n_failed))
}

#[test]
fn texts_of_a_file_mean_the_values_of_the_column() {
    let of = |rule: &str, kind: &str, values: &[Option<&str>], file: &[&str]| {
        counts(rule, json!({}), kind, values, file).unwrap()
    };
    for kind in ["int8", "int64", "uint64", "float32", "float64", "decimal"] {
        let values = [Some("1"), Some("2"), None];
        assert_eq!(of("in_set", kind, &values, &["1", "1.0", "+3"]), (2, 1), "{kind}");
        assert_eq!(of("not_in_set", kind, &values, &["1"]), (2, 1), "{kind}");
    }
    for kind in ["utf8", "view", "dict"] {
        assert_eq!(of("in_set", kind, &[Some("007"), Some("7"), Some("Zürich")], &["007", "Zürich"]), (3, 1));
    }
    assert_eq!(of("in_set", "bool", &[Some("true"), Some("false")], &["True"]), (2, 1));
    assert_eq!(of("in_set", "date", &[Some("2024-01-01"), Some("2024-01-02")], &["2024-01-02"]), (2, 1));
    let times = [Some("2024-01-01T12:00:00"), Some("2024-01-01T11:00:00")];
    assert_eq!(of("in_set", "timestamp_utc", &times, &["2024-01-01T13:00:00+01:00"]), (2, 1));
    let folded = json!({"case_sensitive": false, "trim": true});
    assert_eq!(counts("in_set", folded, "view", &[Some(" ch "), Some("de")], &["CH "]), Ok((2, 1)));
}

#[test]
fn thousands_of_values_are_looked_up_as_few_are() {
    let many: Vec<String> = (0..5_000).map(|at| format!("{}.5", at * 3)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["-0", "NaN", "inf"]).collect();
    let values = ["1.5", "4.5", "14997.5", "14998.5", "0", "NaN", "inf", "-inf"].map(Some);
    for kind in ["float32", "float64"] {
        assert_eq!(counts("in_set", json!({}), kind, &values, &many), Ok((8, 5)), "{kind}");
    }
    let texts: Vec<&str> = many.clone();
    assert_eq!(counts("in_set", json!({}), "view", &[Some("3.5"), Some("4.5")], &texts), Ok((2, 1)));
}

#[test]
fn a_value_that_does_not_fit_is_named_by_its_number() {
    let wrong = counts("in_set", json!({}), "int64", &[], &["1", "two"]).unwrap_err();
    assert_eq!(wrong, "value 2 of known.csv(code): \"two\" is not a number, but the column is of type int64");
    let wrong = counts("in_set", json!({}), "int64", &[], &["1.5"]).unwrap_err();
    assert_eq!(wrong, "value 1 of known.csv(code): no value of type int64 is 1.5");
}

#[test]
fn a_file_that_was_not_read_binds_nothing() {
    let schema = single("x", column("utf8", &[])).schema();
    let errors = Suite::bind(vec![check("in_set", json!({}))], &schema, References::default()).unwrap_err();
    assert_eq!(errors[0].message, "known.csv(code) was not read");
}

#[test]
fn what_is_expected_names_the_file() {
    let schema = single("x", column("utf8", &[])).schema();
    let check = check("not_in_set", json!({})).with_values(texts(&["a", "b"]));
    assert_eq!(check.id(), "not_in_set(x)");
    assert_eq!(check.values_file().map(ToString::to_string).as_deref(), Some("known.csv(code)"));
    let suite = Suite::bind(vec![check], &schema, References::default()).unwrap();
    assert_eq!(judge(&suite, &suite.start())[0].expected, "none of the 2 values of known.csv(code)");
}

#[test]
fn a_mapping_that_is_no_file_is_refused() {
    for values in [json!({"fil": "x"}), json!({"file": "x", "sheet": 1}), json!([]), json!("x")] {
        let error = Check::parse("in_set", &json!({"column": "x", "values": values})).unwrap_err();
        assert_eq!(error.key.as_deref(), Some("values"), "{}", error.message);
    }
}

#[test]
fn a_column_gives_literals_that_mean_the_same() {
    for (kind, values) in [
        ("int64", ["-9223372036854775808", "7"]),
        ("uint64", ["18446744073709551615", "7"]),
        ("float64", ["0.1", "inf"]),
        ("float32", ["0.1", "-0.5"]),
        ("decimal", ["12345678901234567.89", "-0.10"]),
        ("dict", ["Zürich", ""]),
        ("bool", ["true", "false"]),
        ("date", ["1969-12-31", "2024-02-29"]),
        ("timestamp_ms", ["2024-02-29T12:00:00.5", "1969-12-31T23:59:59.999"]),
        ("timestamp_utc", ["2024-02-29T12:00:00.000000001", "1969-12-31T23:59:59.999"]),
    ] {
        let array = column(kind, &[Some(values[0]), None, Some(values[1])]);
        let found = literals(&array).unwrap();
        assert_eq!(found.len(), 2, "{kind}");
        let batch = single("x", array);
        let check = check("in_set", json!({})).with_values(found.into());
        let suite = Suite::bind(vec![check], &batch.schema(), References::default()).unwrap();
        let verdict = judge(&suite, &state(&suite, &[batch])).remove(0);
        assert_eq!((verdict.n_evaluated, verdict.n_failed), (2, 0), "{kind}");
    }
}
