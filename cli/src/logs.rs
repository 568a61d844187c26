//! Logs, to standard error: lines for people on a terminal, JSON elsewhere.

use std::io::{self, Write};

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::args::{LogLevel, Show};
use crate::screen::{self, Screen};

/// Sends logs of the asked level to standard error.
pub(crate) fn start(show: Show, screen: &Screen) {
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter(show.log)).with_writer(Above(screen.bars().clone()));
    // Fails only if logs were started before, which then go on.
    let _ = if screen::watched() {
        builder.with_target(false).compact().with_ansi(show.color != anstream::ColorChoice::Never).try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
}

/// A level is about Lockgate's own crates; of others only warnings are of interest.
fn filter(level: LogLevel) -> EnvFilter {
    let level = level.name();
    let others = if matches!(level, "off" | "error") { level } else { "warn" };
    EnvFilter::new(format!("{others},lockgate={level},lockgate_engine={level},lockgate_rules={level}"))
}

/// Writes above the progress that is shown at the moment.
struct Above(MultiProgress);

impl<'a> MakeWriter<'a> for Above {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { bars: &self.0, text: Vec::new() }
    }
}

/// A line that is written whole, when it is dropped.
struct Line<'a> {
    bars: &'a MultiProgress,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        // A log that nobody can read is not worth failing for.
        let _ = self.bars.suspend(|| io::stderr().write_all(&self.text));
    }
}
