//! What was read: rows, bytes, files, and how files differ from each other.

use std::collections::BTreeMap;

use lockgate_engine::report::Input;
use lockgate_engine::scan::{Change, Difference};

use crate::render::escape::escape;
use crate::render::figures::{bytes, count, things};
use crate::render::grid::{Column, Grid, cell, styled};
use crate::render::paint::{ALERT, FAINT};

/// Each source in a row, its schema differences below it.
pub(super) fn sources(inputs: &[Input], width: usize) -> String {
    let beside = grid(inputs, true);
    if beside.fits(width) { beside.render(width) } else { grid(inputs, false).render(width) }
}

/// Locations stand beside the figures or, where there is no room, below.
fn grid(inputs: &[Input], beside: bool) -> Grid {
    let columns = [Column::Left, Column::Right, Column::Left, Column::Right, Column::Right, Column::Left];
    let mut grid = Grid::new(&columns);
    for input in inputs {
        let location = styled(FAINT, escape(&input.location));
        let (at_side, below) = if beside { (location, None) } else { (cell(""), Some(location)) };
        grid.row([
            cell(escape(&input.source)),
            cell(count(input.rows)),
            cell(if input.rows == 1 { "row" } else { "rows" }),
            cell(bytes(input.bytes)),
            cell(things(input.files.len() as u64, "file", "files")),
            at_side,
        ]);
        if let Some(location) = below {
            grid.line(2, location);
        }
        if input.rows_quarantined > 0 {
            grid.line(2, styled(ALERT, format!("{} in quarantine", count(input.rows_quarantined))));
        }
        for difference in differences(&input.schema_differences) {
            grid.line(2, styled(ALERT, difference));
        }
    }
    grid
}

/// One sentence for each column and change, however many files have it.
pub(crate) fn differences(differences: &[Difference]) -> Vec<String> {
    let mut files: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for Difference { object, column, change } in differences {
        let what = match change {
            Change::Missing => "missing".to_owned(),
            Change::Widened { from, to } => format!("widened from {from} to {to}"),
        };
        files.entry((column, what)).or_default().push(object);
    }
    let sentence = |((column, what), files): ((&str, String), Vec<&str>)| {
        let place = match files.as_slice() {
            [only] => (*only).to_owned(),
            many => format!("{} files, the first {}", many.len(), many.first().unwrap_or(&"")),
        };
        escape(&format!("column \"{column}\" is {what} in {place}")).into_owned()
    };
    files.into_iter().map(sentence).collect()
}
