//! How the values of a run's columns are spread beside what was published before it, from stored states.

use lockgate_rules::profile::{Spread, spread};
use lockgate_rules::{Baseline, ColumnKey, ColumnProfile, Point};

use super::states::Past;
use crate::error::Error;
use crate::report::{Distribution, RunRecord};

/// Columns that are shown at most.
const MOST_COLUMNS: usize = 40;

/// How the values of a published run are spread, from the states that it keeps of its sources and tables. What
/// cannot be read is left out.
pub fn published_distributions(past: &Past, record: &RunRecord) -> Vec<Distribution> {
    let tables = record.tables.iter().map(|table| table.table.as_str());
    let names = record.inputs.iter().map(|input| input.source.as_str()).chain(tables);
    let points: Vec<(&str, Vec<Point>)> = names
        .filter_map(|name| match past.of_run(name, &record.run_id) {
            Ok(points) => Some((name, points)),
            Err(error) => {
                left_out(name, &error);
                None
            }
        })
        .collect();
    distributions(past, points.iter().map(|(name, points)| (*name, &**points)), &record.run_id)
}

/// How the values of a run's sources and tables are spread, given the points of each; of what was published
/// before, the last 7 points are the baseline. Where these cannot be read there is none.
pub fn distributions<'p>(
    past: &Past,
    points: impl IntoIterator<Item = (&'p str, &'p [Point])>,
    run_id: &str,
) -> Vec<Distribution> {
    let mut found = Vec::new();
    for (name, now) in points {
        let most = MOST_COLUMNS - found.len();
        let Some(columns) = now.first().map(|point| point.profile.columns.keys()) else { continue };
        if most == 0 {
            break;
        }
        let baseline = Baseline::default();
        let history = past
            .history(name, std::slice::from_ref(&baseline), now, run_id)
            .inspect_err(|error| left_out(name, error))
            .unwrap_or_default();
        let first = now.iter().map(|point| point.time).min();
        let before = first.map(|first| baseline.select(&history, first)).unwrap_or_default();
        let now: Vec<&Point> = now.iter().collect();
        let shown = columns.filter(|key| key.filter.is_none() && !key.column.is_empty());
        found.extend(shown.filter_map(|key| distribution(name, key, &now, &before)).take(most));
    }
    found
}

fn left_out(name: &str, error: &Error) {
    tracing::warn!(on = name, %error, "stored states are left out of the distributions");
}

fn distribution(on: &str, key: &ColumnKey, now: &[&Point], before: &[&Point]) -> Option<Distribution> {
    let together = |points: &[&Point]| {
        ColumnProfile::together(points.iter().filter_map(|point| point.profile.columns.get(key)))
    };
    let Spread { bins, now, before } = spread(&together(now)?, together(before).as_ref())?;
    Some(Distribution { on: on.to_owned(), column: key.column.clone(), bins, current: now, baseline: before })
}
