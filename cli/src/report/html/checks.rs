//! Every check: what was wanted and found, what it is about, the rows that show it, and its history.

use std::collections::BTreeSet;

use lockgate_engine::RunRecord;
use lockgate_engine::report::Check;
use lockgate_rules::{Exactness, Verdict};
use serde::Serialize;

use super::trend::{Trend, Trends};
use crate::render::{Standing, answered_from, count};
use crate::report::check::{applied, observed, on_row, samples, severity, share, totals, value};

/// Failing checks that are shown in full above the list of all.
const IN_FULL: usize = 30;

/// Characters of a value in a sample.
const VALUE: usize = 200;

/// All checks, and what they can be filtered by.
#[derive(Debug, Serialize)]
pub(super) struct Checks {
    /// The most urgent first.
    all: Vec<One>,
    /// Positions in `all` of those that are shown in full.
    urgent: usize,
    /// How many more are urgent.
    further: usize,
    totals: Vec<Total>,
    on: BTreeSet<String>,
    has_trends: bool,
}

/// How many checks have a standing.
#[derive(Debug, Serialize)]
struct Total {
    kind: &'static str,
    name: &'static str,
    number: usize,
}

/// A check.
#[derive(Debug, Serialize)]
struct One {
    /// Its position in the record, by which the script finds its figures.
    at: usize,
    kind: &'static str,
    name: &'static str,
    rank: usize,
    on: String,
    id: String,
    applied: String,
    observed: String,
    expected: String,
    description: Option<String>,
    facts: Vec<(&'static str, String)>,
    /// Shares of rows that pass, are null and fail, in percent, where rows are judged.
    bar: Option<Shares>,
    samples: Option<Samples>,
    trend: Option<Trend>,
}

#[derive(Debug, Serialize)]
struct Shares {
    pass: f64,
    fail: f64,
    told: String,
}

/// Rows that show what is wrong, as a table.
#[derive(Debug, Serialize)]
struct Samples {
    columns: Vec<String>,
    rows: Vec<Row>,
    has_places: bool,
    has_repeats: bool,
    caption: String,
}

#[derive(Debug, Serialize)]
struct Row {
    /// The end of the file's path, and the whole.
    file: String,
    path: String,
    number: String,
    repeats: String,
    values: Vec<Option<String>>,
}

/// All checks of a run.
pub(super) fn checks(record: &RunRecord, trends: &Trends) -> Checks {
    let mut order: Vec<usize> = (0..record.checks.len()).collect();
    order.sort_by_key(|at| Standing::of(&record.checks[*at].verdict));
    let all: Vec<One> = order.into_iter().map(|at| one(at, &record.checks[at], trends)).collect();
    let urgent = record.checks.iter().filter(|check| Standing::of(&check.verdict).is_urgent()).count();
    Checks {
        has_trends: all.iter().any(|check| check.trend.is_some()),
        all,
        urgent: urgent.min(IN_FULL),
        further: urgent.saturating_sub(IN_FULL),
        totals: totals(record)
            .into_iter()
            .map(|(standing, number)| Total { kind: kind(standing), name: standing.name(), number })
            .collect(),
        on: record.checks.iter().map(|check| check.on.clone()).collect(),
    }
}

/// The name of a standing's class in the style sheet.
fn kind(standing: Standing) -> &'static str {
    match standing {
        Standing::Stop => "stop",
        Standing::Error => "error",
        Standing::Alert => "alert",
        Standing::Noted => "noted",
        Standing::Skipped => "skipped",
        Standing::Pass => "pass",
    }
}

fn one(at: usize, check: &Check, trends: &Trends) -> One {
    let verdict = &check.verdict;
    let standing = Standing::of(verdict);
    One {
        at,
        kind: kind(standing),
        name: standing.name(),
        rank: standing as usize,
        on: check.on.clone(),
        id: verdict.id.clone(),
        applied: applied(verdict),
        observed: whole(&observed(verdict)),
        expected: whole(&verdict.expected),
        description: verdict.description.clone(),
        facts: facts(verdict),
        bar: shares(verdict),
        samples: table(check),
        trend: trends.of_check(at, check),
    }
}

fn facts(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let some = |number: u64| (number > 0).then(|| count(number));
    let from = answered_from(verdict.answered_from).trim_start_matches("from ");
    let exactness = match verdict.exactness {
        Exactness::Exact => None,
        Exactness::Approx { bound } => Some(format!("an estimate, within {:.2} %", bound * 100.0)),
    };
    let facts = [
        ("where", verdict.filter.clone()),
        ("evaluated", some(verdict.n_evaluated)),
        ("failed", some(verdict.n_failed)),
        ("null", some(verdict.n_null)),
        ("severity", Some(severity(verdict.severity).to_owned())),
        ("rows", on_row(verdict.on_row).map(str::to_owned)),
        ("exactness", exactness),
        ("answered from", (!from.is_empty()).then(|| from.to_owned())),
        ("dimension", Some(verdict.dimension.replace('_', " "))),
        ("owner", verdict.owner.clone()),
        ("tags", (!verdict.tags.is_empty()).then(|| verdict.tags.join(", "))),
    ];
    facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect()
}

/// How the rows that were looked at divide, where some fail.
fn shares(verdict: &Verdict) -> Option<Shares> {
    let told = share(verdict)?;
    if verdict.n_failed > verdict.n_evaluated {
        return None;
    }
    // What fails is seen, however little it is.
    let fail = (verdict.n_failed as f64 / verdict.n_evaluated as f64 * 100.0).clamp(0.6, 100.0);
    let fail = (fail * 100.0).round() / 100.0;
    Some(Shares { pass: 100.0 - fail, fail, told })
}

fn table(check: &Check) -> Option<Samples> {
    let kept = &check.verdict.samples;
    let first = kept.first()?;
    let mut columns: Vec<&String> = first.values.keys().collect();
    for sample in &kept[1..] {
        columns.extend(sample.values.keys().filter(|name| !columns.contains(name)).collect::<Vec<_>>());
    }
    let rows: Vec<Row> = samples(check)
        .map(|(place, sample)| {
            let (path, number) = place.and_then(|place| place.rsplit_once(':')).unwrap_or_default();
            Row {
                file: ending(path).to_owned(),
                path: path.to_owned(),
                number: number.to_owned(),
                repeats: sample.occurs.map(count).unwrap_or_default(),
                values: columns
                    .iter()
                    .map(|name| sample.values.get(*name).filter(|of| !of.is_null()))
                    .map(|of| of.map(|of| shortened(&value(of))))
                    .collect(),
            }
        })
        .collect();
    let has_repeats = kept.iter().any(|sample| sample.occurs.is_some());
    let all = check.verdict.n_failed.max(kept.len() as u64);
    Some(Samples {
        columns: columns.into_iter().cloned().collect(),
        has_places: rows.iter().any(|row| !row.path.is_empty()),
        // A row that repeats a key stands for all that do.
        caption: if has_repeats {
            "Rows that repeat a key".to_owned()
        } else {
            format!("Rows that fail: {} of {}", kept.len(), count(all))
        },
        has_repeats,
        rows,
    })
}

/// Text whose figures are not parted from their unit at the end of a line.
fn whole(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// The last two parts of a path.
fn ending(path: &str) -> &str {
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
