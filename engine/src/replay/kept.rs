//! The files of a pipeline's quarantines: whose rows they hold, and where these had left.

use std::fmt;

use super::Wanted;
use crate::error::{Error, Result};
use crate::plan::{Node, Plan};
use crate::spec::did_you_mean;
use crate::store::{Dataset, Entry, Io, is_hidden, unescape};
use crate::validate::QUARANTINE_RUN;

/// A file of rows that left one node at one place in one run.
#[derive(Debug, Clone)]
pub(super) struct KeptFile {
    /// The node.
    pub node: usize,
    /// The file.
    pub entry: Entry,
    /// Where it is, relative to the quarantine.
    pub path: String,
    /// The run.
    pub run: String,
    /// The place, as its name says: a step, or the checks.
    pub point: Point,
    /// The way that the rows had taken until then.
    pub trail: String,
}

/// A place where rows leave, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point(String);

impl Point {
    /// Whether it is called `name`: `checks`, a step, or a step with its position.
    fn is_called(&self, name: &str) -> bool {
        self.0 == name || self.0.rsplit_once('-').is_some_and(|(_, step)| step == name)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The files of the rows that are wanted, by path.
pub(super) fn kept_files(plan: &Plan, wanted: &Wanted, io: &Io) -> Result<Vec<KeptFile>> {
    let mut found = Vec::new();
    for (node, quarantine) in quarantines(plan, wanted)? {
        for entry in io.block_on(quarantine.folder().list())? {
            let Some(path) = entry.location.relative_to(quarantine.folder()).map(str::to_owned) else {
                continue;
            };
            if is_hidden(&path) {
                continue;
            }
            let named = named(&path).ok_or_else(|| foreign(&entry, &plan.nodes[node]))?;
            let Named { run, point, trail } = named;
            if wanted.has(&run, &point) {
                found.push(KeptFile { node, entry, path, run, point, trail });
            }
        }
    }
    Ok(found)
}

impl Wanted {
    fn has(&self, run: &str, point: &Point) -> bool {
        let runs = self.runs.is_empty() || self.runs.iter().any(|wanted| run.starts_with(wanted.as_str()));
        runs && self.at.as_ref().is_none_or(|at| point.is_called(at))
    }
}

/// The quarantines of the pipeline, or that of the source or table wanted.
fn quarantines<'p>(plan: &'p Plan, wanted: &Wanted) -> Result<Vec<(usize, &'p Dataset)>> {
    let all = plan.nodes.iter().enumerate();
    let all: Vec<_> = all
        .filter_map(|(index, node)| Some((index, node.name.as_str(), node.quarantine.as_ref()?)))
        .collect();
    if all.is_empty() {
        return Err(Error::wrong(format!("pipeline \"{}\" has no quarantine", plan.pipeline)).hint(
            "sources and tables with `quarantine: folder/` keep the rows that checks and steps send there",
        ));
    }
    let Some(table) = &wanted.table else {
        return Ok(all.into_iter().map(|(index, _, quarantine)| (index, quarantine)).collect());
    };
    match all.iter().find(|(_, name, _)| name == table) {
        Some((index, _, quarantine)) => Ok(vec![(*index, quarantine)]),
        None => Err(Error::wrong(format!("no source or table \"{table}\" with a quarantine"))
            .hint(did_you_mean(table, all.iter().map(|(_, name, _)| *name), "these have one"))),
    }
}

/// What the name of a file tells.
struct Named {
    run: String,
    point: Point,
    trail: String,
}

/// `lockgate_run=<run>/part-<number>-<point>-<trail>-<run>.parquet`.
fn named(path: &str) -> Option<Named> {
    let (folder, name) = path.split_once('/')?;
    let run = folder.strip_prefix(QUARANTINE_RUN)?.strip_prefix('=')?;
    let (_, name) = name.strip_prefix("part-")?.strip_suffix(".parquet")?.split_once('-')?;
    let (way, _) = name.rsplit_once('-')?;
    let (point, trail) = way.rsplit_once('-')?;
    Some(Named { run: unescape(run), point: Point(point.to_owned()), trail: trail.to_owned() })
}

fn foreign(entry: &Entry, node: &Node) -> Error {
    let what =
        format!("{} in the quarantine of \"{}\" has no name that a run gave it", entry.location, node.name);
    Error::wrong(what).in_object(entry.location.to_string()).hint(
        "correct rows in the files that are there, under their names: the names tell where rows had left",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_run_point_and_way() {
        let Named { run, point, trail } =
            named("lockgate_run=0f3a/part-00001-step-2-fill_null-12ab34cd-0f3a.parquet").unwrap();
        assert_eq!((run.as_str(), trail.as_str()), ("0f3a", "12ab34cd"));
        assert!(["step-2-fill_null", "fill_null"].iter().all(|name| point.is_called(name)));
        assert!(!point.is_called("checks") && !point.is_called("step"));
        let checks = named("lockgate_run=0f3a/part-00000-checks-12ab34cd-0f3a.parquet").unwrap();
        assert!(checks.point.is_called("checks"));
    }

    #[test]
    fn a_name_that_no_run_gave_tells_nothing() {
        for name in
            ["rows.parquet", "lockgate_run=0f3a/corrected.parquet", "run=1/part-0-checks-12-0f.parquet"]
        {
            assert!(named(name).is_none(), "{name}");
        }
    }
}
