//! A request to stop, seen by everything that takes long.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::error::{Error, Kind, Result};

/// Shared flag; cloning gives another handle to the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicI32>);

impl Cancel {
    /// Asks everything that watches this flag to stop because of `signal`.
    pub fn request(&self, signal: i32) {
        self.0.store(signal.max(1), Ordering::Relaxed);
    }

    /// The signal that asked to stop, if one did.
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }

    /// An error of kind `Interrupted` once a stop was requested.
    pub fn check(&self) -> Result<()> {
        match self.signal() {
            Some(_) => Err(Error::new(Kind::Interrupted, "interrupted; nothing was published")),
            None => Ok(()),
        }
    }
}
