//! What went through each table, and what its steps removed, added or counted.

use lockgate_engine::report::{Step, Table};

use crate::render::escape::escape;
use crate::render::figures::{count, milliseconds};
use crate::render::grid::{Cell, Column, Grid, cell, styled};
use crate::render::paint::{ALERT, FAINT, STRONG};

/// Each table in a row, its steps below it. Steps that changed no number of rows and counted nothing
/// share a line.
pub(super) fn tables(tables: &[Table], width: usize) -> String {
    let columns = [
        Column::Left,
        Column::Right,
        Column::Left,
        Column::Right,
        Column::Left,
        Column::Right,
        Column::Words,
    ];
    let mut grid = Grid::new(&columns);
    for table in tables {
        let aside = match table.rows_quarantined {
            0 => cell(""),
            rows => styled(ALERT, format!("{} in quarantine", count(rows))),
        };
        let name = styled(STRONG, escape(&table.table));
        grid.row(rows(name, table.rows_in, table.rows_out, table.busy_ms, aside));
        let mut quiet = Vec::new();
        for step in &table.steps {
            if step.rows_in == step.rows_out && step.counts.is_empty() {
                quiet.push(escape(&step.step));
                continue;
            }
            flush(&mut grid, &mut quiet);
            let name = cell(format!("  {}", escape(&step.step)));
            grid.row(rows(name, step.rows_in, step.rows_out, step.busy_ms, cell(counts(step))));
        }
        flush(&mut grid, &mut quiet);
    }
    grid.render(width)
}

fn flush(grid: &mut Grid, quiet: &mut Vec<std::borrow::Cow<'_, str>>) {
    if !quiet.is_empty() {
        grid.line(2, styled(FAINT, quiet.join(", ")));
        quiet.clear();
    }
}

fn rows(name: Cell, rows_in: u64, rows_out: u64, busy_ms: f64, note: Cell) -> [Cell; 7] {
    let busy = if busy_ms > 0.0 { milliseconds(busy_ms) } else { String::new() };
    [
        name,
        cell(count(rows_in)),
        cell("→"),
        cell(count(rows_out)),
        cell(change(rows_in, rows_out)),
        styled(FAINT, busy),
        note,
    ]
}

/// Rows removed or added.
fn change(rows_in: u64, rows_out: u64) -> String {
    match rows_in.cmp(&rows_out) {
        std::cmp::Ordering::Greater => format!("−{}", count(rows_in - rows_out)),
        std::cmp::Ordering::Less => format!("+{}", count(rows_out - rows_in)),
        std::cmp::Ordering::Equal => String::new(),
    }
}

/// What the step counted, such as `52,606 unmatched`.
fn counts(step: &Step) -> String {
    let counts = step
        .counts
        .iter()
        .map(|(what, number)| format!("{} {}", count(*number), escape(&what.replace('_', " "))));
    counts.collect::<Vec<_>>().join(", ")
}
