//! A table made ready to run: its stages, and what receives the rows that come out.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::Schema;

use super::rows::RowWork;
use crate::memory::Kept;
use crate::sink::DatasetWriter;
use crate::spec::Span;
use crate::steps::Operator;
use crate::validate::{Quarantine, Tap};

/// One source or table of the plan, ready to run once.
pub struct Line {
    /// Its name in the pipeline file.
    pub name: String,
    /// Its steps, in order.
    pub stages: Vec<Stage>,
    /// Schema of the rows that come out, hidden columns included.
    pub schema: Schema,
    /// Checks over the rows that come out.
    pub tap: Option<Tap>,
    /// Where rows that fail are kept.
    pub quarantine: Option<Quarantine>,
    /// Where the rows are written.
    pub writer: Option<DatasetWriter>,
    /// Where the rows are kept for tables that need all of them.
    pub gathered: Option<Mutex<Kept>>,
    /// Lines that take their rows from this one, by index; always later ones.
    pub feeds: Vec<usize>,
    /// What went through.
    pub flow: Counter,
    /// Rows that came in past the first step.
    pub entered: AtomicU64,
}

impl Line {
    /// Whether nothing becomes of its rows but to be counted.
    pub fn is_idle(&self) -> bool {
        let untouched = self.stages.is_empty() && self.writer.is_none() && self.gathered.is_none();
        untouched && self.tap.as_ref().is_none_or(Tap::is_idle)
    }

    /// Counts rows that nobody looks at.
    pub fn let_pass(&self, rows: u64) {
        self.flow.add(rows as usize, rows as usize);
    }
}

/// One step of a line.
pub struct Stage {
    /// The step's name.
    pub step: &'static str,
    /// Where it stands in the pipeline file.
    pub span: Span,
    /// What it does.
    pub work: Work,
    /// What went through.
    pub flow: Counter,
}

/// How a stage works.
pub enum Work {
    /// On each batch alone.
    Rows(RowWork),
    /// On the batches in their order.
    Ordered(Box<dyn Operator>),
}

/// Rows and time of one stage.
#[derive(Debug, Default)]
pub struct Counter {
    /// Rows in.
    pub rows_in: AtomicU64,
    /// Rows out.
    pub rows_out: AtomicU64,
    /// Nanoseconds spent by all workers together.
    pub nanos: AtomicU64,
}

impl Counter {
    /// Rows that came in.
    pub fn rows_in(&self) -> u64 {
        self.rows_in.load(Ordering::Relaxed)
    }

    /// Rows that went out.
    pub fn rows_out(&self) -> u64 {
        self.rows_out.load(Ordering::Relaxed)
    }

    /// Nanoseconds spent.
    pub fn nanos(&self) -> u64 {
        self.nanos.load(Ordering::Relaxed)
    }

    /// Adds rows in and out.
    pub(super) fn add(&self, rows_in: usize, rows_out: usize) {
        self.rows_in.fetch_add(rows_in as u64, Ordering::Relaxed);
        self.rows_out.fetch_add(rows_out as u64, Ordering::Relaxed);
    }
}
