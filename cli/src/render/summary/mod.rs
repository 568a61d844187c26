//! The summary of a run: the verdict first, then what was read, done, checked and written.

mod checks;
mod footer;
mod headline;
mod outputs;
mod replay;
mod sources;
mod tables;

#[cfg(test)]
mod tests;

pub(crate) use checks::answered_from;
use lockgate_engine::RunRecord;
pub(crate) use sources::differences;

use super::lines::lines;
use super::paint::{STRONG, paint};

/// Columns that a section's rows stand in from its heading.
const INDENT: usize = 2;

/// The summary of `record` within `width` columns.
pub(crate) fn summary(record: &RunRecord, width: usize) -> String {
    let inner = width - INDENT;
    let sections = [
        section(
            "from quarantine",
            &record.replay.as_ref().map(|of| replay::replay(of, inner)).unwrap_or_default(),
        ),
        section("sources", &sources::sources(&record.inputs, inner)),
        section("tables", &tables::tables(&record.tables, inner)),
        section(&checks::heading(&record.checks), &checks::checks(&record.checks, inner)),
        section(outputs::heading(record.status), &outputs::outputs(record, inner)),
    ];
    headline::headline(record, width) + &sections.concat() + "\n" + &footer::footer(record, width)
}

/// A heading with `body` under it; nothing where there is no body.
pub(super) fn section(heading: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let indented = lines(body.lines().map(|line| format!("{:INDENT$}{line}", "")));
    format!("\n{}\n{indented}", paint(STRONG, heading))
}
