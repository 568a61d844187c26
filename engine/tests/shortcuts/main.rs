//! Shortcuts never change a verdict: what footers, dictionaries and the plan answer is what the rows say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod checks;
mod columns;
mod files;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lockgate_engine::spec::SourceText;
use lockgate_engine::store::Settings;
use lockgate_engine::{Engine, Options, Pipeline, RunRecord};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use checks::{checks, checks_of_texts};
use files::{Doctored, File, files};

/// A pipeline with checks on a source, and on a table that its steps make unique by some keys.
fn pipeline(source: &[Value], table: &[Value], keys: &[&str]) -> String {
    let list = |checks: &[Value]| {
        let entries: Vec<String> = checks.iter().map(|check| format!("      - {check}")).collect();
        entries.join("\n")
    };
    format!(
        "pipeline: shortcuts
sources:
  raw:
    read: raw/
    checks:
{}
tables:
  once:
    from: raw
    steps:
      - deduplicate: {{keys: {}, keep: first}}
      - filter: id IS NULL OR id < 7
      - rename: {{id: text, text: id}}
      - derive: {{whole: \"coalesce(whole, whole)\"}}
      - rename: {{id: text, text: id}}
    checks:
{}
",
        list(source),
        json!(keys),
        list(table)
    )
}

fn validated(folder: &Path, text: &str, shortcuts: bool) -> RunRecord {
    let options = Options {
        threads: 2,
        memory: None,
        ceiling: None,
        spill_dir: std::env::temp_dir(),
        spill_limit: None,
        run_time: "2024-03-01T00:00:00Z".parse().unwrap(),
        dry_run: false,
        shortcuts,
        seed: 0,
        usage: None,
    };
    let clock = Arc::new(|| "2024-03-01T00:00:00Z".parse().unwrap());
    let engine = Engine::new(options, Settings::new(folder, []), clock).unwrap();
    let pipeline = Pipeline::load(SourceText::new("pipeline.yaml", text), &[], &BTreeMap::new());
    let pipeline = pipeline.unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    engine.validate(&pipeline).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

/// The verdicts, apart from where their answers came from, and where those came from that were not from the rows.
fn verdicts(record: &RunRecord) -> (Vec<Value>, Vec<String>) {
    let mut all = serde_json::to_value(&record.checks).unwrap();
    let all = all.as_array_mut().unwrap();
    let mut elsewhere = Vec::new();
    for verdict in all.iter_mut() {
        let from = verdict.as_object_mut().unwrap().remove("answered_from").unwrap();
        elsewhere.extend(from.as_str().filter(|from| *from != "scan").map(str::to_owned));
    }
    (std::mem::take(all), elsewhere)
}

fn written(files: &[File]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, file) in files.iter().enumerate() {
        file.write(&folder.path().join("raw"), number);
    }
    folder
}

#[test]
fn shortcuts_never_change_a_verdict() {
    let taken = RefCell::new(BTreeMap::new());
    let keys = prop::sample::select(vec![
        &["id"][..],
        &["text"],
        &["double"],
        &["day", "id"],
        &["mode", "id", "date"],
    ]);
    let case = (files(), checks(), checks(), keys);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 400,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&case, |(files, source, table, keys)| {
        let folder = written(&files);
        let text = pipeline(&source, &table, keys);
        let (short, elsewhere) = verdicts(&validated(folder.path(), &text, true));
        let (long, none) = verdicts(&validated(folder.path(), &text, false));
        prop_assert!(none.is_empty());
        for from in elsewhere {
            *taken.borrow_mut().entry(from).or_insert(0) += 1;
        }
        for (short, long) in short.iter().zip(&long) {
            prop_assert_eq!(short, long);
        }
        prop_assert_eq!(short.len(), long.len());
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    let taken = taken.into_inner();
    for from in ["footer", "plan"] {
        assert!(taken.get(from).is_some_and(|answers| *answers > 20), "{from}: {taken:?}");
    }
}

#[test]
fn dictionaries_never_change_a_verdict() {
    let taken = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 200,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&(files(), checks_of_texts()), |(files, checks)| {
        let folder = written(&files);
        let checks: Vec<String> = checks.iter().map(|check| format!("      - {check}")).collect();
        let text = format!(
            "pipeline: texts\nsources:\n  raw:\n    read: raw/\n    checks:\n{}\ntables:\n  rows: {{from: raw}}\n",
            checks.join("\n")
        );
        let (short, elsewhere) = verdicts(&validated(folder.path(), &text, true));
        let (long, none) = verdicts(&validated(folder.path(), &text, false));
        prop_assert!(none.is_empty());
        taken.set(taken.get() + elsewhere.iter().filter(|from| *from == "dictionary").count());
        prop_assert_eq!(short, long);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(taken.get() > 20, "only {} answers came from dictionaries", taken.get());
}

#[test]
fn only_what_a_footer_states_beyond_doubt_is_taken_from_it() {
    let checks = [
        json!({"not_null": {"column": "id", "id": "nulls"}}),
        json!({"between": {"column": "big", "min": "-9223372036854775808", "id": "signed"}}),
        json!({"ge": {"column": "whole", "value": 0, "id": "unsigned"}}),
        json!({"le": {"column": "date", "value": "9999-12-31", "id": "date"}}),
        json!({"statistic": {"column": "utc", "fn": "max", "max": "2025-01-01", "id": "latest"}}),
        json!({"ge": {"column": "double", "value": "-inf", "severity": "log", "id": "nan"}}),
        json!({"ge": {"column": "text", "value": "", "id": "text"}}),
        json!({"ge": {"column": "amount", "value": -100, "id": "decimal"}}),
        json!({"row_count": {"min": 1, "id": "rows"}}),
    ];
    let sources = |doctored: Doctored| -> Vec<String> {
        let folder = written(&[File::plain(doctored)]);
        let record = validated(folder.path(), &pipeline(&checks, &[json!({"unique": "id"})], &["id"]), true);
        let from_footer = record
            .checks
            .iter()
            .filter(|check| serde_json::to_value(check.verdict.answered_from).unwrap() == json!("footer"));
        from_footer.map(|check| check.verdict.id.clone()).collect()
    };
    assert_eq!(sources(Doctored::Not), ["nulls", "signed", "unsigned", "date", "latest", "rows"]);
    assert_eq!(sources(Doctored::Deprecated), ["nulls", "signed", "date", "latest", "rows"]);
    assert_eq!(sources(Doctored::WithoutBounds), ["nulls", "rows"]);
    assert_eq!(sources(Doctored::WithoutNullCounts), ["rows"]);
    assert_eq!(sources(Doctored::WithoutAny), ["rows"]);
    assert_eq!(sources(Doctored::Crossed), ["nulls", "rows"]);
    assert_eq!(sources(Doctored::NullsBeyondRows), ["rows"]);
}

#[test]
fn statistics_that_lie_are_found_without_shortcuts_or_not_believed_at_all() {
    let checks = [
        json!({"completeness": {"column": "id", "mostly": 0.5, "id": "nulls"}}),
        json!({"le": {"column": "whole", "value": 0, "id": "greatest"}}),
    ];
    let judged = |file: &File, shortcuts| -> Vec<(String, u64, String)> {
        let folder = written(std::slice::from_ref(file));
        let text = pipeline(&checks, &[json!({"unique": "id"})], &["id"]);
        let record = validated(folder.path(), &text, shortcuts);
        let said = |value: &Value| value.as_str().unwrap().to_owned();
        let verdicts = record.checks[..2].iter().map(|check| serde_json::to_value(&check.verdict).unwrap());
        verdicts
            .map(|v| (said(&v["status"]), v["n_failed"].as_u64().unwrap(), said(&v["answered_from"])))
            .collect()
    };
    let told = |verdicts: [(&str, u64, &str); 2]| verdicts.map(|(a, n, b)| (a.to_owned(), n, b.to_owned()));
    // Its footer says one null a row group where there is none, and that the greatest value is the least, 0.
    let lying = File::plain(Doctored::Wrong);
    assert_eq!(judged(&lying, true), told([("pass", 2, "footer"), ("pass", 0, "footer")]));
    let true_ones = told([("pass", 0, "scan"), ("fail", 6, "scan")]);
    assert_eq!(judged(&lying, false), true_ones);
    // Said of a writer that is known to get them wrong, the same is not looked at.
    assert_eq!(judged(&lying.by_a_liar(), true), true_ones);
}
