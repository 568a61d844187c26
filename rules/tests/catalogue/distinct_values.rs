//! `distinct_values`.

use lockgate_rules::Status;
use serde_json::{Value, json};

use crate::support::{bind, column, judge, single, state, try_bind, verdict};

fn found(params: Value, kind: &str, values: &[Option<&str>]) -> (Status, String) {
    let mut params = params;
    params["column"] = json!("x");
    let found = verdict("distinct_values", params, &single("x", column(kind, values)));
    (found.status, found.observed_text)
}

#[test]
fn the_relation_says_which_side_may_have_more() {
    let values = [Some("a"), Some("b"), Some("b"), None];
    for (relation, declared, text) in [
        ("equal", json!(["b", "a"]), "as declared"),
        ("equal", json!(["a", "b", "c"]), "absent: c"),
        ("equal", json!(["a"]), "not declared: b (2 rows)"),
        ("equal", json!(["a", "d", "e"]), "absent: d, e; not declared: b (2 rows)"),
        ("subset", json!(["a", "b", "c"]), "as declared"),
        ("subset", json!(["a", "c"]), "not declared: b (2 rows)"),
        ("superset", json!(["a"]), "as declared"),
        ("superset", json!(["a", "c"]), "absent: c"),
    ] {
        for kind in ["utf8", "large", "view", "dict"] {
            let (status, observed) = found(json!({"values": declared, "relation": relation}), kind, &values);
            assert_eq!(observed, text, "{relation} {declared} {kind}");
            assert_eq!(status == Status::Pass, text == "as declared", "{relation} {declared}");
        }
    }
}

#[test]
fn values_are_equal_as_those_of_their_type_are() {
    for (kind, values, declared) in [
        ("int8", ["-1", "2"], json!([-1, "2.0"])),
        (
            "int64",
            ["9223372036854775807", "-9223372036854775808"],
            json!(["9223372036854775807", "-9223372036854775808"]),
        ),
        ("uint64", ["18446744073709551615", "0"], json!(["18446744073709551615", 0])),
        ("float32", ["0.1", "-0"], json!([0, 0.1])),
        ("float64", ["NaN", "inf"], json!(["inf", "NaN"])),
        ("decimal", ["-0.01", "12.30"], json!([-0.01, "12.3"])),
        ("bool", ["true", "false"], json!([true, false])),
        ("date", ["1969-12-31", "2024-02-29"], json!(["2024-02-29", "1969-12-31"])),
        (
            "timestamp_ms",
            ["2024-01-01T00:00:00.001", "1969-12-31T00:00:00"],
            json!(["2024-01-01T01:00:00.001+01:00", "1969-12-31"]),
        ),
        (
            "timestamp_utc",
            ["2024-01-01T00:00:00.000000001", "1969-12-31T00:00:00"],
            json!(["2024-01-01T00:00:00.000000001Z", "1969-12-31"]),
        ),
    ] {
        let (status, text) = found(json!({"values": declared}), kind, &values.map(Some));
        assert_eq!(status, Status::Pass, "{kind}: {text}");
        let (status, _) =
            found(json!({"values": [declared[0]], "relation": "subset"}), kind, &values.map(Some));
        assert_eq!(status, Status::Fail, "{kind}");
    }
}

#[test]
fn a_number_beyond_the_type_equals_none_of_it() {
    let (_, text) = found(json!({"values": [-1]}), "uint64", &[Some("18446744073709551615")]);
    assert_eq!(text, "absent: -1; not declared: 18446744073709551615 (1 row)");
    let (_, text) =
        found(json!({"values": ["9223372036854775808"]}), "int64", &[Some("-9223372036854775808")]);
    assert_eq!(text, "absent: 9223372036854775808; not declared: -9223372036854775808 (1 row)");
}

#[test]
fn the_first_others_are_shown_however_the_rows_were_cut() {
    let texts: Vec<String> = (0..40).map(|at| format!("v{}", at * 7 % 20)).collect();
    let values: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
    let batch = single("x", column("view", &values));
    let suite = bind(&[("distinct_values", json!({"column": "x", "values": ["v0"]}))], &batch.schema());
    let whole = judge(&suite, &state(&suite, std::slice::from_ref(&batch))).remove(0);
    assert_eq!(whole.observed_text, "not declared: v7, v14, v1, v8, v15, v2, v9, v16, … (38 rows)");
    assert_eq!((whole.n_evaluated, whole.n_failed), (40, 38));
    for size in [1, 3, 17] {
        let parts: Vec<_> = (0..40).step_by(size).map(|at| batch.slice(at, size.min(40 - at))).collect();
        assert_eq!(judge(&suite, &state(&suite, &parts))[0], whole);
    }
}

#[test]
fn where_there_are_no_values_nothing_is_said() {
    for values in [&[][..], &[None, None]] {
        let (status, _) = found(json!({"values": ["a"], "relation": "superset"}), "utf8", values);
        assert_eq!(status, Status::Skipped);
    }
}

#[test]
fn what_cannot_be_a_value_is_found_when_binding() {
    let schema = single("x", column("int64", &[])).schema();
    for (values, key) in
        [(json!([1, 1.5]), "values.1"), (json!(["a"]), "values.0"), (json!([true]), "values.0")]
    {
        let errors = try_bind(&[("distinct_values", json!({"column": "x", "values": values}))], &schema);
        assert_eq!(errors.unwrap_err()[0].key.as_deref(), Some(key));
    }
}
