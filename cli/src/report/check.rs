//! What all reports say about a check.

use lockgate_engine::RunRecord;
use lockgate_engine::report::Check;
use lockgate_rules::{Exactness, OnRow, Sample, Severity, Verdict};
use serde_json::Value;

use crate::render::{Standing, count, things};

/// What was found, with a mark where it is an estimate.
pub(super) fn observed(verdict: &Verdict) -> String {
    match verdict.exactness {
        Exactness::Exact => verdict.observed_text.clone(),
        Exactness::Approx { .. } => format!("≈ {}", verdict.observed_text),
    }
}

/// The rule with its columns: `between(month)`.
pub(super) fn applied(verdict: &Verdict) -> String {
    match verdict.columns.as_slice() {
        [] => verdict.rule.clone(),
        columns => format!("{}({})", verdict.rule, columns.join(", ")),
    }
}

/// A value of a sample as text.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The samples of a check, each with its place.
pub(super) fn samples(check: &Check) -> impl Iterator<Item = (Option<&str>, &Sample)> {
    let place = |at: usize| check.sample_places.get(at).and_then(Option::as_deref);
    check.verdict.samples.iter().enumerate().map(move |(at, sample)| (place(at), sample))
}

/// What a failure leads to, in a word.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "stop",
        Severity::Alert => "alert",
        Severity::Log => "log",
    }
}

/// What becomes of failing rows, where they do not just stay.
pub(super) fn on_row(on_row: OnRow) -> Option<&'static str> {
    match on_row {
        OnRow::Keep => None,
        OnRow::Drop => Some("failing rows leave"),
        OnRow::Quarantine => Some("failing rows go to the quarantine"),
        OnRow::NullOut => Some("failing values become null"),
    }
}

/// The checks of a run with what each means, the most urgent first, else in the order of the record.
pub(super) fn by_urgency(record: &RunRecord) -> Vec<(Standing, &Check)> {
    let mut checks: Vec<(Standing, &Check)> =
        record.checks.iter().map(|check| (Standing::of(&check.verdict), check)).collect();
    checks.sort_by_key(|(standing, _)| *standing);
    checks
}

/// How many checks there are of each standing that any has.
pub(super) fn totals(record: &RunRecord) -> Vec<(Standing, usize)> {
    let number = |wanted| record.checks.iter().filter(|check| Standing::of(&check.verdict) == wanted).count();
    Standing::ALL.map(|standing| (standing, number(standing))).into_iter().filter(|(_, n)| *n > 0).collect()
}

/// Rows read by all sources.
pub(super) fn rows_in(record: &RunRecord) -> u64 {
    record.inputs.iter().map(|input| input.rows).sum()
}

/// Rows in all outputs.
pub(super) fn rows_out(record: &RunRecord) -> u64 {
    record.tables.iter().filter_map(|table| table.output.as_ref()).map(|output| output.rows).sum()
}

/// Rows kept apart.
pub(super) fn rows_quarantined(record: &RunRecord) -> u64 {
    let inputs = record.inputs.iter().map(|input| input.rows_quarantined);
    inputs.chain(record.tables.iter().map(|table| table.rows_quarantined)).sum()
}

/// What failing rows are of all that were looked at: `4 of 327,346 rows`.
pub(super) fn share(verdict: &Verdict) -> Option<String> {
    let of = things(verdict.n_evaluated, "row", "rows");
    (verdict.n_failed > 0).then(|| format!("{} of {of}", count(verdict.n_failed)))
}
