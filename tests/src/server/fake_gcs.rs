//! fake-gcs-server behind `tests/servers/gcs_xml.py`: Google Cloud Storage, without credentials.

use std::process::Command;

use super::process::{Process, free_port};
use super::{Server, programs};
use crate::{folder, python, repository};

/// A server that speaks the XML API of Google Cloud Storage.
pub struct FakeGcs;

impl FakeGcs {
    /// Starts the server and what translates for it on free ports, and waits until its bucket can be used.
    pub fn start() -> Server {
        let data = folder();
        let (port, inner) = (free_port(), free_port());
        let mut command = Command::new(programs().join("fake-gcs-server"));
        command
            .args(["-scheme", "http", "-host", "127.0.0.1", "-backend", "memory"])
            .args(["-port", &inner.to_string()])
            .args(["-public-host", &format!("127.0.0.1:{inner}")])
            .args(["-external-url", &format!("http://127.0.0.1:{inner}")]);
        let server = Process::listening(&mut command, inner, data.path());
        let mut command = Command::new(python());
        command
            .arg(repository().join("tests/servers/gcs_xml.py"))
            .args([port.to_string(), inner.to_string()]);
        let translator = Process::listening(&mut command, port, data.path());
        let endpoint = format!("http://127.0.0.1:{port}");
        // A client without a key asks a machine of Google's for a token.
        let key = serde_json::json!({
            "gcs_base_url": endpoint,
            "disable_oauth": true,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        });
        let environment =
            vec![("GOOGLE_SERVICE_ACCOUNT_KEY", key.to_string()), ("GOOGLE_ALLOW_HTTP", "true".to_owned())];
        Server::ready("gs", endpoint, environment, (vec![translator, server], data))
    }
}
