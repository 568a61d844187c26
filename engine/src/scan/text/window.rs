//! A text object read piece by piece: what has been read and not yet been taken.

use super::fault::Fault;
use super::signature;
use crate::error::{Error, Result};
use crate::store::{Entry, Io};

/// Bytes read at a time.
const BLOCK: usize = 8 << 20;

/// Bytes of the longest line.
pub(super) const LONGEST: usize = 64 << 20;

/// The bytes that have not been taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'b> {
    /// They begin with a line.
    pub bytes: &'b [u8],
    /// The line they begin with, from 1.
    pub line: u64,
    /// Whether nothing follows them.
    pub ended: bool,
}

/// What was taken from the beginning of a piece.
pub(super) struct Taken<T> {
    /// What was asked for; none if there were but blank lines, or no whole one.
    pub found: Option<T>,
    /// Bytes that were taken.
    pub bytes: usize,
    /// Lines that were taken.
    pub lines: u64,
}

/// The bytes of an object from the first that was not taken, in which lines are counted.
pub(super) struct Window<'a> {
    io: &'a Io,
    object: &'a Entry,
    /// Bytes of the object that were read.
    read: u64,
    bytes: Vec<u8>,
    /// Where in `bytes` the rest begins.
    start: usize,
    line: u64,
}

impl<'a> Window<'a> {
    pub(super) fn new(io: &'a Io, object: &'a Entry) -> Self {
        Self { io, object, read: 0, bytes: Vec::new(), start: 0, line: 1 }
    }

    /// Lets `cut` take what comes next, with as much read as that needs; none at the object's end.
    pub(super) fn next<T>(
        &mut self,
        cut: impl Fn(Piece<'_>) -> Result<Taken<T>, Fault>,
    ) -> Result<Option<T>> {
        if self.rest().len() < BLOCK / 2 {
            self.read_on(BLOCK)?;
        }
        loop {
            let ended = self.read == self.object.size;
            let piece = Piece { bytes: self.rest(), line: self.line, ended };
            let Taken { found, bytes, lines } = cut(piece).map_err(|fault| self.failed(fault))?;
            self.start += bytes;
            self.line += lines;
            match (found, bytes) {
                (Some(found), _) => return Ok(Some(found)),
                (None, 0) if ended => return Ok(None),
                (None, 0) => self.grow()?,
                (None, _) => self.read_on(BLOCK)?,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Reads as much again as there is, because that holds no whole line.
    fn grow(&mut self) -> Result<()> {
        let length = self.rest().len();
        if length >= LONGEST {
            return Err(self.failed(too_long(self.line)));
        }
        self.read_on(length.clamp(1, LONGEST - length))
    }

    fn read_on(&mut self, length: usize) -> Result<()> {
        let end = self.object.size.min(self.read + length as u64);
        if end == self.read {
            return Ok(());
        }
        let range = self.read..end;
        let mut parts = self.io.block_on(self.object.get_ranges(&[range]))?;
        let part = parts.pop().ok_or_else(|| Error::defect("a read gave nothing"))?;
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(&part);
        if self.read == 0 {
            self.start = signature::skip(&self.bytes).map_err(|fault| self.failed(fault))?;
        }
        self.read = end;
        Ok(())
    }

    fn failed(&self, fault: Fault) -> Error {
        fault.into_error(&self.object.location.to_string())
    }
}

/// A line that is never read whole.
pub(super) fn too_long(line: u64) -> Fault {
    Fault::new(line, format!("the line is longer than {} MiB", LONGEST >> 20)).hint(
        "lines end in LF or CR LF; in CSV, a quote that is not closed makes one line of all that follow",
    )
}
