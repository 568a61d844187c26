//! The arguments, in two layers: what was typed (`typed`), and what it means (`Request`).

mod age;
mod baseline;
mod bytes;
mod data_format;
mod meaning;
mod mistake;
mod run_time;
mod typed;
mod variable;

use std::ffi::OsString;

use anstream::ColorChoice;
use clap::{CommandFactory, Parser};
use lockgate_engine::Error;

pub(crate) use data_format::DataFormat;
pub(crate) use meaning::{Job, Over, Recorded, Request, Show, Subject, Work};
pub(crate) use typed::{Format, LogLevel, ProfileKind, ReportKind};

/// Reads what was typed and settles what it means.
pub(crate) fn read(typed: impl IntoIterator<Item = OsString>) -> Result<Request, clap::Error> {
    typed::Typed::try_parse_from(typed).map(Request::from)
}

/// How to show what clap has to say about words that it does not accept: as `--format` among them asks.
pub(crate) fn show(typed: &[OsString]) -> Show {
    Show { format: mistake::format(typed), color: ColorChoice::Auto, log: LogLevel::default() }
}

/// What was typed wrongly, as an error like any other.
pub(crate) fn mistake(usage: &clap::Error) -> Error {
    mistake::mistake(usage)
}

/// The command line as clap knows it, for its documentation.
pub(crate) fn described() -> clap::Command {
    typed::Typed::command()
}

#[cfg(test)]
mod tests;
