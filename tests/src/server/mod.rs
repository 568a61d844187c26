//! Real object stores on this machine. A test whose server cannot start fails.

mod azurite;
mod fake_gcs;
mod process;
mod seaweed;

pub use azurite::Azurite;
pub use fake_gcs::FakeGcs;
pub use seaweed::Seaweed;

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::{Proxy, oracle, python, repository};
use process::Process;

/// An object store with one bucket, `lake`; stopped when dropped.
pub struct Server {
    kind: &'static str,
    endpoint: String,
    environment: Vec<(&'static str, String)>,
    _processes: Vec<Process>,
    _data: TempDir,
}

impl Server {
    /// Makes the bucket of a server that listens.
    fn ready(
        kind: &'static str,
        endpoint: String,
        environment: Vec<(&'static str, String)>,
        (processes, data): (Vec<Process>, TempDir),
    ) -> Self {
        oracle("stores.py", &["make", kind, &endpoint, "lake"]);
        Self { kind, endpoint, environment, _processes: processes, _data: data }
    }

    /// The scheme of its addresses, `s3`, `gs` or `az`, by which `stores.py` knows it too.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The address of `path` in its bucket.
    pub fn address(&self, path: &str) -> String {
        format!("{}://lake/{path}", self.kind)
    }

    /// Variables by which the server is reached.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    /// Host and port of the server.
    pub fn host(&self) -> &str {
        let rest = self.endpoint.strip_prefix("http://").unwrap_or(&self.endpoint);
        rest.split('/').next().unwrap_or(rest)
    }

    /// The same variables with `proxy`, which is before this server, in its place.
    pub fn behind(&self, proxy: &Proxy) -> Vec<(String, String)> {
        let there = |value: String| value.replace(self.host(), &proxy.address());
        self.environment().into_iter().map(|(name, value)| (name, there(value))).collect()
    }

    /// Brings the files of `folder` to `path` in the bucket.
    pub fn upload(&self, folder: &str, path: &str) {
        oracle("stores.py", &["upload", self.kind, &self.endpoint, folder, &format!("lake/{path}")]);
    }

    /// Fails unless the Parquet files below `folder` and those below `path` in the bucket have the same
    /// bytes.
    pub fn compare(&self, folder: &str, path: &str) {
        oracle("stores.py", &["compare", self.kind, &self.endpoint, folder, &format!("lake/{path}")]);
    }

    /// Begins to look for an object below `path` in the bucket with `word` in its name.
    pub fn watch(&self, path: &str, word: &str) -> Watch {
        let script = repository().join("tests/oracle/stores.py");
        let mut process = Command::new(python())
            .arg(script)
            .args(["watch", self.kind, &self.endpoint, &format!("lake/{path}"), word])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be started");
        let said = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut watch = Watch { process, said };
        watch.hear("watching");
        watch
    }

    /// The objects below `path` in the bucket.
    pub fn list(&self, path: &str) -> Vec<String> {
        let listed = oracle("stores.py", &["list", self.kind, &self.endpoint, &format!("lake/{path}")]);
        listed.lines().map(str::to_owned).collect()
    }
}

/// Somebody who looks for an object; stopped when dropped.
pub struct Watch {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    /// Waits until the object is there.
    pub fn wait(mut self) {
        self.hear("there");
    }

    fn hear(&mut self, word: &str) {
        let said = self.said.next().expect("it speaks before it ends").expect("it speaks UTF-8");
        assert_eq!(said, word);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder of the servers' programs, which are installed when they are first needed.
fn programs() -> &'static PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let made = Command::new(repository().join("tests/servers/setup")).output();
        let made = made.expect("the servers' setup can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        PathBuf::from(String::from_utf8_lossy(&made.stdout).trim())
    })
}
