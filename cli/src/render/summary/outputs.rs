//! What was written, and where.

use lockgate_engine::report::{Output, Table};
use lockgate_engine::{RunRecord, RunStatus};

use crate::render::escape::escape;
use crate::render::figures::{bytes, count, things};
use crate::render::grid::{Cell, Column, Grid, cell, styled};
use crate::render::paint::{ALERT, PLAIN, STRONG};

/// What became of the outputs.
pub(super) fn heading(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Published
        | RunStatus::PublishedWithAlerts
        | RunStatus::Validated
        | RunStatus::NothingNew => "written",
        RunStatus::Withheld => "not published",
        RunStatus::DryRun => "would be written",
    }
}

/// Each output in a row, with its quarantine below it.
pub(super) fn outputs(record: &RunRecord, width: usize) -> String {
    let beside = grid(&record.tables, true);
    if beside.fits(width) { beside.render(width) } else { grid(&record.tables, false).render(width) }
}

/// Locations stand beside the figures or, where there is no room, below.
fn grid(tables: &[Table], beside: bool) -> Grid {
    let columns = [
        Column::Left,
        Column::Right,
        Column::Left,
        Column::Right,
        Column::Right,
        Column::Right,
        Column::Left,
    ];
    let mut grid = Grid::new(&columns);
    for table in tables {
        if let Some(output) = &table.output {
            add(&mut grid, styled(PLAIN, escape(&table.table)), output, beside);
        }
        if let Some(quarantine) = &table.quarantine {
            let name = if table.output.is_some() {
                "  quarantine".to_owned()
            } else {
                format!("{} quarantine", escape(&table.table))
            };
            add(&mut grid, styled(ALERT, name), quarantine, beside);
        }
    }
    grid
}

fn add(grid: &mut Grid, name: Cell, output: &Output, beside: bool) {
    let location = styled(STRONG, escape(&output.location));
    let (at_side, below) = if beside { (location, None) } else { (cell(""), Some(location)) };
    grid.row([
        name,
        cell(count(output.rows)),
        cell(if output.rows == 1 { "row" } else { "rows" }),
        cell(bytes(output.bytes)),
        cell(things(output.files.len() as u64, "file", "files")),
        cell(things(output.partitions as u64, "partition", "partitions")),
        at_side,
    ]);
    if let Some(location) = below {
        grid.line(2, location);
    }
}
