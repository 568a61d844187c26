//! Where the batches of a flow come from: a scan of stored objects, or frames kept in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use polars::prelude::DataFrame;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::memory::Kept;
use crate::scan::{BATCH_ROWS, Fetched, Scan};
use crate::store::Io;

/// A source of numbered tasks, each of which gives one or more batches.
pub enum Feed<'f> {
    /// Stored objects, row group by row group.
    Scan(&'f Scan),
    /// Rows of a table that was complete before: batch by batch the frame and where in it the batch begins.
    Replay(Arc<Kept>, Vec<(usize, usize)>),
}

impl Feed<'_> {
    /// The rows of a table that was complete before.
    pub fn replay(kept: Arc<Kept>) -> Self {
        let frames = (0..kept.len()).map(|frame| (frame, kept.height(frame)));
        let batches =
            frames.flat_map(|(frame, height)| (0..height).step_by(BATCH_ROWS).map(move |at| (frame, at)));
        let batches = batches.collect();
        Self::Replay(kept, batches)
    }

    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        match self {
            Self::Scan(scan) => scan.tasks().len(),
            Self::Replay(_, batches) => batches.len(),
        }
    }

    /// How many rows there are, where that is known without reading them.
    pub fn rows_known(&self) -> Option<u64> {
        match self {
            Self::Scan(scan) => scan.footer_rows(),
            Self::Replay(kept, _) => Some(kept.rows()),
        }
    }

    /// Stored bytes of a task.
    pub fn stored_bytes(&self, task: usize) -> u64 {
        match self {
            Self::Scan(scan) => scan.stored_bytes(task),
            Self::Replay(..) => 0,
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
            Self::Replay(kept, batches) => {
                let (frame, at) = batches[task];
                each(kept.read(frame)?.slice(at as i64, BATCH_ROWS), true);
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
