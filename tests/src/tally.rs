//! What the tests tried, counted where somebody asks for it: `docs/reliability.md` tells of a run with all of it.

use std::fs::OpenOptions;
use std::io::Write;

/// Adds to a figure, where `LOCKGATE_TALLY` names a file to gather figures in: one line for each addition, the figure
/// and the number.
pub fn tally(figure: &str, number: usize) {
    let Some(file) = std::env::var_os("LOCKGATE_TALLY") else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the tally can be written");
    // One write, so that lines of several processes do not mix.
    file.write_all(format!("{figure}\t{number}\n").as_bytes()).expect("the tally can be written");
}
