//! How often, and until when, a call to a store is made again.

use std::time::{Duration, Instant};

use super::settings::Retry;

/// The tries of one call.
#[derive(Debug)]
pub(super) struct Tries {
    retry: Retry,
    made: usize,
    since: Instant,
    last: Instant,
}

impl Tries {
    /// The first try begins now.
    pub(super) fn new(retry: Retry) -> Self {
        let now = Instant::now();
        Self { retry, made: 0, since: now, last: now }
    }

    /// How long to wait before the next try, which then begins; none if there is to be none.
    pub(super) fn again(&mut self) -> Option<Duration> {
        let wait = wait(&self.retry, self.made, self.since.elapsed(), self.last.elapsed())?;
        self.made += 1;
        self.last = Instant::now() + wait;
        Some(wait)
    }
}

/// The wait before repetition `made`, from 0, after `elapsed` in all and a last try that `took` so long. A
/// repetition counts on taking as long, since the client may repeat requests of its own until the deadline.
fn wait(retry: &Retry, made: usize, elapsed: Duration, took: Duration) -> Option<Duration> {
    let doubled = retry.first_wait.saturating_mul(1 << made.min(16));
    let wait = doubled.min(retry.longest_wait);
    (made < retry.attempts && elapsed + wait + took <= retry.deadline).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_until_the_attempts_or_the_time_are_used_up() {
        let retry = Retry { attempts: 4, longest_wait: Duration::from_millis(500), ..Retry::default() };
        let quick = Duration::from_millis(1);
        let waits: Vec<_> = (0..6).map(|made| wait(&retry, made, quick, quick)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [ms(100), ms(200), ms(400), ms(500), None, None]);
        let half = retry.deadline / 2;
        assert_eq!(wait(&retry, 0, half, half), None);
        assert_eq!(wait(&retry, 0, half, half / 2), ms(100));
    }
}
