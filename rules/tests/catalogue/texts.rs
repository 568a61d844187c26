//! `regex`, `not_regex`, `length`, `type_conformance`, `missing`.

use lockgate_rules::Status;
use serde_json::{Value, json};

use crate::support::{column, single, try_bind, verdict};

fn failed(rule: &str, params: Value, kind: &str, values: &[Option<&str>]) -> u64 {
    let mut params = params;
    params["column"] = json!("x");
    let verdict = verdict(rule, params, &single("x", column(kind, values)));
    assert_ne!(verdict.status, Status::Error, "{}", verdict.observed_text);
    verdict.n_failed
}

const LAYOUTS: [&str; 4] = ["utf8", "large", "view", "dict"];

#[test]
fn a_pattern_matches_the_whole_text_unless_searched() {
    let values = [Some("abc"), Some("xabcx"), Some(""), None, Some("ABC")];
    for kind in LAYOUTS {
        assert_eq!(failed("regex", json!({"pattern": "abc"}), kind, &values), 3, "{kind}");
        assert_eq!(failed("regex", json!({"pattern": "abc", "mode": "search"}), kind, &values), 2, "{kind}");
        assert_eq!(failed("regex", json!({"pattern": "(?i)abc|"}), kind, &values), 1, "{kind}");
        assert_eq!(failed("regex", json!({"pattern": ["abc", "ABC"]}), kind, &values), 2, "{kind}");
        let all = json!({"pattern": ["a", "c"], "match": "all", "mode": "search"});
        assert_eq!(failed("regex", all, kind, &values), 2, "{kind}");
        assert_eq!(
            failed("not_regex", json!({"pattern": "x", "mode": "search"}), kind, &values),
            1,
            "{kind}"
        );
    }
}

#[test]
fn patterns_are_for_texts() {
    let schema = single("x", column("int64", &[])).schema();
    let errors = try_bind(&[("regex", json!({"column": "x", "pattern": "1"}))], &schema).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("column"));
}

#[test]
fn length_counts_characters_or_bytes() {
    let values = [Some("Zürich"), Some(""), Some("日本"), None];
    for kind in LAYOUTS {
        assert_eq!(failed("length", json!({"equals": 6}), kind, &values), 2, "{kind}");
        assert_eq!(failed("length", json!({"max": 6, "unit": "bytes"}), kind, &values), 1, "{kind}");
        assert_eq!(failed("length", json!({"min": 1}), kind, &values), 1, "{kind}");
    }
}

#[test]
fn missing_knows_null_blank_nan_and_what_stands_for_them() {
    let values = [Some("Bern"), Some("N/A"), Some("  "), None, Some("unknown-7")];
    for kind in LAYOUTS {
        assert_eq!(failed("missing", json!({}), kind, &values), 2, "{kind}");
        assert_eq!(failed("missing", json!({"blank": false}), kind, &values), 1, "{kind}");
        assert_eq!(
            failed("missing", json!({"values": ["N/A"], "regex": "unknown.*"}), kind, &values),
            4,
            "{kind}"
        );
    }
    let numbers = [Some("NaN"), Some("-999"), Some("0"), None];
    assert_eq!(failed("missing", json!({}), "float64", &numbers), 2);
    assert_eq!(failed("missing", json!({"nan": false, "values": [-999]}), "float64", &numbers), 2);
    assert_eq!(failed("missing", json!({"values": [0]}), "int64", &[Some("0"), None, Some("1")]), 2);
}

#[test]
fn texts_conform_to_types_without_loss() {
    let fails = |target: &str, values: &[&str]| {
        let values: Vec<Option<&str>> = values.iter().map(|value| Some(*value)).collect();
        failed("type_conformance", json!({"type": target}), "view", &values)
    };
    assert_eq!(
        fails("int64", &["1", "-9223372036854775808", "1.0", "9223372036854775808", "1.5", "", " 1", "x"]),
        5
    );
    assert_eq!(fails("uint8", &["0", "255", "256", "-1"]), 2);
    assert_eq!(fails("float64", &["1", "1e5", "NaN", "inf", "1,5", ""]), 2);
    assert_eq!(fails("decimal(5,2)", &["999.99", "1000", "0.001", "1e2"]), 2);
    assert_eq!(fails("bool", &["true", "F", "YES", "0", "2", ""]), 2);
    assert_eq!(fails("date", &["2024-02-29", "2023-02-29", "01.02.2024"]), 2);
    assert_eq!(
        fails("timestamp", &["2024-01-01T00:00:00Z", "2024-01-01 10:00:00", "2024-01-01", "25:00"]),
        2
    );
    assert_eq!(fails("timestamp(s)", &["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z"]), 1);
    assert_eq!(fails("string", &["", "x"]), 0);
    let swiss = json!({"type": "date", "format": ["%d.%m.%Y", "%Y%m%d"]});
    assert_eq!(
        failed("type_conformance", swiss, "dict", &[Some("31.01.2024"), Some("20240131"), Some("x"), None]),
        1
    );
}

#[test]
fn numbers_conform_to_narrower_types_without_loss() {
    let fails = |target: &str, kind: &str, values: &[Option<&str>]| {
        failed("type_conformance", json!({"type": target}), kind, values)
    };
    assert_eq!(fails("int8", "int64", &[Some("127"), Some("128"), Some("-128"), None]), 1);
    assert_eq!(fails("int64", "float64", &[Some("1"), Some("1.5"), Some("NaN"), Some("1e30"), None]), 3);
    assert_eq!(fails("int64", "decimal", &[Some("1.00"), Some("1.50")]), 1);
    assert_eq!(fails("decimal(4,1)", "decimal", &[Some("1.10"), Some("1.11"), Some("1000.00")]), 2);
    assert_eq!(fails("float32", "float64", &[Some("0.5"), Some("0.1"), Some("NaN")]), 1);
    assert_eq!(fails("float64", "int64", &[Some("9007199254740993"), Some("1")]), 1);
    assert_eq!(fails("decimal(3,2)", "int64", &[Some("9"), Some("10")]), 1);
}
