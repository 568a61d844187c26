//! `between`, `gt` … `ne`, `in_set` over every type of column.

use lockgate_rules::{Check, Status};
use serde_json::{Value, json};

use crate::support::{bind, check, column, judge, rows, single, state, try_bind, verdict};

/// Evaluated, failed and null values of a check over one column.
fn counts(rule: &str, params: Value, kind: &str, values: &[Option<&str>]) -> (u64, u64, u64) {
    let mut params = params;
    params["column"] = json!("x");
    let verdict = verdict(rule, params, &single("x", column(kind, values)));
    assert_ne!(verdict.status, Status::Error, "{}", verdict.observed_text);
    (verdict.n_evaluated, verdict.n_failed, verdict.n_null)
}

#[test]
fn between_includes_both_limits_on_every_type() {
    let numbers = [Some("1"), Some("2"), Some("3"), Some("4"), None];
    for kind in
        ["int8", "int16", "int32", "int64", "uint8", "uint64", "float32", "float64", "decimal", "decimal38"]
    {
        assert_eq!(counts("between", json!({"min": 2, "max": 3}), kind, &numbers), (4, 2, 1), "{kind}");
        assert_eq!(
            counts("between", json!({"min": 2, "max": 3, "strict_min": true}), kind, &numbers),
            (4, 3, 1)
        );
        assert_eq!(counts("between", json!({"min": 1.5, "max": "3.5"}), kind, &numbers), (4, 2, 1), "{kind}");
        assert_eq!(counts("gt", json!({"value": 3}), kind, &numbers), (4, 3, 1), "{kind}");
        assert_eq!(counts("ge", json!({"value": 2.5}), kind, &numbers), (4, 2, 1), "{kind}");
        assert_eq!(counts("lt", json!({"value": 2.5}), kind, &numbers), (4, 2, 1), "{kind}");
        assert_eq!(counts("le", json!({"value": 1}), kind, &numbers), (4, 3, 1), "{kind}");
        assert_eq!(counts("eq", json!({"value": 2.0}), kind, &numbers), (4, 3, 1), "{kind}");
        assert_eq!(counts("eq", json!({"value": 2.5}), kind, &numbers), (4, 4, 1), "{kind}");
        assert_eq!(counts("ne", json!({"value": 2.5}), kind, &numbers), (4, 0, 1), "{kind}");
        assert_eq!(counts("ne", json!({"value": 2}), kind, &numbers), (4, 1, 1), "{kind}");
        assert_eq!(
            counts("between", json!({"min": -1e30, "max": 1e30}), kind, &numbers),
            (4, 0, 1),
            "{kind}"
        );
        assert_eq!(counts("ge", json!({"value": 1e30}), kind, &numbers), (4, 4, 1), "{kind}");
        assert_eq!(counts("in_set", json!({"values": [1, 4, 9]}), kind, &numbers), (4, 2, 1), "{kind}");
        assert_eq!(counts("not_in_set", json!({"values": [1, 4, 9]}), kind, &numbers), (4, 2, 1), "{kind}");
    }
}

#[test]
fn nan_lies_between_nothing_and_infinities_are_numbers() {
    let values = [Some("NaN"), Some("inf"), Some("-inf"), Some("0"), Some("-0"), None];
    for kind in ["float32", "float64"] {
        assert_eq!(
            counts("between", json!({"min": "-inf", "max": "inf"}), kind, &values),
            (5, 1, 1),
            "{kind}"
        );
        assert_eq!(counts("ge", json!({"value": 0}), kind, &values), (5, 2, 1), "{kind}");
        assert_eq!(counts("gt", json!({"value": 0}), kind, &values), (5, 4, 1), "{kind}");
        assert_eq!(counts("gt", json!({"value": "inf"}), kind, &values), (5, 5, 1), "{kind}");
        assert_eq!(counts("eq", json!({"value": 0}), kind, &values), (5, 3, 1), "{kind}");
        assert_eq!(counts("ne", json!({"value": 0}), kind, &values), (5, 2, 1), "{kind}");
        assert_eq!(counts("eq", json!({"value": "NaN"}), kind, &values), (5, 5, 1), "{kind}");
        assert_eq!(counts("in_set", json!({"values": [0, "NaN"]}), kind, &values), (5, 3, 1), "{kind}");
    }
}

#[test]
fn a_literal_means_the_same_float32_as_the_column() {
    assert_eq!(counts("eq", json!({"value": 0.1}), "float32", &[Some("0.1")]), (1, 0, 0));
    assert_eq!(counts("le", json!({"value": 0.1}), "float32", &[Some("0.1")]), (1, 0, 0));
}

#[test]
fn huge_integers_and_decimals_are_compared_exactly() {
    let values = [Some("9223372036854775807"), Some("9223372036854775806"), Some("-9223372036854775808")];
    assert_eq!(counts("eq", json!({"value": 9_223_372_036_854_775_807_i64}), "int64", &values), (3, 2, 0));
    assert_eq!(counts("lt", json!({"value": "9223372036854775806.5"}), "int64", &values), (3, 1, 0));
    assert_eq!(counts("ge", json!({"value": "-9223372036854775808"}), "int64", &values), (3, 0, 0));
    assert_eq!(
        counts("eq", json!({"value": u64::MAX}), "uint64", &[Some("18446744073709551615")]),
        (1, 0, 0)
    );
    assert_eq!(counts("lt", json!({"value": 0}), "uint64", &[Some("0")]), (1, 1, 0));
    let decimals = [Some("123456789012345678.91"), Some("0.10"), Some("-0.10")];
    assert_eq!(counts("ge", json!({"value": 0.1}), "decimal", &decimals), (3, 1, 0));
    assert_eq!(counts("lt", json!({"value": "123456789012345678.909"}), "decimal", &decimals), (3, 1, 0));
    assert_eq!(counts("gt", json!({"value": -0.101}), "decimal", &decimals), (3, 0, 0));
}

#[test]
fn dates_and_timestamps_are_compared_with_texts() {
    let dates = [Some("2024-01-01"), Some("1969-12-31"), None];
    for kind in ["date", "date64"] {
        assert_eq!(counts("ge", json!({"value": "2024-01-01"}), kind, &dates), (2, 1, 1), "{kind}");
        assert_eq!(counts("lt", json!({"value": "2024-01-01T00:00:01"}), kind, &dates), (2, 0, 1), "{kind}");
        assert_eq!(counts("in_set", json!({"values": ["1969-12-31"]}), kind, &dates), (2, 1, 1), "{kind}");
    }
    let times = [Some("2024-01-01T12:00:00.5"), Some("1969-12-31T23:59:59.999"), None];
    for kind in ["timestamp", "timestamp_ms", "timestamp_utc"] {
        assert_eq!(
            counts("gt", json!({"value": "2024-01-01T12:00:00.499"}), kind, &times),
            (2, 1, 1),
            "{kind}"
        );
        // An offset moves the instant: 13:00+01:00 is 12:00 UTC.
        assert_eq!(
            counts("le", json!({"value": "2024-01-01T13:00:00.5+01:00"}), kind, &times),
            (2, 0, 1),
            "{kind}"
        );
        assert_eq!(counts("ge", json!({"value": "1970-01-01"}), kind, &times), (2, 1, 1), "{kind}");
    }
}

#[test]
fn texts_are_compared_by_their_bytes_in_every_layout() {
    let values = [Some("Zürich"), Some("Bern"), Some("zug"), Some("a text longer than a view"), None];
    for kind in ["utf8", "large", "view", "dict"] {
        assert_eq!(
            counts("between", json!({"min": "B", "max": "Zürich"}), kind, &values),
            (4, 2, 1),
            "{kind}"
        );
        assert_eq!(counts("eq", json!({"value": "Zürich"}), kind, &values), (4, 3, 1), "{kind}");
        assert_eq!(
            counts("in_set", json!({"values": ["Zürich", "zug"]}), kind, &values),
            (4, 2, 1),
            "{kind}"
        );
        let long = json!({"values": ["Zürich", "a text longer than a view"]});
        assert_eq!(counts("in_set", long, kind, &values), (4, 2, 1), "{kind}");
        let folded = json!({"values": [" ZÜRICH", "Zug "], "case_sensitive": false, "trim": true});
        assert_eq!(counts("in_set", folded, kind, &values), (4, 2, 1), "{kind}");
        assert_eq!(counts("not_in_set", json!({"values": ["zug"]}), kind, &values), (4, 1, 1), "{kind}");
        let many: Vec<String> = (0..40).map(|at| at.to_string()).chain(["Bern".into()]).collect();
        assert_eq!(counts("in_set", json!({"values": many}), kind, &values), (4, 3, 1), "{kind}");
    }
}

#[test]
fn true_and_false_are_equal_or_not() {
    let values = [Some("true"), Some("false"), Some("true"), None];
    assert_eq!(counts("eq", json!({"value": true}), "bool", &values), (3, 1, 1));
    assert_eq!(counts("ne", json!({"value": true}), "bool", &values), (3, 2, 1));
    assert_eq!(counts("in_set", json!({"values": [false]}), "bool", &values), (3, 2, 1));
}

#[test]
fn columns_are_compared_with_columns_across_types() {
    let both = |left: &str, right: &str, op: &str| {
        let batch = rows(&format!("a:{left},b:{right}\n1,2\n2,2\n,1\n3,\n"));
        let params = json!({"column": "a", "value": {"column": "b"}});
        let verdict = verdict(op, params, &batch);
        (verdict.n_evaluated, verdict.n_failed, verdict.n_null)
    };
    for left in ["int8", "int64", "uint64", "float32", "float64", "decimal"] {
        for right in ["int32", "int64", "uint8", "float64", "decimal38"] {
            assert_eq!(both(left, right, "le"), (2, 0, 2), "{left} {right}");
            assert_eq!(both(left, right, "lt"), (2, 1, 2), "{left} {right}");
            assert_eq!(both(left, right, "ne"), (2, 1, 2), "{left} {right}");
        }
    }
    let times = rows("a:date,b:timestamp\n2024-01-01,2024-01-01T00:00:00\n2024-01-02,2024-01-01T23:00:00\n");
    assert_eq!(verdict("le", json!({"column": "a", "value": {"column": "b"}}), &times).n_failed, 1);
    let zones = rows("a:timestamp_utc,b:timestamp_ms\n2024-01-01T00:00:00,2024-01-01T00:00:00\n");
    assert_eq!(verdict("eq", json!({"column": "a", "value": {"column": "b"}}), &zones).n_failed, 0);
    let texts = rows("a:dict,b:view\nBern,Bern\nBern,Basel\n");
    assert_eq!(verdict("eq", json!({"column": "a", "value": {"column": "b"}}), &texts).n_failed, 1);
    let nan = rows("a:float64,b:float64\nNaN,NaN\n0,-0\n");
    assert_eq!(verdict("eq", json!({"column": "a", "value": {"column": "b"}}), &nan).n_failed, 1);
}

#[test]
fn between_takes_a_column_for_a_limit() {
    let batch = rows("a:int64,high:int64\n1,2\n3,2\n0,5\n4,\n");
    let verdict = verdict("between", json!({"column": "a", "min": 1, "max": {"column": "high"}}), &batch);
    // The last row's limit is null, so nothing can be said of it but that it is above 1.
    assert_eq!((verdict.n_evaluated, verdict.n_failed, verdict.n_null), (3, 2, 1));
}

#[test]
fn nulls_are_skipped_passed_or_failed_as_asked() {
    let batch = single("x", column("int64", &[Some("1"), None, Some("9"), None]));
    let run = |nulls: &str| {
        let verdict = verdict("le", json!({"column": "x", "value": 5, "nulls": nulls}), &batch);
        (verdict.n_evaluated, verdict.n_failed, verdict.n_null)
    };
    assert_eq!(run("skip"), (2, 1, 2));
    assert_eq!(run("pass"), (4, 1, 2));
    assert_eq!(run("fail"), (4, 3, 2));
}

#[test]
fn a_literal_of_the_wrong_kind_is_found_when_binding() {
    let cases = [
        ("between", json!({"column": "x", "min": 1}), "utf8", "min"),
        ("gt", json!({"column": "x", "value": "abc"}), "int64", "value"),
        ("eq", json!({"column": "x", "value": true}), "float64", "value"),
        ("lt", json!({"column": "x", "value": 5}), "date", "value"),
        ("gt", json!({"column": "x", "value": true}), "bool", "value"),
        ("in_set", json!({"column": "x", "values": [1, 1.5]}), "int64", "values.1"),
        ("in_set", json!({"column": "x", "values": ["a", 2]}), "utf8", "values.1"),
        ("eq", json!({"column": "x", "value": {"column": "y"}}), "int64", ""),
    ];
    for (rule, params, kind, key) in cases {
        let schema = single("x", column(kind, &[])).schema();
        let errors = try_bind(&[(rule, params)], &schema).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].key.as_deref().unwrap_or_default(), key, "{rule} {kind}: {}", errors[0].message);
    }
}

#[test]
fn what_could_never_pass_is_found_when_parsing() {
    for (rule, params, key) in [
        ("between", json!({"column": "x"}), "min"),
        ("between", json!({"column": "x", "min": 5, "max": 1}), "min"),
        ("in_set", json!({"column": "x", "values": []}), "values"),
        ("gt", json!({"column": "x"}), "value"),
        ("regex", json!({"column": "x", "pattern": "("}), "pattern"),
        ("length", json!({"column": "x", "min": 2, "max": 1}), "min"),
        ("statistic", json!({"column": "x", "fn": "quantile", "min": 1}), "q"),
        ("row_count", json!({}), "min"),
        ("not_null", json!({"column": "x", "mostly": 1.5}), "mostly"),
        ("not_null", json!({"column": "x", "mostly": 0.9, "warn": 0.5}), "warn"),
        ("not_null", json!({"column": "x", "severity": "loud"}), "severity"),
        ("psi", json!({"column": "x", "bins": [1, 0], "reference": [1]}), "bins"),
        ("correlation", json!({"columns": ["a"], "min": 0}), "columns"),
        ("freshness", json!({"column": "x", "max_age": "soon"}), "max_age"),
    ] {
        let error = Check::parse(rule, &params).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{rule}: {}", error.message);
    }
}

#[test]
fn an_unknown_key_comes_with_those_that_are_known() {
    let error = Check::parse("between", &json!({"column": "x", "mx": 5})).unwrap_err();
    assert_eq!(error.unknown.as_deref(), Some("mx"));
    assert!(error.expected.contains(&"max".to_owned()) && error.expected.contains(&"mostly".to_owned()));
    let error = Check::parse("betwen", &json!({})).unwrap_err();
    assert!(error.expected.contains(&"between".to_owned()));
    let error = Check::parse("row_count", &json!({"min": 1, "mostly": 0.5})).unwrap_err();
    assert_eq!(error.message, "\"mostly\" does not apply to row_count");
}

#[test]
fn short_forms_mean_the_long_ones() {
    let columns = |rule: &str, params: Value| {
        let checks = check(rule, &params);
        checks.iter().map(|check| check.columns().join("+")).collect::<Vec<_>>()
    };
    assert_eq!(columns("not_null", json!("a")), ["a"]);
    assert_eq!(columns("not_null", json!(["a", "b"])), ["a", "b"]);
    assert_eq!(columns("unique", json!(["a", "b"])), ["a+b"]);
    assert_eq!(columns("expression", json!(["a < b", "b < a"])), ["", ""]);
    assert_eq!(check("row_count", &json!(5))[0].id(), "row_count");
    assert_eq!(check("expression", &json!("a < b"))[0].id(), "expression(a < b)");
    let ids: Vec<String> =
        check("not_null", &json!({"columns": ["a", "b"], "id": "there"})).iter().map(Check::id).collect();
    assert_eq!(ids, ["there.a", "there.b"]);
}

#[test]
fn a_glob_gives_one_check_for_each_column() {
    let batch = rows("amount_a:int64,amount_b:int64,name:utf8\n1,,x\n");
    let suite = bind(&[("not_null", json!("amount_*")), ("unique", json!(["amount_*"]))], &batch.schema());
    assert_eq!(
        suite.ids().collect::<Vec<_>>(),
        ["not_null(amount_a)", "not_null(amount_b)", "unique(amount_*)"]
            .map(|id| id.replace("amount_*)", "amount_a, amount_b)"))
    );
    let verdicts = judge(&suite, &state(&suite, std::slice::from_ref(&batch)));
    assert_eq!(
        verdicts.iter().map(|v| v.status).collect::<Vec<_>>(),
        [Status::Pass, Status::Fail, Status::Skipped]
    );
    let errors = try_bind(&[("not_null", json!("price_*"))], &batch.schema()).unwrap_err();
    assert_eq!(errors[0].message, "no column matches \"price_*\"");
}
