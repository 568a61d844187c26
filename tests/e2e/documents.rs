//! What is written down agrees with the code.

use std::process::Command;

use lockgate_tests::{files, folder, oracle, python, repository, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

#[test]
fn the_reference_is_what_the_code_says() {
    let fresh = folder();
    let out = fresh.path().display().to_string();
    let _ = run(LOCKGATE, &["reference", "--out", out.as_str()], &[]).expect(0);
    let committed = files(&repository().join("docs/reference"));
    assert!(
        files(fresh.path()) == committed,
        "regenerate it: cargo run --release -- reference --out docs/reference"
    );
}

/// Fails unless the document that a script of the repository writes is what it would write now.
fn is_written(script: &str) {
    let script = repository().join(script);
    let ran = Command::new(python()).arg(script).arg("--check").output().expect("Python can be started");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn the_comparison_of_the_readme_is_what_its_recorded_run_says() {
    is_written("benches/peers/readme");
}

#[test]
fn what_is_promised_is_shown_by_tests_that_are_there() {
    is_written("tests/reliability/write");
}

#[test]
fn the_json_schema_accepts_the_demonstration_and_refuses_a_slip() {
    let fresh = folder();
    let schema = fresh.path().join("schema.json");
    std::fs::write(&schema, run(LOCKGATE, &["schema"], &[]).expect(0).stdout).expect("a fresh folder");
    let flights = repository().join("fixtures/flights/flights.yaml").display().to_string();
    oracle("schema.py", &[&schema.display().to_string(), &flights]);
}

#[test]
fn the_starter_of_init_is_a_pipeline_that_parses() {
    let fresh = folder();
    let raw = repository().join("fixtures/flights/raw_flights").display().to_string();
    let out = fresh.path().display().to_string();
    let _ = run(LOCKGATE, &["init", out.as_str(), "--from", raw.as_str()], &[]).expect(0);
    let file = fresh.path().join("pipeline.yaml").display().to_string();
    let _ = run(LOCKGATE, &["check", file.as_str()], &[]).expect(0);
    let _ = run(LOCKGATE, &["init", out.as_str()], &[]).expect(30);
}

#[test]
fn imported_checks_are_a_pipeline_that_runs() {
    let fresh = folder();
    let suite = fresh.path().join("suite.json");
    let text = r#"{"expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "city", "value_set": ["Bern"], "mostly": 0.5}},
        {"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {"column": "city"}}]}"#;
    std::fs::write(&suite, text).expect("a fresh folder");
    let data = fresh.path().join("people");
    std::fs::create_dir(&data).expect("a fresh folder");
    std::fs::write(data.join("a.csv"), "id,city\n1,Bern\n2,Basel\n").expect("a fresh folder");
    let (suite, out) = (suite.display().to_string(), fresh.path().join("p.yaml").display().to_string());
    let import = ["import", suite.as_str(), "--name", "people", "--out", out.as_str()];
    let ran = run(LOCKGATE, &import, &[]).expect(0);
    assert!(ran.stderr.contains("2 checks carried over, 1 not"), "{}", ran.stderr);
    assert!(ran.stderr.contains("suite.json:4: expect_column_kl_divergence"), "{}", ran.stderr);
    let written = std::fs::read_to_string(&out).expect("it is written").replace("parquet", "csv");
    std::fs::write(&out, written).expect("it can be written");
    let _ = run(LOCKGATE, &["check", out.as_str()], &[]).expect(0);
    let record = run(LOCKGATE, &["validate", out.as_str(), "--format", "json"], &[]).expect(0).json();
    assert_eq!(record["checks"].as_array().map(Vec::len), Some(2));
    let again = run(LOCKGATE, &import, &[]).expect(30);
    assert!(again.stderr.contains("stays as it is"), "{}", again.stderr);
}
