//! Checks that are judged for each group.

use std::io;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use lockgate_rules::{Check, ColumnProof, Proofs, Room, State, Status, Suite, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{bind, judge, judge_with, measured, rows, state, try_bind, verdict};

const SALES: &str = "shop:utf8,day:date,units:int64,price:float64\n\
                     Bern,2024-01-01,1,1.5\n\
                     Bern,2024-01-02,2,2.5\n\
                     Basel,2024-01-01,,3.5\n\
                     Basel,2024-01-02,40,\n\
                     ,2024-01-02,5,1.0\n";

#[test]
fn a_check_fails_if_one_group_fails() {
    let cases = [
        (
            "not_null",
            json!({"column": "units", "group_by": "shop"}),
            Status::Fail,
            "1 of 3 groups fail: Basel: 1 of 2 fail (50 %)",
        ),
        ("not_null", json!({"column": "day", "group_by": "shop"}), Status::Pass, "all 3 groups pass"),
        ("row_count", json!({"min": 2, "group_by": ["shop"]}), Status::Fail, "1 of 3 groups fail: null: 1"),
        (
            "statistic",
            json!({"column": "units", "fn": "sum", "max": 10, "group_by": "shop"}),
            Status::Fail,
            "1 of 3 groups fail: Basel: 40",
        ),
        (
            "statistic",
            json!({"column": "units", "fn": "sum", "max": 100, "warn": {"max": 10}, "group_by": "shop"}),
            Status::Warn,
            "1 of 3 groups are near the limit: Basel: 40",
        ),
        ("unique", json!({"columns": ["shop"], "group_by": "day"}), Status::Pass, "all 2 groups pass"),
        (
            "not_null",
            json!({"column": "units", "mostly": 0.5, "group_by": ["shop", "day"]}),
            Status::Fail,
            "1 of 5 groups fail: Basel, 2024-01-01: 1 of 1 fail (100 %)",
        ),
        (
            "all_of",
            json!({"rules": [{"not_null": "units"}, {"row_count": {"min": 2}}], "group_by": "day"}),
            Status::Fail,
            "1 of 2 groups fail: 2024-01-01: 1 of 2 parts fail: not_null(units): 1 of 2 fail (50 %)",
        ),
    ];
    for (rule, params, status, text) in cases {
        let found = verdict(rule, params.clone(), &rows(SALES));
        assert_eq!((found.status, found.observed_text.as_str()), (status, text), "{rule} {params}");
    }
}

#[test]
fn the_verdict_lists_groups_with_those_that_fail_first() {
    let check = json!({"column": "units", "group_by": "shop", "where": "TRUE"});
    let found = verdict("not_null", check, &rows(SALES));
    let groups: Vec<(Value, Status)> =
        found.groups.iter().map(|group| (group.group["shop"].clone(), group.status)).collect();
    let (pass, fail) = (Status::Pass, Status::Fail);
    assert_eq!(groups, [(json!("Basel"), fail), (json!("Bern"), pass), (Value::Null, pass)]);
    assert_eq!(
        (found.n_evaluated, found.n_failed, found.observed),
        (5, 1, json!({"groups": 3, "failed": 1}))
    );
    assert_eq!(found.id, "not_null(units) where TRUE by shop");
    assert_eq!(found.samples.len(), 1);
}

/// Batches of so many rows each.
fn split(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    let starts = (0..batch.num_rows()).step_by(rows);
    starts.map(|at| batch.slice(at, rows.min(batch.num_rows() - at))).collect()
}

#[test]
fn groups_do_not_depend_on_how_rows_are_split_and_survive_storage() {
    let batch = rows(SALES);
    let checks = [
        ("not_null", json!({"column": "units", "group_by": "shop"})),
        ("statistic", json!({"column": "price", "fn": "mean", "min": 0, "group_by": "shop"})),
        ("distinct_count", json!({"column": "units", "min": 1, "group_by": ["day", "shop"]})),
        ("not_null", json!("units")),
    ];
    let suite = bind(&checks, &batch.schema());
    let whole = judge(&suite, &state(&suite, std::slice::from_ref(&batch)));
    for size in [1, 2, 3] {
        let parts = state(&suite, &split(&batch, size));
        let stored: State = serde_json::from_value(serde_json::to_value(&parts).unwrap()).unwrap();
        assert_eq!(judge(&suite, &stored), whole, "{size}");
    }
}

#[test]
fn groups_of_figures_see_what_stays() {
    let batch = rows(SALES);
    let checks = [
        ("not_null", json!({"column": "units", "on_row": "drop"})),
        ("lt", json!({"column": "units", "value": 40, "on_row": "null_out"})),
        ("row_count", json!({"min": 2, "group_by": "shop"})),
        ("statistic", json!({"column": "units", "fn": "max", "max": 5, "group_by": "shop"})),
        ("not_null", json!({"column": "units", "id": "each", "group_by": "shop"})),
    ];
    let suite = bind(&checks, &batch.schema());
    let verdicts = judge(&suite, &state(&suite, &[batch]));
    let texts: Vec<&str> = verdicts[2..].iter().map(|verdict| verdict.observed_text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "2 of 3 groups fail: Basel: 1; null: 1",
            "all 2 groups pass",
            "1 of 3 groups fail: Basel: 1 of 2 fail (50 %)",
        ]
    );
}

#[test]
fn too_many_groups_are_an_error_and_not_a_pass() {
    let numbers: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
    let batch = rows(&format!("n:int64\n{}\n", numbers.join("\n")));
    for size in [4_000, 20_000] {
        let suite = bind(&[("not_null", json!({"column": "n", "group_by": "n"}))], &batch.schema());
        let found = &judge(&suite, &state(&suite, &split(&batch, size)))[0];
        assert_eq!(found.status, Status::Error);
        assert!(found.observed_text.starts_with("there are more than 10,000 groups of n, or"), "{found:?}");
    }
}

#[test]
fn what_forms_no_groups_is_refused() {
    let schema = rows(SALES).schema();
    let errors = try_bind(&[("not_null", json!({"column": "units", "group_by": "shops"}))], &schema);
    let error = errors.unwrap_err().remove(0);
    assert_eq!((error.key.as_deref(), error.message.as_str()), (Some("group_by"), "no column \"shops\""));
    let dropped = json!({"column": "units", "group_by": "shop", "on_row": "drop"});
    let error = Check::parse("not_null", &dropped).unwrap_err();
    assert_eq!(error.message, "on_row does not go with group_by");
    let wrong = [
        ("not_null", json!({"column": "units", "group_by": "shop"})),
        ("length", json!({"column": "units", "min": 1, "group_by": "shop"})),
    ];
    let error = try_bind(&wrong, &schema).unwrap_err().remove(0);
    assert_eq!(error.check, 1);
}

#[test]
fn without_rows_there_are_no_groups() {
    let batch = rows(SALES);
    let suite = bind(&[("not_null", json!({"column": "units", "group_by": "shop"}))], &batch.schema());
    let measured = measured(&suite, &batch.slice(0, 0));
    let mut all = suite.start();
    all.merge(measured.part).unwrap();
    let found = &judge(&suite, &all)[0];
    assert_eq!((found.status, found.observed_text.as_str()), (Status::Skipped, "no groups in scope"));
}

/// Room for so many bytes of keys.
#[derive(Debug)]
struct Small {
    bytes: u64,
    away: Mutex<Vec<u8>>,
}

impl Room for Small {
    fn is_full(&self, held: u64) -> bool {
        held > self.bytes
    }

    fn put(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut away = self.away.lock().unwrap();
        away.extend_from_slice(bytes);
        Ok((away.len() - bytes.len()) as u64)
    }

    fn get(&self, start: u64, len: usize) -> io::Result<Vec<u8>> {
        Ok(self.away.lock().unwrap()[start as usize..start as usize + len].to_vec())
    }
}

/// The state of rows that come in batches, with room for so many bytes of keys.
fn state_within(suite: &Suite, bytes: u64, batches: &[RecordBatch]) -> State {
    let mut all = suite.start().within(Arc::new(Small { bytes, away: Mutex::default() }));
    for batch in batches {
        all.merge(measured(suite, batch).part).unwrap();
    }
    all
}

#[test]
fn what_is_proven_of_all_rows_says_nothing_of_a_group() {
    let batch = rows(SALES);
    let checks = [
        ("row_count", json!({"max": 2, "group_by": "shop"})),
        ("not_null", json!({"column": "day", "group_by": "shop"})),
    ];
    let suite = bind(&checks, &batch.schema());
    let known = ColumnProof { nulls: Some(0), ..ColumnProof::default() };
    let columns = [("day".to_owned(), known)].into_iter().collect();
    let proofs = Proofs { rows: Some(5), columns, ..Proofs::default() };
    let found = judge_with(&suite, &state(&suite, &[batch]), &proofs);
    assert_eq!((found[0].status, found[0].observed_text.as_str()), (Status::Pass, "all 3 groups pass"));
    assert_eq!((found[1].status, found[1].n_evaluated), (Status::Pass, 5));
}

/// The verdicts without their rows, which are not looked for among keys that were put away.
fn without_samples(verdicts: Vec<Verdict>) -> Vec<Verdict> {
    verdicts.into_iter().map(|verdict| Verdict { samples: Vec::new(), ..verdict }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_judged_alike_wherever_their_keys_are(
        lines in prop::collection::vec((0..5_u8, 0..30_u8, 0..3_u8), 0..120),
        size in 1..40_usize,
        bytes in prop_oneof![Just(0), 0..60_000_u64],
        cut in 0..120_usize,
    ) {
        let value = |value: u8| if value == 0 { String::new() } else { value.to_string() };
        let line = |(g, x, y): (u8, u8, u8)| format!("{},{},{}", value(g), value(x), value(y));
        let lines: Vec<String> = lines.into_iter().map(line).collect();
        let batch = rows(&format!("g:int64,x:int64,y:int64\n{}", lines.join("\n")));
        let checks = [
            ("unique", json!({"column": "x", "group_by": "g"})),
            ("unique", json!({"columns": ["x", "y"], "count": "dup_groups", "nulls_distinct": false, "group_by": "g"})),
            ("unique", json!({"column": "x", "count": "rows_in_dup_groups", "max": 3, "group_by": ["g", "y"]})),
            ("primary_key", json!({"column": "x", "group_by": "g"})),
            ("uniqueness", json!({"column": "x", "min": 0.5, "warn": {"min": 0.8}, "group_by": "g"})),
            ("unique_value_ratio", json!({"column": "y", "min": 0.5, "group_by": "g"})),
            ("distinct_count", json!({"column": "x", "max": 9, "exactness": "exact", "group_by": "g"})),
            ("distinctness", json!({"column": "x", "min": 0.7, "exactness": "exact", "group_by": "y"})),
            ("any_of", json!({"rules": [{"unique": "x"}, {"row_count": {"max": 4}}], "group_by": "g"})),
            ("any_of", json!({
                "rules": [{"unique": "x"}, {"unique": {"column": "x", "group_by": "y"}}], "group_by": "g",
            })),
            ("entropy", json!({"column": "y", "min": 0.5, "group_by": "g"})),
            ("unique", json!("x")),
        ];
        let suite = bind(&checks, &batch.schema());
        let held = without_samples(judge(&suite, &state(&suite, std::slice::from_ref(&batch))));
        let away = state_within(&suite, bytes, &split(&batch, size));
        prop_assert_eq!(&without_samples(judge(&suite, &away)), &held);
        let stored: State = serde_json::from_value(serde_json::to_value(&away).unwrap()).unwrap();
        prop_assert_eq!(&without_samples(judge(&suite, &stored)), &held);
        let cut = cut.min(batch.num_rows());
        let rest = batch.slice(cut, batch.num_rows() - cut);
        let mut both = state_within(&suite, bytes, &split(&batch.slice(0, cut), size));
        both.append(state_within(&suite, bytes, &split(&rest, size))).unwrap();
        prop_assert_eq!(&without_samples(judge(&suite, &both)), &held);
    }
}
