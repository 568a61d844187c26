//! `schema`.

use lockgate_rules::{Check, Status};
use serde_json::{Value, json};

use crate::support::{rows, verdict};

fn found(params: Value, header: &str) -> (Status, String) {
    let verdict = verdict("schema", params, &rows(&format!("{header}\n")));
    (verdict.status, verdict.observed_text)
}

#[test]
fn modes_say_which_columns_there_may_be() {
    let params = |mode: &str| json!({"columns": {"a": "int64", "b": "string"}, "mode": mode});
    let cases = [
        ("exact", "a:int64,b:view", Status::Pass),
        ("exact", "a:int64,b:dict,c:int8", Status::Fail),
        ("exact", "a:int64", Status::Fail),
        ("contains", "a:int64,b:large,c:int8", Status::Pass),
        ("contains", "a:int64", Status::Fail),
        ("subset", "a:int64", Status::Pass),
        ("subset", "c:int64", Status::Fail),
        ("exact", "b:utf8,a:int64", Status::Pass),
        ("exact", "a:int32,b:utf8", Status::Fail),
    ];
    for (mode, header, status) in cases {
        assert_eq!(found(params(mode), header).0, status, "{mode} {header}");
    }
}

#[test]
fn every_difference_is_listed() {
    let params = json!({
        "columns": [{"name": "a", "type": "int64"}, {"name": "b", "type": "decimal(10,2)"}, {"name": "c"},
                    {"name": "d", "optional": true}],
        "ordered": true,
    });
    let (status, text) = found(params, "b:int32,a:int64,e:bool");
    assert_eq!(status, Status::Fail);
    assert_eq!(text, "added e; removed c; b is int32 instead of decimal(10,2); reordered b, a");
}

#[test]
fn types_may_be_widened_or_of_one_family() {
    let status = |mode: &str, declared: &str, header: &str| {
        found(json!({"columns": {"a": declared}, "type_mode": mode}), header).0 == Status::Pass
    };
    assert!(status("widenable", "int64", "a:int8") && !status("widenable", "int8", "a:int64"));
    assert!(status("widenable", "int64", "a:uint8") && !status("widenable", "int64", "a:uint64"));
    assert!(status("widenable", "float64", "a:float32") && !status("widenable", "float64", "a:int64"));
    assert!(
        status("widenable", "decimal(22,4)", "a:decimal")
            && !status("widenable", "decimal(20,4)", "a:decimal")
    );
    assert!(status("family", "int8", "a:uint64") && !status("family", "int8", "a:float64"));
    assert!(
        status("exact", "timestamp", "a:timestamp_ms") && !status("exact", "timestamp(us)", "a:timestamp_ms")
    );
    assert!(status("exact", "timestamp(ns, UTC)", "a:timestamp_utc"));
}

#[test]
fn a_column_that_must_not_be_null_is_counted() {
    let params = json!({"columns": {"a": {"type": "int64", "nullable": false}}});
    assert_eq!(verdict("schema", params.clone(), &rows("a:int64\n1\n")).status, Status::Pass);
    let found = verdict("schema", params, &rows("a:int64\n1\n\n"));
    assert_eq!((found.status, found.observed_text.as_str()), (Status::Fail, "nulls in a"));
}

#[test]
fn a_type_that_does_not_exist_is_named_with_its_column() {
    let error = Check::parse("schema", &json!({"columns": {"a": "int65"}})).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("columns.a"));
    assert!(error.message.contains("int65"), "{}", error.message);
}
