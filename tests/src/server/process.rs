//! A server's process: started, waited for, and stopped by its own id.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Ports for servers, below those that Linux gives to connections.
const FIRST_PORT: u16 = 12_000;
const PORTS: u32 = 20_000;

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

/// A port that nobody listens on at the moment. It is none of those that the system gives to connections, which
/// might take it before a server does.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(97);
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(own);
        let port = FIRST_PORT + (n % PORTS) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
