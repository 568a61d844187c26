//! Figures over time as a line of blocks.

use lockgate_engine::history::Figures;

use super::escape::escape;
use super::grid::{Column, Grid, cell, styled};
use super::paint::{FAINT, STRONG};

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Columns of a line at most.
const LONGEST: usize = 60;

/// Each figure as a line with its extremes and its last value.
pub(crate) fn figures(found: &[Figures], width: usize) -> String {
    let mut text = String::new();
    for figures in found {
        let values: Vec<Option<f64>> = figures.points.iter().map(|point| point.value).collect();
        let known = || values.iter().copied().flatten().filter(|value| value.is_finite());
        let mut grid = Grid::new(&[Column::Left, Column::Left, Column::Left]);
        let title = format!("{} in {}", figures.figure, figures.on);
        grid.line(0, styled(STRONG, escape(&title).into_owned()));
        grid.line(2, cell(line(&values, LONGEST.min(width.saturating_sub(2)))));
        let day = |at: usize| {
            figures.points.get(at).map_or(String::new(), |point| point.time.format("%Y-%m-%d").to_string())
        };
        let count = figures.points.len();
        let span = format!("{} to {}, {count} points", day(0), day(count.saturating_sub(1)));
        let number = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), short);
        let told = format!(
            "min {}  max {}  last {}",
            number(known().reduce(f64::min)),
            number(known().reduce(f64::max)),
            number(values.last().copied().flatten()),
        );
        grid.line(2, cell(told));
        grid.line(2, styled(FAINT, span));
        text += &grid.render(width);
    }
    text
}

/// The values as blocks, blanks where they are not known; of more than fit, neighbours are averaged.
fn line(values: &[Option<f64>], width: usize) -> String {
    let each = values.len().div_ceil(width.max(1)).max(1);
    let means: Vec<Option<f64>> = values.chunks(each).map(mean).collect();
    let known = || means.iter().copied().flatten();
    let (Some(low), Some(high)) = (known().reduce(f64::min), known().reduce(f64::max)) else {
        return String::new();
    };
    let block = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        BLOCKS[((share * 7.0).round() as usize).min(7)]
    };
    means.into_iter().map(|value| value.map_or(' ', block)).collect()
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().copied().flatten().filter(|value| value.is_finite()).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// A figure to six digits.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && size.is_finite() && !(1e-4..1e15).contains(&size) {
        return format!("{value:.4e}");
    }
    let whole = if size >= 1.0 && size.is_finite() { size.log10().floor() as usize + 1 } else { 1 };
    let text = format!("{value:.*}", 6_usize.saturating_sub(whole));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_rises_with_its_values() {
        let values: Vec<_> = (0..8).map(|value| Some(f64::from(value))).collect();
        assert_eq!(line(&values, 60), "▁▂▃▄▅▆▇█");
        assert_eq!(line(&values, 4).chars().count(), 4);
        assert_eq!(line(&[Some(1.0), None, Some(f64::NAN), Some(1.0)], 60), "▅  ▅");
        assert_eq!(line(&[None], 60), "");
    }

    #[test]
    fn figures_have_six_digits() {
        let shown = [0.0, 1.0, 12.345_678, 336_776.0, 0.123_456_7, 1e-9, 12_345_678.4].map(short);
        assert_eq!(shown, ["0", "1", "12.3457", "336776", "0.12346", "1.0000e-9", "12345678"]);
        assert_eq!(short(f64::INFINITY), "inf");
    }
}
