//! Every check with what was found and wanted, and a few of the rows that failed.

use anstyle::Style;
use lockgate_engine::report::Check;
use lockgate_rules::{AnsweredFrom, Exactness, OnRow, Sample, Status, Verdict};
use serde_json::Value;

use crate::render::escape::escape;
use crate::render::figures::count;
use crate::render::grid::{Column, Grid, cell, styled};
use crate::render::paint::{ALERT, BAD, FAINT, GOOD, PLAIN, STRONG};
use crate::render::standing::Standing;

/// Failing rows shown of each check; the record has all that were kept.
const SAMPLES: usize = 3;

/// Where samples stand: a little to the right of the checks' names.
const SAMPLES_AT: usize = 13;

/// What is said where a check takes rows away and yet closes the gate because of them.
const LETS_REST_THROUGH: &str = "hint: with severity alert the rows that stay are published";

/// Characters of a value in a sample.
const VALUE: usize = 40;

fn style(standing: Standing) -> Style {
    match standing {
        Standing::Stop | Standing::Error => BAD.bold(),
        Standing::Alert => ALERT.bold(),
        Standing::Noted => PLAIN,
        Standing::Skipped => FAINT,
        Standing::Pass => GOOD,
    }
}

/// The number of checks of each standing.
pub(super) fn heading(checks: &[Check]) -> String {
    let number = |wanted| checks.iter().filter(|check| Standing::of(&check.verdict) == wanted).count();
    let counts = Standing::ALL.map(|standing| (number(standing), standing.name()));
    let counts: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    format!("checks  {}", counts.join(" · "))
}

/// The checks of each source and table under its name.
pub(super) fn checks(checks: &[Check], width: usize) -> String {
    let mut grid = Grid::new(&[Column::Left, Column::Words, Column::Words, Column::Words, Column::Left]);
    let mut on = None;
    for check in checks {
        if on.replace(&check.on) != Some(&check.on) {
            grid.line(0, styled(STRONG, escape(&check.on)));
        }
        let verdict = &check.verdict;
        let standing = Standing::of(verdict);
        grid.row([
            styled(style(standing), format!("  {:7}", standing.name())),
            cell(escape(&name(verdict))),
            cell(observed(verdict)),
            cell(escape(&verdict.expected)),
            styled(FAINT, answered_from(verdict.answered_from)),
        ]);
        if matches!(verdict.status, Status::Fail | Status::Warn) {
            samples(check, &mut grid);
        }
        if verdict.closes_gate() && verdict.n_failed > 0 && takes_rows_away(verdict.on_row) {
            grid.line(SAMPLES_AT, styled(FAINT, LETS_REST_THROUGH));
        }
    }
    grid.render(width)
}

/// The check's id, and what it applies where the id does not tell.
fn name(verdict: &Verdict) -> String {
    if verdict.id.contains(&verdict.rule) {
        return verdict.id.clone();
    }
    match verdict.columns.as_slice() {
        [] => format!("{}: {}", verdict.id, verdict.rule),
        columns => format!("{}: {}({})", verdict.id, verdict.rule, columns.join(", ")),
    }
}

fn observed(verdict: &Verdict) -> String {
    let text = escape(&verdict.observed_text);
    match verdict.exactness {
        Exactness::Exact => text.into_owned(),
        Exactness::Approx { .. } => format!("≈ {text}"),
    }
}

fn takes_rows_away(on_row: OnRow) -> bool {
    matches!(on_row, OnRow::Drop | OnRow::Quarantine)
}

/// Where the answer came from, unless it is the rows themselves.
pub(crate) fn answered_from(from: AnsweredFrom) -> &'static str {
    match from {
        AnsweredFrom::Scan => "",
        AnsweredFrom::Footer => "from footers",
        AnsweredFrom::Dictionary => "from dictionaries",
        AnsweredFrom::State => "from a state",
        AnsweredFrom::Plan => "from the plan",
    }
}

fn samples(check: &Check, grid: &mut Grid) {
    let kept = &check.verdict.samples;
    for (at, sample) in kept.iter().take(SAMPLES).enumerate() {
        let place = check.sample_places.get(at).and_then(Option::as_deref);
        let place = place.map(|place| format!("{}  ", escape(place))).unwrap_or_default();
        let occurs = sample.occurs.map(|times| format!("  {} times", count(times))).unwrap_or_default();
        grid.line(SAMPLES_AT, styled(FAINT, format!("{place}{}{occurs}", values(sample))));
    }
    let failed = check.verdict.n_failed;
    let shown = kept.len().min(SAMPLES) as u64;
    // A row that repeats a key stands for all that do.
    let of_rows = kept.iter().all(|sample| sample.occurs.is_none());
    if of_rows && shown > 0 && failed > shown {
        let more = count(failed - shown);
        grid.line(SAMPLES_AT, styled(FAINT, format!("and {more} more")));
    }
}

fn values(sample: &Sample) -> String {
    let one = |(column, value): (&String, &Value)| {
        let value = match value {
            // Blanks at its ends would not be seen.
            Value::String(text) if text.trim() == text && !text.is_empty() => text.clone(),
            other => other.to_string(),
        };
        let short = match value.char_indices().nth(VALUE) {
            Some((end, _)) => format!("{}…", &value[..end]),
            None => value,
        };
        format!("{}={}", escape(column), escape(&short))
    };
    sample.values.iter().map(one).collect::<Vec<_>>().join(" ")
}
