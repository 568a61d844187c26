//! `column_names`, `casing`: how names and texts are written.

use lockgate_rules::{AnsweredFrom, Check, Status};
use serde_json::{Value, json};

use crate::support::{column, rows, single, try_bind, verdict};

/// What is found of columns of these names.
fn named(params: Value, names: &[&str]) -> (Status, String) {
    let header: Vec<String> = names.iter().map(|name| format!("{name}:int64")).collect();
    let found = verdict("column_names", params, &rows(&format!("{}\n", header.join(","))));
    assert_eq!(found.answered_from, AnsweredFrom::Plan);
    (found.status, found.observed_text)
}

#[test]
fn a_case_takes_its_own_names() {
    let all = [
        "order_id",
        "order",
        "order_2",
        "ORDER_ID",
        "ORDER",
        "orderId",
        "order2Id",
        "OrderId",
        "Order",
        "order-id",
        "_id",
        "id_",
        "order__id",
        "2nd",
        "größe",
        "order id",
    ];
    for (case, fitting) in [
        ("snake_case", &["order_id", "order", "order_2"][..]),
        ("screaming_snake_case", &["ORDER_ID", "ORDER"]),
        ("camel_case", &["order", "orderId", "order2Id"]),
        ("pascal_case", &["ORDER", "OrderId", "Order"]),
        ("kebab_case", &["order", "order-id"]),
        (
            "lower_case",
            &[
                "order_id",
                "order",
                "order_2",
                "order-id",
                "_id",
                "id_",
                "order__id",
                "2nd",
                "größe",
                "order id",
            ],
        ),
        ("upper_case", &["ORDER_ID", "ORDER"]),
    ] {
        let fits = |name: &&str| named(json!({"case": case}), &[name]).0 == Status::Pass;
        assert_eq!(all.iter().copied().filter(fits).collect::<Vec<_>>(), fitting, "{case}");
    }
}

#[test]
fn every_fault_is_named() {
    let params = json!({"case": "snake_case", "pattern": "[a-z_]+", "max_length": 5});
    let (status, text) = named(params, &["id", "ID", "amount", "x1"]);
    assert_eq!(status, Status::Fail);
    let faults = [
        "\"ID\" is not in snake_case",
        "\"ID\" does not match [a-z_]+",
        "\"ID\" differs from \"id\" only in case",
        "\"amount\" is longer than 5 characters",
        "\"x1\" does not match [a-z_]+",
    ];
    assert_eq!(text, faults.join("; "));
}

#[test]
fn names_differ_not_only_in_case_unless_allowed() {
    assert_eq!(named(json!({}), &["a", "b"]), (Status::Pass, "as the convention says".into()));
    assert_eq!(named(json!({}), &["straße", "STRAßE"]).0, Status::Fail);
    let allowed = json!({"allow_same_name_in_other_case": true});
    assert_eq!(named(allowed, &["id", "ID"]).0, Status::Pass);
    assert_eq!(named(json!({"max_length": 6}), &["größen"]).0, Status::Pass);
    let error = Check::parse("column_names", &json!({"pattern": "("})).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("pattern"));
    let error = Check::parse("column_names", &json!({"case": "Snake"})).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("case"));
}

#[test]
fn a_text_is_in_a_case_or_not() {
    let fitting = |case: &str, texts: &[&'static str]| -> Vec<&'static str> {
        let passes = |text: &&str| {
            let batch = single("x", column("view", &[Some(*text)]));
            verdict("casing", json!({"column": "x", "case": case}), &batch).status == Status::Pass
        };
        texts.iter().copied().filter(passes).collect()
    };
    let texts =
        ["abc", "ABC", "Abc", "123", "", "straße", "STRASSE", "STRAßE", "ﬁn", "日本", "ΣΊΣΥΦΟΣ", "ǆ", "ǅ"];
    assert_eq!(fitting("lower", &texts), ["abc", "123", "", "straße", "ﬁn", "日本", "ǆ"]);
    assert_eq!(fitting("upper", &texts), ["ABC", "123", "", "STRASSE", "日本", "ΣΊΣΥΦΟΣ"]);
    let titles = [
        "New York",
        "Jean-Luc",
        "They're",
        "O'Neill",
        "Rock ’n’ Roll",
        "3rd Street",
        "Île De Bréhat",
        "ǅ",
        "  A  ",
        "",
        "Élan (Vital)",
        "E\u{301}lan",
    ];
    assert_eq!(
        fitting("title", &titles),
        [
            "New York",
            "Jean-Luc",
            "They're",
            "O'Neill",
            "3rd Street",
            "Île De Bréhat",
            "ǅ",
            "  A  ",
            "",
            "Élan (Vital)",
            "E\u{301}lan"
        ]
    );
    assert_eq!(
        fitting("title", &["new York", "New york", "NEW", "McDonald", "3Rd", "a", "élan", "x_y"]),
        [""; 0]
    );
}

#[test]
fn only_texts_have_a_case_and_only_floats_are_not_finite() {
    for (rule, params, kind) in [
        ("casing", json!({"column": "x", "case": "lower"}), "int64"),
        ("nan_inf", json!({"column": "x"}), "int64"),
        ("nan_inf", json!({"column": "x"}), "decimal"),
        ("nan_inf", json!({"column": "x"}), "utf8"),
    ] {
        let schema = single("x", column(kind, &[])).schema();
        let errors = try_bind(&[(rule, params)], &schema).unwrap_err();
        assert_eq!(errors[0].key.as_deref(), Some("column"), "{rule} {kind}");
    }
    let error = Check::parse("nan_inf", &json!({"column": "x", "allow_nan": true, "allow_inf": true}));
    assert_eq!(error.unwrap_err().key.as_deref(), Some("allow_nan"));
    let error = Check::parse("casing", &json!({"column": "x", "case": "camel"})).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("case"));
}
