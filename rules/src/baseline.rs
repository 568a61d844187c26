//! What a run is compared with: points of the published history, and which of them a check wants.
//!
//! A history holds only what was published, and never the run that is judged: whoever gathers it sees to
//! both. Choosing among its points is pure, so that a stored state is judged as the run was.
//!
//! Where the partitions of what is judged stand for times of their own, as the days that a run wrote, each is
//! judged by itself, against the points that are earlier than it.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::ParamError;
use crate::profile::Profile;

/// What was published before, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The points, oldest first.
    pub points: Vec<Point>,
    /// The time that what is judged stands for, where that is not the run's clock; of partitions that stand for
    /// times of their own, the earliest.
    pub as_of: Option<DateTime<Utc>>,
    /// The times that the partitions of what is judged stand for, by their names, as far as they are known.
    pub times: BTreeMap<String, DateTime<Utc>>,
}

/// No history at all.
pub static NO_HISTORY: History = History { points: Vec::new(), as_of: None, times: BTreeMap::new() };

impl History {
    /// A history of these points, brought into order of time (those of one time by key).
    pub fn new(mut points: Vec<Point>) -> Self {
        points.sort_by(|a, b| (a.time, &a.key, &a.run_id).cmp(&(b.time, &b.key, &b.run_id)));
        Self { points, ..Self::default() }
    }

    /// The same for something that stands for another time than the run's clock.
    #[must_use]
    pub fn as_of(self, time: DateTime<Utc>) -> Self {
        Self { as_of: Some(time), ..self }
    }

    /// The same for something whose partitions stand for these times, by their names.
    #[must_use]
    pub fn of_partitions(self, times: impl IntoIterator<Item = (String, DateTime<Utc>)>) -> Self {
        let times: BTreeMap<_, _> = times.into_iter().collect();
        let earliest = times.values().min().copied();
        Self { as_of: earliest.or(self.as_of), times, ..self }
    }

    /// Whether partitions are judged by themselves.
    pub(crate) fn is_of_partitions(&self) -> bool {
        self.as_of.is_some()
    }
}

/// One published state of a dataset, such as a partition or what a run wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Point {
    /// What it is a state of: a partition's path, or empty for a whole dataset.
    pub key: String,
    /// The run that published it.
    pub run_id: String,
    /// The time it stands for, by which histories are ordered.
    pub time: DateTime<Utc>,
    /// What is known of its columns.
    pub profile: Profile,
}

/// Which points of the history a check compares with. Where partitions stand for times (`day=2024-01-31`),
/// every one that a run writes is compared by itself with the points before it, and the worst is the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// The newest so many points.
    Last(usize),
    /// The newest so many points of the same day of the week as what is judged (in UTC).
    SameWeekday(usize),
    /// The newest point.
    Previous,
    /// What a named run published.
    Run(String),
}

/// How much history a check may need at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookback {
    /// The newest so many points.
    Points(usize),
    /// The points of the last so many days.
    Days(u32),
    /// The points of a run, however old.
    Run(String),
}

impl Default for Baseline {
    fn default() -> Self {
        Self::Last(7)
    }
}

impl Baseline {
    /// The points it means, oldest first. Points at or after `now` are never among them.
    pub fn select<'a>(&self, history: &'a History, now: DateTime<Utc>) -> Vec<&'a Point> {
        self.before(history, history.as_of.unwrap_or(now))
    }

    /// The points it means of something that stands for a time, oldest first.
    pub(crate) fn before<'a>(&self, history: &'a History, now: DateTime<Utc>) -> Vec<&'a Point> {
        let earlier = || history.points.iter().filter(|point| point.time < now);
        match self {
            Self::Previous => newest(1, earlier()),
            Self::Last(points) => newest(*points, earlier()),
            Self::SameWeekday(points) => {
                let oldest = now - Duration::days(days_of(*points));
                let same = |point: &&Point| point.time.weekday() == now.weekday() && point.time >= oldest;
                newest(*points, earlier().filter(same))
            }
            Self::Run(run) => history.points.iter().filter(|point| &point.run_id == run).collect(),
        }
    }

    /// How much history it may need.
    pub fn lookback(&self) -> Lookback {
        match self {
            Self::Previous => Lookback::Points(1),
            Self::Last(points) => Lookback::Points(*points),
            Self::SameWeekday(points) => Lookback::Days(days_of(*points) as u32),
            Self::Run(run) => Lookback::Run(run.clone()),
        }
    }

    /// Refuses a baseline of no points.
    pub(crate) fn validate(&self) -> Result<(), ParamError> {
        match self {
            Self::Last(0) | Self::SameWeekday(0) => Err(ParamError::new("a baseline has at least one point")
                .key("baseline")
                .hint("for example: {last: 7}")),
            Self::Last(_) | Self::SameWeekday(_) | Self::Previous | Self::Run(_) => Ok(()),
        }
    }

    /// In words: `the last 7 published`.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Previous | Self::Last(1) => "the last published".into(),
            Self::Last(points) => format!("the last {points} published"),
            Self::SameWeekday(points) => format!("the last {points} published of the same weekday"),
            Self::Run(run) => format!("run {run}"),
        }
    }
}

/// So many weeks, and one more for days that were missed.
fn days_of(weeks: usize) -> i64 {
    i64::try_from(weeks).unwrap_or(i64::MAX).saturating_add(1).saturating_mul(7).min(36_500)
}

fn newest<'a>(count: usize, points: impl DoubleEndedIterator<Item = &'a Point>) -> Vec<&'a Point> {
    let mut found: Vec<&Point> = points.rev().take(count).collect();
    found.reverse();
    found
}

/// The points a verdict was reached against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// How many they were.
    pub points: usize,
    /// The oldest.
    pub first: PointName,
    /// The newest.
    pub last: PointName,
}

/// A point without its profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PointName {
    /// What it is a state of.
    pub key: String,
    /// The run that published it.
    pub run_id: String,
    /// The time it stands for.
    #[schemars(with = "String")]
    pub time: DateTime<Utc>,
}

impl Compared {
    /// Names points that are given oldest first; None where there are none.
    pub fn with(points: &[&Point]) -> Option<Self> {
        let name = |point: &Point| PointName {
            key: point.key.clone(),
            run_id: point.run_id.clone(),
            time: point.time,
        };
        Some(Self { points: points.len(), first: name(points.first()?), last: name(points.last()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        format!("2024-01-{day:02}T00:00:00Z").parse().unwrap()
    }

    /// One point a day from the 1st, a Monday.
    fn history(days: u32) -> History {
        let point = |at: u32| Point {
            key: format!("day={at}"),
            run_id: format!("run-{at}"),
            time: day(at),
            profile: Profile::default(),
        };
        History::new((1..=days).rev().map(point).collect())
    }

    fn keys(baseline: &Baseline, now: u32) -> Vec<String> {
        baseline.select(&history(30), day(now)).into_iter().map(|point| point.key.clone()).collect()
    }

    #[test]
    fn a_baseline_takes_the_newest_points_before_now() {
        assert_eq!(keys(&Baseline::Last(3), 31), ["day=28", "day=29", "day=30"]);
        assert_eq!(keys(&Baseline::Previous, 10), ["day=9"]);
        assert_eq!(keys(&Baseline::Last(50), 3), ["day=1", "day=2"]);
        assert_eq!(keys(&Baseline::Last(7), 1), [""; 0]);
    }

    #[test]
    fn the_same_weekday_is_that_of_the_clock() {
        // The 29th is a Monday.
        assert_eq!(keys(&Baseline::SameWeekday(3), 29), ["day=8", "day=15", "day=22"]);
        assert_eq!(keys(&Baseline::SameWeekday(9), 29), ["day=1", "day=8", "day=15", "day=22"]);
        assert_eq!(Baseline::SameWeekday(4).lookback(), Lookback::Days(35));
    }

    #[test]
    fn a_run_is_found_however_old() {
        assert_eq!(keys(&Baseline::Run("run-2".into()), 31), ["day=2"]);
        assert_eq!(keys(&Baseline::Run("run-99".into()), 31), [""; 0]);
    }

    #[test]
    fn baselines_are_written_as_the_catalogue_says() {
        let read = |text: &str| serde_json::from_str::<Baseline>(text).unwrap();
        assert_eq!(read(r#"{"last": 7}"#), Baseline::default());
        assert_eq!(read(r#"{"same_weekday": 4}"#), Baseline::SameWeekday(4));
        assert_eq!(read(r#""previous""#), Baseline::Previous);
        assert_eq!(read(r#"{"run": "r1"}"#), Baseline::Run("r1".into()));
    }
}
