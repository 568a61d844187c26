//! CSV taken apart: records and their fields, as RFC 4180 has them and no other way.
//!
//! Fields are separated by the delimiter, records end in LF or CR LF. A field that begins with a quote
//! ends with one; within, a quote is written twice, and delimiters and line ends are text. A quote that
//! does not begin a field is text too. Empty lines are no records.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use super::fault::Fault;
use super::window::Piece;

/// Fields that a first record may have.
const MOST_COLUMNS: usize = 100_000;

/// How fields are separated and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splitter {
    pub delimiter: u8,
    pub quote: Option<u8>,
}

/// Whole records of a piece, all of as many fields.
#[derive(Debug)]
pub(super) struct Records<'b> {
    text: &'b str,
    cells: Vec<Cell>,
    /// The line each record begins in, counted from the piece's.
    lines: Vec<u32>,
    line: u64,
    width: usize,
    /// Lines in them, empty ones included.
    pub newlines: u64,
}

/// Where a field's text is, without the quotes around it.
#[derive(Debug, Clone, Copy)]
struct Cell {
    start: u32,
    end: u32,
}

/// Set in `end` if quotes within are written twice.
const DOUBLED: u32 = 1 << 31;

/// What follows a field.
enum End {
    /// Another field of the record, which begins there.
    Field(usize),
    /// The next record.
    Record(usize),
    /// It cannot be told from these bytes.
    Unknown,
}

/// How a record is broken, and at which byte.
enum Broken {
    Unclosed(usize),
    AfterQuote(usize),
    Return(usize),
}

impl Splitter {
    /// The whole records at the beginning of `piece`, `most` of them at most. Each has `width` fields, or
    /// as many as the first.
    pub(super) fn split(
        self,
        piece: Piece<'_>,
        most: usize,
        width: Option<usize>,
    ) -> Result<Records<'_>, Fault> {
        let Piece { bytes, line, ended } = piece;
        let reader = Reader { splitter: self, bytes, ended, returns: memchr(b'\r', bytes).is_some() };
        let (mut cells, mut lines, mut newlines) = (Vec::new(), Vec::new(), 0_u64);
        let (mut width, mut at) = (width, 0);
        while lines.len() < most && at < bytes.len() {
            if let Some(next) = reader.blank(at) {
                (at, newlines) = (next, newlines + 1);
                continue;
            }
            let begun = cells.len();
            let (next, inner) = match reader.record(at, &mut cells) {
                Ok(Some(ends)) => ends,
                Ok(None) => {
                    cells.truncate(begun);
                    break;
                }
                Err(broken) => {
                    let field = cells.len() - begun;
                    return Err(broken_at(&broken, bytes, at, line + newlines).in_field(field));
                }
            };
            let found = cells.len() - begun;
            let expected = *width.get_or_insert(found);
            if found != expected || found > MOST_COLUMNS {
                return Err(uneven(line + newlines, found, expected));
            }
            lines.push(newlines as u32);
            (at, newlines) = (next, newlines + 1 + inner);
        }
        let width = width.unwrap_or_default();
        let mut records = Records { text: "", cells, lines, line, width, newlines };
        match std::str::from_utf8(&bytes[..at]) {
            Ok(text) => records.text = text,
            Err(error) => return Err(records.not_utf8(error.valid_up_to())),
        }
        Ok(records)
    }
}

impl<'b> Records<'b> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Fields of each.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Bytes they take, with the empty lines before and between them.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The line a record begins in, from 1.
    pub(super) fn line(&self, record: usize) -> u64 {
        self.line + u64::from(self.lines[record])
    }

    /// The text of a field.
    pub(super) fn cell(&self, record: usize, field: usize) -> Cow<'b, str> {
        let Cell { start, end } = self.cells[record * self.width + field];
        let text = &self.text[start as usize..(end & !DOUBLED) as usize];
        if end & DOUBLED == 0 {
            return Cow::Borrowed(text);
        }
        // The quote follows the text, since it closes the field.
        let quote = &self.text[(end & !DOUBLED) as usize..][..1];
        Cow::Owned(text.replace(&quote.repeat(2), quote))
    }

    /// Says where the bytes at `position` are, which are no UTF-8.
    fn not_utf8(&self, position: usize) -> Fault {
        let begun = self.cells.partition_point(|cell| cell.start as usize <= position);
        let cell = begun.saturating_sub(1);
        let (record, field) = (cell / self.width.max(1), cell % self.width.max(1));
        let line = if self.lines.is_empty() { self.line } else { self.line(record) };
        Fault::new(line, "the bytes are not text in UTF-8")
            .in_field(field)
            .hint("convert the file to UTF-8; it may be in Latin-1 or Windows-1252")
    }
}

struct Reader<'b> {
    splitter: Splitter,
    bytes: &'b [u8],
    ended: bool,
    /// Whether there is any carriage return.
    returns: bool,
}

impl Reader<'_> {
    /// Where the line after an empty one begins, if there is an empty one at `at`.
    fn blank(&self, at: usize) -> Option<usize> {
        match self.bytes[at..] {
            [b'\n', ..] => Some(at + 1),
            [b'\r', b'\n', ..] => Some(at + 2),
            [b'\r'] if self.ended => Some(at + 1),
            _ => None,
        }
    }

    /// Reads the record at `at`. Returns where the next one begins, and the line ends within quotes; none
    /// if its end is not there yet.
    fn record(&self, mut at: usize, cells: &mut Vec<Cell>) -> Result<Option<(usize, u64)>, Broken> {
        let mut inner = 0;
        loop {
            let (cell, end) = match self.splitter.quote {
                Some(quote) if self.bytes.get(at) == Some(&quote) => {
                    let (cell, end) = self.quoted(at, quote)?;
                    let text = &self.bytes[cell.start as usize..(cell.end & !DOUBLED) as usize];
                    inner += memchr_iter(b'\n', text).count() as u64;
                    (cell, end)
                }
                _ => self.plain(at)?,
            };
            match end {
                End::Unknown => return Ok(None),
                End::Field(next) => at = next,
                End::Record(next) => {
                    cells.push(cell);
                    return Ok(Some((next, inner)));
                }
            }
            cells.push(cell);
        }
    }

    fn plain(&self, at: usize) -> Result<(Cell, End), Broken> {
        let mut end = match memchr2(self.splitter.delimiter, b'\n', &self.bytes[at..]) {
            Some(length) => at + length,
            None if self.ended => self.bytes.len(),
            None => return Ok((cell(at, at), End::Unknown)),
        };
        let after = match self.bytes.get(end) {
            Some(b'\n') => End::Record(end + 1),
            Some(_) => End::Field(end + 1),
            None => End::Record(end),
        };
        if self.returns {
            if matches!(after, End::Record(_)) && end > at && self.bytes[end - 1] == b'\r' {
                end -= 1;
            }
            if let Some(inside) = memchr(b'\r', &self.bytes[at..end]) {
                return Err(Broken::Return(at + inside));
            }
        }
        Ok((cell(at, end), after))
    }

    fn quoted(&self, at: usize, quote: u8) -> Result<(Cell, End), Broken> {
        let unknown = || Ok((cell(at, at), End::Unknown));
        let (mut from, mut doubled) = (at + 1, 0);
        loop {
            let close = match memchr(quote, &self.bytes[from..]) {
                Some(length) => from + length,
                None if self.ended => return Err(Broken::Unclosed(at)),
                None => return unknown(),
            };
            let after = match self.bytes[close + 1..] {
                [next, ..] if next == quote => {
                    (from, doubled) = (close + 2, DOUBLED);
                    continue;
                }
                [next, ..] if next == self.splitter.delimiter => End::Field(close + 2),
                [b'\r', b'\n', ..] => End::Record(close + 3),
                [] | [b'\r'] if !self.ended => return unknown(),
                [] => End::Record(close + 1),
                [b'\n', ..] | [b'\r'] => End::Record(close + 2),
                _ => return Err(Broken::AfterQuote(close + 1)),
            };
            let Cell { start, end } = cell(at + 1, close);
            return Ok((Cell { start, end: end | doubled }, after));
        }
    }
}

/// Pieces are shorter than 2 GiB: the longest line and a block.
fn cell(start: usize, end: usize) -> Cell {
    Cell { start: start as u32, end: end as u32 }
}

fn broken_at(broken: &Broken, bytes: &[u8], record: usize, line: u64) -> Fault {
    let line_of = |at: usize| line + memchr_iter(b'\n', &bytes[record..at]).count() as u64;
    let unquoted = "a field in quotes ends with its closing quote, and a quote within it is written twice; if the files do not quote, set `csv: {quote: none}`";
    match *broken {
        Broken::Unclosed(at) => Fault::new(line_of(at), "a quote is opened and not closed").hint(unquoted),
        Broken::AfterQuote(at) => Fault::new(line_of(at), "text follows a closing quote").hint(unquoted),
        Broken::Return(at) => Fault::new(line_of(at), "a carriage return stands within the line")
            .hint("lines end in LF or CR LF; within a field it must be in quotes"),
    }
}

fn uneven(line: u64, found: usize, expected: usize) -> Fault {
    if found > MOST_COLUMNS {
        return Fault::new(line, format!("the line has {found} fields, more than {MOST_COLUMNS}"))
            .hint("check `csv: {delimiter: …}`");
    }
    let fields = |count: usize| if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
    Fault::new(line, format!("the line has {} where the first has {expected}", fields(found)))
        .hint("a field that holds the delimiter or a line end must be in quotes")
}

#[cfg(test)]
mod tests;
