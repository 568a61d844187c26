//! Rules that compare with another dataset, on real files: what they find is what `DuckDB` finds.

use lockgate_tests::{folder, oracle, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

#[test]
fn duckdb_agrees_with_what_is_found_against_parquet_and_against_text() {
    let data = folder();
    let place = data.path().display().to_string();
    oracle("reconciled.py", &["make", &place]);
    for more in [&["--threads", "1"][..], &["--threads", "3", "--no-shortcuts"]] {
        let file = data.path().join("pipeline.yaml").display().to_string();
        let args = [&["validate", file.as_str(), "--format", "json"], more].concat();
        let record = data.path().join("record.json");
        std::fs::write(&record, run(LOCKGATE, &args, &[]).expect(0).stdout).expect("a fresh folder");
        oracle("reconciled.py", &["compare", &place, &record.display().to_string()]);
    }
}
