//! Checks against values in a file.

use std::path::Path;

use lockgate_tests::{Ran, TempDir, check, folder, pipeline, repository, run};
use serde_json::Value;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// A pipeline over the airports of the fixtures, with `values` put in.
fn airports(folder: &Path, values: &str) -> String {
    let raw = repository().join("fixtures/flights/airports.parquet").display().to_string();
    let text = format!(
        "pipeline: values
sources:
  airports:
    read: {raw}
    checks:
      - in_set: {{id: zones, column: tz, values: {values}, severity: log}}
tables:
  copy:
    from: airports
    write: {{to: out/copy/}}
"
    );
    pipeline(folder, &text)
}

fn written(name: &str, content: &[u8]) -> TempDir {
    let folder = folder();
    std::fs::create_dir_all(folder.path().join("known")).expect("a fresh folder");
    std::fs::write(folder.path().join("known").join(name), content).expect("a fresh folder");
    folder
}

fn lockgate(folder: &Path, values: &str) -> Ran {
    let file = airports(folder, values);
    run(LOCKGATE, &["run", &file, "--format", "json", "--run-time", "2024-06-01"], &[])
}

/// What is said of a pipeline that is wrong.
fn checked(folder: &Path, values: &str) -> Ran {
    let file = airports(folder, values);
    run(LOCKGATE, &["check", file.as_str()], &[]).expect(30)
}

fn zones(record: &Value) -> (u64, String) {
    let check = check(record, "zones");
    (check["n_failed"].as_u64().expect("a count"), check["expected"].as_str().expect("words").to_owned())
}

#[test]
fn values_of_a_file_judge_as_listed_ones_do() {
    let listed = lockgate(folder().path(), "[-5, -6]").expect(0).json();
    let (failed, _) = zones(&listed);
    assert!(failed > 0);
    for (name, content, column) in [
        ("zones.txt", "-5\n-6\n\n", ""),
        ("zones.csv", "name,hours\nEastern,-5\nCentral,-6\n,\n", ", column: hours"),
        ("zones.tsv", "hours\n-6\n-5\n", ""),
    ] {
        let data = written(name, content.as_bytes());
        let record = lockgate(data.path(), &format!("{{file: known/{name}{column}}}")).expect(0).json();
        let (found, expected) = zones(&record);
        assert_eq!(found, failed, "{name}");
        assert!(expected.starts_with("one of the 2 values of known/zones"), "{expected}");
        let read = record["values"][0]["path"].as_str().expect("an address");
        assert!(read.ends_with(&format!("known/{name}")), "{read}");
    }
    // The airports themselves, as a column of a Parquet file.
    let raw = repository().join("fixtures/flights/airports.parquet").display().to_string();
    let record = lockgate(folder().path(), &format!("{{file: {raw}, column: tz}}")).expect(0).json();
    assert_eq!(zones(&record).0, 0);
}

#[test]
fn a_changed_file_is_another_run() {
    let data = written("zones.txt", b"-5\n");
    let run = || lockgate(data.path(), "{file: known/zones.txt}").expect(0).json();
    let first = run();
    let again = run();
    assert_eq!((&again["run_id"], &again["already_published"]), (&first["run_id"], &Value::Bool(true)));
    std::fs::write(data.path().join("known/zones.txt"), "-6\n").expect("it can be written");
    let changed = run();
    assert_ne!(changed["run_id"], first["run_id"]);
    assert_ne!(zones(&changed).0, zones(&first).0);
}

#[test]
fn a_file_without_values_is_shown_at_its_place() {
    let data = written("zones.txt", b"\n  \n");
    for (values, said) in [
        ("{file: known/none.txt}", "there is no file"),
        ("{file: known/zones.txt}", "holds no values"),
        ("{file: known/zones.txt, column: x}", "has no columns"),
        ("{file: known}", "there is no file"),
    ] {
        let ran = checked(data.path(), values);
        assert!(ran.stderr.contains(said), "{values}: {}", ran.stderr);
        assert!(ran.stderr.contains("pipeline.yaml:6:"), "{values}: {}", ran.stderr);
    }
    let data = written("zones.csv", b"a,b\n1,2\n");
    let ran = checked(data.path(), "{file: known/zones.csv, column: c}");
    assert!(ran.stderr.contains("has no column \"c\""), "{}", ran.stderr);
}
