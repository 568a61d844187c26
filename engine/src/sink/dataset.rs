//! Writes one dataset: rows in order in, staged files out, nothing of it visible yet.
//!
//! In its turn a batch is only dealt out to the buffers of its partitions; full buffers become jobs
//! that encode in parallel and append to their partition's files in order again. Where files and row
//! groups are cut depends on the rows alone, never on threads or memory: with many partitions buffers go to
//! disk, and of the files that are open those that were written to longest ago are closed.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::file::writer::SerializedFileWriter;
use polars::prelude::DataFrame;

use super::encode::{Encoder, RowGroup, writing};
use super::partition::{Partitioner, Piece};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::exec::turnstile::{Ticket, Turnstile};
use crate::memory::{Disk, Packed, Spool};
use crate::store::{Dataset, Finishing, Staged, Staging, Upload};

/// Bytes of rows that wait in all buffers of a dataset together, about.
const BUFFERED_BYTES: usize = 256 << 20;

/// Smallest row group that is cut early because many partitions are open.
const FEWEST_ROWS: usize = 8 << 10;

/// Files that are open at the same time. With more partitions than that, row groups are not cut early: each
/// would make a file of its own.
pub(super) const OPEN_FILES: usize = 256;

/// Files that are closed and not durable yet. To wait for the disk or the store takes a file much longer alone
/// than among others.
const CLOSING_FILES: usize = 32;

/// Where and how a dataset is written.
pub struct Layout {
    /// The dataset.
    pub dataset: Dataset,
    /// What the run has staged so far.
    pub staging: Staging,
    /// Schema of the rows that come, partition and hidden columns included.
    pub input: SchemaRef,
    /// How its rows are encoded.
    pub encoder: Encoder,
    /// How rows are dealt out to partitions.
    pub partitioner: Partitioner,
    /// Rows of a full row group.
    pub group_rows: usize,
    /// Estimated bytes of a row in memory, for the buffers' bound.
    pub row_bytes: usize,
    /// Encoded bytes after which a file is closed.
    pub file_bytes: u64,
    /// Part of every file name that tells runs apart.
    pub tag: String,
    /// Where buffers go when there are too many of them.
    pub disk: Disk,
}

/// A file that is complete but not visible.
#[derive(Debug, Clone)]
pub struct StagedFile {
    /// Folder below the dataset.
    pub folder: Arc<str>,
    /// Path below the dataset.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// How the store holds it until it is published.
    pub staged: Staged,
}

/// The writer of one dataset in one run.
pub struct DatasetWriter {
    layout: Layout,
    state: Mutex<State>,
    away: Arc<RwLock<Option<Spool>>>,
    closing: Mutex<VecDeque<ClosingFile>>,
    closed: Mutex<Vec<StagedFile>>,
}

#[derive(Default)]
struct State {
    partitions: BTreeMap<Arc<str>, Buffer>,
    /// Rows in all buffers that are in memory.
    rows_here: usize,
    /// Partitions with an open file, by when a row group was cut for them last.
    open: BTreeMap<u64, Arc<str>>,
    cuts: u64,
}

struct Buffer {
    rows: usize,
    rows_here: usize,
    batches: Vec<Rows>,
    /// When a row group was cut last, while the file it goes to is open.
    last_cut: Option<u64>,
    groups_cut: u64,
    files: Arc<PartitionFiles>,
}

/// Some rows of a partition: in memory, or on disk at an index.
enum Rows {
    Here(RecordBatch),
    Away(usize),
}

struct PartitionFiles {
    folder: Arc<str>,
    lane: Turnstile<Appended>,
    state: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    open: Option<OpenFile>,
    started: u32,
}

struct OpenFile {
    path: String,
    rows: u64,
    bytes: u64,
    writer: SerializedFileWriter<UploadWriter>,
}

struct ClosingFile {
    path: String,
    rows: u64,
    upload: Finishing,
}

/// What happens to a partition's files, in order.
enum Appended {
    Group(RowGroup),
    Close,
}

/// Rows that make one row group, ready to be encoded anywhere; or that a file is to be closed.
pub struct Job {
    files: Arc<PartitionFiles>,
    ordinal: u64,
    rows: usize,
    batches: Vec<Rows>,
}

impl Job {
    /// Rows of the row group.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl DatasetWriter {
    /// A writer with nothing staged yet.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            state: Mutex::default(),
            away: Arc::default(),
            closing: Mutex::default(),
            closed: Mutex::default(),
        }
    }

    /// The dataset that is written.
    pub fn dataset(&self) -> &Dataset {
        &self.layout.dataset
    }

    /// `split` for a frame; its columns must be those of `Layout::input`.
    pub fn split_frame(&self, frame: &DataFrame) -> Result<Vec<Piece>> {
        self.split(&bridge::to_record(frame, &self.layout.input)?)
    }

    /// Cuts a batch by partition; needs no turn.
    pub fn split(&self, record: &RecordBatch) -> Result<Vec<Piece>> {
        self.layout.partitioner.split(record)
    }

    /// Takes the pieces of a batch in its turn; gives the row groups that became full.
    pub fn admit(&self, pieces: Vec<Piece>) -> Result<Vec<Job>> {
        let state = &mut *lock(&self.state);
        let mut jobs = Vec::new();
        for Piece { folder, rows } in pieces {
            state.partitions.entry(Arc::clone(&folder)).or_insert_with(|| Buffer::new(Arc::clone(&folder)));
            let full = self.full_group(state.partitions.len());
            state.push(&folder, rows, full, &mut jobs);
        }
        if state.rows_here * self.layout.row_bytes > 2 * BUFFERED_BYTES {
            self.put_away(state)?;
        }
        Ok(jobs)
    }

    /// Moves the rows of all buffers to disk.
    fn put_away(&self, state: &mut State) -> Result<()> {
        let mut away = self.away.write().unwrap_or_else(PoisonError::into_inner);
        let spool = match &mut *away {
            Some(spool) => spool,
            none => none.insert(Spool::new(&self.layout.disk)?),
        };
        for buffer in state.partitions.values_mut().filter(|buffer| buffer.rows_here > 0) {
            let from =
                buffer.batches.iter().position(|rows| matches!(rows, Rows::Here(_))).unwrap_or_default();
            let here = buffer.batches.drain(from..).filter_map(|rows| match rows {
                Rows::Here(rows) => Some(rows),
                Rows::Away(_) => None,
            });
            let here: Vec<RecordBatch> = here.collect();
            let Some(first) = here.first() else { continue };
            let all = concat_batches(first.schema_ref(), &here).map_err(|error| {
                Error::defect("could not put rows of a partition together").because(error)
            })?;
            buffer.batches.push(Rows::Away(spool.len()));
            buffer.rows_here = 0;
            spool.push(Packed::of_record(&all)?)?;
        }
        state.rows_here = 0;
        Ok(())
    }

    /// Encodes a row group and appends it, or leaves it for whoever appends before it; gives its bytes.
    pub fn run(&self, job: Job) -> Result<u64> {
        let ticket = Ticket { task: job.ordinal, part: 0, last: true };
        let (appended, bytes) = if job.rows == 0 {
            (Appended::Close, 0)
        } else {
            let group = self.layout.encoder.encode(&self.brought_back(job.batches)?)?;
            let bytes = group.bytes;
            (Appended::Group(group), bytes)
        };
        job.files.lane.pass(ticket, appended, |_, appended| match appended {
            Appended::Group(group) => self.append(&job.files, group),
            Appended::Close => self.close(&mut lock(&job.files.state)),
        })?;
        Ok(bytes)
    }

    fn brought_back(&self, rows: Vec<Rows>) -> Result<Vec<RecordBatch>> {
        let away = self.away.read().unwrap_or_else(PoisonError::into_inner);
        let batch = |rows| match (rows, &*away) {
            (Rows::Here(rows), _) => Ok(rows),
            (Rows::Away(index), Some(spool)) => spool.read_record(index),
            (Rows::Away(_), None) => Err(Error::defect("rows that were put away are gone")),
        };
        rows.into_iter().map(batch).collect()
    }

    /// After the last batch: the row groups that never became full.
    pub fn drain(&self) -> Vec<Job> {
        let state = &mut *lock(&self.state);
        let folders: Vec<Arc<str>> = state.partitions.keys().cloned().collect();
        let mut jobs = Vec::new();
        for folder in folders {
            state.cut(&folder, &mut jobs);
        }
        jobs
    }

    /// After the last job: closes all files and gives them, by path.
    pub fn finish(self) -> Result<Vec<StagedFile>> {
        for buffer in lock(&self.state).partitions.values() {
            self.close(&mut lock(&buffer.files.state))?;
        }
        for file in lock(&self.closing).drain(..) {
            lock(&self.closed).push(file.wait()?);
        }
        let mut closed = self.closed.into_inner().unwrap_or_else(PoisonError::into_inner);
        closed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(closed)
    }

    /// Closes the file that is open, if one is, and waits for others if too many are not durable yet.
    fn close(&self, files: &mut Files) -> Result<()> {
        let Some(OpenFile { path, rows, writer, .. }) = files.open.take() else { return Ok(()) };
        let UploadWriter(upload) = writer.into_inner().map_err(writing)?;
        let file = ClosingFile { path, rows, upload: upload.finish()? };
        let oldest = {
            let mut closing = lock(&self.closing);
            closing.push_back(file);
            if closing.len() > CLOSING_FILES { closing.pop_front() } else { None }
        };
        if let Some(oldest) = oldest {
            let closed = oldest.wait()?;
            lock(&self.closed).push(closed);
        }
        Ok(())
    }

    /// Files that are open now.
    #[cfg(test)]
    pub(super) fn open_files(&self) -> usize {
        let state = lock(&self.state);
        state.partitions.values().filter(|buffer| lock(&buffer.files.state).open.is_some()).count()
    }

    fn full_group(&self, partitions: usize) -> usize {
        let whole = self.layout.group_rows.max(1);
        if partitions > OPEN_FILES {
            return whole;
        }
        let share = BUFFERED_BYTES / self.layout.row_bytes.max(1) / partitions.max(1);
        share.max(FEWEST_ROWS).min(whole)
    }

    fn append(&self, files: &PartitionFiles, group: RowGroup) -> Result<()> {
        let mut state = lock(&files.state);
        if state.open.is_none() {
            let path = format!("{}/part-{:05}-{}.parquet", files.folder, state.started, self.layout.tag);
            state.started += 1;
            let upload = self.layout.staging.upload(&self.layout.dataset, &path)?;
            let writer = self.layout.encoder.start(UploadWriter(upload))?;
            state.open = Some(OpenFile { path, rows: 0, bytes: 0, writer });
        }
        if let Some(file) = &mut state.open {
            file.rows += group.rows;
            file.bytes += group.bytes;
            group.append_to(&mut file.writer)?;
            if file.bytes >= self.layout.file_bytes {
                self.close(&mut state)?;
            }
        }
        Ok(())
    }
}

impl State {
    fn push(&mut self, folder: &Arc<str>, mut rows: RecordBatch, full: usize, jobs: &mut Vec<Job>) {
        while let Some(held) = self.partitions.get(folder).map(|buffer| buffer.rows)
            && held + rows.num_rows() >= full
        {
            let taken = full.saturating_sub(held).min(rows.num_rows());
            self.keep(folder, rows.slice(0, taken));
            rows = rows.slice(taken, rows.num_rows() - taken);
            self.cut(folder, jobs);
        }
        self.keep(folder, rows);
    }

    fn keep(&mut self, folder: &Arc<str>, rows: RecordBatch) {
        let count = rows.num_rows();
        if let Some(buffer) = self.partitions.get_mut(folder).filter(|_| count > 0) {
            buffer.rows += count;
            buffer.rows_here += count;
            self.rows_here += count;
            buffer.batches.push(Rows::Here(rows));
        }
    }

    /// Cuts what a partition has as a row group, and has the file closed that was written to longest ago if
    /// too many are open.
    fn cut(&mut self, folder: &Arc<str>, jobs: &mut Vec<Job>) {
        let Some(buffer) = self.partitions.get_mut(folder).filter(|buffer| buffer.rows > 0) else { return };
        self.rows_here -= buffer.rows_here;
        jobs.push(buffer.cut());
        self.cuts += 1;
        if let Some(before) = buffer.last_cut.replace(self.cuts) {
            self.open.remove(&before);
        }
        self.open.insert(self.cuts, Arc::clone(folder));
        if self.open.len() > OPEN_FILES
            && let Some((_, oldest)) = self.open.pop_first()
            && let Some(oldest) = self.partitions.get_mut(&oldest)
        {
            oldest.last_cut = None;
            jobs.push(oldest.close());
        }
    }
}

impl Buffer {
    fn new(folder: Arc<str>) -> Self {
        let files = PartitionFiles { folder, lane: Turnstile::default(), state: Mutex::default() };
        Self {
            rows: 0,
            rows_here: 0,
            batches: Vec::new(),
            last_cut: None,
            groups_cut: 0,
            files: Arc::new(files),
        }
    }

    fn cut(&mut self) -> Job {
        let (rows, batches) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.batches));
        self.rows_here = 0;
        self.job(rows, batches)
    }

    fn close(&mut self) -> Job {
        self.job(0, Vec::new())
    }

    fn job(&mut self, rows: usize, batches: Vec<Rows>) -> Job {
        let ordinal = self.groups_cut;
        self.groups_cut += 1;
        Job { files: Arc::clone(&self.files), ordinal, rows, batches }
    }
}

impl ClosingFile {
    fn wait(self) -> Result<StagedFile> {
        let Self { path, rows, upload } = self;
        let staged = upload.wait()?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).into();
        Ok(StagedFile { folder, path, rows, bytes: staged.size, staged })
    }
}

/// An upload as a plain writer, for the Parquet library.
struct UploadWriter(Upload);

impl Write for UploadWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(Bytes::copy_from_slice(bytes)).map_err(|error: Error| std::io::Error::other(error))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
