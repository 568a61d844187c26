//! SeaweedFS: S3, with signatures and conditional writes.

use std::process::Command;

use super::process::{Process, free_port};
use super::{Server, programs};
use crate::folder;

/// A server that speaks S3.
pub struct Seaweed;

impl Seaweed {
    /// Starts a server on free ports and waits until its bucket can be used.
    pub fn start() -> Server {
        let data = folder();
        let port = free_port();
        let mut command = Command::new(programs().join("weed"));
        command
            .args(["mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false", "-admin.ui=false"])
            // These listen on ports of their own, where two servers would meet.
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"])
            .arg(format!("-dir={}", data.path().display()))
            .arg(format!("-s3.port={port}"))
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        for service in ["master", "volume", "filer"] {
            command.arg(format!("-{service}.port={}", free_port()));
        }
        for service in ["master", "volume", "filer", "s3"] {
            command.arg(format!("-{service}.port.grpc={}", free_port()));
        }
        let process = Process::listening(&mut command, port, data.path());
        let endpoint = format!("http://127.0.0.1:{port}");
        let environment = vec![
            ("AWS_ENDPOINT_URL", endpoint.clone()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ];
        Server::ready("s3", endpoint, environment, (vec![process], data))
    }
}
