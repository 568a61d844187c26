//! Whose history is looked at: the sources and tables that keep states of what was published.

use std::collections::BTreeSet;

use lockgate_rules::{Point, profile};
use serde::Deserialize;
use serde_json::Value;

use super::drift::{Asked, Drift, drift};
use super::figures::{Figures, figures};
use super::records::list_runs;
use super::states::Past;
use crate::commit::Home;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::spec::{Pipeline, did_you_mean};
use crate::store::{Location, STATE_FOLDER};

/// Whose history is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// A pipeline's.
    Pipeline(&'a Pipeline),
    /// That of the dataset at this address, of whatever pipeline it is. Of a folder that holds datasets, or
    /// states, it is that of all in it.
    Dataset(&'a str),
}

/// What was published of a source or table.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The source or table, after its pipeline where there are several.
    pub on: String,
    /// The newest points, oldest first.
    pub points: Vec<Point>,
}

/// A source or table that may have states.
struct Followed {
    on: String,
    pipeline: String,
    name: String,
    past: Past,
}

/// Runs that are looked at for where a table is written.
const RUNS: usize = 10;

/// What is read of a table in a run record.
#[derive(Deserialize)]
struct Written {
    table: String,
    output: Option<To>,
}

#[derive(Deserialize)]
struct To {
    location: String,
}

impl Engine {
    /// What drifted in the source or table `of`, or in all that keep states, by what was stored of earlier runs.
    pub fn drift(&self, whose: Whose<'_>, of: Option<&str>, asked: &Asked) -> Result<Vec<Drift>> {
        whose.masked(|| {
            let mut found = Vec::new();
            for followed in self.followed(whose, of)? {
                let drifts = drift(&followed.past, &followed.name, asked)?;
                found.extend(drifts.into_iter().map(|drift| Drift { on: followed.on.clone(), ..drift }));
            }
            if found.is_empty() { Err(whose.no_states(of)) } else { Ok(found) }
        })
    }

    /// A figure over the newest `limit` points of the source or table `of`, or of all that keep states.
    pub fn figures(
        &self,
        whose: Whose<'_>,
        of: Option<&str>,
        figure: &profile::Figure,
        limit: usize,
    ) -> Result<Vec<Figures>> {
        whose.masked(|| {
            let mut found = Vec::new();
            for followed in self.followed(whose, of)? {
                let figures = figures(&followed.past, &followed.name, figure, limit)?;
                found.push(Figures { on: followed.on, ..figures });
            }
            found.retain(|figures| !figures.points.is_empty());
            if found.is_empty() {
                return Err(whose.no_states(of));
            }
            // Without a name, those that do not know the column are not meant.
            found.retain(|figures| of.is_some() || figures.points.iter().any(|point| point.value.is_some()));
            if found.iter().all(|figures| figures.points.iter().all(|point| point.value.is_none())) {
                let error = Error::wrong(format!("no stored state knows {}", figure.text()));
                return Err(
                    error.hint("a table keeps states of the columns that `profile:` or checks of drift name")
                );
            }
            Ok(found)
        })
    }

    /// The newest `limit` points of the source or table `of`, or of each that keeps states.
    pub fn remembered(&self, whose: Whose<'_>, of: Option<&str>, limit: usize) -> Result<Vec<Remembered>> {
        whose.masked(|| {
            let mut found = Vec::new();
            for followed in self.followed(whose, of)? {
                let mut points = followed.past.newest(&followed.name, limit)?.points;
                points.drain(..points.len().saturating_sub(limit));
                found.push(Remembered { on: followed.on, points });
            }
            found.retain(|remembered| !remembered.points.is_empty());
            if found.is_empty() { Err(whose.no_states(of)) } else { Ok(found) }
        })
    }

    fn followed(&self, whose: Whose<'_>, of: Option<&str>) -> Result<Vec<Followed>> {
        let (owner, mut all) = match whose {
            Whose::Pipeline(pipeline) => ("the pipeline has", self.followed_by(pipeline)?),
            Whose::Dataset(address) => ("there are states of", self.followed_at(address)?),
        };
        let Some(of) = of.filter(|_| !all.is_empty()) else { return Ok(all) };
        let names: Vec<String> = all.iter().map(|followed| followed.name.clone()).collect();
        all.retain(|followed| followed.name == of || followed.on == of);
        if all.is_empty() {
            let error = Error::wrong(format!("no source or table \"{of}\""));
            return Err(error.hint(did_you_mean(of, names.iter().map(String::as_str), owner)));
        }
        Ok(all)
    }

    fn followed_by(&self, pipeline: &Pipeline) -> Result<Vec<Followed>> {
        let past = self.past(pipeline)?;
        let sources = pipeline.sources.iter().map(|(name, _)| &name.value);
        let names = sources.chain(pipeline.tables.iter().map(|(name, _)| &name.value));
        let followed = |name: &String| Followed {
            on: name.clone(),
            pipeline: pipeline.name.value.clone(),
            name: name.clone(),
            past: past.clone(),
        };
        Ok(names.map(followed).collect())
    }

    /// Beside a dataset those that are written to it; of a folder of datasets, or of states, all.
    fn followed_at(&self, address: &str) -> Result<Vec<Followed>> {
        let folder = self.stores.open(address)?;
        if let (Some(parent), Some(name)) = (folder.parent(), folder.name()) {
            let home = Home::new(parent.join(STATE_FOLDER)?);
            let mut all = self.followed_in(&home)?;
            let pipelines: BTreeSet<String> = all.iter().map(|followed| followed.pipeline.clone()).collect();
            let mut written = BTreeSet::new();
            for pipeline in pipelines {
                let tables = self.stores.io().block_on(written_to(&folder, name, &home, &pipeline))?;
                written.extend(tables.into_iter().map(|table| (pipeline.clone(), table)));
            }
            all.retain(|followed| written.contains(&(followed.pipeline.clone(), followed.name.clone())));
            if !all.is_empty() {
                return Ok(all);
            }
        }
        let all = self.followed_in(&Home::new(folder.join(STATE_FOLDER)?))?;
        if all.is_empty() { self.followed_in(&Home::new(folder)) } else { Ok(all) }
    }

    /// All that have states in a home.
    fn followed_in(&self, home: &Home) -> Result<Vec<Followed>> {
        let found = self.stores.io().block_on(home.followed())?;
        let pipelines: BTreeSet<&str> = found.iter().map(|(pipeline, _)| pipeline.as_str()).collect();
        let is_one = pipelines.len() == 1;
        let followed = |(pipeline, name): &(String, String)| Followed {
            on: if is_one { name.clone() } else { format!("{pipeline}: {name}") },
            pipeline: pipeline.clone(),
            name: name.clone(),
            past: self.past_in(home.clone(), pipeline),
        };
        Ok(found.iter().map(followed).collect())
    }
}

/// The tables of a pipeline that it last wrote to a dataset beside its home; where the dataset was moved, those
/// of its name.
async fn written_to(dataset: &Location, name: &str, home: &Home, pipeline: &str) -> Result<BTreeSet<String>> {
    let place = dataset.to_string();
    let is_there = |to: &To| to.location.trim_end_matches('/') == place.trim_end_matches('/');
    let has_name = |to: &To| to.location.trim_end_matches('/').rsplit('/').next() == Some(name);
    for run in list_runs(home, pipeline, RUNS).await? {
        let tables = run.record.get("tables").cloned().unwrap_or(Value::Null);
        let tables: Vec<Written> = serde_json::from_value(tables).unwrap_or_default();
        for is_meant in [&is_there as &dyn Fn(&To) -> bool, &has_name] {
            let meant = tables.iter().filter(|table| table.output.as_ref().is_some_and(is_meant));
            let meant: BTreeSet<String> = meant.map(|table| table.table.clone()).collect();
            if !meant.is_empty() {
                return Ok(meant);
            }
        }
    }
    Ok(BTreeSet::new())
}

impl Whose<'_> {
    /// What `ask` answers, its error without the values of secret variables.
    fn masked<T>(self, ask: impl FnOnce() -> Result<T>) -> Result<T> {
        ask().map_err(|error| match self {
            Self::Pipeline(pipeline) => pipeline.vars.mask_error(error),
            Self::Dataset(_) => error,
        })
    }

    fn no_states(self, of: Option<&str>) -> Error {
        let owner = match (of, self) {
            (Some(of), _) => format!("\"{of}\" has"),
            (None, Self::Pipeline(pipeline)) => format!("pipeline \"{}\" has", pipeline.name.value),
            (None, Self::Dataset(address)) => format!("{address} has"),
        };
        let hint = match self {
            Self::Pipeline(_) => {
                "a table keeps one with every published run if it has `profile: \"*\"` or checks of drift"
            }
            Self::Dataset(_) => {
                "they lie beside the first dataset that a pipeline writes, or in its `state:` folder: name that, \
                 or the pipeline's file"
            }
        };
        Error::wrong(format!("{owner} no stored states yet")).hint(hint)
    }
}
