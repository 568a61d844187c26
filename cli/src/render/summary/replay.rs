//! Rows of the quarantine that a replay took through the pipeline, and those that it did not.

use lockgate_engine::report::{Replay, Reread};

use crate::render::escape::escape;
use crate::render::figures::{count, things};
use crate::render::grid::{Column, Grid, cell, styled};
use crate::render::paint::{ALERT, FAINT};

/// Characters of a run's id that tell it apart for people.
const ID: usize = 12;

/// Where rows came in, what became of all, and what stays as it was.
pub(super) fn replay(replay: &Replay, width: usize) -> String {
    let mut grid = Grid::new(&[Column::Left, Column::Right, Column::Left, Column::Left, Column::Right]);
    for place in &replay.returned {
        grid.row([
            cell(escape(&place.on)),
            cell(count(place.rows)),
            cell(if place.rows == 1 { "row" } else { "rows" }),
            styled(FAINT, format!("had left at {}", escape(&place.point))),
            cell(things(place.files.len() as u64, "file", "files")),
        ]);
    }
    if !replay.returned.is_empty() {
        let [back, written, kept] = [replay.rows_in, replay.rows_published, replay.rows_kept];
        let (back, written, kept) = (things(back, "row", "rows"), count(written), count(kept));
        grid.line(0, cell(format!("{back} in, {written} written, {kept} kept apart again")));
        let runs: Vec<&str> = replay.runs.iter().map(|run| short(run)).collect();
        grid.line(0, styled(FAINT, escape(&format!("of {} {}", run_or_runs(&runs), runs.join(", ")))));
    }
    for reread in &replay.reread {
        grid.line(0, styled(ALERT, stays(reread)));
    }
    if !replay.left.is_empty() {
        grid.line(0, styled(FAINT, escape(&format!("left as they are: {}", replay.left.join(", ")))));
    }
    grid.render(width)
}

fn run_or_runs(runs: &[&str]) -> &'static str {
    if runs.len() == 1 { "run" } else { "runs" }
}

fn stays(Reread { on, run, by, rows }: &Reread) -> String {
    let rows = things(*rows, "row", "rows");
    let (run, by) = (short(run), short(by));
    escape(&format!("{on}: {rows} of run {run} left out: run {by} has read their files again since"))
        .into_owned()
}

fn short(run: &str) -> &str {
    run.get(..ID).unwrap_or(run)
}
