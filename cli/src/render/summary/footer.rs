//! What the run took: time, throughput, memory.

use anstyle::Style;
use lockgate_engine::RunRecord;
use unicode_width::UnicodeWidthStr;

use crate::render::escape::escape;
use crate::render::figures::{bytes, milliseconds, rate, things};
use crate::render::grid::{Grid, styled};
use crate::render::paint::{FAINT, PLAIN};

/// The phases of a run in their order; others come before.
const PHASES: [&str; 4] = ["plan", "begin", "run", "publish"];

/// One line of figures, and one of the phases they fall into.
pub(super) fn footer(record: &RunRecord, width: usize) -> String {
    let resources = &record.resources;
    let seconds = resources.elapsed_ms / 1e3;
    let rows: u64 = record.inputs.iter().map(|input| input.rows).sum();
    let read: u64 = record.inputs.iter().map(|input| input.bytes).sum();
    let mut figures = vec![milliseconds(resources.elapsed_ms)];
    if seconds > 0.0 && rows > 0 {
        figures.push(format!("{} rows/s", rate(rows as f64 / seconds)));
        figures.push(format!("{}/s read", bytes((read as f64 / seconds) as u64)));
    }
    if let Some(peak) = resources.memory_peak_bytes {
        figures.push(format!("{} peak memory", bytes(peak)));
    }
    if resources.spilled_bytes > 0 {
        figures.push(format!("{} through disk", bytes(resources.spilled_bytes)));
    }
    let failed: u64 = resources.requests.failed.values().sum();
    if failed > 0 {
        figures.push(format!("{} to stores failed in passing", things(failed, "request", "requests")));
    }
    let threads = things(resources.threads as u64, "thread", "threads");
    figures.push(match resources.cpu_ms {
        Some(cpu) => format!("{} cpu on {threads}", milliseconds(cpu)),
        None => threads,
    });
    let mut phases: Vec<(&String, &f64)> = resources.phases_ms.iter().collect();
    phases.sort_by_key(|(phase, _)| PHASES.iter().position(|known| *known == phase.as_str()));
    let phases: Vec<String> =
        phases.into_iter().map(|(phase, ms)| format!("{} {}", escape(phase), milliseconds(*ms))).collect();
    let mut grid = Grid::new(&[]);
    for (style, facts) in [(PLAIN, figures), (FAINT, phases)] {
        row_of(&mut grid, style, &facts, width);
    }
    grid.render(width)
}

/// Facts beside each other, as many on a line as fit.
fn row_of(grid: &mut Grid, style: Style, facts: &[String], width: usize) {
    const BETWEEN: &str = " · ";
    let mut line = String::new();
    for fact in facts {
        if !line.is_empty() && line.width() + BETWEEN.width() + fact.width() > width {
            grid.line(0, styled(style, std::mem::take(&mut line)));
        }
        if !line.is_empty() {
            line += BETWEEN;
        }
        line += fact;
    }
    if !line.is_empty() {
        grid.line(0, styled(style, line));
    }
}
