//! Checks that fit what was published, learnt from stored states alone: what columns suggest, and how much they
//! and the rows differed from what was published before.

use lockgate_engine::history::{Remembered, names_partition};
use lockgate_rules::profile::compare;
use lockgate_rules::{Baseline, ColumnKey, ColumnProfile, History, KeyKind, Point};
use serde::Serialize;
use serde_json::json;

use super::tested::holds;
use super::{Facts, Suggestion, of_column, suggestion};
use crate::render::{count, point_name, things};

/// Points that each is compared with.
const BEFORE: usize = 7;

/// From fewer comparisons nothing is learnt about others.
const ENOUGH: usize = 3;

/// An index of population stability up to here is read as no change, beyond the other as a change.
const SAME: f64 = 0.1;
const CHANGED: f64 = 0.2;

/// Where rows change by more percent, change says nothing.
const MOST_CHANGE: f64 = 100.0;

/// What was learnt of a source or table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FromPast {
    /// The source or table.
    pub(crate) on: String,
    /// Points learnt from.
    pub(crate) points_learnt_from: usize,
    /// Later points that were tested on.
    pub(crate) points_tested_on: usize,
    /// The first and the last point learnt from.
    pub(crate) learnt_from: [String; 2],
    /// What holds there.
    pub(crate) checks: Vec<Suggestion>,
    /// What does not.
    pub(crate) left_out: Vec<Suggestion>,
}

/// The checks that the earlier points of a source or table suggest, tested on the newest fifth of them; none of
/// a single point.
pub(crate) fn from_past(remembered: &Remembered) -> Option<FromPast> {
    let points = &remembered.points;
    let held_out = (points.len() / 5).max(1);
    let (learnt, tested) = points.split_at_checked(points.len().checked_sub(held_out)?)?;
    let (first, last) = (learnt.first()?, learnt.last()?);
    let history = History::new(points.clone());
    let all = suggestions(learnt, &history);
    let bears_out = |suggestion: &Suggestion| {
        tested.iter().all(|point| holds(suggestion, point, &before(&history, point)) == Some(true))
    };
    let (checks, left_out) = all.into_iter().partition(bears_out);
    Some(FromPast {
        on: remembered.on.clone(),
        points_learnt_from: learnt.len(),
        points_tested_on: tested.len(),
        learnt_from: [first, last].map(|point| point_name(&point.key, point.time)),
        checks,
        left_out,
    })
}

fn suggestions(learnt: &[Point], history: &History) -> Vec<Suggestion> {
    let mut all: Vec<Suggestion> = least_rows(learnt).into_iter().chain(change(learnt, history)).collect();
    // A column that the newest does not have is gone. A name with a star would be read as a pattern.
    let columns = learnt.last().into_iter().flat_map(|newest| newest.profile.columns.keys());
    let is_meant =
        |key: &&ColumnKey| key.filter.is_none() && !key.column.is_empty() && !key.column.contains('*');
    for key in columns.filter(is_meant) {
        let known = learnt.iter().filter_map(|point| point.profile.columns.get(key));
        let Some(profile) = ColumnProfile::together(known) else { continue };
        let is_partition = learnt.iter().any(|point| names_partition(&point.key, &key.column));
        let facts = Facts { name: &key.column, profile: &profile, is_partition };
        all.extend(of_column(&facts));
        all.extend(stability(&facts, key, learnt, history));
    }
    all
}

/// The points that one is compared with.
pub(super) fn before<'a>(history: &'a History, point: &Point) -> Vec<&'a Point> {
    Baseline::Last(BEFORE).select(history, point.time)
}

/// Half of the fewest rows: a run writes one point or several.
fn least_rows(learnt: &[Point]) -> Option<Suggestion> {
    let rows = learnt.iter().filter_map(|point| point.profile.rows);
    let (fewest, most) = (rows.clone().min()?, rows.max()?);
    if fewest == 0 {
        return None;
    }
    let evidence = format!("{} to {}", count(fewest), things(most, "row", "rows"));
    Some(suggestion("row_count", json!({ "min": (fewest / 2).max(1) }), evidence))
}

/// How much rows may change: half as much again as they did.
fn change(learnt: &[Point], history: &History) -> Option<Suggestion> {
    let changes: Vec<f64> =
        learnt.iter().filter_map(|point| row_change(point, &before(history, point))).collect();
    let most = changes.iter().copied().fold(0.0, f64::max);
    if changes.len() < ENOUGH || most > MOST_CHANGE {
        return None;
    }
    let fail = (1.5 * most / 10.0).ceil().max(1.0) * 10.0;
    let evidence = format!(
        "rows changed by {most:.1} % at most from up to {BEFORE} points before, over {}",
        things(changes.len() as u64, "point", "points")
    );
    let wanted = json!({ "metric": "row_count", "baseline": { "last": BEFORE }, "fail": fail as u64 });
    Some(suggestion("change", wanted, evidence))
}

/// By how many percent the rows of a point differ from the mean of others.
pub(super) fn row_change(point: &Point, before: &[&Point]) -> Option<f64> {
    let rows: Vec<f64> = before.iter().filter_map(|point| Some(point.profile.rows? as f64)).collect();
    let mean = rows.iter().sum::<f64>() / rows.len() as f64;
    let now = point.profile.rows? as f64;
    (mean > 0.0).then(|| 100.0 * (now - mean).abs() / mean)
}

/// `psi` where the distribution of a column stayed as it was.
fn stability(facts: &Facts<'_>, key: &ColumnKey, learnt: &[Point], history: &History) -> Option<Suggestion> {
    if facts.is_partition || matches!(facts.profile.kind, None | Some(KeyKind::Time(_))) {
        return None;
    }
    let seen: Vec<f64> = learnt.iter().filter_map(|point| psi(key, point, &before(history, point))).collect();
    let most = seen.iter().copied().fold(0.0, f64::max);
    if seen.len() < ENOUGH || most > SAME {
        return None;
    }
    let evidence = format!(
        "an index of {most:.3} at most against up to {BEFORE} points before, over {}",
        things(seen.len() as u64, "point", "points")
    );
    Some(facts.suggest("psi", json!({ "baseline": { "last": BEFORE }, "fail": CHANGED }), evidence))
}

/// The index of population stability of a column at a point against others.
pub(super) fn psi(key: &ColumnKey, point: &Point, before: &[&Point]) -> Option<f64> {
    let now = point.profile.columns.get(key)?;
    let earlier = before.iter().filter_map(|point| point.profile.columns.get(key));
    compare(now, &ColumnProfile::together(earlier)?).psi
}
