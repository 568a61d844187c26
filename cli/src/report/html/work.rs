//! What was read, done to the rows, written, and how long that took.

use std::cmp::Ordering;

use lockgate_engine::RunRecord;
use lockgate_engine::report;
use serde::Serialize;

use crate::render::{bytes, count, differences, milliseconds};

/// Files of a source that are listed.
const FILES: usize = 500;

/// The phases of a run in their order; others come before.
const PHASES: [&str; 4] = ["plan", "begin", "run", "publish"];

/// A source.
#[derive(Debug, Serialize)]
pub(super) struct Input {
    source: String,
    location: String,
    rows: String,
    bytes: String,
    quarantined: String,
    number_of_files: String,
    files: Vec<(String, String)>,
    more_files: usize,
    differences: Vec<String>,
    looked_up: String,
}

/// A table.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    name: String,
    from: String,
    joins: String,
    rows_in: String,
    rows_out: String,
    change: String,
    quarantined: String,
    busy: String,
    /// The steps that changed the number of rows, in a few words.
    gist: String,
    steps: Vec<Step>,
}

/// A step.
#[derive(Debug, Serialize)]
struct Step {
    name: String,
    rows_in: String,
    rows_out: String,
    change: String,
    direction: &'static str,
    counts: String,
    busy: String,
    /// Its share of the slowest step's time, in percent.
    share: f64,
}

/// A dataset that is written.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    name: String,
    is_quarantine: bool,
    location: String,
    rows: String,
    bytes: String,
    files: usize,
    partitions: usize,
}

/// A phase of the run.
#[derive(Debug, Serialize)]
pub(super) struct Phase {
    name: String,
    took: String,
    /// Where its bar begins and how long it is, in percent.
    x: f64,
    share: f64,
}

/// The sources.
pub(super) fn inputs(inputs: &[report::Input]) -> Vec<Input> {
    let input = |input: &report::Input| Input {
        source: input.source.clone(),
        location: input.location.clone(),
        rows: count(input.rows),
        bytes: bytes(input.bytes),
        quarantined: some(input.rows_quarantined),
        number_of_files: count(input.files.len() as u64),
        files: input.files.iter().take(FILES).map(|file| (file.path.clone(), bytes(file.bytes))).collect(),
        more_files: input.files.len().saturating_sub(FILES),
        differences: differences(&input.schema_differences),
        looked_up: input.reads.join(", "),
    };
    inputs.iter().map(input).collect()
}

/// The tables with their steps.
pub(super) fn tables(tables: &[report::Table]) -> Vec<Table> {
    let all = || tables.iter().flat_map(|table| &table.steps);
    let slowest = all().map(|step| step.busy_ms).fold(1.0, f64::max);
    let table = |table: &report::Table| Table {
        name: table.table.clone(),
        from: table.from.clone(),
        joins: table.reads.join(", "),
        rows_in: count(table.rows_in),
        rows_out: count(table.rows_out),
        change: change(table.rows_in, table.rows_out),
        quarantined: some(table.rows_quarantined),
        busy: milliseconds(table.busy_ms),
        gist: gist(&table.steps),
        steps: table.steps.iter().map(|of| step(of, slowest)).collect(),
    };
    tables.iter().map(table).collect()
}

fn step(step: &report::Step, slowest: f64) -> Step {
    let counts = step.counts.iter().filter(|(_, number)| **number > 0);
    let counts: Vec<String> =
        counts.map(|(what, number)| format!("{} {}", count(*number), what.replace('_', " "))).collect();
    Step {
        name: step.step.clone(),
        rows_in: count(step.rows_in),
        rows_out: count(step.rows_out),
        change: change(step.rows_in, step.rows_out),
        direction: match step.rows_in.cmp(&step.rows_out) {
            Ordering::Greater => "less",
            Ordering::Less => "more",
            Ordering::Equal => "same",
        },
        counts: counts.join(", "),
        busy: milliseconds(step.busy_ms),
        share: (step.busy_ms / slowest * 1_000.0).round() / 10.0,
    }
}

fn gist(steps: &[report::Step]) -> String {
    let changing = steps.iter().filter(|step| step.rows_in != step.rows_out);
    let changing: Vec<String> =
        changing.map(|step| format!("{} {}", step.step, change(step.rows_in, step.rows_out))).collect();
    match (steps.len(), changing.is_empty()) {
        (0, _) => "no steps".to_owned(),
        (1, true) => "1 step that keeps every row".to_owned(),
        (steps, true) => format!("{steps} steps that keep every row"),
        (_, false) => changing.join(", "),
    }
}

/// Rows removed or added.
fn change(rows_in: u64, rows_out: u64) -> String {
    match rows_in.cmp(&rows_out) {
        Ordering::Greater => format!("−{}", count(rows_in - rows_out)),
        Ordering::Less => format!("+{}", count(rows_out - rows_in)),
        Ordering::Equal => String::new(),
    }
}

/// The datasets, each followed by its quarantine.
pub(super) fn outputs(tables: &[report::Table]) -> Vec<Output> {
    let output = |name: &str, is_quarantine, output: &report::Output| Output {
        name: name.to_owned(),
        is_quarantine,
        location: output.location.clone(),
        rows: count(output.rows),
        bytes: bytes(output.bytes),
        files: output.files.len(),
        partitions: output.partitions,
    };
    let both = |table: &report::Table| {
        let written = table.output.as_ref().map(|of| output(&table.table, false, of));
        written.into_iter().chain(table.quarantine.as_ref().map(|of| output(&table.table, true, of)))
    };
    tables.iter().flat_map(|table| both(table).collect::<Vec<_>>()).collect()
}

/// The phases in their order.
pub(super) fn phases(record: &RunRecord) -> Vec<Phase> {
    let mut phases: Vec<(&String, &f64)> = record.resources.phases_ms.iter().collect();
    phases.sort_by_key(|(phase, _)| PHASES.iter().position(|known| *known == phase.as_str()));
    let all: f64 = phases.iter().map(|(_, ms)| **ms).sum::<f64>().max(1e-9);
    let mut x = 0.0;
    let mut next = |share: f64| {
        x += share;
        x - share
    };
    let tenth = |percent: f64| (percent * 10.0).round() / 10.0;
    phases
        .into_iter()
        .map(|(phase, ms)| {
            let share = ms / all * 100.0;
            Phase {
                name: phase.clone(),
                took: milliseconds(*ms),
                x: tenth(next(share)),
                share: tenth(share).max(0.2),
            }
        })
        .collect()
}

fn some(number: u64) -> String {
    if number > 0 { count(number) } else { String::new() }
}
