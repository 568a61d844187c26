//! Rows that a later run has decided about: it read the file again that they came from, and published them or
//! kept them apart itself. They would be published twice.
//!
//! Files are known by their paths. One that was replaced between the two runs may hold the same rows, mended, or
//! others: nobody can tell, so its rows stay unless the caller knows better.

use std::collections::BTreeSet;

use super::kept::KeptFile;
use crate::error::{Error, Result};
use crate::history::{LaterRun, Since};
use crate::plan::Plan;
use crate::report::Reread;
use crate::scan::Origins;

/// What a later run has decided about all rows of `file`; none if about none of them.
pub(super) fn reread(
    plan: &Plan,
    file: &KeptFile,
    origins: &Origins,
    since: &Since,
) -> Result<Option<Reread>> {
    let node = &plan.nodes[file.node];
    let written = node.write.as_ref().map(|write| write.dataset.folder().to_string());
    let later: Vec<&LaterRun> = since
        .later
        .iter()
        .filter(|run| written.as_ref().is_none_or(|to| run.datasets.contains(to)))
        .collect();
    let by = |origin: &Option<String>| later.iter().find(|run| has_read(run, origin.as_deref(), since));
    let all: u64 = origins.values().sum();
    let decided: u64 = origins.iter().filter(|(origin, _)| by(origin).is_some()).map(|(_, rows)| rows).sum();
    let Some(run) = origins.keys().find_map(by) else { return Ok(None) };
    if decided < all {
        let what = format!(
            "of {all} rows that run {} left in the quarantine of \"{}\", {decided} came from files that run {} \
             has read again since",
            file.run, node.name, run.run_id
        );
        return Err(Error::wrong(what).in_object(file.entry.location.to_string()).hint(
            "these may be published twice: delete them from the file, choose other runs with `--run`, or take all with \
             `--reread`",
        ));
    }
    Ok(Some(Reread { on: node.name.clone(), run: file.run.clone(), by: run.run_id.clone(), rows: all }))
}

/// Whether `run` has read the file that rows came from; of rows made from several, whether it has read any file
/// that they may have come from.
fn has_read(run: &LaterRun, origin: Option<&str>, since: &Since) -> bool {
    match (origin, &since.files) {
        (Some(file), _) => run.files.contains(file),
        (None, Some(files)) => !run.files.is_disjoint(files),
        (None, None) => true,
    }
}

/// The files that rows came from.
pub(super) fn files<'o>(origins: impl IntoIterator<Item = &'o Origins>) -> Vec<String> {
    let files: BTreeSet<&String> = origins.into_iter().flat_map(Origins::keys).flatten().collect();
    files.into_iter().cloned().collect()
}
