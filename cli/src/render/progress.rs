//! A line on the terminal that tells how far a run is.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use lockgate_engine::Progress as Counters;

use super::figures::{bytes, clock, count};
use crate::screen::{self, Screen};

/// How often counters are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// While a run reads: how much of all there is to read. All of it stands in 80 columns.
const READING: &str = "{spinner:.cyan} {prefix} {bar:10.cyan/dim} {percent:>3} %  {msg}{pace}";

/// Before and after: what is being done.
const WORKING: &str = "{spinner:.cyan} {prefix:<11} {msg}  {elapsed:.dim}";

/// The line, for as long as this is held.
pub(crate) struct Progress {
    watcher: Option<(Sender<()>, JoinHandle<()>)>,
    screen: Screen,
}

impl Progress {
    /// Shows `counters` until dropped. Without a terminal nothing is shown.
    pub(crate) fn start(counters: &Arc<Counters>, screen: &Screen) -> Self {
        let watcher = if screen::watched() { watch(Arc::clone(counters), screen) } else { None };
        Self { watcher, screen: screen.clone() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let Some((stop, watcher)) = self.watcher.take() else { return };
        drop(stop);
        // Nothing depends on how the watcher ended.
        let _ = watcher.join();
        self.screen.clear();
    }
}

fn watch(counters: Arc<Counters>, screen: &Screen) -> Option<(Sender<()>, JoinHandle<()>)> {
    let bar = screen.bars().add(ProgressBar::no_length());
    let (stop, stopped) = channel();
    let look = move || {
        while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            update(&bar, &Seen::of(&counters));
            bar.tick();
        }
        bar.finish_and_clear();
    };
    // A run that cannot be watched runs all the same.
    thread::Builder::new().name("progress".into()).spawn(look).ok().map(|watcher| (stop, watcher))
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy)]
struct Seen {
    phase: &'static str,
    rows_read: u64,
    bytes_read: u64,
    bytes_total: u64,
    rows_written: u64,
    bytes_written: u64,
}

impl Seen {
    fn of(counters: &Counters) -> Self {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            phase: counters.phase(),
            rows_read: read(&counters.rows_read),
            bytes_read: read(&counters.bytes_read),
            bytes_total: read(&counters.bytes_total),
            rows_written: read(&counters.rows_written),
            bytes_written: read(&counters.bytes_written),
        }
    }

    fn is_reading(&self) -> bool {
        self.bytes_read > 0 && self.bytes_read < self.bytes_total
    }

    fn message(&self) -> String {
        if self.is_reading() {
            format!("{} rows  {}", count(self.rows_read), bytes(self.bytes_read))
        } else if self.rows_written > 0 {
            format!("{} rows  {}", count(self.rows_written), bytes(self.bytes_written))
        } else {
            String::new()
        }
    }
}

fn update(bar: &ProgressBar, seen: &Seen) {
    let was_reading = bar.length().is_some();
    if seen.is_reading() {
        if !was_reading {
            bar.reset_eta();
        }
        bar.set_length(seen.bytes_total);
    } else {
        bar.unset_length();
    }
    if was_reading != seen.is_reading() || bar.prefix().is_empty() {
        bar.set_style(style(seen.is_reading()));
    }
    bar.set_position(seen.bytes_read);
    bar.set_prefix(doing(seen.phase));
    bar.set_message(seen.message());
}

/// What is done in a phase.
fn doing(phase: &'static str) -> &'static str {
    match phase {
        "" => "starting",
        "plan" => "planning",
        "begin" => "preparing",
        "run" => "running",
        "publish" => "publishing",
        other => other,
    }
}

fn style(reading: bool) -> ProgressStyle {
    let template = if reading { READING } else { WORKING };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("━╸─")
        .with_key("pace", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // What cannot be written is not missed.
            let _ = out.write_str(&pace(state.per_sec(), state.eta()));
        })
        .with_key("elapsed", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&clock(state.elapsed()));
        })
}

/// Throughput and time left, once there is something to tell.
fn pace(bytes_per_second: f64, left: Duration) -> String {
    let mut text = String::new();
    if bytes_per_second >= 1.0 {
        let _ = write!(text, "  {}/s", bytes(bytes_per_second as u64));
        if !left.is_zero() {
            let _ = write!(text, "  {} left", clock(left));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(bytes_read: u64, rows_written: u64) -> Seen {
        Seen {
            phase: "reading",
            rows_read: 4_100_000,
            bytes_read,
            bytes_total: 1_200_000_000,
            rows_written,
            bytes_written: 98_000_000,
        }
    }

    #[test]
    fn while_reading_rows_and_bytes_are_told() {
        assert_eq!(seen(312_000_000, 0).message(), "4,100,000 rows  312 MB");
    }

    #[test]
    fn after_reading_what_was_written_is_told() {
        assert_eq!(seen(1_200_000_000, 4_000_000).message(), "4,000,000 rows  98.0 MB");
        assert_eq!(seen(0, 0).message(), "");
    }

    #[test]
    fn the_pace_is_told_once_it_is_known() {
        assert_eq!(pace(0.0, Duration::ZERO), "");
        assert_eq!(pace(143_000_000.0, Duration::from_millis(6800)), "  143 MB/s  7 s left");
    }

    #[test]
    fn rows_bytes_throughput_and_time_left_fit_a_terminal_of_80_columns() {
        let before = "⠋ running ━━━━━━━━━━ 100 %  ".chars().count();
        let message = Seen { rows_read: 160_500_000, ..seen(612_000_000, 0) }.message();
        let pace = pace(143_000_000.0, Duration::from_mins(16));
        assert!(before + message.chars().count() + pace.chars().count() <= 80, "{message}{pace}");
    }

    #[test]
    fn the_styles_are_valid() {
        for template in [READING, WORKING] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
