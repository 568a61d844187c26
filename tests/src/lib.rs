//! What the end-to-end tests share: the real binary, folders of their own, the oracles, real servers.
//!
//! The tests themselves are in `tests/e2e`, one file a subject; `cli/Cargo.toml` lists them, so that Cargo
//! builds the binary they drive.

#![allow(clippy::panic, reason = "a test that cannot go on fails")]

mod browser;
mod faults;
mod lake;
mod ledger;
mod oracle;
mod server;
mod tally;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
pub use tempfile::TempDir;

pub use browser::browser;
pub use faults::{End, Fault, Plan, Proxy, Rule, Seen};
pub use lake::{Edition, Lake, Look, Reading, finish};
pub use ledger::{DIRTY, Ledger};
pub use oracle::{oracle, python, query};
pub use server::{Azurite, FakeGcs, Seaweed, Server, Watch};
pub use tally::tally;

/// The folder of the repository.
pub fn repository() -> PathBuf {
    // Asked when the test runs: a shared target folder may hold what another checkout compiled.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("tests are run by cargo");
    Path::new(&package).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A fresh folder that is gone after the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("the system's folder for temporary files can be written")
}

/// What came of running the binary.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON ({error}):\n{}\n{}", self.stdout, self.stderr))
    }

    /// The same, if the exit code is `code`.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Both outputs.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Runs `binary` with `args`, without the stores' variables of whoever runs the tests.
pub fn run<S: AsRef<OsStr>>(binary: &str, args: &[S], environment: &[(&str, &str)]) -> Ran {
    command(binary, args, environment).output().expect("the binary can be started").into()
}

/// The command that `run` runs.
pub fn command<S: AsRef<OsStr>>(binary: &str, args: &[S], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary);
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").envs(environment.iter().copied());
    command
}

/// Every file below `folder`, relative and sorted, with its bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = vec![folder.to_path_buf()];
    while let Some(at) = rest.pop() {
        let Ok(entries) = std::fs::read_dir(&at) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                rest.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it was found below").display().to_string();
                found.push((name, std::fs::read(&path).expect("a file that was just listed")));
            }
        }
    }
    found.sort();
    found
}

/// Writes a pipeline file into `folder`.
pub fn pipeline(folder: &Path, text: &str) -> String {
    let path = folder.join("pipeline.yaml");
    std::fs::write(&path, text).expect("a fresh folder can be written");
    path.display().to_string()
}

/// The table `name` of a run record.
pub fn table<'r>(record: &'r Value, name: &str) -> &'r Value {
    let tables = record["tables"].as_array().expect("a record lists its tables");
    tables.iter().find(|table| table["table"] == name).unwrap_or_else(|| panic!("no table {name}"))
}

/// The check `id` of a run record.
pub fn check<'r>(record: &'r Value, id: &str) -> &'r Value {
    let checks = record["checks"].as_array().expect("a record lists its checks");
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no check {id}"))
}
