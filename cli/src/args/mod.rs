//! The arguments, in two layers: what was typed (`typed`), and what it means (`Request`).

mod baseline;
mod bytes;
mod data_format;
mod meaning;
mod run_time;
mod typed;
mod variable;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

pub(crate) use data_format::DataFormat;
pub(crate) use meaning::{Job, Over, Recorded, Request, Show, Subject, Work};
pub(crate) use typed::{Format, LogLevel, ProfileKind, ReportKind};

/// Reads what was typed and settles what it means.
pub(crate) fn read(typed: impl IntoIterator<Item = OsString>) -> Result<Request, clap::Error> {
    typed::Typed::try_parse_from(typed).map(Request::from)
}

/// The command line as clap knows it, for its documentation.
pub(crate) fn described() -> clap::Command {
    typed::Typed::command()
}

#[cfg(test)]
mod tests;
