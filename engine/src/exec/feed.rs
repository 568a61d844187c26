//! Where the batches of a flow come from: a scan of stored objects, frames kept in memory, or several
//! scans whose rows come in at places of their own.

use std::collections::VecDeque;
use std::sync::Arc;

use polars::prelude::DataFrame;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::memory::Kept;
use crate::scan::{BATCH_ROWS, Fetched, Scan};
use crate::store::Io;

/// Tasks that are brought in ahead as long as they are small: a store answers many reads as fast as one.
const SMALL_AHEAD: usize = 64;

/// Stored bytes of tasks that are small together.
const SMALL_BYTES: u64 = 8 << 20;

/// A source of numbered tasks, each of which gives one or more batches.
pub enum Feed<'f> {
    /// Stored objects, row group by row group.
    Scan(&'f Scan),
    /// Rows of a table that was complete before: batch by batch the frame and where in it the batch begins.
    Kept(Arc<Kept>, Vec<(usize, usize)>),
    /// Stored rows that each come in somewhere on the way.
    Entrances(Vec<(Place, &'f Scan)>),
}

/// A place on the way of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which line.
    pub line: usize,
    /// Before which of its stages; their number stands for the end of the line, before its checks.
    pub stage: usize,
}

impl Place {
    /// Where rows come in as a rule.
    pub const START: Self = Self { line: 0, stage: 0 };
}

impl Feed<'_> {
    /// The rows of a table that was complete before.
    pub fn kept(kept: Arc<Kept>) -> Self {
        let frames = (0..kept.len()).map(|frame| (frame, kept.height(frame)));
        let batches =
            frames.flat_map(|(frame, height)| (0..height).step_by(BATCH_ROWS).map(move |at| (frame, at)));
        let batches = batches.collect();
        Self::Kept(kept, batches)
    }

    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        match self {
            Self::Scan(scan) => scan.tasks().len(),
            Self::Kept(_, batches) => batches.len(),
            Self::Entrances(entrances) => entrances.iter().map(|(_, scan)| scan.tasks().len()).sum(),
        }
    }

    /// Where the rows of `task` come in.
    pub fn place(&self, task: usize) -> Place {
        match self {
            Self::Scan(_) | Self::Kept(..) => Place::START,
            Self::Entrances(entrances) => entrance(entrances, task).map_or(Place::START, |(place, ..)| place),
        }
    }

    /// The scan that reads `task`, and its number there.
    fn stored(&self, task: usize) -> Option<(&Scan, usize)> {
        match self {
            Self::Scan(scan) => Some((*scan, task)),
            Self::Kept(..) => None,
            Self::Entrances(entrances) => entrance(entrances, task).map(|(_, scan, task)| (scan, task)),
        }
    }

    /// How many rows there are, where that is known without reading them.
    pub fn rows_known(&self) -> Option<u64> {
        match self {
            Self::Scan(scan) => scan.footer_rows(),
            Self::Entrances(_) => None,
            Self::Kept(kept, _) => Some(kept.rows()),
        }
    }

    /// Stored bytes of a task.
    pub fn stored_bytes(&self, task: usize) -> u64 {
        self.stored(task).map_or(0, |(scan, task)| scan.stored_bytes(task))
    }

    /// Brings in the input of all tasks in order, `window` of them ahead of whoever takes them, and more if they
    /// are small.
    pub fn fetch_ahead<'a>(&'a self, io: &'a Io, window: usize) -> Ahead<'a> {
        Ahead { feed: self, io, window, started: 0, waiting: VecDeque::new(), bytes: 0 }
    }

    /// Gives the batches of `task` to `each` with whether it is the last one, until `each` says stop.
    pub fn decode(
        &self,
        task: usize,
        input: Fetched,
        each: &mut dyn FnMut(DataFrame, bool) -> bool,
    ) -> Result<()> {
        match (self, self.stored(task)) {
            (Self::Kept(kept, batches), _) => {
                let (frame, at) = batches[task];
                each(kept.read(frame)?.slice(at as i64, BATCH_ROWS), true);
                Ok(())
            }
            (_, Some((scan, task))) => scan.decode(task, input, each),
            (_, None) => Err(Error::defect("a task that no scan has")),
        }
    }
}

/// The entrance that has `task` of all, and its number there.
fn entrance<'f>(entrances: &[(Place, &'f Scan)], task: usize) -> Option<(Place, &'f Scan, usize)> {
    let mut first = 0;
    for (place, scan) in entrances {
        let next = first + scan.tasks().len();
        if task < next {
            return Some((*place, scan, task - first));
        }
        first = next;
    }
    None
}

/// Input of tasks to come, under way.
pub struct Ahead<'a> {
    feed: &'a Feed<'a>,
    io: &'a Io,
    window: usize,
    started: usize,
    waiting: VecDeque<(u64, JoinHandle<Result<Fetched>>)>,
    /// Stored bytes of those that wait.
    bytes: u64,
}

impl Ahead<'_> {
    /// The input of the next task; to be called once for each.
    pub fn take(&mut self) -> Result<Fetched> {
        if let Feed::Kept(..) = self.feed {
            return Ok(Fetched::Nothing);
        }
        while self.has_room() {
            let Some((scan, task)) =
                self.feed.stored(self.started).filter(|(scan, task)| *task < scan.tasks().len())
            else {
                break;
            };
            let bytes = scan.stored_bytes(task);
            self.waiting.push_back((bytes, self.io.spawn(scan.fetch(task))));
            self.bytes += bytes;
            self.started += 1;
        }
        let (bytes, next) =
            self.waiting.pop_front().ok_or_else(|| Error::defect("more input was taken than there is"))?;
        self.bytes -= bytes;
        self.io.block_on(next).map_err(|error| Error::defect("a read was lost").because(error))?
    }

    fn has_room(&self) -> bool {
        let ahead = self.waiting.len();
        ahead < self.window || (ahead < SMALL_AHEAD && self.bytes < SMALL_BYTES)
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        for (_, read) in &self.waiting {
            read.abort();
        }
    }
}
