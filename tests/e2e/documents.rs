//! What is written down agrees with the code.

use lockgate_tests::{files, folder, oracle, repository, run};

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
