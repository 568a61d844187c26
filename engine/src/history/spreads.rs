//! How the values of a run's columns are spread beside what was published before it, from stored states.

use lockgate_rules::profile::{Spread, spread};
use lockgate_rules::{Baseline, ColumnKey, ColumnProfile, Point};

use super::states::Past;
use crate::error::Result;
use crate::report::{Distribution, RunRecord};

/// Columns that are shown at most.
const MOST_COLUMNS: usize = 40;

/// The distributions of a run's sources and tables that keep states; of points before it, the last 7 are the
/// baseline. A source or table whose states cannot be read is left out.
pub fn distributions(past: &Past, record: &RunRecord) -> Vec<Distribution> {
    let tables = record.tables.iter().map(|table| table.table.as_str());
    let names = record.inputs.iter().map(|input| input.source.as_str()).chain(tables);
    let mut found = Vec::new();
    for name in names {
        match of(past, name, &record.run_id, MOST_COLUMNS - found.len()) {
            Ok(more) => found.extend(more),
            Err(error) => tracing::warn!(on = name, %error, "distributions are left out"),
        }
    }
    found
}

fn of(past: &Past, name: &str, run_id: &str, most: usize) -> Result<Vec<Distribution>> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let own = past.of_run(name, run_id)?;
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let baseline = Baseline::default();
    let history = past.history(name, std::slice::from_ref(&baseline), &own, run_id)?;
    let first = own.iter().map(|point| point.time).min();
    let before = first.map(|first| baseline.select(&history, first)).unwrap_or_default();
    let own: Vec<&Point> = own.iter().collect();
    let Some(columns) = own.first().map(|point| point.profile.columns.keys()) else { return Ok(Vec::new()) };
    let shown = columns.filter(|key| key.filter.is_none() && !key.column.is_empty());
    Ok(shown.filter_map(|key| distribution(name, key, &own, &before)).take(most).collect())
}

fn distribution(on: &str, key: &ColumnKey, now: &[&Point], before: &[&Point]) -> Option<Distribution> {
    let together = |points: &[&Point]| {
        ColumnProfile::together(points.iter().filter_map(|point| point.profile.columns.get(key)))
    };
    let Spread { bins, now, before } = spread(&together(now)?, together(before).as_ref())?;
    Some(Distribution { on: on.to_owned(), column: key.column.clone(), bins, current: now, baseline: before })
}
