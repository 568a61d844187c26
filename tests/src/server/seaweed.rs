//! A real S3 server on this machine, with signatures and conditional writes.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{folder, python};

/// A SeaweedFS with one bucket, `lake`; stopped when dropped.
pub struct Seaweed {
    process: Child,
    port: u16,
    _data: TempDir,
}

impl Seaweed {
    /// Starts a server on free ports and waits until it answers.
    pub fn start() -> Self {
        let weed = python().with_file_name("weed");
        let data = folder();
        let port = free_port();
        let process = Command::new(&weed)
            .args([
                "mini",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-webdav=false",
                "-admin.ui=false",
                "-bucket=lake",
            ])
            .arg(format!("-dir={}", data.path().display()))
            .arg(format!("-s3.port={port}"))
            .arg(format!("-master.port={}", free_port()))
            .arg(format!("-volume.port={}", free_port()))
            .arg(format!("-filer.port={}", free_port()))
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server can be started");
        let server = Self { process, port, _data: data };
        server.wait();
        server
    }

    fn wait(&self) {
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(since.elapsed() < Duration::from_mins(1), "the S3 server does not listen");
            std::thread::sleep(Duration::from_millis(100));
        }
        // The bucket is made a moment after the port opens.
        std::thread::sleep(Duration::from_secs(3));
    }

    /// Variables by which the server is reached.
    pub fn environment(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The server's address.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Seaweed {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port()
}
