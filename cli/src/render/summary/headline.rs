//! How the run ended, and the checks that made it so.

use lockgate_engine::RunRecord;
use lockgate_engine::report::{Check, RecoveredRun};

use crate::render::escape::escape;
use crate::render::grid::{Column, Grid, cell, styled};
use crate::render::outcome::{Outcome, Tone, outcome};
use crate::render::paint::{ALERT, BAD, FAINT, GOOD, STRONG, paint};

/// Characters of a run's id that tell it apart for people.
const ID: usize = 12;

/// The verdict line, the run, and the checks that decided.
pub(super) fn headline(record: &RunRecord, width: usize) -> String {
    let Outcome { tone, verdict, note } = outcome(record);
    let style = match tone {
        Tone::Good => GOOD,
        Tone::Alert => ALERT,
        Tone::Bad => BAD,
    };
    let verdict = paint(style.bold(), &verdict.to_uppercase());
    let note = if note.is_empty() { String::new() } else { format!("  {note}") };
    let first = format!("{verdict}  {}{note}\n", paint(STRONG, &escape(&record.pipeline)));
    let id = record.run_id.get(..ID).unwrap_or(&record.run_id);
    let time = record.run_time.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let second = paint(FAINT, &format!("run {} at {time}", escape(id))) + "\n";
    first + &second + &recovered(record) + &reasons(record, width)
}

/// A line for each run that had died before this one.
fn recovered(record: &RunRecord) -> String {
    let line = |run: &RecoveredRun| {
        let id = run.run_id.as_deref().map_or("", |id| id.get(..ID).unwrap_or(id));
        let text = format!("run {} had died before; it was {}", escape(id), escape(&run.outcome));
        paint(ALERT, &text) + "\n"
    };
    record.recovered.iter().map(line).collect()
}

/// The checks that close the gate; where none does, those that alert.
fn reasons(record: &RunRecord, width: usize) -> String {
    let closing: Vec<&Check> = record.checks.iter().filter(|check| check.verdict.closes_gate()).collect();
    let (style, deciding) =
        if closing.is_empty() { (ALERT, alerting(record).collect()) } else { (BAD, closing) };
    let mut grid = Grid::new(&[Column::Left, Column::Words, Column::Words]);
    for check in &deciding {
        let verdict = &check.verdict;
        let found = format!("{}; expected {}", escape(&verdict.observed_text), escape(&verdict.expected));
        grid.row([
            styled(style, "because"),
            cell(format!("{}: {}", escape(&check.on), escape(&verdict.id))),
            cell(found),
        ]);
    }
    if deciding.is_empty() { String::new() } else { format!("\n{}", grid.render(width)) }
}

fn alerting(record: &RunRecord) -> impl Iterator<Item = &Check> {
    record.checks.iter().filter(|check| check.verdict.alerts())
}
