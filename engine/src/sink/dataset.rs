//! Writes one dataset: rows in order in, staged files out, nothing of it visible yet.
//!
//! In its turn a batch is only dealt out to the buffers of its partitions; full buffers become jobs
//! that encode in parallel and append to their partition's files in order again. Where files and row
//! groups are cut depends on the rows alone, never on threads or memory.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::file::writer::SerializedFileWriter;
use polars::prelude::DataFrame;

use super::encode::{Encoder, RowGroup, writing};
use super::partition::{Partitioner, Piece};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::exec::turnstile::{Ticket, Turnstile};
use crate::store::{Dataset, Staged, Staging, Upload};

/// Bytes of rows that wait in all buffers of a dataset together, about.
const BUFFERED_BYTES: usize = 256 << 20;

/// Smallest row group that is cut early because many partitions are open.
const FEWEST_ROWS: usize = 8 << 10;

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
    partitions: Mutex<BTreeMap<Arc<str>, Buffer>>,
}

struct Buffer {
    rows: usize,
    batches: Vec<RecordBatch>,
    groups_cut: u64,
    files: Arc<PartitionFiles>,
}

struct PartitionFiles {
    folder: Arc<str>,
    lane: Turnstile<RowGroup>,
    state: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    open: Option<OpenFile>,
    started: u32,
    finished: Vec<StagedFile>,
}

struct OpenFile {
    path: String,
    rows: u64,
    bytes: u64,
    writer: SerializedFileWriter<UploadWriter>,
}

/// Rows that make one row group, ready to be encoded anywhere.
pub struct Job {
    files: Arc<PartitionFiles>,
    ordinal: u64,
    batches: Vec<RecordBatch>,
}

impl Job {
    /// Rows of the row group.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

impl DatasetWriter {
    /// A writer with nothing staged yet.
    pub fn new(layout: Layout) -> Self {
        Self { layout, partitions: Mutex::default() }
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
    pub fn admit(&self, pieces: Vec<Piece>) -> Vec<Job> {
        let mut partitions = lock(&self.partitions);
        let mut jobs = Vec::new();
        for Piece { folder, rows } in pieces {
            partitions.entry(Arc::clone(&folder)).or_insert_with(|| Buffer::new(Arc::clone(&folder)));
            let full = self.full_group(partitions.len());
            if let Some(buffer) = partitions.get_mut(&folder) {
                buffer.push(rows, full, &mut jobs);
            }
        }
        jobs
    }

    /// Encodes a row group and appends it, or leaves it for whoever appends before it; gives its bytes.
    pub fn run(&self, job: Job) -> Result<u64> {
        let group = self.layout.encoder.encode(&job.batches)?;
        drop(job.batches);
        let ticket = Ticket { task: job.ordinal, part: 0, last: true };
        let bytes = group.bytes;
        job.files.lane.pass(ticket, group, |_, group| self.append(&job.files, group))?;
        Ok(bytes)
    }

    /// After the last batch: the row groups that never became full.
    pub fn drain(&self) -> Vec<Job> {
        let mut partitions = lock(&self.partitions);
        partitions.values_mut().filter(|buffer| buffer.rows > 0).map(Buffer::cut).collect()
    }

    /// After the last job: closes all files and gives them, by path.
    pub fn finish(self) -> Result<Vec<StagedFile>> {
        let mut staged = Vec::new();
        for buffer in lock(&self.partitions).values() {
            let mut files = lock(&buffer.files.state);
            files.close()?;
            staged.append(&mut files.finished);
        }
        staged.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(staged)
    }

    fn full_group(&self, partitions: usize) -> usize {
        let share = BUFFERED_BYTES / self.layout.row_bytes.max(1) / partitions.max(1);
        share.max(FEWEST_ROWS).min(self.layout.group_rows.max(1))
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
                state.close()?;
            }
        }
        Ok(())
    }
}

impl Buffer {
    fn new(folder: Arc<str>) -> Self {
        let files = PartitionFiles { folder, lane: Turnstile::default(), state: Mutex::default() };
        Self { rows: 0, batches: Vec::new(), groups_cut: 0, files: Arc::new(files) }
    }

    fn push(&mut self, mut rows: RecordBatch, full: usize, jobs: &mut Vec<Job>) {
        while self.rows + rows.num_rows() >= full {
            let taken = full.saturating_sub(self.rows).min(rows.num_rows());
            self.keep(rows.slice(0, taken));
            rows = rows.slice(taken, rows.num_rows() - taken);
            jobs.push(self.cut());
        }
        self.keep(rows);
    }

    fn keep(&mut self, rows: RecordBatch) {
        if rows.num_rows() > 0 {
            self.rows += rows.num_rows();
            self.batches.push(rows);
        }
    }

    fn cut(&mut self) -> Job {
        let ordinal = self.groups_cut;
        self.groups_cut += 1;
        self.rows = 0;
        Job { files: Arc::clone(&self.files), ordinal, batches: std::mem::take(&mut self.batches) }
    }
}

impl Files {
    fn close(&mut self) -> Result<()> {
        let Some(OpenFile { path, rows, writer, .. }) = self.open.take() else {
            return Ok(());
        };
        let UploadWriter(upload) = writer.into_inner().map_err(writing)?;
        let staged = upload.finish()?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).into();
        self.finished.push(StagedFile { folder, path, rows, bytes: staged.size, staged });
        Ok(())
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
