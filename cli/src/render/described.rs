//! A dataset in figures, for people.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::escape::escape;
use super::figures::{bytes, count, float, percent, things};
use super::grid::{Column as Set, Grid, cell, styled};
use super::paint::{ALERT, FAINT, PLAIN, STRONG, paint};
use crate::describe::{Column, Description, Frequency, Histogram};

/// Longest part of a value that is shown, in columns.
const LONGEST: usize = 28;

/// As many frequent values are shown.
const VALUES: usize = 4;

/// As many shapes of texts are shown.
const PATTERNS: usize = 3;

/// The table of columns, and below it what texts and frequent values look like.
pub(crate) fn described(all: &Description, width: usize) -> String {
    let head = format!(
        "{} · {} · {} · {}",
        paint(STRONG, &escape(&all.dataset)),
        things(all.rows, "row", "rows"),
        things(all.files, "file", "files"),
        bytes(all.bytes)
    );
    let broad = figures(all, true);
    let figures = if broad.fits(width) { broad } else { figures(all, false) };
    format!("{head}\n\n{}{}", figures.render(width), values(&all.columns, width))
}

/// A row a column: in a broad table each figure has its own column, in a narrow one they share one.
fn figures(all: &Description, is_broad: bool) -> Grid {
    let mut titles = vec!["column", "type", "nulls", "distinct"];
    let mut columns = vec![Set::Left, Set::Left, Set::Right, Set::Right];
    if is_broad {
        titles.extend(["min", "median", "mean", "max", "spread"]);
        columns.extend([Set::Right, Set::Right, Set::Right, Set::Right, Set::Left]);
    } else {
        titles.extend(["spread", "min to max"]);
        columns.extend([Set::Left, Set::Words]);
        columns[0] = Set::Words;
        columns[1] = Set::Words;
    }
    let mut grid = Grid::new(&columns);
    grid.row(titles.into_iter().map(|title| styled(FAINT, title)));
    for column in &all.columns {
        let nulls = column.null_share.map_or_else(String::new, percent);
        let distinct = column.distinct.map_or_else(String::new, |distinct| {
            format!("{}{}", if distinct.exact { "" } else { "~" }, count(distinct.count))
        });
        let spread = column.histogram.as_ref().map_or_else(String::new, bars);
        let mut cells = vec![
            styled(STRONG, shortened(&column.name)),
            cell(shortened(&column.data_type)),
            styled(if column.nulls == 0 { PLAIN } else { ALERT }, nulls),
            cell(distinct),
        ];
        let [min, median, mean, max] = [
            column.min.as_ref().map(shown),
            column.median().map(shown),
            column.mean.as_ref().map(shown),
            column.max.as_ref().map(shown),
        ];
        if is_broad {
            cells.extend([min, median, mean, max].map(|figure| cell(figure.unwrap_or_default())));
            cells.push(cell(spread));
        } else {
            let range = min.zip(max).map(|(min, max)| format!("{min} to {max}"));
            let named = |name: &str, figure: Option<String>| figure.map(|figure| format!("{name} {figure}"));
            let told = [range, named("median", median), named("mean", mean)];
            cells.extend([cell(spread), cell(told.into_iter().flatten().collect::<Vec<_>>().join(", "))]);
        }
        grid.row(cells);
    }
    grid
}

/// A row for each column of which there is more to tell.
fn values(columns: &[Column], width: usize) -> String {
    let mut grid = Grid::new(&[Set::Left, Set::Left, Set::Words]);
    let mut is_empty = true;
    for column in columns {
        let mut name = shortened(&column.name);
        let length = column.length.map(|length| {
            if length.min == length.max {
                things(length.min, "character", "characters")
            } else {
                let (min, max) = (count(length.min), count(length.max));
                format!("{min} to {max} characters, {:.1} on average", length.mean)
            }
        });
        let nan = (column.nan > 0).then(|| count(column.nan));
        let rows = [
            ("NaN", nan),
            ("values", frequencies(&column.values, VALUES)),
            ("length", length),
            ("patterns", frequencies(&column.patterns, PATTERNS)),
        ];
        for (what, told) in rows {
            if let Some(told) = told {
                grid.row([styled(STRONG, std::mem::take(&mut name)), styled(FAINT, what), cell(told)]);
                is_empty = false;
            }
        }
    }
    if is_empty { String::new() } else { format!("\n{}", grid.render(width)) }
}

/// The most frequent values with their shares.
fn frequencies(all: &[Frequency], most: usize) -> Option<String> {
    let told = |frequency: &Frequency| {
        let value = if frequency.value.is_empty() { "\"\"".into() } else { shortened(&frequency.value) };
        format!("{value} {}", percent(frequency.share))
    };
    let shown: Vec<String> = all.iter().take(most).map(told).collect();
    (!shown.is_empty()).then(|| shown.join(" · "))
}

/// A figure: six digits of floats, all of everything else.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(String::new, float),
        Value::String(text) => escape(text).into_owned(),
        other => other.to_string(),
    }
}

/// A histogram in block characters; a bin with few values is not shown as empty.
fn bars(histogram: &Histogram) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = histogram.shares.iter().copied().fold(0.0, f64::max);
    let block = |share: &f64| {
        if *share == 0.0 { ' ' } else { BLOCKS[((share / most * 8.0).ceil() as usize).clamp(1, 8) - 1] }
    };
    histogram.shares.iter().map(block).collect()
}

/// A name or value, safe to show; of a long one its beginning.
fn shortened(text: &str) -> String {
    let text = escape(text);
    if text.width() <= LONGEST {
        return text.into_owned();
    }
    let mut shown = String::new();
    for c in text.chars() {
        if shown.width() + c.len_utf8().min(2) >= LONGEST {
            break;
        }
        shown.push(c);
    }
    shown + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tests::sample;

    #[test]
    fn columns_are_told_in_a_broad_and_in_a_narrow_table() {
        insta::assert_snapshot!("broad", anstream::adapter::strip_str(&described(&sample(), 160)));
        insta::assert_snapshot!("narrow", anstream::adapter::strip_str(&described(&sample(), 80)));
    }

    #[test]
    fn long_texts_are_cut_and_none_moves_the_cursor() {
        assert_eq!(shortened("\u{1b}[2J"), "\\u{1b}[2J");
        assert!(shortened(&"東".repeat(40)).width() <= LONGEST);
    }
}
