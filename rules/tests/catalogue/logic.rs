//! Rules made of other rules.

use lockgate_rules::{AnsweredFrom, Check, Status};
use serde_json::{Value, json};

use crate::support::{bind, column, judge, measured, rows, state, try_bind, verdict};

const ROWS: &str = "a:int64,b:int64,c:utf8\n1,2,x\n5,2,x\n,2,y\n9,,\n";

/// Status and text of a check over `ROWS`.
fn outcome(rule: &str, params: Value) -> (Status, String) {
    let found = verdict(rule, params, &rows(ROWS));
    (found.status, found.observed_text)
}

fn refused(rule: &str, params: Value) -> (Option<String>, String) {
    let error = Check::parse(rule, &params).unwrap_err();
    (error.key, error.message)
}

#[test]
fn rows_are_put_together_by_kleenes_logic() {
    let low = json!({"lt": {"column": "a", "value": 6}});
    let known = json!({"ge": {"column": "b", "value": 0}});
    // a < 6: true true unknown false; b >= 0: true true true unknown.
    let cases = [
        ("all_of", json!([low, known]), Status::Fail, "1 of 3 fail (33.33 %)"),
        ("any_of", json!([low, known]), Status::Pass, "all 3 pass"),
        ("not", low.clone(), Status::Fail, "2 of 3 fail (66.67 %)"),
        ("not", json!({"rules": [low, known]}), Status::Fail, "3 of 3 fail (100 %)"),
        ("when", json!({"condition": "a < b", "then": known}), Status::Pass, "all 1 pass"),
        ("when", json!({"condition": "TRUE", "then": [low]}), Status::Fail, "1 of 3 fail (33.33 %)"),
        ("any_of", json!([{"not_null": "a"}, {"not_null": "b"}]), Status::Pass, "all 4 pass"),
        ("all_of", json!([{"not_null": ["a", "b"]}]), Status::Fail, "2 of 4 fail (50 %)"),
    ];
    for (rule, params, status, text) in cases {
        assert_eq!(outcome(rule, params.clone()), (status, text.to_owned()), "{rule} {params}");
    }
}

#[test]
fn a_part_treats_nulls_as_it_says() {
    for (nulls, text) in
        [("skip", "1 of 3 fail (33.33 %)"), ("fail", "2 of 4 fail (50 %)"), ("pass", "1 of 4 fail (25 %)")]
    {
        let part = json!({"lt": {"column": "a", "value": 6, "nulls": nulls}});
        assert_eq!(outcome("all_of", json!([part])), (Status::Fail, text.to_owned()), "{nulls}");
    }
}

#[test]
fn conditions_of_parts_are_told_apart() {
    let (less, all) = (json!({"expression": "a < b"}), json!({"expression": "TRUE"}));
    assert_eq!(outcome("all_of", json!([all, less])), (Status::Fail, "3 of 4 fail (75 %)".into()));
    assert_eq!(outcome("any_of", json!([less, all])), (Status::Pass, "all 4 pass".into()));
}

#[test]
fn parts_may_be_made_of_parts() {
    let either = json!({"any_of": [{"eq": {"column": "c", "value": "x"}}, {"not_null": "b"}]});
    let both = json!([either, {"not": {"eq": {"column": "a", "value": 5}}}]);
    assert_eq!(outcome("all_of", both), (Status::Fail, "1 of 2 fail (50 %)".into()));
}

#[test]
fn rows_that_fail_the_whole_may_leave() {
    let batch = rows(ROWS);
    let check = ("any_of", json!({"rules": [{"not_null": "b"}], "on_row": "quarantine", "id": "some"}));
    let suite = bind(&[check], &batch.schema());
    let measured = measured(&suite, &batch);
    assert_eq!(measured.quarantined.iter().map(|row| row.row).collect::<Vec<_>>(), [3]);
    assert_eq!(measured.keep.unwrap().true_count(), 3);
}

#[test]
fn what_is_no_plain_row_rule_is_judged_as_a_check() {
    let few = json!({"row_count": {"max": 3}});
    let some = json!({"row_count": {"min": 1}});
    let most = json!({"not_null": {"column": "a", "mostly": 0.7}});
    let cases = [
        ("all_of", json!([some, most]), Status::Pass, "all 2 parts pass"),
        ("all_of", json!([some, few]), Status::Fail, "1 of 2 parts fail: row_count: 4"),
        ("any_of", json!([few, most]), Status::Pass, "1 of 2 parts fail: row_count: 4"),
        ("any_of", json!([few]), Status::Fail, "1 of 1 parts fail: row_count: 4"),
        ("not", few.clone(), Status::Pass, "row_count: 4"),
        ("not", some.clone(), Status::Fail, "row_count: 4"),
    ];
    for (rule, params, status, text) in cases {
        assert_eq!(outcome(rule, params.clone()), (status, text.to_owned()), "{rule} {params}");
    }
}

#[test]
fn the_scope_of_the_whole_holds_for_its_parts() {
    let parts = json!({"rules": [{"row_count": {"equals": 1}}, {"row_count": {"where": "TRUE", "max": 1}}], "where": "a < b"});
    assert_eq!(outcome("all_of", parts), (Status::Pass, "all 2 parts pass".into()));
    let when = json!({"condition": "a < b", "then": {"row_count": {"equals": 1}}, "where": "TRUE"});
    assert_eq!(outcome("when", when), (Status::Pass, "all 1 parts pass".into()));
}

#[test]
fn the_verdict_names_its_parts_and_no_other_shows_them() {
    let batch = rows(ROWS);
    let checks =
        [("any_of", json!([{"row_count": {"max": 3}}, {"not_null": "a"}])), ("not_null", json!("b"))];
    let suite = bind(&checks, &batch.schema());
    let verdicts = judge(&suite, &state(&suite, &[batch]));
    let ids: Vec<&str> = verdicts.iter().map(|verdict| verdict.id.as_str()).collect();
    assert_eq!(ids, ["any_of(row_count, not_null(a))", "not_null(b)"]);
    assert_eq!(ids, suite.ids().collect::<Vec<_>>());
    assert_eq!(verdicts[0].expected, "any of: at most 3 rows; a not null");
    assert_eq!(verdicts[0].answered_from, AnsweredFrom::Scan);
    assert_eq!(verdicts[0].observed[1]["id"], "not_null(a)");
}

#[test]
fn nulls_of_the_first_column_alone_prove_nothing_of_the_whole() {
    let nulls = arrow::array::RecordBatch::try_from_iter_with_nullable([
        ("a", column("int64", &[None, None]), true),
        ("b", column("int64", &[Some("1"), None]), true),
    ]);
    let nulls = nulls.unwrap();
    let check = ("any_of", json!([{"not_null": "a"}, {"not_null": "b"}]));
    let suite = bind(&[check], &nulls.schema());
    let mut proofs = lockgate_rules::Proofs { rows: Some(2), ..Default::default() };
    let all = lockgate_rules::ColumnProof { nulls: Some(2), ..Default::default() };
    proofs.columns.insert("a".into(), all);
    let verdict = &crate::support::judge_with(&suite, &state(&suite, &[nulls]), &proofs)[0];
    assert_eq!((verdict.status, verdict.n_evaluated), (Status::Fail, 2));
}

#[test]
fn what_cannot_be_a_part_is_refused_with_its_place() {
    let cases = [
        ("all_of", json!([]), Some("rules"), "there are no rules in it"),
        ("all_of", json!({"where": "TRUE"}), Some("rules"), "\"rules\" is missing"),
        ("any_of", json!([{"nothing": 1}]), Some("rules.0"), "unknown rule \"nothing\""),
        ("any_of", json!([1]), Some("rules.0"), "a part is one rule with its parameters"),
        (
            "any_of",
            json!([{"not_null": "a"}, {"between": {"column": "a", "mim": 1}}]),
            Some("rules.1.between.mim"),
            "unknown parameter \"mim\" of between",
        ),
        (
            "all_of",
            json!([{"not_null": {"column": "a", "on_row": "drop"}}]),
            Some("rules.0.not_null"),
            "what happens to rows is said beside the parts, not in one",
        ),
        (
            "all_of",
            json!([{"not_null": "a*"}]),
            Some("rules.0.not_null"),
            "a part has to name its columns, not a pattern",
        ),
        ("when", json!({"then": [{"not_null": "a"}]}), Some("condition"), "\"condition\" is missing"),
    ];
    for (rule, params, key, message) in cases {
        assert_eq!(refused(rule, params), (key.map(str::to_owned), message.to_owned()));
    }
    let deep = (0..120).fold(json!({"not_null": "a"}), |inner, _| json!({"not": inner}));
    assert_eq!(refused("all_of", json!([deep])).1, "it is made of more than 100 rules");
}

#[test]
fn what_needs_rows_is_refused_for_figures() {
    let schema = rows(ROWS).schema();
    for (key, value) in [("mostly", json!(0.5)), ("on_row", json!("drop")), ("nulls", json!("fail"))] {
        let params = json!({"rules": [{"row_count": {"min": 1}}], key: value});
        let errors = try_bind(&[("all_of", params)], &schema).unwrap_err();
        assert_eq!(errors[0].key.as_deref(), Some(key));
        assert_eq!(errors[0].message, format!("{key} needs parts that all test single rows"));
    }
    let errors = try_bind(&[("any_of", json!([{"not_null": "z"}]))], &schema).unwrap_err();
    assert_eq!(errors[0].message, "no column \"z\"");
    let errors =
        try_bind(&[("any_of", json!([{"length": {"column": "a", "min": 1}}]))], &schema).unwrap_err();
    assert_eq!(errors[0].message, "length(a): column \"a\" is of type int64, which has no length");
}
