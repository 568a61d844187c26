//! The exit codes: the one place that picks them, and that ends the process.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lockgate_engine::{Error, Kind, RunRecord, RunStatus};

use crate::args::{self, Format, Show};
use crate::failure::Failure;
use crate::render;
use crate::screen::{self, Screen};

/// An exit code, its meaning, and whether the same command may succeed later.
pub(crate) struct Code {
    /// The code.
    pub(crate) number: u8,
    /// What it means.
    pub(crate) meaning: &'static str,
    /// Whether to try again.
    pub(crate) retry: &'static str,
}

/// Every code there is, for the documentation.
pub(crate) const CODES: &[Code] = &[
    Code { number: DONE, meaning: "done; for a run: published, or it already was", retry: "not needed" },
    Code { number: ALERTS, meaning: "published, but checks alert; only with `--warn-exit`", retry: "no" },
    Code {
        number: WITHHELD,
        meaning: "the gate is closed; nothing was published",
        retry: "no: the data is bad",
    },
    Code { number: WRONG, meaning: "the pipeline, an option or an input is wrong", retry: "no" },
    Code {
        number: UNAVAILABLE,
        meaning: "a store or server did not answer, or another run wrote what this one would write",
        retry: "yes",
    },
    Code { number: DEFECT, meaning: "a defect of Lockgate's own", retry: "no: report it" },
    Code { number: SIGNALLED + 2, meaning: "interrupted by Ctrl-C; nothing was published", retry: "yes" },
    Code { number: SIGNALLED + 15, meaning: "ended by SIGTERM; nothing was published", retry: "yes" },
];

const DONE: u8 = 0;
const ALERTS: u8 = 10;
const WITHHELD: u8 = 20;
const WRONG: u8 = 30;
const UNAVAILABLE: u8 = 40;
const DEFECT: u8 = 50;
/// Added to the number of a signal, as shells do.
const SIGNALLED: u8 = 128;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As asked.
    Done,
    /// As asked, but there is something to be told by the exit code.
    Alerts,
    /// The gate is closed.
    Withheld,
    /// Something could not be recovered, as was shown; another time it may be.
    Unfinished,
}

impl Ended {
    /// What a run's record means; alerts count if `warn_exit`.
    pub(crate) fn of(record: &RunRecord, warn_exit: bool) -> Self {
        let alerts = record.checks.iter().any(|check| check.verdict.alerts());
        match record.status {
            RunStatus::Withheld => Self::Withheld,
            RunStatus::PublishedWithAlerts if warn_exit => Self::Alerts,
            RunStatus::Validated | RunStatus::DryRun if warn_exit && alerts => Self::Alerts,
            RunStatus::Published
            | RunStatus::PublishedWithAlerts
            | RunStatus::Validated
            | RunStatus::DryRun
            | RunStatus::NothingNew => Self::Done,
        }
    }
}

/// Shows what failed and gives the exit code.
pub(crate) fn from(ended: &Result<Ended, Failure>, screen: &Screen) -> ExitCode {
    let code = code(ended);
    if let Err(failure) = ended {
        screen.fail(failure, code);
    }
    ExitCode::from(code)
}

/// Shows what clap has to say, which may be the help that was asked for.
pub(crate) fn from_usage(usage: &clap::Error, show: Show) -> ExitCode {
    let is_wrong = usage.use_stderr();
    match show.format {
        Format::Json if is_wrong => Screen::new(show).fail(&Failure::from(args::mistake(usage)), WRONG),
        // Where there is nobody to read it there is nothing left to do.
        Format::Text | Format::Json => drop(usage.print()),
    }
    ExitCode::from(if is_wrong { WRONG } else { DONE })
}

/// Ends the process at once because of `signal`.
#[expect(clippy::exit, clippy::disallowed_methods, reason = "the user asked twice; nothing may hold this up")]
pub(crate) fn at_once(signal: i32) -> ! {
    std::process::exit(i32::from(signalled(Some(signal))))
}

fn code(ended: &Result<Ended, Failure>) -> u8 {
    match ended {
        Ok(Ended::Done) => DONE,
        Ok(Ended::Alerts) => ALERTS,
        Ok(Ended::Withheld) => WITHHELD,
        Ok(Ended::Unfinished) => UNAVAILABLE,
        Err(failure) => code_of(&failure.errors, failure.signal),
    }
}

/// The code of the weightiest error: a defect before an interruption, and what is wrong before what did
/// not answer, since a retry then cannot help.
fn code_of(errors: &[Error], signal: Option<i32>) -> u8 {
    let weightiest = errors.iter().map(Error::kind).max_by_key(|kind| match kind {
        Kind::Defect => 3,
        Kind::Interrupted => 2,
        Kind::Wrong => 1,
        Kind::Unavailable | Kind::Conflict => 0,
    });
    match weightiest {
        Some(Kind::Interrupted) => signalled(signal),
        Some(Kind::Wrong) => WRONG,
        Some(Kind::Unavailable | Kind::Conflict) => UNAVAILABLE,
        Some(Kind::Defect) | None => DEFECT,
    }
}

fn signalled(signal: Option<i32>) -> u8 {
    const SIGINT: u8 = 2;
    SIGNALLED + signal.and_then(|signal| u8::try_from(signal).ok()).unwrap_or(SIGINT)
}

/// Keeps for later what a panic says, rather than letting Rust print it: one within a decoder of bytes from
/// outside is no defect, and who caught it knows.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        let said = format!("{}{}", message(panic.payload()), place.unwrap_or_default());
        let trace = Backtrace::capture();
        let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
        *last_panic() = Some((said, trace));
    }));
}

/// What the newest panic said, and its backtrace where one is wanted.
fn last_panic() -> MutexGuard<'static, Option<(String, Option<String>)>> {
    static LAST: Mutex<Option<(String, Option<String>)>> = Mutex::new(None);
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `command`; a panic becomes a defect that has been announced, as is any other defect that came of a
/// panic.
pub(crate) fn guard<T>(command: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let ended = catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|panic| {
        Err(Failure::from(Error::defect(format!("lockgate panicked: {}", message(panic.as_ref())))))
    });
    ended.map_err(|failure| {
        let is_defect = failure.errors.iter().any(|error| error.kind() == Kind::Defect);
        let Some((said, trace)) = last_panic().take().filter(|_| is_defect) else { return failure };
        let said = render::escape(&said);
        screen::last_words(&format!(
            "error: this is a defect of lockgate {}: {said}",
            env!("CARGO_PKG_VERSION")
        ));
        if let Some(trace) = trace {
            screen::last_words(&trace);
        }
        Failure { announced: true, ..failure }
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kinds: &[Kind], signal: Option<i32>) -> u8 {
        let errors: Vec<_> = kinds.iter().map(|kind| Error::new(*kind, "tried in vain")).collect();
        code(&Err(Failure { signal, ..Failure::from(errors) }))
    }

    #[test]
    fn every_kind_of_error_has_its_code() {
        assert_eq!(failed(&[Kind::Wrong], None), 30);
        assert_eq!(failed(&[Kind::Unavailable], None), 40);
        assert_eq!(failed(&[Kind::Conflict], None), 40);
        assert_eq!(failed(&[Kind::Defect], None), 50);
        assert_eq!(failed(&[Kind::Interrupted], Some(2)), 130);
        assert_eq!(failed(&[Kind::Interrupted], Some(15)), 143);
    }

    #[test]
    fn every_end_has_its_code() {
        assert_eq!(
            [Ended::Done, Ended::Alerts, Ended::Withheld, Ended::Unfinished].map(|ended| code(&Ok(ended))),
            [0, 10, 20, 40]
        );
    }

    #[test]
    fn the_weightiest_error_decides() {
        assert_eq!(failed(&[Kind::Unavailable, Kind::Wrong], None), 30);
        assert_eq!(failed(&[Kind::Wrong, Kind::Interrupted], Some(15)), 143);
        assert_eq!(failed(&[Kind::Interrupted, Kind::Defect, Kind::Wrong], Some(2)), 50);
    }

    #[test]
    fn an_error_outside_a_command_is_not_a_success() {
        assert_eq!(failed(&[], None), 50);
    }

    #[test]
    fn a_panic_is_a_defect() {
        let ended = guard(|| -> Result<Ended, Failure> { panic!("out of cheese") });
        assert_eq!(code(&ended), 50);
        assert!(ended.is_err_and(|failure| failure.errors[0].message().contains("out of cheese")));
    }

    #[test]
    fn every_code_is_documented_once() {
        let documented: Vec<u8> = CODES.iter().map(|code| code.number).collect();
        assert_eq!(documented, [0, 10, 20, 30, 40, 50, 130, 143]);
    }

    #[test]
    fn help_is_no_mistake_but_an_unknown_option_is() {
        let usage = |words: &[&str]| {
            let typed = words.iter().map(std::ffi::OsString::from);
            crate::args::read(typed).map(|_| ()).map_err(|usage| usage.use_stderr())
        };
        assert_eq!(usage(&["lockgate", "--help"]), Err(false));
        assert_eq!(usage(&["lockgate", "run", "--no-such-option"]), Err(true));
    }
}
