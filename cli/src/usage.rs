//! What the process has used of its machine.

use lockgate_engine::Usage;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Bytes in a unit of `max_rss`.
const RSS_UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

/// Processor time and the most memory held, of the whole process so far; zeros where the system does not
/// tell.
pub(crate) fn measured() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Usage::default() };
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Usage { cpu_ms: cpu as f64 / 1e3, memory_peak_bytes: usage.max_rss() as u64 * RSS_UNIT }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_uses_memory() {
        assert!(measured().memory_peak_bytes > 100_000);
    }
}
