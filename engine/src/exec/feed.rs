//! Where the batches of a flow come from: a scan of stored objects, or frames kept in memory.

use std::collections::VecDeque;

use polars::prelude::DataFrame;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::scan::{Fetched, Scan};
use crate::store::Io;

/// A source of numbered tasks, each of which gives one or more batches.
pub enum Feed<'f> {
    /// Stored objects, row group by row group.
    Scan(&'f Scan),
    /// Frames of a table that was complete before.
    Replay(Vec<DataFrame>),
}

impl Feed<'_> {
    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        match self {
            Self::Scan(scan) => scan.tasks().len(),
            Self::Replay(frames) => frames.len(),
        }
    }

    /// How many rows there are, where that is known without reading them.
    pub fn rows_known(&self) -> Option<u64> {
        match self {
            Self::Scan(scan) => scan.footer_rows(),
            Self::Replay(frames) => Some(frames.iter().map(|frame| frame.height() as u64).sum()),
        }
    }

    /// Stored bytes of a task.
    pub fn stored_bytes(&self, task: usize) -> u64 {
        match self {
            Self::Scan(scan) => scan.stored_bytes(task),
            Self::Replay(_) => 0,
        }
    }

    /// Brings in the input of all tasks in order, `window` of them ahead of whoever takes them.
    pub fn fetch_ahead<'a>(&'a self, io: &'a Io, window: usize) -> Ahead<'a> {
        Ahead { feed: self, io, window, started: 0, waiting: VecDeque::new() }
    }

    /// Gives the batches of `task` to `each` with whether it is the last one, until `each` says stop.
    pub fn decode(
        &self,
        task: usize,
        input: Fetched,
        each: &mut dyn FnMut(DataFrame, bool) -> bool,
    ) -> Result<()> {
        match self {
            Self::Scan(scan) => scan.decode(task, input, each),
            Self::Replay(frames) => {
                each(frames[task].clone(), true);
                Ok(())
            }
        }
    }
}

/// Input of tasks to come, under way.
pub struct Ahead<'a> {
    feed: &'a Feed<'a>,
    io: &'a Io,
    window: usize,
    started: usize,
    waiting: VecDeque<JoinHandle<Result<Fetched>>>,
}

impl Ahead<'_> {
    /// The input of the next task; to be called once for each.
    pub fn take(&mut self) -> Result<Fetched> {
        let Feed::Scan(scan) = self.feed else { return Ok(Fetched::Nothing) };
        while self.started < self.feed.tasks() && self.waiting.len() < self.window {
            self.waiting.push_back(self.io.spawn(scan.fetch(self.started)));
            self.started += 1;
        }
        let next =
            self.waiting.pop_front().ok_or_else(|| Error::defect("more input was taken than there is"))?;
        self.io.block_on(next).map_err(|error| Error::defect("a read was lost").because(error))?
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        for read in &self.waiting {
            read.abort();
        }
    }
}
