//! Bounds how many scan tasks are under way, and so how much of the data is in memory at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A number of permits that are handed out and come back when dropped.
#[derive(Debug)]
pub struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

/// One permit; whatever is under way because of it holds a clone of the same `Arc`.
#[derive(Debug)]
pub struct Permit {
    permits: Arc<Permits>,
}

impl Permits {
    /// `count` permits, at least one.
    pub fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Mutex::new(count.max(1)), returned: Condvar::new() })
    }

    /// Waits for a permit.
    pub fn acquire(self: &Arc<Self>) -> Arc<Permit> {
        let mut free = self.lock();
        while *free == 0 {
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Arc::new(Permit { permits: Arc::clone(self) })
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.permits.lock() += 1;
        self.permits.returned.notify_one();
    }
}
