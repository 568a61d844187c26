//! Azurite: Azure Blob Storage, with signatures. A create that finds something is answered with 409.

use std::process::Command;

use super::process::{Process, free_port};
use super::{Server, programs};
use crate::folder;

/// The account that Azurite has unless told otherwise.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A server that speaks Azure's blob protocol.
pub struct Azurite;

impl Azurite {
    /// Starts a server on a free port and waits until its container can be used.
    pub fn start() -> Server {
        let data = folder();
        let port = free_port();
        let mut command = Command::new(programs().join("azurite-blob"));
        command
            .args(["--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"])
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
            .current_dir(data.path());
        let process = Process::listening(&mut command, port, data.path());
        let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
        let environment = vec![
            ("AZURE_STORAGE_ENDPOINT", endpoint.clone()),
            ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
        ];
        Server::ready("az", endpoint, environment, (vec![process], data))
    }
}
