//! Which process a run is, and whether it still is one.

use std::fmt;
use std::fs;

use serde::{Deserialize, Serialize};

/// A process, so that another can name it and, on the same machine, tell whether it lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine's name, for people.
    pub host: String,
    /// Process number.
    pub pid: u32,
    /// What makes the process number mean the same process: this boot of this machine, and this
    /// container. Empty if unknown.
    pub machine: String,
    /// When the process began, in the kernel's ticks; process numbers are used again.
    pub began: u64,
}

/// What is known of another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Runs,
    Ended,
    /// It is on another machine, or this system does not tell.
    Unknown,
}

impl Holder {
    /// This process.
    pub fn current() -> Self {
        let pid = std::process::id();
        let host = read("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown host".into());
        let boot = read("/proc/sys/kernel/random/boot_id");
        let space = fs::read_link("/proc/self/ns/pid").ok().map(|link| link.to_string_lossy().into_owned());
        let (machine, began) = match (boot, space, began(pid)) {
            (Some(boot), Some(space), Some(began)) => (format!("{boot} {space}"), began),
            _ => (String::new(), 0),
        };
        Self { host, pid, machine, began }
    }

    /// Whether `other` still runs, as seen by this process.
    pub(super) fn life_of(&self, other: &Self) -> Life {
        if self.machine.is_empty() || self.machine != other.machine {
            return Life::Unknown;
        }
        if began(other.pid) == Some(other.began) { Life::Runs } else { Life::Ended }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// When a process of this machine began; none if there is no such process, or only its remains.
fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything. After it: state, and 18 more before the time.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_to_run_or_to_have_ended() {
        let me = Holder::current();
        assert_eq!(me.life_of(&me), Life::Runs);
        assert_eq!(me.life_of(&Holder { began: me.began + 1, ..me.clone() }), Life::Ended);
        assert_eq!(me.life_of(&Holder { machine: "other".into(), ..me.clone() }), Life::Unknown);
    }
}
