//! Standard output and standard error: what is written where, how wide and in which colours.
//!
//! Standard output holds the result and nothing else; with `--format json` it is one JSON document,
//! whether the command succeeds or fails. Everything else goes to standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use indicatif::{MultiProgress, ProgressDrawTarget};
use lockgate_engine::{Error, Result};
use serde::Serialize;

use crate::args::{Format, Show};
use crate::failure::Failure;
use crate::render;

/// Widths that text is laid out for.
const WIDTHS: std::ops::RangeInclusive<usize> = 80..=120;

/// The width where there is no terminal to ask.
const WIDTH: usize = 100;

/// How often progress is drawn, a second.
const DRAWS: u8 = 10;

/// Where results and messages go.
#[derive(Clone)]
pub(crate) struct Screen {
    format: Format,
    color: ColorChoice,
    width: usize,
    bars: MultiProgress,
}

impl Screen {
    /// The process's own streams, as `show` asks for them.
    pub(crate) fn new(show: Show) -> Self {
        let (low, high) = WIDTHS.into_inner();
        let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout());
        let width = size.map_or(WIDTH, |size| usize::from(size.ws_col));
        let target = ProgressDrawTarget::stderr_with_hz(DRAWS);
        Self {
            format: show.format,
            color: show.color,
            width: width.clamp(low, high),
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Where progress is drawn; it shows on a terminal only.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Prints the result: `text` for people, `value` for programs.
    pub(crate) fn show(&self, value: &impl Serialize, text: impl FnOnce(usize) -> String) -> Result<()> {
        match self.format {
            Format::Text => self.print(&text(self.width)),
            Format::Json => self.print_json(value),
        }
    }

    /// Prints text to standard output. That nobody reads on is no error.
    pub(crate) fn print(&self, text: &str) -> Result<()> {
        let mut stream = AutoStream::new(io::stdout(), self.color).lock();
        heard(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()))
    }

    /// Prints a document to standard output.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::defect("writing the result as JSON").because(error))?;
        self.print(&(text + "\n"))
    }

    /// Says something by the way, to standard error.
    pub(crate) fn tell(&self, text: &str) {
        let mut stream = AutoStream::new(io::stderr(), self.color);
        // Where there is nobody to read it there is nothing left to do.
        let _ = self.bars.suspend(|| writeln!(stream, "{}", text.trim_end()));
    }

    /// Adds to a result that people read, on standard error; programs have it in their document.
    pub(crate) fn note(&self, text: &str) {
        match self.format {
            Format::Text => self.tell(text),
            Format::Json => {}
        }
    }

    /// Shows why the command fails with `code`: to standard error for people, as the result for programs.
    pub(crate) fn fail(&self, failure: &Failure, code: u8) {
        match self.format {
            Format::Text if failure.announced => {}
            Format::Text => self.tell(&render::errors(failure, self.width)),
            Format::Json => {
                let _ = self.print_json(&render::errors_json(failure, code));
            }
        }
    }

    /// Takes progress off the terminal.
    pub(crate) fn clear(&self) {
        let _ = self.bars.clear();
    }
}

/// Whether standard error is a terminal.
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// Writes a line to standard error whatever state the process is in.
pub(crate) fn last_words(line: &str) {
    // Progress may stand on the line.
    let clear = if watched() { "\r\u{1b}[2K" } else { "" };
    let _ = writeln!(io::stderr(), "{clear}{line}");
}

fn heard(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::unavailable("writing to standard output").because(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_left_is_no_error() {
        assert!(heard(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(heard(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
