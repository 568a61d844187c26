//! `casing` with `case: consistent`: texts that differ from others in case only.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use lockgate_rules::{Status, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{bind, check, column, judge, rows, single, state, try_bind, verdict};

fn consistent(params: Value, batch: &RecordBatch) -> Verdict {
    let mut params = params;
    params["column"] = json!("x");
    params["case"] = json!("consistent");
    verdict("casing", params, batch)
}

fn texts(texts: &[&str]) -> RecordBatch {
    single("x", column("view", &texts.iter().copied().map(Some).collect::<Vec<_>>()))
}

#[test]
fn texts_that_differ_in_case_only_fail_but_for_the_commonest() {
    for (given, failed, text) in [
        (&["Bern", "Bern", "bern", "Basel"][..], 1, "1 of 4 fail (25 %): bern for Bern"),
        (
            &["Bern", "bern", "BERN", "BERN", "Bern", "Bern"],
            3,
            "3 of 6 fail (50 %): BERN for Bern, bern for Bern",
        ),
        // Equally common: upper case comes first in the order of bytes.
        (&["bern", "Bern"], 1, "1 of 2 fail (50 %): bern for Bern"),
        (&["zug", "ZUG", "zuG", "zuG"], 2, "2 of 4 fail (50 %): ZUG for zuG, zug for zuG"),
        (&["Zürich", "ZÜRICH", "Zürich"], 1, "1 of 3 fail (33.33 %): ZÜRICH for Zürich"),
        (&["ΣΑΣ", "σας", "σας"], 1, "1 of 3 fail (33.33 %): ΣΑΣ for σας"),
        // Not the same in lower case: another letter, other marks, other blanks.
        (&["straße", "STRASSE", "Straße "], 0, "all 3 pass"),
        (&["\u{e9}lan", "e\u{301}lan"], 0, "all 2 pass"),
        (&["", "", "1", "日本"], 0, "all 4 pass"),
        (
            &["Aa", "aA", "aa", "AA", "Bb", "bB", "bb", "BB"],
            6,
            "6 of 8 fail (75 %): Aa for AA, Bb for BB, aA for AA, aa for AA, bB for BB, …",
        ),
    ] {
        let found = consistent(json!({}), &texts(given));
        assert_eq!((found.n_failed, found.observed_text.as_str()), (failed, text), "{given:?}");
        assert_eq!(found.status == Status::Pass, failed == 0, "{given:?}");
    }
}

#[test]
fn what_differs_is_listed_with_its_rows() {
    let found = consistent(json!({}), &texts(&["Bern", "Bern", "Bern", "bern", "bern", "BERN"]));
    let differing = json!([
        {"value": "bern", "rows": 2, "commonest": "Bern"},
        {"value": "BERN", "rows": 1, "commonest": "Bern"}
    ]);
    assert_eq!(found.observed, json!({"share": 0.5, "differing": differing}));
    assert!(found.samples.is_empty());
}

#[test]
fn counts_agree_with_python_in_any_layout_and_split() {
    // Python 3.11: for each v.lower() the rows without those of its most common v, of the same rows.
    const FAILED: u64 = 2_051;
    const WORDS: [&str; 8] = ["bern", "zürich", "île-de-france", "straße", "σας", "ǆamija", "genève", "x"];
    let text = |i: usize| {
        let word = WORDS[i * 7_919 % 8];
        let mut letters = word.chars();
        match i * 31 % 53 {
            0..30 => word.to_owned(),
            30..40 => word.to_uppercase(),
            _ => letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect(),
        }
    };
    let values: Vec<String> = (0..5_000).map(text).collect();
    let values: Vec<Option<&str>> = values.iter().map(|text| Some(text.as_str())).collect();
    for kind in ["utf8", "large", "view", "dict"] {
        let batch = single("x", column(kind, &values));
        let suite = bind(&[("casing", json!({"column": "x", "case": "consistent"}))], &batch.schema());
        for size in [1, 999, 5_000] {
            let parts: Vec<RecordBatch> =
                (0..5_000).step_by(size).map(|at| batch.slice(at, size.min(5_000 - at))).collect();
            let found = judge(&suite, &state(&suite, &parts)).remove(0);
            assert_eq!((found.n_evaluated, found.n_failed), (5_000, FAILED), "{kind} {size}");
        }
    }
}

#[test]
fn shares_and_nulls_are_treated_as_those_of_other_rules_about_rows() {
    let batch = rows("x:utf8\na\na\na\nA\n\n\n");
    for (params, status, evaluated, failed) in [
        (json!({}), Status::Fail, 4, 1),
        (json!({"mostly": 0.75}), Status::Pass, 4, 1),
        (json!({"mostly": 0.7, "warn": 0.8}), Status::Warn, 4, 1),
        (json!({"nulls": "pass"}), Status::Fail, 6, 1),
        (json!({"nulls": "fail"}), Status::Fail, 6, 3),
        (json!({"where": "FALSE"}), Status::Skipped, 0, 0),
        (json!({"severity": "alert"}), Status::Fail, 4, 1),
    ] {
        let found = consistent(params.clone(), &batch);
        assert_eq!(
            (found.status, found.n_evaluated, found.n_failed),
            (status, evaluated, failed),
            "{params}"
        );
    }
    let nulls = rows("x:utf8\n\n\n");
    assert_eq!(consistent(json!({}), &nulls).observed_text, "only nulls in scope");
    assert_eq!(consistent(json!({}), &nulls.slice(0, 0)).observed_text, "no rows in scope");
}

#[test]
fn a_row_that_left_spells_nothing_and_groups_are_told_apart() {
    let batch = rows("x:utf8,id:int64,g:utf8\na,1,p\na,99,p\nA,2,q\nA,3,q\n");
    let all = json!({"column": "x", "case": "consistent"});
    let kept = ("le", json!({"column": "id", "value": 10, "on_row": "drop"}));
    let suite = bind(&[("casing", all.clone()), kept], &batch.schema());
    let found = judge(&suite, &state(&suite, std::slice::from_ref(&batch))).remove(0);
    assert_eq!(found.observed_text, "1 of 3 fail (33.33 %): a for A");
    let mut by_group = all;
    by_group["group_by"] = json!("g");
    assert_eq!(verdict("casing", by_group, &batch).observed_text, "all 2 groups pass");
}

#[test]
fn it_is_part_of_other_rules_as_a_whole() {
    let batch = texts(&["a", "A"]);
    let parts = json!([{"casing": {"column": "x", "case": "consistent"}}, {"not_null": "x"}]);
    assert_eq!(verdict("any_of", parts.clone(), &batch).status, Status::Pass);
    assert_eq!(verdict("all_of", parts, &batch).status, Status::Fail);
}

#[test]
fn rows_cannot_leave_for_what_is_only_known_at_the_end() {
    let params = json!({"column": "x", "case": "consistent", "on_row": "drop"});
    assert_eq!(check("casing", &params).len(), 1);
    let errors = try_bind(&[("casing", params)], &texts(&[]).schema()).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("on_row"));
}

#[test]
fn too_many_spellings_are_an_error() {
    let many = |count: usize| -> RecordBatch {
        let column: ArrayRef = Arc::new(StringArray::from_iter_values((0..count).map(|at| at.to_string())));
        single("x", column)
    };
    assert_eq!(consistent(json!({}), &many(262_144)).status, Status::Pass);
    let found = consistent(json!({}), &many(262_145));
    assert_eq!(found.status, Status::Error);
    assert!(found.observed_text.starts_with("there are more than 262,144 spellings"), "{found:?}");
    assert_eq!(found.n_evaluated, 262_145);
}

proptest! {
    #[test]
    fn as_many_fail_as_are_not_spelt_like_most(words in prop::collection::vec("[aAbB]{1,2}", 1..40)) {
        let mut failed = 0;
        let mut lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        lower.sort();
        lower.dedup();
        for class in lower {
            let of_class: Vec<&String> = words.iter().filter(|word| word.to_lowercase() == class).collect();
            let most = of_class.iter().map(|a| of_class.iter().filter(|b| a == *b).count()).max();
            failed += of_class.len() - most.unwrap_or_default();
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        prop_assert_eq!(consistent(json!({}), &texts(&words)).n_failed, failed as u64);
    }
}
