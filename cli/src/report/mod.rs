//! Reports on a run that are kept, sent or shown elsewhere: a page, a comment, test results.
//!
//! All that is said comes from the run's record and from those before it; nothing here reads or prints.
//! Everything from data is made harmless twice: control characters are spelled out, and what means
//! something in the format is escaped where it is written.

mod check;
mod html;
mod junit;
mod markdown;
#[cfg(test)]
pub(crate) mod sample;

use lockgate_engine::Result;
use lockgate_engine::history::Recalled;

use crate::args::ReportKind;

/// The report of `kind` on a run.
pub(crate) fn written(kind: ReportKind, recalled: &Recalled) -> Result<String> {
    match kind {
        ReportKind::Html => html::page(recalled),
        ReportKind::Markdown => Ok(markdown::comment(&recalled.record)),
        ReportKind::Junit => junit::results(&recalled.record),
    }
}
