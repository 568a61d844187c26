//! Suggestions as a pipeline file, or as a list of checks.

use std::fmt::Write as _;

use super::{FromPast, Suggestion};
use crate::import::{comment, flow, scalar};
use crate::render::things;

/// Longest line of a check that stays on one line.
const WIDTH: usize = 100;

/// How suggestions came about.
pub(crate) struct Learnt<'l> {
    /// Where the dataset is.
    pub(crate) read: &'l str,
    /// How its files are stored.
    pub(crate) format: &'static str,
    /// What the source is called.
    pub(crate) name: &'l str,
    /// Rows learnt from.
    pub(crate) rows: u64,
    /// Rows tested on.
    pub(crate) tested: u64,
    /// How many suggestions failed the test.
    pub(crate) left_out: usize,
}

/// A pipeline that does nothing but run the suggested checks on the dataset.
pub(crate) fn pipeline(learnt: &Learnt<'_>, suggestions: &[Suggestion]) -> String {
    let mut text = format!("# Checks suggested for {}.\n", comment(learnt.read));
    let rows = |rows| things(rows, "row", "rows");
    let _ = writeln!(
        text,
        "# Learnt from {}, tested on {} more; {} failed there and {} left out.",
        rows(learnt.rows),
        rows(learnt.tested),
        learnt.left_out,
        if learnt.left_out == 1 { "is" } else { "are" }
    );
    text += "# They are guesses: each alerts, none closes the gate. Keep what has to hold, as `severity: stop`.\n";
    let name = scalar(learnt.name);
    let _ = write!(
        text,
        "pipeline: {name}\n\nsources:\n  {name}:\n    read: {}\n    format: {}\n",
        scalar(learnt.read),
        learnt.format
    );
    // Nothing was seen to learn from; a pipeline checks something all the same.
    text += if suggestions.is_empty() { "    checks: [row_count: {min: 0}]\n" } else { "    checks:\n" };
    for suggestion in suggestions {
        let _ = write!(text, "      # {}\n      - {}\n", comment(&suggestion.evidence), check(suggestion));
    }
    let _ = write!(text, "\ntables:\n  {}:\n    from: {name}\n", scalar(&format!("{}_rows", learnt.name)));
    text
}

/// The checks suggested for what was published of a source or table, as they stand below its name.
pub(crate) fn list(learnt: &FromPast) -> String {
    let [first, last] = &learnt.learnt_from;
    let points = |points: usize| things(points as u64, "point", "points");
    let left_out = learnt.left_out.len();
    let mut text = format!(
        "# Checks suggested for {}, by what was published of it.\n\
         # Learnt from {} ({} to {}), tested on the {} after; {left_out} did not hold there and {} left out.\n\
         # They are guesses: each alerts, none closes the gate. Keep what has to hold, as `severity: stop`.\n",
        comment(&learnt.on),
        points(learnt.points_learnt_from),
        comment(first),
        comment(last),
        learnt.points_tested_on,
        if left_out == 1 { "is" } else { "are" }
    );
    text += if learnt.checks.is_empty() { "checks: []\n" } else { "checks:\n" };
    for suggestion in &learnt.checks {
        let _ = write!(text, "  # {}\n  - {}\n", comment(&suggestion.evidence), check(suggestion));
    }
    text
}

/// A check as it stands in a list of checks, its further lines below the first.
pub(crate) fn check(suggestion: &Suggestion) -> String {
    let params = suggestion.params.iter();
    let params: Vec<String> =
        params.map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
    let line = format!("{}: {{{}}}", suggestion.rule, params.join(", "));
    if line.chars().count() <= WIDTH {
        return line;
    }
    format!("{}:\n          {}", suggestion.rule, params.join("\n          "))
}
