//! What a check of drift compares with, as its parameter `baseline` says: points of the published history, or
//! another dataset of the pipeline, whose columns have the names of the check's own.
//!
//! A dataset is one point that no time excludes: what its rows give under the very measures by which those here
//! are judged. It is not cut to what is stored of published points, so that of many distinct values it knows more.
//! All rows of a run are compared with it together, whatever partitions they belong to.

use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::baseline::{Baseline, Compared, Point, PointName};
use crate::check::ParamError;
use crate::literal::type_name;
use crate::measure::{Readings, Spec, What, profiles};
use crate::other::{Dataset, measured, other_type, rows_of};
use crate::reference::{Columns, Reference};
use crate::rule::{Problem, Site};
use crate::verdict::Outcome;

/// What a check compares with.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ComparedWith {
    /// What was published before.
    History(Baseline),
    /// The rows of a source or table as they are in this run, in columns of the same names. The check's own
    /// `where` does not choose among them.
    Dataset(Dataset),
}

impl Default for ComparedWith {
    fn default() -> Self {
        Self::History(Baseline::default())
    }
}

impl<'de> Deserialize<'de> for ComparedWith {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.get("source").is_some() || value.get("table").is_some() {
            return Dataset::deserialize(value).map(Self::Dataset).map_err(D::Error::custom);
        }
        let baseline = Baseline::deserialize(value);
        baseline
            .map(Self::History)
            .map_err(|error| D::Error::custom(format!("{error}, or `source` or `table`")))
    }
}

/// The fewest points a check compares with where it does not say.
pub(crate) fn one_point() -> usize {
    1
}

impl ComparedWith {
    /// Refuses what means no points, names two datasets, or wants several points of one.
    pub(crate) fn validate(&self, min_history: usize) -> Result<(), ParamError> {
        match self {
            Self::History(baseline) => baseline.validate(),
            Self::Dataset(_) if min_history > 1 => {
                let message = "min_history counts what was published, of which a dataset is none";
                Err(ParamError::new(message).key("min_history").hint("leave it out"))
            }
            Self::Dataset(dataset) => dataset.validate("baseline"),
        }
    }

    /// The points of the history, if they are meant.
    pub(crate) fn history(&self) -> Option<Baseline> {
        match self {
            Self::History(baseline) => Some(baseline.clone()),
            Self::Dataset(_) => None,
        }
    }

    /// The rows of the dataset in these columns, if one is meant.
    pub(crate) fn rows(&self, columns: Columns) -> Option<Reference> {
        match self {
            Self::History(_) => None,
            Self::Dataset(dataset) => Some(dataset.rows(columns)),
        }
    }

    /// In words: `the last 7 published`, or `training where price < cost`.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::History(baseline) => baseline.text(),
            Self::Dataset(dataset) => dataset.text(),
        }
    }

    /// Takes the measures that are asked for here over the columns of the dataset too, which have to be as those
    /// here are; `alike` says whether two types are. Of a history there is nothing to do yet.
    pub(crate) fn bind(
        &self,
        site: &Site<'_>,
        min_history: usize,
        measures: &[(What, Vec<String>)],
        alike: &dyn Fn(&DataType, &DataType) -> bool,
    ) -> Result<Against, Problem> {
        match self {
            Self::History(baseline) => Ok(Against::History { baseline: baseline.clone(), min_history }),
            Self::Dataset(dataset) => point(dataset, site, measures, alike).map(Against::Dataset),
        }
    }
}

/// What measures give over the rows of a dataset.
fn point(
    dataset: &Dataset,
    site: &Site<'_>,
    measures: &[(What, Vec<String>)],
    alike: &dyn Fn(&DataType, &DataType) -> bool,
) -> Result<Point, Problem> {
    let names: Vec<String> = site.columns.iter().map(|(name, _)| name.clone()).collect();
    let of_names = dataset.rows(Columns::Named(names));
    // Where columns were written as a pattern, it was not known which they are.
    let reference = if site.gathered(&of_names).is_some() { of_names } else { dataset.rows(Columns::All) };
    let rows = rows_of(site, &reference).map_err(|problem| problem.key("baseline"))?;
    for (name, here) in site.columns {
        let there = other_type(&rows, name, "baseline")?;
        if !alike(here, there) {
            let (here, there, other) = (type_name(here), type_name(there), dataset.name());
            let message =
                format!("column \"{name}\" ({here}) cannot be compared with that of \"{other}\" ({there})");
            return Err(Problem::new(message)
                .key("baseline")
                .hint("cast one of them to the type of the other"));
        }
    }
    let mut readings = Vec::with_capacity(measures.len());
    for (what, columns) in measures {
        let all = measured(what, columns, &rows).map_err(|error| {
            Problem::new(format!("the rows of \"{}\" cannot be measured: {error}", dataset.name()))
                .key("baseline")
        })?;
        let redacted = columns.iter().any(|name| site.is_redacted(name));
        let spec =
            Spec { what: what.clone(), columns: columns.clone(), filter: site.envelope.filter.clone() };
        readings.push((spec, if redacted { all.redacted() } else { all }));
    }
    let profile = profiles(readings.iter().map(|(spec, all)| (spec, all))).remove("").unwrap_or_default();
    Ok(Point {
        key: dataset.name().to_owned(),
        run_id: String::new(),
        time: DateTime::<Utc>::UNIX_EPOCH,
        profile,
    })
}

/// What a bound check compares with.
#[derive(Debug, Clone)]
pub(crate) enum Against {
    /// Points of the history; where there are fewer, the check is skipped.
    History { baseline: Baseline, min_history: usize },
    /// Another dataset; the point's time says nothing.
    Dataset(Point),
}

impl Against {
    /// The points that tell something; where they are too few, the check is skipped, and a run that was named and
    /// has none is an error.
    pub(crate) fn points<'p>(
        &'p self,
        readings: &Readings<'p>,
        tells: impl Fn(&Point) -> bool,
    ) -> Result<Vec<&'p Point>, Box<Outcome>> {
        let (baseline, wanted) = match self {
            Self::History { baseline, min_history } => (baseline, (*min_history).max(1)),
            Self::Dataset(point) if tells(point) => return Ok(vec![point]),
            Self::Dataset(point) => {
                let why = format!("no values in {} to compare with", point.key);
                return Err(Box::new(Outcome::skipped(why)));
            }
        };
        let selected = baseline.before(readings.history, readings.as_of());
        let of = selected.len();
        let found: Vec<&Point> = selected.into_iter().filter(|point| tells(point)).collect();
        let have = found.len();
        Err(Box::new(match baseline {
            _ if have >= wanted => return Ok(found),
            Baseline::Run(run) if of == 0 => Outcome::error(format!(
                "no run \"{run}\" has published states of this; `lockgate history` lists the runs"
            )),
            _ if of > have => Outcome::skipped(format!(
                "no baseline yet: {have} of {of} earlier points tell of it, {wanted} wanted"
            )),
            _ => Outcome::skipped(format!("no baseline yet: {have} of {wanted} earlier points")),
        }))
    }

    /// The points as a verdict names them, a dataset as of the run's clock.
    pub(crate) fn compared(&self, points: &[&Point], readings: &Readings<'_>) -> Option<Compared> {
        match self {
            Self::History { .. } => Compared::with(points),
            Self::Dataset(point) => {
                let name = PointName { key: point.key.clone(), run_id: String::new(), time: readings.now };
                Some(Compared { points: 1, first: name.clone(), last: name })
            }
        }
    }
}
