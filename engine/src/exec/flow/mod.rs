//! One scan feeding a tree of lines: every batch goes through every line once, in parallel where the
//! work allows it and in order where it does not.
//!
//! A batch is carried as far as it can go by the worker that holds it. At a step with state it is
//! prepared and left at that step's turnstile; whoever brings the batch before it takes it through and
//! its remaining way becomes a task of its own. No worker ever waits for another.

mod quarantine;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use polars::prelude::DataFrame;
use rayon::{Scope, ThreadPool, Yield, yield_local};

use crate::error::{Error, Result};
use crate::exec::cancel::Cancel;
use crate::exec::feed::{Feed, Place};
use crate::exec::line::{Line, Work};
use crate::exec::permit::{Permit, Permits};
use crate::exec::progress::Progress;
use crate::exec::rows::Worked;
use crate::exec::turnstile::{Ticket, Turnstile};
use crate::memory::{Memory, SlimFrame};
use crate::sink::{DatasetWriter, Job, Piece};
use crate::steps::{Rest, Then, Turn};
use crate::store::Io;
use crate::validate::{Measured, Quarantine};

/// What a flow runs on.
pub struct Machine<'m> {
    /// Workers of the engine.
    pub pool: &'m ThreadPool,
    /// Input and output.
    pub io: &'m Io,
    /// Request to stop.
    pub cancel: &'m Cancel,
    /// Counters for whoever watches.
    pub progress: &'m Progress,
    /// Memory that is shared out among those who keep rows.
    pub memory: &'m Memory,
}

/// A batch on its way.
struct Batch {
    ticket: Ticket,
    rows: Option<DataFrame>,
    permit: Option<Arc<Permit>>,
    /// Rows that come in farther on; until then the batch is empty, so that every turnstile has its turn.
    late: Option<Late>,
}

/// Rows that come in at a place on the way.
#[derive(Clone)]
struct Late {
    place: Place,
    rows: DataFrame,
}

impl Batch {
    /// A batch whose rows come in at `place`.
    fn at(place: Place, ticket: Ticket, rows: DataFrame, permit: Arc<Permit>) -> Self {
        let permit = Some(permit);
        if place == Place::START {
            return Self { ticket, rows: Some(rows), permit, late: None };
        }
        Self { ticket, rows: None, permit, late: Some(Late { place, rows }) }
    }

    /// Takes up the rows that come in at `place`, if there are any.
    fn reach(&mut self, place: Place, line: &Line) {
        if let Some(late) = self.late.take_if(|late| late.place == place) {
            if place.stage > 0 {
                line.entered.fetch_add(late.rows.height() as u64, Ordering::Relaxed);
            }
            self.rows = Some(late.rows);
        }
    }
}

struct Flow<'l> {
    lines: &'l [Line],
    lanes: Vec<Lanes<'l>>,
    machine: &'l Machine<'l>,
    /// Batches that a line has handed on to another and that no worker has taken up yet.
    handed_on: AtomicUsize,
    failed: AtomicBool,
    failure: Mutex<Option<(Ticket, Error)>>,
}

/// The turnstiles of one line.
struct Lanes<'l> {
    stages: Vec<Turnstile<(Turn<'l>, Batch)>>,
    measured: Turnstile<Measured>,
    pieces: Turnstile<(Vec<Piece>, Option<Arc<Permit>>)>,
    gathered: Turnstile<Option<SlimFrame>>,
    quarantined: Vec<Turnstile<Vec<Piece>>>,
}

/// Runs `feed` through `lines`, the first of which receives its batches.
pub fn run(feed: &Feed<'_>, lines: &[Line], machine: &Machine<'_>) -> Result<()> {
    let flow = Flow {
        lines,
        lanes: lines.iter().map(Lanes::new).collect(),
        machine,
        handed_on: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    flow.stream(feed)?;
    flow.end(feed.tasks() as u64)?;
    flow.drain()
}

impl Lanes<'_> {
    fn new(line: &Line) -> Self {
        let points = line.quarantine.as_ref().map_or(0, |quarantine| quarantine.points().len());
        Self {
            stages: line.stages.iter().map(|_| Turnstile::default()).collect(),
            measured: Turnstile::default(),
            pieces: Turnstile::default(),
            gathered: Turnstile::default(),
            quarantined: (0..points).map(|_| Turnstile::default()).collect(),
        }
    }
}

impl<'l> Flow<'l> {
    /// Brings in the feed's tasks ahead of need and hands each to the workers.
    fn stream(&self, feed: &Feed<'_>) -> Result<()> {
        let workers = self.machine.pool.current_num_threads();
        let permits = Permits::new(2 * workers + 1);
        self.machine.pool.in_place_scope(|scope| {
            let mut fetched = feed.fetch_ahead(self.machine.io, workers + 1);
            for task in 0..feed.tasks() as u64 {
                let Some(permit) = permits.acquire(|| self.stopped()) else { break };
                let first = Ticket { task, part: 0, last: true };
                match self.machine.memory.check().and_then(|()| fetched.take()) {
                    Ok(input) => {
                        Progress::add(&self.machine.progress.bytes_read, feed.stored_bytes(task as usize));
                        let place = feed.place(task as usize);
                        self.spawn(scope, first, move |scope| {
                            let mut part = 0;
                            feed.decode(task as usize, input, &mut |rows, last| {
                                let ticket = Ticket { task, part, last };
                                part += 1;
                                Progress::add(&self.machine.progress.rows_read, rows.height() as u64);
                                let batch = Batch::at(place, ticket, rows, Arc::clone(&permit));
                                self.advance(scope, 0, 0, batch);
                                self.keep_up();
                                !self.stopped()
                            })
                        });
                    }
                    Err(error) => self.note(first, Err(error)),
                }
            }
        });
        self.outcome()
    }

    /// Lets a worker that decodes faster than the others take up what it handed on itself, so that no more
    /// than a few batches of a task wait, however long it is.
    fn keep_up(&self) {
        let bound = 2 * self.machine.pool.current_num_threads();
        while self.handed_on.load(Ordering::Relaxed) > bound {
            if yield_local() != Some(Yield::Executed) {
                return;
            }
        }
    }

    /// Has a worker do `work`; that it fails or panics stops the flow.
    fn spawn<'s>(
        &'s self,
        scope: &Scope<'s>,
        ticket: Ticket,
        work: impl FnOnce(&Scope<'s>) -> Result<()> + Send + 's,
    ) {
        scope.spawn(move |scope| {
            let done = catch_unwind(AssertUnwindSafe(|| work(scope)));
            self.note(ticket, done.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))));
        });
    }

    /// Tells every step with state that no batch will come, parents before children, and sends on what
    /// they still held.
    fn end(&self, tasks: u64) -> Result<()> {
        let mut seen = vec![tasks; self.lines.len()];
        for (index, line) in self.lines.iter().enumerate() {
            for (position, stage) in line.stages.iter().enumerate() {
                let Work::Ordered(operator) = &stage.work else { continue };
                let started = Instant::now();
                let rest = self.machine.pool.install(|| operator.end()).map_err(|e| e.at(stage.span))?;
                stage.flow.nanos.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
                if self.send(index, position, seen[index], rest)? {
                    seen[index] += 1;
                }
            }
            for &fed in &line.feeds {
                seen[fed] = seen[index];
            }
        }
        Ok(())
    }

    /// Sends on what a step still held, as the batches of one task; whether there was any.
    fn send(&self, index: usize, position: usize, task: u64, rest: Rest<'l>) -> Result<bool> {
        let stage = &self.lines[index].stages[position];
        let permits = Permits::new(2 * self.machine.pool.current_num_threads() + 1);
        let mut rest = rest.peekable();
        let mut part = 0;
        self.machine.pool.in_place_scope(|scope| {
            while let Some(then) = rest.next() {
                let ticket = Ticket { task, part, last: rest.peek().is_none() };
                part += 1;
                let Some(permit) = permits.acquire(|| self.stopped()) else { break };
                match self.machine.memory.check().and(then) {
                    Ok(then) => self.spawn(scope, ticket, move |scope| {
                        let batch = Batch { ticket, rows: None, permit: Some(permit), late: None };
                        self.follow(scope, index, position, batch, then)
                    }),
                    Err(error) => self.note(ticket, Err(error.at(stage.span))),
                }
            }
        });
        self.outcome()?;
        Ok(part > 0)
    }

    /// What a batch needs after its turn at a step, then its further way.
    fn follow<'s>(
        &'s self,
        scope: &Scope<'s>,
        index: usize,
        position: usize,
        batch: Batch,
        then: Then<'l>,
    ) -> Result<()> {
        let stage = &self.lines[index].stages[position];
        let started = Instant::now();
        let finished = then();
        stage.flow.nanos.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
        let rows = finished.map_err(|error| error.at(stage.span))?;
        stage.flow.add(0, rows.as_ref().map_or(0, DataFrame::height));
        self.advance(scope, index, position + 1, Batch { rows, ..batch });
        Ok(())
    }

    /// Encodes what never filled a row group.
    fn drain(&self) -> Result<()> {
        self.machine.pool.in_place_scope(|scope| {
            for line in self.lines {
                let points = line.quarantine.iter().flat_map(Quarantine::points);
                for writer in line.writer.iter().chain(points.map(|point| &point.writer)) {
                    for job in writer.drain() {
                        self.encode(scope, writer, job, None);
                    }
                }
            }
        });
        self.outcome()
    }

    /// Carries a batch from `stage` of `line` as far as it can go now.
    fn advance<'s>(&'s self, scope: &Scope<'s>, index: usize, stage: usize, mut batch: Batch) {
        let line = &self.lines[index];
        for (position, stage) in line.stages.iter().enumerate().skip(stage) {
            if self.stopped() {
                return;
            }
            batch.reach(Place { line: index, stage: position }, line);
            let rows_in = batch.rows.as_ref().map_or(0, DataFrame::height);
            let started = Instant::now();
            match &stage.work {
                Work::Rows(work) => {
                    let Some(rows) = batch.rows.take() else {
                        if work.diverts() {
                            self.quarantine_diverted(scope, index, position, batch.ticket, None);
                        }
                        continue;
                    };
                    let worked = work.apply(rows);
                    stage.flow.nanos.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
                    match worked {
                        Ok(Worked { frame, diverted }) => {
                            stage.flow.add(rows_in, frame.height());
                            if work.diverts() {
                                self.quarantine_diverted(scope, index, position, batch.ticket, diverted);
                            }
                            batch.rows = Some(frame);
                        }
                        Err(error) => return self.note(batch.ticket, Err(error.at(stage.span))),
                    }
                }
                Work::Ordered(operator) => {
                    let prepared = match batch.rows.take() {
                        Some(rows) => operator.prepare(rows),
                        None => {
                            Ok(Box::new(|| Ok(Box::new(|| Ok(None)) as crate::steps::Then<'_>)) as Turn<'_>)
                        }
                    };
                    stage.flow.add(rows_in, 0);
                    stage.flow.nanos.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
                    match prepared {
                        Ok(turn) => self.take_turns(scope, index, position, batch, turn),
                        Err(error) => self.note(batch.ticket, Err(error.at(stage.span))),
                    }
                    return;
                }
            }
        }
        batch.reach(Place { line: index, stage: line.stages.len() }, line);
        let ticket = batch.ticket;
        let delivered = self.deliver(scope, index, batch);
        self.note(ticket, delivered);
    }

    fn take_turns<'s>(
        &'s self,
        scope: &Scope<'s>,
        index: usize,
        position: usize,
        batch: Batch,
        turn: Turn<'l>,
    ) {
        let stage = &self.lines[index].stages[position];
        let ticket = batch.ticket;
        let passed =
            self.lanes[index].stages[position].pass(ticket, (turn, batch), |ticket, (turn, batch)| {
                let started = Instant::now();
                let then = turn();
                stage.flow.nanos.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
                let then = then.map_err(|error| error.at(stage.span))?;
                self.spawn(scope, ticket, move |scope| self.follow(scope, index, position, batch, then));
                Ok(())
            });
        self.note(ticket, passed);
    }

    /// Past the last step: checks, then whoever takes the rows.
    fn deliver<'s>(&'s self, scope: &Scope<'s>, index: usize, batch: Batch) -> Result<()> {
        let line = &self.lines[index];
        let Batch { ticket, mut rows, permit, late } = batch;
        let rows_in = rows.as_ref().map_or(0, DataFrame::height);
        let started = Instant::now();
        if let Some(tap) = &line.tap {
            let frame = rows.take().unwrap_or_else(|| DataFrame::empty_with_schema(&line.schema));
            let (kept, measured, failed) = tap.measure(frame)?;
            rows = Some(kept);
            self.lanes[index].measured.pass(ticket, measured, |_, measured| tap.merge(measured))?;
            self.quarantine_failed(scope, index, ticket, failed)?;
        }
        line.flow.add(rows_in, rows.as_ref().map_or(0, DataFrame::height));
        line.flow.nanos.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
        for &fed in &line.feeds {
            let batch = Batch { ticket, rows: rows.clone(), permit: permit.clone(), late: late.clone() };
            self.handed_on.fetch_add(1, Ordering::Relaxed);
            self.spawn(scope, ticket, move |scope| {
                self.handed_on.fetch_sub(1, Ordering::Relaxed);
                self.advance(scope, fed, 0, batch);
                Ok(())
            });
        }
        if let Some(gathered) = &line.gathered {
            self.lanes[index].gathered.pass(ticket, rows.as_ref().map(SlimFrame::of), |_, rows| {
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                rows.map_or(Ok(()), |rows| gathered.push(rows))
            })?;
        }
        if let Some(writer) = &line.writer {
            let pieces = match rows {
                Some(rows) => writer.split_frame(&rows)?,
                None => Vec::new(),
            };
            self.lanes[index].pieces.pass(ticket, (pieces, permit), |_, (pieces, permit)| {
                for job in writer.admit(pieces)? {
                    self.encode(scope, writer, job, permit.clone());
                }
                Ok::<_, Error>(())
            })?;
        }
        Ok(())
    }

    fn encode<'s>(
        &'s self,
        scope: &Scope<'s>,
        writer: &'l DatasetWriter,
        job: Job,
        permit: Option<Arc<Permit>>,
    ) {
        let ticket = Ticket { task: u64::MAX, part: 0, last: true };
        self.spawn(scope, ticket, move |_| {
            let _permit = permit;
            if self.stopped() {
                return Ok(());
            }
            let rows = job.rows() as u64;
            let bytes = writer.run(job)?;
            Progress::add(&self.machine.progress.rows_written, rows);
            Progress::add(&self.machine.progress.bytes_written, bytes);
            Ok(())
        });
    }

    fn stopped(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.machine.cancel.signal().is_some()
    }

    /// Stops everything; of the failures that are met until then, the earliest in the stream is kept.
    fn note(&self, ticket: Ticket, outcome: Result<()>) {
        let Err(error) = outcome else { return };
        self.failed.store(true, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.as_ref().is_none_or(|(earliest, _)| ticket < *earliest) {
            *failure = Some((ticket, error));
        }
    }

    fn outcome(&self) -> Result<()> {
        self.machine.cancel.check()?;
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}

/// A panic as an error, so that nobody waits for what will never come.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::defect(format!("a worker panicked: {}", text.unwrap_or("no message")))
}
