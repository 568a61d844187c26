//! Figures of every rule on every type, against exact fractions and DuckDB.

use lockgate_tests::{folder, oracle, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

#[test]
fn exact_fractions_and_duckdb_agree_with_every_figure() {
    let data = folder();
    let place = data.path().display().to_string();
    oracle("figures.py", &["make", &place]);
    for more in [&["--threads", "1"][..], &["--threads", "3", "--no-shortcuts"]] {
        let file = data.path().join("pipeline.yaml").display().to_string();
        let args = [&["validate", file.as_str(), "--format", "json"], more].concat();
        let record = data.path().join("record.json");
        std::fs::write(&record, run(LOCKGATE, &args, &[]).expect(0).stdout).expect("a fresh folder");
        oracle("figures.py", &["compare", &place, &record.display().to_string()]);
    }
}
