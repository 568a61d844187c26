//! A server's process: started, waited for, and stopped by its own id.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running process; killed when dropped.
pub(super) struct Process(Child);

impl Process {
    /// Starts `command`, whose words go to a file in `folder`, and waits until it listens on `port`.
    pub(super) fn listening(command: &mut Command, port: u16, folder: &Path) -> Self {
        let log = folder.join(format!("server-{port}.log"));
        let words = File::create(&log).expect("a fresh folder can be written");
        let errors = words.try_clone().expect("a file that is open can be cloned");
        let started = command.stdin(Stdio::null()).stdout(words).stderr(errors).spawn();
        let mut process = Self(started.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            if let Ok(Some(status)) = process.0.try_wait() {
                panic!("{command:?} ended with {status}:\n{}", said());
            }
            assert!(since.elapsed() < PATIENCE, "{command:?} does not listen:\n{}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on at the moment.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port()
}
