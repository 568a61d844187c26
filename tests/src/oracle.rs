//! Independent engines from Python, to compare with.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::repository;

/// The interpreter of the oracles' environment, which is made when it is first needed.
pub fn python() -> &'static PathBuf {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let setup = repository().join("tests/oracle/setup");
        let made = Command::new(&setup).output().expect("the oracles' setup can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        PathBuf::from(String::from_utf8_lossy(&made.stdout).trim())
    })
}

/// Runs `tests/oracle/<script>`, which fails if it disagrees. Returns what it printed.
pub fn oracle(script: &str, args: &[&str]) -> String {
    let ran = Command::new(python())
        .arg(repository().join("tests/oracle").join(script))
        .args(args)
        .output()
        .expect("the oracle can be started");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{script} disagrees:\n{}\n{}", said(&ran.stdout), said(&ran.stderr));
    said(&ran.stdout)
}

/// The rows that DuckDB finds for `sql`, as JSON.
pub fn query(sql: &str) -> Value {
    let rows = oracle("query.py", &[sql]);
    serde_json::from_str(&rows).unwrap_or_else(|error| panic!("not JSON ({error}): {rows}"))
}
