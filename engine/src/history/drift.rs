//! What drifted, from stored states alone: a published point beside those that it is compared with.

use std::collections::BTreeMap;

use chrono::{Datelike, Weekday};
use lockgate_rules::profile::{Comparison, compare};
use lockgate_rules::{Baseline, ColumnKey, ColumnProfile, Compared, History, Metric, Point, PointName};
use serde::Serialize;

use super::states::Past;
use crate::error::{Error, Result};

/// Points that are read where each weekday is compared with its own: those of a good year.
const POINTS_OF_WEEKDAYS: usize = 400;

/// What is compared with what.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which points a point is compared with.
    pub baseline: Baseline,
    /// Whether the newest point of each weekday is compared with the earlier ones of that weekday.
    pub by_weekday: bool,
    /// Which point is looked at: its partition, the value in it, or its run's id; none is the newest point of
    /// the run that published last.
    pub at: Option<String>,
}

/// What drifted in a source or table.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    /// The source or table.
    pub on: String,
    /// The point that is looked at.
    pub at: PointName,
    /// The weekday, where each is compared with its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekday: Option<String>,
    /// What it is compared with; none where nothing was published before.
    pub compared: Option<Compared>,
    /// Rows now, where they are known.
    pub rows: Option<u64>,
    /// Rows of a point of the baseline, on average.
    pub rows_before: Option<f64>,
    /// The columns that both know, the farthest from what its rules allow first; columns that identify rows, which
    /// differ from all before, last.
    pub columns: Vec<ColumnDrift>,
    /// Columns that the baseline does not know.
    pub added: Vec<ColumnKey>,
    /// Columns that only the baseline knows.
    pub gone: Vec<ColumnKey>,
}

/// What drifted in a column.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnDrift {
    /// The column, and the condition its rows met.
    #[serde(flatten)]
    pub key: ColumnKey,
    /// Whether nearly every row has a value of its own, such as an id or a time of writing.
    pub identifies_rows: bool,
    /// Distinct values now.
    pub distinct: Option<f64>,
    /// Distinct values of a point of the baseline, on average.
    pub distinct_before: Option<f64>,
    /// All else.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// What drifted in `of`; nothing where it has no states. Reads states, never data.
pub fn drift(past: &Past, of: &str, asked: &Asked) -> Result<Vec<Drift>> {
    if asked.by_weekday {
        return by_weekday(&past.newest(of, POINTS_OF_WEEKDAYS)?, of, &asked.baseline);
    }
    let Some(point) = wanted(past, of, asked.at.as_deref())? else { return Ok(Vec::new()) };
    let baseline = match &asked.baseline {
        Baseline::Run(beginning) => Baseline::Run(past.run_id(of, beginning)?),
        other => other.clone(),
    };
    // The run that published the point may have published earlier ones with it, so none is left out.
    let history = past.history(of, std::slice::from_ref(&baseline), std::slice::from_ref(&point), "")?;
    let before = baseline.select(&history, point.time);
    if let (Baseline::Run(run), true) = (&baseline, before.is_empty()) {
        let error = Error::wrong(format!("no run \"{run}\" has published states of \"{of}\""));
        return Err(error.hint("`lockgate history FILE --format json` lists the runs with their whole ids"));
    }
    Ok(vec![against(of, &point, &before)])
}

/// The point to look at; None where there are no states.
fn wanted(past: &Past, of: &str, at: Option<&str>) -> Result<Option<Point>> {
    let Some(at) = at else { return Ok(past.newest(of, 1)?.points.pop()) };
    let mut points = past.newest(of, usize::MAX)?.points;
    if points.is_empty() {
        return Ok(None);
    }
    let Some(found) = points.iter().rposition(|point| is_named(point, at)) else {
        let newest: Vec<&str> = points.iter().rev().take(5).map(name).collect();
        let message = format!("no state of \"{of}\" is of \"{at}\"");
        return Err(Error::wrong(message).hint(format!("the newest are of {}", newest.join(", "))));
    };
    Ok(Some(points.swap_remove(found)))
}

/// Whether a point is of a partition, of a value in it, of a time, or of a run.
fn is_named(point: &Point, at: &str) -> bool {
    let in_key = point.key.split('/').any(|part| part.split_once('=').is_some_and(|(_, value)| value == at));
    let of_day = || point.time.format("%Y-%m-%d").to_string() == at;
    point.key == at || in_key || point.run_id == at || of_day()
}

fn name(point: &Point) -> &str {
    if point.key.is_empty() { &point.run_id } else { &point.key }
}

fn by_weekday(history: &History, of: &str, baseline: &Baseline) -> Result<Vec<Drift>> {
    let most = match baseline {
        Baseline::Last(points) | Baseline::SameWeekday(points) => *points,
        Baseline::Previous => 1,
        Baseline::Run(_) => {
            let error = Error::wrong("a weekday is compared with its own earlier days, not with a run");
            return Err(error.hint("leave --by out, or say how many: --baseline same_weekday:4"));
        }
    };
    let mut days: BTreeMap<u32, Vec<&Point>> = BTreeMap::new();
    for point in &history.points {
        days.entry(point.time.weekday().num_days_from_monday()).or_default().push(point);
    }
    let drifts = days.into_values().filter_map(|mut points| {
        let newest = points.pop()?;
        points.retain(|point| point.time < newest.time);
        let first = points.len().saturating_sub(most);
        let weekday = Some(full(newest.time.weekday()).to_owned());
        Some(Drift { weekday, ..against(of, newest, points.get(first..)?) })
    });
    Ok(drifts.collect())
}

fn full(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

/// A point against others, which are given oldest first. Points that do not know a column say nothing about it.
fn against(of: &str, now: &Point, before: &[&Point]) -> Drift {
    let mut columns = Vec::new();
    let mut added = Vec::new();
    // What a partition is named by differs from every other partition.
    let is_shown = |key: &ColumnKey| !key.column.is_empty() && !names_partition(&now.key, &key.column);
    for (key, profile) in now.profile.columns.iter().filter(|(key, _)| is_shown(key)) {
        let earlier = || before.iter().filter_map(|point| point.profile.columns.get(key));
        match ColumnProfile::together(earlier()) {
            Some(together) => columns.push(ColumnDrift {
                key: key.clone(),
                identifies_rows: profile.identifies_rows(),
                distinct: Metric::DistinctCount.of(profile),
                distinct_before: mean(earlier().filter_map(|profile| Metric::DistinctCount.of(profile))),
                comparison: compare(profile, &together),
            }),
            None => added.push(key.clone()),
        }
    }
    columns.sort_by(|a, b| {
        a.identifies_rows
            .cmp(&b.identifies_rows)
            .then_with(|| b.comparison.excess.total_cmp(&a.comparison.excess))
    });
    let newest = before.last().map(|point| &point.profile.columns);
    let is_gone = |key: &&ColumnKey| is_shown(key) && !now.profile.columns.contains_key(*key);
    Drift {
        on: of.to_owned(),
        at: PointName { key: now.key.clone(), run_id: now.run_id.clone(), time: now.time },
        weekday: None,
        compared: Compared::with(before),
        rows: now.profile.rows,
        rows_before: mean(before.iter().filter_map(|point| Some(point.profile.rows? as f64))),
        columns,
        added: if before.is_empty() { Vec::new() } else { added },
        gone: newest.into_iter().flat_map(BTreeMap::keys).filter(is_gone).cloned().collect(),
    }
}

/// Whether a partition's folder is named by a column.
pub fn names_partition(folder: &str, column: &str) -> bool {
    folder.split('/').any(|part| part.split_once('=').is_some_and(|(name, _)| name == column))
}

fn mean(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = figures.fold((0.0, 0_u32), |(sum, count), figure| (sum + figure, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use lockgate_rules::Profile;

    use super::*;

    fn point(key: &str, time: &str) -> Point {
        let profile = Profile { rows: Some(10), ..Profile::default() };
        Point { key: key.into(), run_id: format!("run-{time}"), time: time.parse().unwrap(), profile }
    }

    #[test]
    fn a_point_is_named_by_partition_value_day_or_run() {
        let of_partition = point("day=2024-01-05/region=eu", "2024-01-05T00:00:00Z");
        let of_run = point("", "2024-01-06T07:00:00Z");
        for at in ["day=2024-01-05/region=eu", "2024-01-05", "eu", "run-2024-01-05T00:00:00Z"] {
            assert!(is_named(&of_partition, at) && !is_named(&of_run, at), "{at}");
        }
        assert!(is_named(&of_run, "2024-01-06"));
    }

    #[test]
    fn a_weekday_is_compared_with_its_own() {
        // The 1st is a Monday.
        let points = (1..=16).map(|day| point("", &format!("2024-01-{day:02}T00:00:00Z"))).collect();
        let found = by_weekday(&History::new(points), "orders", &Baseline::SameWeekday(2)).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|day| {
                (day.weekday.as_deref().unwrap(), day.at.time.day(), day.compared.as_ref().unwrap().points)
            })
            .collect();
        assert_eq!(told[..3], [("Monday", 15, 2), ("Tuesday", 16, 2), ("Wednesday", 10, 1)]);
        assert_eq!((found.len(), found[0].rows, found[0].rows_before), (7, Some(10), Some(10.0)));
        assert!(by_weekday(&History::default(), "orders", &Baseline::Run("a".into())).is_err());
    }

    #[test]
    fn a_first_point_is_compared_with_nothing() {
        let alone = against("orders", &point("", "2024-01-01T00:00:00Z"), &[]);
        assert!(alone.compared.is_none() && alone.rows_before.is_none() && alone.added.is_empty());
    }
}
