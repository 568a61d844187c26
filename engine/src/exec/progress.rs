//! Counters of a run that a watcher may read at any time.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a run has done so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Rows decoded from sources.
    pub rows_read: AtomicU64,
    /// Stored bytes read from sources.
    pub bytes_read: AtomicU64,
    /// Stored bytes that all scans will read.
    pub bytes_total: AtomicU64,
    /// Rows staged for publication.
    pub rows_written: AtomicU64,
    /// Encoded bytes staged for publication.
    pub bytes_written: AtomicU64,
    phase: Mutex<&'static str>,
}

impl Progress {
    /// Counters at zero.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    /// Names what the run is doing now.
    pub fn enter(&self, phase: &'static str) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        tracing::debug!(phase, "phase");
    }

    /// What the run is doing now.
    pub fn phase(&self) -> &'static str {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
