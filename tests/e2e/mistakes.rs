//! What can be wrong, and what is said and left behind then.

use std::path::Path;

use lockgate_tests::{Ran, TempDir, files, folder, pipeline, repository, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// A pipeline over two days of flights, with `step` and `check` put in.
fn orders(step: &str, check: &str) -> String {
    format!(
        "pipeline: mistakes
sources:
  flights:
    read: raw/
tables:
  clean:
    from: flights
    steps:
      - {step}
    checks:
      - {check}
    write: {{to: out/clean/, partition_by: created_at}}
"
    )
}

const STEP: &str = "filter: dep_time IS NOT NULL";
const CHECK: &str = "not_null: carrier";

/// A folder with `raw/created_at=…/part-0.parquet` for two months.
fn raw() -> TempDir {
    let folder = folder();
    for month in ["2013-01-01", "2013-02-01"] {
        let part = format!("created_at={month}/part-0.parquet");
        let from = repository().join("fixtures/flights/raw_flights").join(&part);
        let to = folder.path().join("raw").join(&part);
        std::fs::create_dir_all(to.parent().expect("it is in a folder")).expect("a fresh folder");
        std::fs::copy(from, to).expect("the fixtures are there");
    }
    folder
}

fn lockgate(folder: &Path, text: &str) -> Ran {
    let file = pipeline(folder, text);
    run(LOCKGATE, &["run", file.as_str()], &[])
}

/// Nothing was published and nothing is left in the way of another run.
fn assert_untouched(folder: &Path) {
    let left: Vec<String> = files(&folder.join("out")).into_iter().map(|(name, _)| name).collect();
    let traces = left.iter().filter(|name| !name.ends_with("record.json"));
    assert_eq!(traces.count(), 0, "{left:?}");
}

#[test]
fn a_broken_pipeline_file_is_shown_at_its_place() {
    let folder = raw();
    let ran = lockgate(folder.path(), &orders("fliter: carrier = 'UA'", CHECK)).expect(30);
    assert!(ran.stderr.contains("unknown step \"fliter\""), "{}", ran.stderr);
    assert!(ran.stderr.contains("pipeline.yaml:9:9"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean \"filter\"?"), "{}", ran.stderr);
    assert_untouched(folder.path());
}

#[test]
fn a_missing_column_is_shown_with_the_one_that_was_meant() {
    let folder = raw();
    let ran = lockgate(folder.path(), &orders("filter: dep_tme IS NOT NULL", CHECK)).expect(30);
    assert!(ran.stderr.contains("dep_tme") && ran.stderr.contains("dep_time"), "{}", ran.stderr);
    let ran = lockgate(folder.path(), &orders(STEP, "not_null: carier")).expect(30);
    assert!(ran.stderr.contains("carier") && ran.stderr.contains("pipeline.yaml:11:19"), "{}", ran.stderr);
    assert_untouched(folder.path());
}

#[test]
fn what_a_check_names_wrongly_is_shown_where_it_stands_and_only_there() {
    let folder = raw();
    for (check, message, column) in [
        ("unique: {columns: [year, nope]}", "no column \"nope\"", 34),
        ("between: {column: month, min: 1, where: \"monthh > 3\"}", "no column \"monthh\"", 50),
        ("between: {column: tailnum, min: 0}", "0 is not a text", 41),
        ("in_set: {column: month, values: [1, a, 3]}", "\"a\" is not a number", 45),
        ("any_of: {rules: [{not_null: month}, {not_null: mnth}]}", "no column \"mnth\"", 56),
        ("foreign_key: {column: carrier, to: {table: nobody, column: x}}", "\"nobody\"", 52),
    ] {
        let both = format!("{check}\n      - between: {{column: year, min: 2013}}");
        let said = lockgate(folder.path(), &orders(STEP, &both)).expect(30).stderr;
        let at = format!("pipeline.yaml:11:{column}");
        assert!(said.contains(message) && said.contains(&at), "{check}, not at {at}:\n{said}");
        assert_eq!(said.matches("error: ").count(), 1, "{check}:\n{said}");
    }
}

#[test]
fn a_truncated_file_is_named_and_nothing_is_published() {
    let folder = raw();
    let file = folder.path().join("raw/created_at=2013-02-01/part-0.parquet");
    let bytes = std::fs::read(&file).expect("it was copied");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("it can be written");
    let ran = lockgate(folder.path(), &orders(STEP, CHECK)).expect(30);
    assert!(ran.stderr.contains("created_at=2013-02-01/part-0.parquet"), "{}", ran.stderr);
    assert_untouched(folder.path());
}

#[test]
fn damaged_pages_are_named_by_row_group_and_column() {
    let folder = raw();
    let file = folder.path().join("raw/created_at=2013-02-01/part-0.parquet");
    let mut bytes = std::fs::read(&file).expect("it was copied");
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 2000] {
        *byte ^= 0xff;
    }
    std::fs::write(&file, &bytes).expect("it can be written");
    let ran = lockgate(folder.path(), &orders(STEP, CHECK)).expect(30);
    assert!(ran.stderr.contains("row group 0, column \""), "{}", ran.stderr);
    assert_untouched(folder.path());
}

#[test]
fn an_empty_file_is_an_error() {
    let folder = raw();
    std::fs::write(folder.path().join("raw/created_at=2013-02-01/part-1.parquet"), "")
        .expect("it can be written");
    let ran = lockgate(folder.path(), &orders(STEP, CHECK)).expect(30);
    assert!(ran.stderr.contains("part-1.parquet is empty"), "{}", ran.stderr);
}

#[test]
fn a_closed_gate_publishes_nothing_and_keeps_what_was_there() {
    let folder = raw();
    let _ = lockgate(folder.path(), &orders(STEP, CHECK)).expect(0);
    let before = files(&folder.path().join("out/clean"));
    let closing = orders(STEP, "between: {column: distance, max: 100}");
    let ran = lockgate(folder.path(), &closing).expect(20);
    assert!(ran.stdout.contains("WITHHELD") && ran.stdout.contains("between(distance)"), "{}", ran.said());
    assert!(files(&folder.path().join("out/clean")) == before, "a closed gate changed the dataset");
}

#[test]
fn replacing_leaves_other_partitions_and_appending_keeps_files() {
    let folder = raw();
    let _ = lockgate(folder.path(), &orders(STEP, CHECK)).expect(0);
    let first = files(&folder.path().join("out/clean"));
    std::fs::remove_dir_all(folder.path().join("raw/created_at=2013-01-01")).expect("it is there");
    let _ = lockgate(folder.path(), &orders("filter: dep_time > 1200", CHECK)).expect(0);
    let second = files(&folder.path().join("out/clean"));
    let of = |files: &[(String, Vec<u8>)], day: &str| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).filter(|name| name.contains(day)).collect()
    };
    assert_eq!(of(&first, "2013-01-01"), of(&second, "2013-01-01"));
    assert_ne!(of(&first, "2013-02-01"), of(&second, "2013-02-01"));
    assert_eq!(of(&second, "2013-02-01").len(), 1);
    let append = orders(STEP, CHECK).replace("partition_by", "mode: append, partition_by");
    let _ = lockgate(folder.path(), &append).expect(0);
    assert_eq!(of(&files(&folder.path().join("out/clean")), "2013-02-01").len(), 2);
    let refuse = orders(STEP, CHECK).replace("partition_by", "mode: error_if_exists, partition_by");
    let _ = lockgate(folder.path(), &refuse).expect(30);
}

#[test]
fn a_partition_whose_folder_readers_would_skip_is_refused() {
    let folder = raw();
    let text = orders("rename: {carrier: .carrier}", "not_null: flight")
        .replace("partition_by: created_at", "partition_by: [created_at, .carrier]");
    let ran = lockgate(folder.path(), &text).expect(30);
    assert!(ran.stderr.contains("readers skip the folders of partitions by \".carrier\""), "{}", ran.stderr);
    assert_untouched(folder.path());
}

#[test]
fn credentials_that_stand_in_the_file_are_not_shown_with_its_line() {
    let folder = raw();
    let text = orders(STEP, CHECK).replace("to: out/clean/", "to: 's3://AKIA:planted-pass@b/clean/'");
    let with_var = orders(STEP, CHECK).replace("sources:", "vars: {api_token: planted-token}\nsources:");
    let file = pipeline(folder.path(), &with_var);
    let unknown = run(LOCKGATE, &["run", &file, "--var", "x=1"], &[]).expect(30);
    assert!(unknown.stderr.contains("api_token: *************"), "{}", unknown.said());
    let described = run(LOCKGATE, &["profile", "s3://u:planted-user@b/x"], &[]).expect(30);
    for ran in [lockgate(folder.path(), &text).expect(30), unknown, described] {
        assert!(!ran.said().contains("planted"), "{}", ran.said());
    }
}

#[test]
fn only_new_partitions_are_read_when_asked() {
    let folder = raw();
    let text = orders(STEP, CHECK).replace("read: raw/", "read: raw/\n    partitions: {created_at: new}");
    let _ = lockgate(folder.path(), &text).expect(0);
    let part = "created_at=2013-03-01/part-0.parquet";
    std::fs::create_dir_all(folder.path().join("raw/created_at=2013-03-01")).expect("a fresh folder");
    let from = repository().join("fixtures/flights/raw_flights").join(part);
    std::fs::copy(from, folder.path().join("raw").join(part)).expect("the fixtures are there");
    let file = pipeline(folder.path(), &text);
    let record = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(0).json();
    let read = record["inputs"][0]["files"].as_array().expect("files");
    assert_eq!(read.len(), 1);
    assert!(read[0]["path"].as_str().expect("a path").contains("2013-03-01"));
}

#[test]
fn partitions_below_a_secret_folder_are_known_again() {
    let folder = raw();
    std::fs::rename(folder.path().join("raw"), folder.path().join("hidden")).expect("a fresh folder");
    let text = orders(STEP, CHECK)
        .replace("sources:", "vars: {folder_token: hidden}\nsources:")
        .replace("read: raw/", "read: ${folder_token}/\n    partitions: {created_at: new}");
    let first = lockgate(folder.path(), &text).expect(0);
    assert!(!first.said().contains("hidden"), "{}", first.said());
    let file = pipeline(folder.path(), &text);
    let again = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(0).json();
    assert_eq!(again["status"], "nothing_new");
}

#[test]
fn usage_errors_exit_with_30() {
    let _ = run(LOCKGATE, &["run"], &[]).expect(30);
    let _ = run(LOCKGATE, &["run", "no-such-file.yaml"], &[]).expect(30);
}

#[test]
fn a_check_of_nulls_that_would_not_see_those_another_makes_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("a.csv"), "id,x\n1,5\n2,50\n").expect("a fresh folder can be written");
    let text = |checks: &str| {
        format!(
            "pipeline: p\nsources:\n  a: {{read: a.csv, format: csv}}\ntables:\n  t:\n    from: a\n    checks:\n      \
             - between: {{column: x, max: 10, on_row: null_out, severity: log}}\n      - {checks}\n    \
             write: {{to: out/}}\n"
        )
    };
    for checks in ["not_null: x", "not_null: '*'", "completeness: {column: x, mostly: 0.9}"] {
        let ran = run(LOCKGATE, &["run", &pipeline(folder.path(), &text(checks))], &[]).expect(30);
        assert!(ran.stderr.contains("before \"between\" makes values of it null"), "{}", ran.stderr);
        assert!(ran.stderr.contains("pipeline.yaml:9:"), "{}", ran.stderr);
    }
    let _ = run(LOCKGATE, &["run", &pipeline(folder.path(), &text("not_null: id"))], &[]).expect(0);
}

#[test]
fn a_file_that_cannot_be_imported_is_shown_at_its_place() {
    let folder = folder();
    let file = folder.path().join("schema.yml");
    let path = file.display().to_string();
    let import = |text: &[u8], options: &[&str]| {
        std::fs::write(&file, text).expect("a fresh folder can be written");
        run(LOCKGATE, &[&["import", path.as_str()], options].concat(), &[])
    };
    let ran = import(b"models:\n  - name: a\n  - name: b: c\n", &[]).expect(30);
    assert!(ran.stderr.contains("schema.yml:3:"), "{}", ran.stderr);
    let ran = import(b"models: []\nexpectations: []\n", &["--format", "json"]).expect(30).json();
    assert_eq!(ran["errors"][0]["place"]["line"], 1);
    assert_eq!(ran["errors"][0]["hint"], "say it: --from odcs, dbt, gx or soda");
    let ran =
        import(b"models: []\nexpectations: []\n", &["--from", "dbt", "--format", "json"]).expect(0).json();
    assert_eq!((&ran["tool"], &ran["carried_over"]), (&"dbt".into(), &0.into()));
    let _ = import(b"models: [\xff]", &[]).expect(30);
    let _ = import(b"", &[]).expect(30);
    let _ = run(LOCKGATE, &["import", "no-such-file.yml"], &[]).expect(30);
}

#[test]
fn a_mistake_in_the_options_is_json_where_json_was_asked_for() {
    let ran = run(LOCKGATE, &["run", "p.yaml", "--format", "json", "--no-shortcut"], &[]).expect(30);
    let told = ran.json();
    assert_eq!((&told["exit_code"], &told["errors"][0]["kind"]), (&30.into(), &"wrong".into()));
    assert_eq!(told["errors"][0]["message"], "unexpected argument '--no-shortcut' found");
    assert!(told["errors"][0]["hint"].as_str().is_some_and(|hint| hint.contains("--no-shortcuts")), "{told}");
    assert_eq!(ran.stderr, "");
    let ran = run(LOCKGATE, &["--format=json"], &[]).expect(30);
    assert_eq!(ran.json()["errors"][0]["message"], "no command is given");
    let ran = run(LOCKGATE, &["run", "p.yaml", "--no-shortcut"], &[]).expect(30);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("--no-shortcuts"), "{}", ran.stderr);
    assert!(run(LOCKGATE, &["--help", "--format", "json"], &[]).expect(0).stdout.contains("Usage:"));
}
