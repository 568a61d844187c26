//! What the process has used of its machine, and what it may use.

use std::sync::{Arc, Mutex, PoisonError};

use lockgate_engine::Usage;
use lockgate_engine::memory::Process;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Bytes in a unit of `max_rss`.
const RSS_UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

/// Processor time and the most memory held, of the whole process so far; zeros where the system does not
/// tell.
pub(crate) fn measured() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Usage::default() };
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Usage { cpu_ms: cpu as f64 / 1e3, memory_peak_bytes: usage.max_rss() as u64 * RSS_UNIT }
}

/// The memory of the machine, or of the control group where that has less; none where the system does not
/// tell.
pub(crate) fn memory() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let group = this_process(&mut system).and_then(sysinfo::Process::cgroup_limits);
    let group = group.map(|limits| limits.total_memory);
    group.into_iter().chain([system.total_memory()]).filter(|bytes| *bytes > 0).min()
}

/// This process.
pub(crate) fn process() -> Arc<dyn Process> {
    Arc::new(This(Mutex::new(System::new())))
}

struct This(Mutex<System>);

impl Process for This {
    fn resident(&self) -> u64 {
        let mut system = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        this_process(&mut system).map_or(0, sysinfo::Process::memory)
    }

    fn give_back(&self) {
        crate::memory::give_back();
    }
}

fn this_process(system: &mut System) -> Option<&sysinfo::Process> {
    let this = Pid::from_u32(std::process::id());
    let memory = ProcessRefreshKind::nothing().with_memory().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[this]), false, memory);
    system.process(this)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_uses_memory() {
        assert!(measured().memory_peak_bytes > 100_000);
    }

    #[test]
    fn what_a_process_holds_follows_what_it_takes() {
        let process = process();
        let before = process.resident();
        let taken = vec![1_u8; 64 << 20];
        let after = process.resident();
        assert!(after > before + (32 << 20), "{before} and then {after}, with {}", taken.len());
        assert!(memory().unwrap() > after);
        drop(taken);
        process.give_back();
        assert!(process.resident() < after - (32 << 20));
    }
}
