//! Parts of a source's rows: some to learn from, and others to test on what was learnt.

use polars::prelude::{BooleanChunked, DataFrame};

use super::Scan;
use crate::error::Result;
use crate::exec::rows::filter;

/// Of what is held out by files, row groups or rows, one in so many.
const HELD_OUT: usize = 5;

/// Which rows of a source are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    #[default]
    Whole,
    /// Those to learn from.
    Training,
    /// The others, to test on: the last partition, else the last fifth of the files and row groups, else
    /// every fifth row.
    HeldOut,
}

impl Part {
    fn has(self, is_held_out: bool) -> bool {
        match self {
            Self::Whole => true,
            Self::Training => !is_held_out,
            Self::HeldOut => is_held_out,
        }
    }

    /// The rows of a batch that belong to it; `first` is the place of the first in its file.
    pub(super) fn rows(self, frame: DataFrame, first: u64) -> Result<DataFrame> {
        if self == Self::Whole {
            return Ok(frame);
        }
        let held_out = |row: u64| (first + row) % HELD_OUT as u64 == HELD_OUT as u64 - 1;
        let mask: BooleanChunked =
            (0..frame.height() as u64).map(|row| Some(self.has(held_out(row)))).collect();
        filter(&frame, &mask)
    }
}

impl Scan {
    /// Reads a part of the rows only. What footers say is still of all of them.
    pub fn restrict(&mut self, part: Part) {
        if self.tasks.len() == 1 {
            self.part = part;
            return;
        }
        let of_file = |file: usize| &self.files[file].partition;
        let files = || self.tasks.iter().map(|task| task.file);
        let (first, last) = (files().next(), files().next_back());
        let is_held_out: Vec<bool> = match (first.map(of_file), last.map(of_file)) {
            (Some(first), Some(last)) if first != last => files().map(|file| of_file(file) == last).collect(),
            _ => {
                let kept = self.tasks.len() - self.tasks.len().div_ceil(HELD_OUT);
                (0..self.tasks.len()).map(|task| task >= kept).collect()
            }
        };
        let mut is_held_out = is_held_out.into_iter();
        self.tasks.retain(|_| is_held_out.next().is_some_and(|held_out| part.has(held_out)));
    }
}
