//! Old runs are forgotten, and nothing else: not what stands for data that is there, nor what was read.

use std::path::Path;

use lockgate_tests::{Ran, TempDir, files, folder, pipeline, run};
use serde_json::json;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

const PIPELINE: &str = "pipeline: daily
vars: {most: 100}
sources:
  raw:
    read: raw/
    format: csv
    partitions: {day: WANTED}
tables:
  clean:
    from: raw
    checks:
      - between: {column: price, min: 0, max: \"${most}\"}
    profile: \"*\"
    write: {to: out/clean/, partition_by: day}
";

/// A folder with two days, and a pipeline that reads `wanted` of them.
fn days(wanted: &str) -> (TempDir, String) {
    let data = folder();
    write_day(data.path(), "2024-01-01", &[1, 2]);
    let file = pipeline(data.path(), &PIPELINE.replace("WANTED", wanted));
    (data, file)
}

fn write_day(folder: &Path, day: &str, prices: &[u32]) {
    let to = folder.join(format!("raw/day={day}"));
    std::fs::create_dir_all(&to).expect("a fresh folder can be written");
    let lines: Vec<String> =
        std::iter::once("price".into()).chain(prices.iter().map(u32::to_string)).collect();
    std::fs::write(to.join("rows.csv"), lines.join("\n")).expect("a fresh folder can be written");
}

fn run_now(file: &str, more: &[&str]) -> Ran {
    run(LOCKGATE, &[&["run", file, "--format", "json"], more].concat(), &[])
}

fn clean(file: &str, more: &[&str]) -> Ran {
    run(LOCKGATE, &[&["clean", file, "--older-than", "0s", "--format", "json"], more].concat(), &[])
}

/// Files of the state folder and files of data.
fn kept(folder: &Path) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let (state, data): (Vec<_>, Vec<_>) =
        files(&folder.join("out")).into_iter().partition(|(name, _)| name.starts_with("_lockgate/"));
    (state.into_iter().map(|(name, _)| name).collect(), data)
}

fn count(state: &[String], part: &str) -> usize {
    state.iter().filter(|name| name.contains(part)).count()
}

#[test]
fn a_run_is_forgotten_once_others_have_replaced_what_it_published() {
    let (data, file) = days("latest");
    let first = run_now(&file, &[]).expect(0).json();
    write_day(data.path(), "2024-01-01", &[3, 4]);
    let _ = run_now(&file, &[]).expect(0);
    let withheld = run_now(&file, &["--var", "most=1"]).expect(20).json();
    write_day(data.path(), "2024-01-02", &[5]);
    let _ = run_now(&file, &[]).expect(0);
    let before = kept(data.path());
    assert_eq!((count(&before.0, "/record.json"), count(&before.0, "/states/")), (4, 3));

    let told = clean(&file, &["--dry-run"]).expect(0).json();
    assert_eq!(kept(data.path()), before, "a dry run changes nothing");
    let done = clean(&file, &[]).expect(0).json();
    assert_eq!((&told["runs"], &told["bytes"]), (&done["runs"], &done["bytes"]));
    let forgotten: Vec<_> =
        done["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone()).collect();
    assert_eq!(forgotten, [withheld["run_id"].clone(), first["run_id"].clone()]);
    assert_eq!((&done["kept"], &done["states"]), (&json!(1), &json!(1)));

    let after = kept(data.path());
    assert_eq!(after.1, before.1, "data is not touched");
    assert_eq!((count(&after.0, "/record.json"), count(&after.0, "/states/")), (2, 2));
    let again = clean(&file, &[]).expect(0).json();
    assert_eq!((&again["runs"], &again["kept"]), (&json!([]), &json!(1)));
}

#[test]
fn partitions_stay_known_when_the_runs_that_read_them_are_forgotten() {
    let (data, file) = days("new");
    let _ = run_now(&file, &[]).expect(0);
    write_day(data.path(), "2024-01-02", &[5]);
    let _ = run_now(&file, &[]).expect(0);
    // Whoever needs the first day no more deletes it.
    std::fs::remove_dir_all(data.path().join("out/clean/day=2024-01-01")).expect("it was written");
    assert_eq!(clean(&file, &[]).expect(0).json()["runs"].as_array().map(Vec::len), Some(1));
    let nothing_new = run_now(&file, &[]).expect(0).json();
    assert_eq!(nothing_new["status"], "nothing_new", "{nothing_new}");
    assert!(!data.path().join("out/clean/day=2024-01-01").exists());
}

#[test]
fn the_newest_run_and_the_newest_that_published_are_never_forgotten() {
    let (data, file) = days("latest");
    let _ = run_now(&file, &[]).expect(0);
    let _ = run_now(&file, &["--var", "most=1"]).expect(20);
    std::fs::remove_dir_all(data.path().join("out/clean")).expect("it was written");
    assert_eq!(clean(&file, &[]).expect(0).json()["runs"], json!([]));
    assert_eq!(count(&kept(data.path()).0, "/record.json"), 2);
}
