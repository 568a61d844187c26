//! A figure of a column followed through the history; what the rules about histories share.

use arrow::datatypes::DataType;
use chrono::{DateTime, Datelike, Timelike, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::{Baseline, History, Point};
use crate::compared_with::{Against, ComparedWith};
use crate::keys::KeyKind;
use crate::literal::{Family, type_name};
use crate::measure::{Readings, What};
use crate::profile::{ColumnProfile, Depth, Metric};
use crate::rule::{Problem, Site};
use crate::sample::Disclosure;
use crate::verdict::Exactness;

/// A figure that was bound to what it is a figure of.
#[derive(Debug, Clone)]
pub(crate) struct Followed {
    pub(crate) metric: Metric,
    column: String,
    filter: Option<String>,
    /// Whether the figure may be shown; not, where it tells values that are not.
    pub(crate) disclosure: Disclosure,
    measure: usize,
}

/// In which direction a change matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// In either.
    #[default]
    Both,
    /// Only if the figure is larger.
    Up,
    /// Only if the figure is smaller.
    Down,
}

impl Direction {
    /// The size of a signed change, as far as it matters.
    pub(crate) fn size(self, change: f64) -> f64 {
        match self {
            Self::Both => change.abs(),
            Self::Up | Self::Down if change.is_nan() => change,
            Self::Up => change.max(0.0),
            Self::Down => (-change).max(0.0),
        }
    }

    /// In words after a figure: ` up`, ` down`, or nothing.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::Up => " upwards",
            Self::Down => " downwards",
        }
    }
}

/// Which earlier points are comparable with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Seasonality {
    /// All of them.
    #[default]
    None,
    /// Those of the same day of the week.
    Dow,
    /// Those of the same day of the month.
    Dom,
    /// Those of the same hour of the day.
    Hour,
}

impl Seasonality {
    /// Whether two times are of the same season, in UTC.
    fn same(self, a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
        match self {
            Self::None => true,
            Self::Dow => a.weekday() == b.weekday(),
            Self::Dom => a.day() == b.day(),
            Self::Hour => a.hour() == b.hour(),
        }
    }

    /// So many points are one season, if there is one a day (an hour, for hours).
    pub(crate) fn period(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Dow => Some(7),
            Self::Dom => Some(31),
            Self::Hour => Some(24),
        }
    }

    /// The history that so many comparable points may need.
    pub(crate) fn baseline(self, points: usize) -> Baseline {
        match self {
            Self::None => Baseline::Last(points),
            Self::Dow => Baseline::SameWeekday(points),
            Self::Dom | Self::Hour => Baseline::Last(points.saturating_mul(self.period().unwrap_or(1))),
        }
    }

    /// The newest so many points before `now` that are comparable with it, oldest first.
    pub(crate) fn select(self, history: &History, now: DateTime<Utc>, points: usize) -> Vec<&Point> {
        let earlier = history.points.iter().rev().filter(|point| point.time < now);
        let mut found: Vec<&Point> =
            earlier.filter(|point| self.same(point.time, now)).take(points).collect();
        found.reverse();
        found
    }
}

impl Followed {
    /// Binds a figure to the envelope's column, or to the rows as such.
    pub(crate) fn bind(site: &mut Site<'_>, metric: &Metric) -> Result<Self, Problem> {
        let column = site.columns.first().cloned();
        if let Some((name, data_type)) = &column {
            if !has(data_type, metric) {
                let (shown, metric) = (type_name(data_type), metric.name());
                let message = format!("column \"{name}\" is of type {shown}, which has no {metric}");
                return Err(Problem::new(message).key("metric"));
            }
        } else if !metric.of_rows() {
            let message = format!("{} is a figure of a column", metric.name());
            return Err(Problem::new(message).key("metric").hint("name the column"));
        }
        let columns: Vec<String> = column.into_iter().map(|(name, _)| name).collect();
        let tells = metric.tells_values();
        let disclosure = site.disclosure(columns.iter().map(String::as_str).filter(|_| tells));
        let measure = site.measure(What::Profile(Depth::Drift), &columns);
        let column = columns.into_iter().next().unwrap_or_default();
        let (metric, filter) = (metric.clone(), site.envelope.filter.clone());
        Ok(Self { metric, column, filter, disclosure, measure })
    }

    /// Binds what the figure is compared with.
    pub(crate) fn against(
        &self,
        site: &Site<'_>,
        baseline: &ComparedWith,
        min_history: usize,
    ) -> Result<Against, Problem> {
        let columns = site.columns.iter().map(|(name, _)| name.clone()).collect();
        baseline.bind(site, min_history, &[(What::Profile(Depth::Drift), columns)], &|here, there| {
            let (a, b) = (KeyKind::of(here), KeyKind::of(there));
            has(there, &self.metric)
                && match self.metric {
                    Metric::Min | Metric::Max | Metric::Median | Metric::Quantile(_) => {
                        KeyKind::share_a_scale(a, b)
                    }
                    // The value is found by its text, in which 1 is not 1.00.
                    Metric::ShareOf(_) => a == b,
                    _ => true,
                }
        })
    }

    /// What is known of the column now; of no rows, where there are none.
    pub(crate) fn now(&self, readings: &Readings<'_>) -> ColumnProfile {
        readings.profile(self.measure).unwrap_or_else(|| ColumnProfile::of_rows(Depth::Drift, 0))
    }

    /// The same as it would be stored: the same rows as before then give the same figures.
    pub(crate) fn now_stored(&self, readings: &Readings<'_>) -> ColumnProfile {
        self.now(readings).compacted()
    }

    /// How exact the figure is of a column, and of these points.
    pub(crate) fn exactness(&self, now: &ColumnProfile, points: &[&Point]) -> Exactness {
        let of = |profile: &ColumnProfile| self.metric.bound(profile);
        let bound = points.iter().filter_map(|point| self.at(point)).map(of).fold(of(now), f64::max);
        if bound > 0.0 { Exactness::Approx { bound } } else { Exactness::Exact }
    }

    /// What was known of the column at a point.
    pub(crate) fn at<'a>(&self, point: &'a Point) -> Option<&'a ColumnProfile> {
        point.profile.column(&self.column, self.filter.as_deref())
    }

    /// The figure at a point.
    pub(crate) fn figure(&self, point: &Point) -> Option<f64> {
        self.metric.of(self.at(point)?)
    }
}

/// Whether columns of a type have a figure.
fn has(data_type: &DataType, metric: &Metric) -> bool {
    let family = Family::of(data_type);
    match metric {
        Metric::RowCount | Metric::NullCount | Metric::NullRatio => true,
        Metric::NanRatio => family == Family::Float,
        Metric::Sum | Metric::Mean | Metric::Stddev => family.is_number(),
        Metric::Min | Metric::Max | Metric::Median | Metric::Quantile(_) => {
            family.is_number() || family == Family::Time
        }
        Metric::AvgLength => family == Family::Text,
        Metric::TopRatio | Metric::ShareOf(_) => {
            !matches!(family, Family::Float | Family::List | Family::Other)
        }
        Metric::DistinctCount => !matches!(family, Family::List | Family::Other),
    }
}
