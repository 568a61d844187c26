//! What a check found in the runs before this one, as a line.

use std::collections::HashMap;
use std::fmt::Write as _;

use lockgate_engine::RunStatus;
use lockgate_engine::history::{Recalled, figure};
use lockgate_engine::report::Check;
use lockgate_rules::{Shape, Status, rule_named};
use serde::Serialize;
use serde_json::{Value, json};

use crate::render::{count, milliseconds};

/// The plane that lines are drawn on.
const WIDTH: usize = 240;
const HEIGHT: f64 = 44.0;
/// Room above and below a line, for its stroke and the dot at its end.
const MARGIN: f64 = 6.0;

/// Points of a line beyond which neighbours are drawn as their smallest and largest.
const POINTS: usize = 60;

/// What the checks of a run found in it and before.
pub(super) struct Trends(Vec<Series>);

/// What one check found, the oldest run first and this run last; none where the check was not in a run.
struct Series {
    figures: Vec<Option<f64>>,
    statuses: Vec<Option<Status>>,
}

/// A check's history, ready to be shown.
#[derive(Debug, Serialize)]
pub(super) struct Trend {
    /// The line, as the path of an SVG.
    path: String,
    /// Where its last point is, if it has one.
    end: Option<f64>,
    /// Whether all figures are the same.
    is_flat: bool,
    /// Runs with a figure, this one included.
    runs: usize,
    low: String,
    high: String,
    /// The median of the runs before.
    median: String,
    /// How many of the runs failed.
    failed: usize,
    /// How far from the median this run is, in median deviations: for sorting.
    unusual: f64,
}

impl Trends {
    /// The histories of all checks of a run.
    pub(super) fn of(recalled: &Recalled) -> Self {
        let record = &recalled.record;
        let length = recalled.earlier.len() + 1;
        let mut series: Vec<Series> = Vec::with_capacity(record.checks.len());
        let mut places: HashMap<(&str, &str), usize> = HashMap::new();
        for (at, check) in record.checks.iter().enumerate() {
            let verdict = &check.verdict;
            let mut one = Series { figures: vec![None; length], statuses: vec![None; length] };
            one.figures[length - 1] = figure(&verdict.observed, verdict.n_evaluated, verdict.n_failed);
            one.statuses[length - 1] = Some(verdict.status);
            series.push(one);
            places.entry((&check.on, &verdict.id)).or_insert(at);
        }
        for (run, past) in recalled.earlier.iter().rev().enumerate() {
            for check in &past.checks {
                if let Some(at) = places.get(&(check.on.as_str(), check.id.as_str())) {
                    series[*at].figures[run] = check.figure;
                    series[*at].statuses[run] = Some(check.status);
                }
            }
        }
        Self(series)
    }

    /// The history of the check at the position `at`, if it was in an earlier run.
    pub(super) fn of_check(&self, at: usize, check: &Check) -> Option<Trend> {
        let series = self.0.get(at)?;
        let known: Vec<f64> = series.figures.iter().flatten().copied().collect();
        if known.len() < 2 {
            return None;
        }
        let now = series.figures.last().copied().flatten();
        let mut before = if now.is_some() { known[..known.len() - 1].to_vec() } else { known.clone() };
        let median = median(&mut before);
        let mut deviations: Vec<f64> = before.iter().map(|figure| (figure - median).abs()).collect();
        let usual = self::median(&mut deviations).max(median.abs() * 1e-9).max(f64::MIN_POSITIVE);
        let (low, high) = range(&known);
        let shown = |figure| shown(figure, is_share(check));
        let (path, end) = path(&series.figures);
        Some(Trend {
            path,
            end,
            is_flat: low >= high,
            runs: known.len(),
            low: shown(low),
            high: shown(high),
            median: shown(median),
            failed: series.statuses.iter().filter(|status| **status == Some(Status::Fail)).count(),
            unusual: now.map_or(0.0, |now| ((now - median).abs() / usual).min(1e6)).round(),
        })
    }

    /// Everything that the script draws: the runs, and the figures of the checks that have changed.
    pub(super) fn data(&self, recalled: &Recalled) -> String {
        let runs: Vec<Value> = recalled
            .earlier
            .iter()
            .rev()
            .map(|run| (&run.run_id, run.run_time))
            .chain([(&recalled.record.run_id, recalled.record.run_time)])
            .map(|(id, time)| {
                let id: String = id.chars().take(12).collect();
                json!([id, time.format("%Y-%m-%d %H:%M").to_string()])
            })
            .collect();
        let mut checks = serde_json::Map::new();
        for (at, (series, check)) in self.0.iter().zip(&recalled.record.checks).enumerate() {
            let (low, high) = range(&series.figures.iter().flatten().copied().collect::<Vec<_>>());
            if low < high {
                let bad = (0..series.statuses.len())
                    .filter(|run| series.statuses[*run].is_some_and(|status| status != Status::Pass));
                let bad = ranges(&bad.collect::<Vec<_>>());
                let share = is_share(check);
                let Packed { base, unit, figures } = Packed::of(&series.figures, share);
                checks.insert(at.to_string(), json!([u8::from(share), base, unit, figures, bad]));
            }
        }
        let runs = if checks.is_empty() { Vec::new() } else { runs };
        json!({ "runs": runs, "checks": checks }).to_string()
    }
}

/// Whether what the check observes is the share of rows that pass.
fn is_share(check: &Check) -> bool {
    check.verdict.observed.is_number()
        && rule_named(&check.verdict.rule).is_some_and(|rule| rule.shape == Shape::Row)
}

/// Figures in few digits: to six of them, shares to a millionth. Where all are whole, each is told by how many
/// units it lies below the largest; `[n, times]` stands for several of the same.
#[derive(Debug, PartialEq)]
struct Packed {
    /// The largest; none where figures stand as they are.
    base: Option<f64>,
    unit: f64,
    figures: Vec<Value>,
}

impl Packed {
    fn of(figures: &[Option<f64>], is_share: bool) -> Self {
        let scale = if is_share { 1e6 } else { 1.0 };
        let whole = |figure: &f64| {
            let scaled = figure * scale;
            let is_whole = is_share || scaled.fract() == 0.0;
            (is_whole && scaled.abs() < 1e15).then(|| scaled.round() as i64)
        };
        let known: Option<Vec<i64>> = figures.iter().flatten().map(whole).collect();
        let Some(most) = known.as_ref().and_then(|known| known.iter().copied().max()) else {
            return Self { base: None, unit: 1.0, figures: packed(figures, six_digits) };
        };
        let below = |figure: f64| most - whole(&figure).unwrap_or(most);
        let unit = figures.iter().flatten().fold(0, |unit, figure| divisor(unit, below(*figure))).max(1);
        let told = packed(figures, |figure| json!(below(figure) / unit));
        Self { base: Some(most as f64 / scale), unit: unit as f64 / scale, figures: told }
    }
}

/// The greatest common divisor.
fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

fn packed(figures: &[Option<f64>], shown: impl Fn(f64) -> Value) -> Vec<Value> {
    let mut packed = Vec::new();
    for same in figures.chunk_by(PartialEq::eq) {
        let figure = same[0].map_or(Value::Null, &shown);
        packed.push(if same.len() > 1 { json!([figure, same.len()]) } else { figure });
    }
    packed
}

/// Positions in their order; `[first, n]` stands for `n` in a row.
fn ranges(positions: &[usize]) -> Vec<Value> {
    let rows = positions.chunk_by(|a, b| a + 1 == *b);
    rows.map(|row| if row.len() > 1 { json!([row[0], row.len()]) } else { json!(row[0]) }).collect()
}

fn six_digits(figure: f64) -> Value {
    if figure.fract() == 0.0 && figure.abs() < 1e15 {
        return json!(figure as i64);
    }
    format!("{figure:.5e}").parse::<f64>().map_or(Value::Null, |figure| json!(figure))
}

/// A figure as people read it.
pub(super) fn shown(figure: f64, is_share: bool) -> String {
    if is_share {
        let places = match (1.0 - figure).abs() {
            0.0 => 0,
            off if off < 1e-4 => 4,
            _ => 2,
        };
        return format!("{:.places$} %", figure * 100.0);
    }
    if figure.fract() == 0.0 && figure.abs() < 1e15 {
        let sign = if figure < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count(figure.abs() as u64));
    }
    if (1e-4..1e9).contains(&figure.abs()) {
        let places = (5 - figure.abs().log10().floor() as i32).clamp(0, 8) as usize;
        let text = format!("{figure:.places$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return text.to_owned();
    }
    format!("{figure:.4e}")
}

fn range(figures: &[f64]) -> (f64, f64) {
    figures
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), figure| (low.min(*figure), high.max(*figure)))
}

/// The median; the lower of two. Zero of nothing.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// The path of a line through `figures`, and the height of its last point. Runs without a figure are gaps.
fn path(figures: &[Option<f64>]) -> (String, Option<f64>) {
    let known: Vec<f64> = figures.iter().flatten().copied().collect();
    let (low, high) = range(&known);
    let height = |figure: f64| {
        let share = if high > low { (figure - low) / (high - low) } else { 0.5 };
        (HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)).round()
    };
    let last = figures.len().saturating_sub(1).max(1);
    let mut path = String::new();
    let mut at: Option<(i64, i64)> = None;
    for (run, figure) in thinned(figures) {
        let Some(figure) = figure else {
            at = None;
            continue;
        };
        let (x, y) = ((run * WIDTH / last) as i64, height(figure) as i64);
        let _ = match at {
            None => write!(path, "M{x} {y}h0"),
            Some((from, level)) if level == y => write!(path, "h{}", x - from),
            Some((from, level)) => write!(path, "l{} {}", x - from, y - level),
        };
        at = Some((x, y));
    }
    (path, figures.last().copied().flatten().map(height))
}

/// At most about twice [`POINTS`] of `figures` with their positions: of neighbours, the smallest and the
/// largest, and always the last.
fn thinned(figures: &[Option<f64>]) -> Vec<(usize, Option<f64>)> {
    let indexed = figures.iter().copied().enumerate();
    if figures.len() <= POINTS {
        return indexed.collect();
    }
    let size = figures.len().div_ceil(POINTS);
    let all: Vec<_> = indexed.collect();
    let mut kept = Vec::new();
    for bucket in all.chunks(size) {
        let known = || bucket.iter().filter_map(|(run, figure)| figure.map(|figure| (*run, figure)));
        let low = known().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = known().max_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(low), Some(high)) = (low, high) else {
            kept.push((bucket[0].0, None));
            continue;
        };
        let mut both = vec![low, high];
        both.sort_by_key(|(run, _)| *run);
        both.dedup();
        kept.extend(both.into_iter().map(|(run, figure)| (run, Some(figure))));
    }
    let last = all[all.len() - 1];
    if kept.last().is_some_and(|(run, _)| *run != last.0) {
        kept.push(last);
    }
    kept
}

/// A run as a bar.
#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    height: f64,
    tone: &'static str,
    title: String,
}

/// This run and those before it, as bars as high as the rows they read.
#[derive(Debug, Serialize)]
pub(super) struct Runs {
    bars: Vec<Bar>,
    step: f64,
    width: f64,
    first: String,
    last: String,
    summary: String,
}

/// The runs, the oldest first; none where there is only one.
pub(super) fn runs(recalled: &Recalled) -> Option<Runs> {
    const TALL: f64 = 64.0;
    const WIDE: f64 = 1_000.0;
    if recalled.earlier.is_empty() {
        return None;
    }
    let record = &recalled.record;
    let rows = |rows: &mut dyn Iterator<Item = u64>| rows.sum::<u64>();
    let mut all: Vec<_> = recalled
        .earlier
        .iter()
        .rev()
        .map(|run| {
            let read = rows(&mut run.inputs.iter().map(|input| input.rows));
            (run.status, run.run_time, read, (run.ended_at - run.started_at).num_milliseconds())
        })
        .collect();
    let read = rows(&mut record.inputs.iter().map(|input| input.rows));
    all.push((record.status, record.run_time, read, record.resources.elapsed_ms as i64));
    let most = all.iter().map(|(_, _, rows, _)| *rows).max().unwrap_or(0).max(1) as f64;
    let step = (WIDE / all.len() as f64).min(18.0);
    let bars = all.iter().enumerate().map(|(at, (status, time, rows, took))| {
        let height = (*rows as f64 / most * TALL).max(3.0).round();
        let word = match status {
            RunStatus::Published => "published",
            RunStatus::PublishedWithAlerts => "published with alerts",
            RunStatus::Withheld => "withheld",
            RunStatus::Validated => "validated",
            RunStatus::DryRun => "dry run",
            RunStatus::NothingNew => "nothing new",
        };
        let took = milliseconds(*took as f64);
        Bar {
            x: (at as f64 * step * 10.0).round() / 10.0,
            y: TALL - height,
            height,
            tone: match status {
                RunStatus::Published | RunStatus::Validated => "good",
                RunStatus::PublishedWithAlerts => "alert",
                RunStatus::Withheld => "bad",
                RunStatus::DryRun | RunStatus::NothingNew => "quiet",
            },
            title: format!("{}: {word}, {} rows in, {took}", time.format("%Y-%m-%d %H:%M"), count(*rows)),
        }
    });
    let number = |wanted: RunStatus| all.iter().filter(|(status, ..)| *status == wanted).count();
    let (alerts, withheld) = (number(RunStatus::PublishedWithAlerts), number(RunStatus::Withheld));
    let day = |at: usize| all[at].1.format("%Y-%m-%d").to_string();
    Some(Runs {
        bars: bars.collect(),
        step,
        width: step * all.len() as f64,
        first: day(0),
        last: day(all.len() - 1),
        summary: format!("{} runs: {alerts} with alerts, {withheld} withheld", all.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_every_figure_and_leaves_gaps() {
        let figures = [Some(0.0), Some(1.0), None, Some(0.5), Some(0.5)];
        assert_eq!(path(&figures), ("M0 38h0l60 -32M180 22h0h60".to_owned(), Some(22.0)));
    }

    #[test]
    fn a_line_of_a_year_keeps_its_extremes() {
        let mut figures: Vec<Option<f64>> = (0..365).map(|day| Some(f64::from(day % 7))).collect();
        figures[200] = Some(100.0);
        let kept = thinned(&figures);
        assert!(kept.len() <= 2 * POINTS + 1, "{}", kept.len());
        assert!(kept.contains(&(200, Some(100.0))) && kept.contains(&(364, figures[364])));
    }

    #[test]
    fn figures_are_packed() {
        let figures = [Some(1.0), Some(1.0), None, Some(0.123_456_789), Some(336_776.0)];
        let told = Packed::of(&figures, false);
        assert_eq!((told.base, json!(told.figures)), (None, json!([[1, 2], null, 0.123_457, 336_776])));
    }

    #[test]
    fn whole_figures_are_told_by_their_distance_from_the_largest() {
        let shares = [Some(1.0), Some(0.995), Some(0.985), None, Some(0.985)];
        let told = Packed::of(&shares, true);
        assert_eq!((told.base, told.unit), (Some(1.0), 0.005));
        assert_eq!(json!(told.figures), json!([0, 1, 3, null, 3]));
        let counts = Packed::of(&[Some(-7.0), Some(336_776.0), Some(336_776.0)], false);
        assert_eq!((counts.base, counts.unit), (Some(336_776.0), 336_783.0));
        assert_eq!(json!(counts.figures), json!([1, [0, 2]]));
        assert_eq!(Packed::of(&[None], true).base, None);
        assert_eq!(json!(ranges(&[0, 1, 2, 5, 7, 8])), json!([[0, 3], 5, [7, 2]]));
    }

    #[test]
    fn figures_read_well() {
        let plain =
            [0.0, 336_776.0, -12.0, 6.895_057_4, 0.01, 1.5e-7, 2e20].map(|figure| shown(figure, false));
        assert_eq!(plain, ["0", "336,776", "−12", "6.89506", "0.01", "1.5000e-7", "2.0000e20"]);
        let shares = [1.0, 0.9755, 0.999_988, 0.0].map(|figure| shown(figure, true));
        assert_eq!(shares, ["100 %", "97.55 %", "99.9988 %", "0.00 %"]);
    }
}
