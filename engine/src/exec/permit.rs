//! Bounds how many scan tasks are under way, and so how much of the data is in memory at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often who waits for a permit looks whether there is still something to wait for.
const LOOK: Duration = Duration::from_millis(50);

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

    /// Waits for a permit; none once `stopped`, which is asked now and then: permits of batches that will
    /// never pass do not come back.
    pub fn acquire(self: &Arc<Self>, stopped: impl Fn() -> bool) -> Option<Arc<Permit>> {
        let mut free = self.lock();
        while !stopped() {
            if *free > 0 {
                *free -= 1;
                return Some(Arc::new(Permit { permits: Arc::clone(self) }));
            }
            free = self.returned.wait_timeout(free, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        None
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_waited_for_until_one_comes_back_or_all_stops() {
        let permits = Permits::new(1);
        let permit = permits.acquire(|| false);
        assert!(permit.is_some());
        let stopping = std::time::Instant::now() + LOOK;
        assert!(permits.acquire(|| std::time::Instant::now() > stopping).is_none());
        drop(permit);
        assert!(permits.acquire(|| false).is_some());
    }
}
