//! Columns of text under each other.
//!
//! Columns are as wide as their widest cell. Where that is too wide, the widest column of words is made
//! narrower and its cells are wrapped, so that nothing is cut off.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::paint::{PLAIN, paint};

/// Columns between two cells.
const GAP: usize = 2;

/// A column of words is not made narrower than this.
const NARROWEST: usize = 16;

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// To the left, never wrapped.
    Left,
    /// To the right, never wrapped.
    Right,
    /// To the left, wrapped where there is not enough room.
    Words,
}

/// A cell: text that is safe to show, in a style.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// A cell in a style.
pub(crate) fn styled(style: Style, text: impl Into<String>) -> Cell {
    Cell { text: text.into(), style }
}

/// A plain cell.
pub(crate) fn cell(text: impl Into<String>) -> Cell {
    styled(PLAIN, text)
}

/// Rows of cells, and lines between them that keep to no column.
#[derive(Debug)]
pub(crate) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    Cells(Vec<Cell>),
    Line { indent: usize, cell: Cell },
}

impl Grid {
    /// A grid of these columns.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; cells missing at its end are empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row::Cells(cells.into_iter().collect()));
    }

    /// Adds a line across all columns, wrapped below its beginning.
    pub(crate) fn line(&mut self, indent: usize, cell: Cell) {
        self.rows.push(Row::Line { indent, cell });
    }

    /// Whether the columns are together no wider than `width`.
    pub(crate) fn fits(&self, width: usize) -> bool {
        let gaps = GAP * self.columns.len().saturating_sub(1);
        self.widths(usize::MAX).iter().sum::<usize>() + gaps <= width
    }

    /// The rows within `width` columns, each line ended.
    pub(crate) fn render(&self, width: usize) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        for row in &self.rows {
            match row {
                Row::Cells(cells) => self.render_cells(cells, &widths, &mut text),
                Row::Line { indent, cell } => {
                    for line in folded(&cell.text, width.saturating_sub(*indent)) {
                        push_line(&mut text, &format!("{:indent$}{}", "", paint(cell.style, &line)));
                    }
                }
            }
        }
        text
    }

    fn render_cells(&self, cells: &[Cell], widths: &[usize], text: &mut String) {
        let columns: Vec<Vec<String>> = cells
            .iter()
            .zip(&self.columns)
            .zip(widths)
            .map(|((cell, column), width)| match column {
                Column::Words => wrapped(&cell.text, *width),
                Column::Left | Column::Right => vec![cell.text.clone()],
            })
            .collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let mut line = String::new();
            let mut pending = 0;
            for (((lines, cell), column), width) in columns.iter().zip(cells).zip(&self.columns).zip(widths) {
                let part = lines.get(at).map_or("", String::as_str);
                let room = width.saturating_sub(part.width());
                let (before, after) = if *column == Column::Right { (room, 0) } else { (0, room) };
                if part.is_empty() {
                    pending += before;
                } else {
                    line.extend(std::iter::repeat_n(' ', pending + before));
                    line += &paint(cell.style, part);
                    pending = 0;
                }
                pending += after + GAP;
            }
            push_line(text, &line);
        }
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.text.width());
            }
        }
        let room = width.saturating_sub(GAP * self.columns.len().saturating_sub(1));
        let excess = |widths: &[usize]| widths.iter().sum::<usize>().saturating_sub(room);
        while excess(&widths) > 0 {
            let words = self.columns.iter().enumerate().filter(|(_, column)| **column == Column::Words);
            let widest = words.map(|(at, _)| at).max_by_key(|at| widths[*at]);
            let Some(widest) = widest.filter(|at| widths[*at] > NARROWEST) else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

fn push_line(text: &mut String, line: &str) {
    *text += line.trim_end();
    text.push('\n');
}

/// `text` in lines of at most `width` columns, broken at blanks. A word that is longer is broken where it
/// is punctuated, or anywhere.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let pieces = text.split(' ').flat_map(|word| {
        let parts = if word.width() > width { broken(word, width.max(1)) } else { vec![word] };
        parts.into_iter().enumerate().map(|(at, part)| (if at == 0 { " " } else { "" }, part))
    });
    filled(pieces, width)
}

/// `text` in lines of at most `width` columns, broken at blanks only: paths stay whole.
pub(crate) fn folded(text: &str, width: usize) -> Vec<String> {
    filled(text.split(' ').map(|word| (" ", word)), width)
}

/// Words with what joins them to the word before, in lines of at most `width` columns.
fn filled<'w>(words: impl Iterator<Item = (&'static str, &'w str)>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (joint, word) in words {
        match lines.last_mut() {
            Some(line) if line.width() + joint.len() + word.width() <= width => {
                line.push_str(joint);
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Parts of `word`, none wider than `width`, broken after the last punctuation that fits.
fn broken(word: &str, width: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = word;
    while rest.width() > width {
        let fits = rest.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
        let fits: Vec<_> = fits.take_while(|(end, _)| rest[..*end].width() <= width).collect();
        let punctuated = fits.iter().rev().find(|(_, c)| "/(,_=:-.".contains(*c));
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = punctuated.or(fits.last()).map_or(first, |(end, _)| *end);
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut grid = Grid::new(&[Column::Left, Column::Right, Column::Words]);
        grid.row([cell("a"), cell("1,000"), cell("one")]);
        grid.row([cell("long"), cell("1")]);
        grid.row([cell("東京"), cell("22"), cell("two")]);
        assert_eq!(grid.render(80), "a     1,000  one\nlong      1\n東京     22  two\n");
    }

    #[test]
    fn words_are_wrapped_where_the_room_ends() {
        let mut grid = Grid::new(&[Column::Left, Column::Words]);
        grid.row([cell("name"), cell("a sentence that does not fit into so few columns")]);
        grid.line(2, cell("and a line of its own, wrapped too"));
        let text = grid.render(28);
        assert!(text.lines().all(|line| line.width() <= 28), "{text}");
        assert_eq!(text.split_whitespace().count(), 19);
    }

    #[test]
    fn a_word_without_blanks_is_broken() {
        assert_eq!(wrapped("in s3://bucket/folder", 8), ["in s3://", "bucket/", "folder"]);
        assert_eq!(wrapped("abcdefghij klm", 4), ["abcd", "efgh", "ij", "klm"]);
        assert_eq!(wrapped("", 8), [""]);
    }

    #[test]
    fn a_path_on_a_line_of_its_own_stays_whole() {
        assert_eq!(folded("it is in s3://bucket/folder now", 8), ["it is in", "s3://bucket/folder", "now"]);
    }

    #[test]
    fn styles_take_no_room() {
        let mut grid = Grid::new(&[Column::Left, Column::Left]);
        grid.row([styled(super::super::paint::BAD, "x"), cell("y")]);
        let plain = anstream::adapter::strip_str(&grid.render(80)).to_string();
        assert_eq!(plain, "x  y\n");
    }
}
