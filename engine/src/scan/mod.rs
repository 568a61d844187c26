//! READ: the files of a source, brought under one schema and decoded in numbered tasks.

mod adapt;
mod contract;
mod delivery;
mod dictionaries;
mod discover;
mod kept;
mod nesting;
mod parquet;
mod part;
mod partition;
mod schema;
mod select;
mod statistics;
mod text;
mod unify;
mod values;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::ops::Range;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use polars::prelude::{DataFrame, Schema};

pub use adapt::ROW_BITS;
use adapt::{Adapter, Carried};
pub use contract::{Declared, Extra};
pub use discover::{Request, plan};
pub use kept::{Origins, origins, plan_kept};
pub(crate) use parquet::guarded;
use parquet::{Chunks, RowGroupRead};
pub use part::Part;
pub use partition::PartitionValue;
pub use select::Wanted;
pub use text::{CsvFormat, TextFormat};
pub use unify::{Change, Difference};

use crate::error::{Error, Place, Result};
use crate::exec::bridge;
use crate::memory::row_width;
use crate::steps::{ColumnSet, HIDDEN};
use crate::store::{Entry, Io};

/// Hidden column that tells from which file and row a row came.
pub const ORIGIN: &str = "__lockgate_origin";

/// Rows of a batch, at most.
pub const BATCH_ROWS: usize = 128 << 10;

/// Bytes of a batch of wide rows, about.
const BATCH_BYTES: usize = 16 << 20;

/// Rows of a batch of wide rows, at least.
const FEW_BATCH_ROWS: usize = 1 << 10;

/// The format of a source's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// A text format.
    Text(TextFormat),
}

impl Format {
    /// Its name, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Text(TextFormat::Csv(_)) => "csv",
            Self::Text(TextFormat::Ndjson) => "ndjson",
        }
    }

    /// How names of its files end.
    fn extensions(&self) -> &'static [&'static str] {
        match self {
            Self::Parquet => &[".parquet", ".parq", ".pq"],
            Self::Text(TextFormat::Csv(_)) => CSV_ENDINGS,
            Self::Text(TextFormat::Ndjson) => NDJSON_ENDINGS,
        }
    }
}

const CSV_ENDINGS: &[&str] = &[".csv", ".tsv", ".txt"];
const NDJSON_ENDINGS: &[&str] = &[".ndjson", ".jsonl", ".json"];

/// The files of a source and how they are read.
pub struct Scan {
    name: String,
    address: String,
    format: Format,
    arrow_schema: SchemaRef,
    schema: Schema,
    carried: Carried,
    files: Vec<ScanFile>,
    tasks: Vec<Task>,
    differences: Vec<Difference>,
    /// Which rows are read of what tasks read.
    part: Part,
    /// Values of columns that dictionaries list.
    listed: BTreeMap<String, ArrayRef>,
    io: Option<Io>,
    /// Rows of a batch, at most.
    pub batch_rows: usize,
}

/// One file of a scan.
pub struct ScanFile {
    /// Where it is, its size and etag.
    pub entry: Entry,
    /// What its path says about its rows.
    pub partition: Vec<PartitionValue>,
    adapter: Adapter,
    body: Body,
}

enum Body {
    Parquet(ArrowReaderMetadata, ProjectionMask),
    Text(text::Body),
}

/// A part of a file that is read and decoded at once.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    file: usize,
    row_group: usize,
    first_row: u64,
}

/// The stored bytes of a task.
pub enum Fetched {
    /// Nothing was read ahead.
    Nothing,
    /// Column chunks of a row group.
    Chunks(Chunks),
}

impl Scan {
    fn new(
        request: &Request,
        arrow_schema: SchemaRef,
        files: Vec<ScanFile>,
        tasks: Vec<Task>,
        differences: Vec<Difference>,
    ) -> Result<Self> {
        let schema = bridge::frame_schema(&arrow_schema)?;
        let io = files.first().map(|file| file.entry.location.io().clone());
        Ok(Self {
            name: request.name.clone(),
            address: request.address.clone(),
            format: request.format.clone(),
            carried: Carried::all(&arrow_schema),
            arrow_schema,
            schema,
            files,
            tasks,
            differences,
            part: Part::Whole,
            listed: BTreeMap::new(),
            io,
            batch_rows: BATCH_ROWS,
        })
    }

    /// The same columns of no files.
    fn without_files(mut self) -> Self {
        self.files.clear();
        self.tasks.clear();
        self.differences.clear();
        self
    }

    /// Name of the source.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its files are, as the pipeline says.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Schema of the source: the files' columns, the partition columns, and the hidden origin.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads no columns but those of `wanted`; gives the schema that batches have then. What footers prove
    /// of the others is still known.
    pub fn narrow(&mut self, wanted: &ColumnSet) -> Result<Schema> {
        let stays = |name: &str| wanted.contains(name) || !Self::is_visible(name);
        let carried = Carried::of(&self.arrow_schema, stays);
        let schema = bridge::frame_schema(&carried.schema)?;
        self.keep(carried);
        Ok(schema)
    }

    /// Reads what is `carried` and nothing else.
    fn keep(&mut self, carried: Carried) {
        for file in &mut self.files {
            if let Body::Parquet(footer, projection) = &mut file.body {
                *projection = parquet::projection(footer, file.adapter.file_columns(&carried));
            }
        }
        self.carried = carried;
    }

    /// How many rows of what is carried make a batch of moderate size, so that memory does not grow with the columns.
    fn moderate_rows(&self) -> usize {
        (BATCH_BYTES / row_width(&self.carried.schema)).clamp(FEW_BATCH_ROWS, BATCH_ROWS)
    }

    /// The files, by path.
    pub fn files(&self) -> &[ScanFile] {
        &self.files
    }

    /// How many files are read.
    pub fn files_read(&self) -> u64 {
        let files: BTreeSet<usize> = self.tasks.iter().map(|task| task.file).collect();
        files.len() as u64
    }

    /// Addresses of the files, by number.
    pub fn file_names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.adapter.object.clone()).collect()
    }

    /// How files differ from the schema.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// What is read at once, in order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Stored bytes that all tasks read.
    pub fn bytes(&self) -> u64 {
        (0..self.tasks.len()).map(|task| self.stored_bytes(task)).sum()
    }

    /// Stored bytes that `task` reads.
    pub fn stored_bytes(&self, task: usize) -> u64 {
        let Task { file, row_group, .. } = self.tasks[task];
        let ScanFile { entry, body, .. } = &self.files[file];
        match body {
            Body::Parquet(footer, projection) => {
                let ranges = parquet::ranges(footer.metadata(), row_group, projection);
                ranges.iter().map(|range| range.end - range.start).sum()
            }
            Body::Text(_) => entry.size,
        }
    }

    /// Reads the stored bytes of a task.
    pub fn fetch(&self, task: usize) -> impl Future<Output = Result<Fetched>> + Send + 'static {
        let Task { file, row_group, .. } = self.tasks[task];
        let ScanFile { entry, body, .. } = &self.files[file];
        let entry = entry.clone();
        let ranges: Option<Vec<Range<u64>>> = match body {
            Body::Parquet(footer, projection) => {
                Some(parquet::ranges(footer.metadata(), row_group, projection))
            }
            Body::Text(_) => None,
        };
        async move {
            let Some(ranges) = ranges else { return Ok(Fetched::Nothing) };
            let bytes = entry.get_ranges(&ranges).await?;
            Ok(Fetched::Chunks(Chunks::new(entry.size, &ranges, bytes)))
        }
    }

    /// Decodes a task, handing on its batches with whether each is the last, until `each` says stop.
    /// Every task gives at least one batch.
    pub fn decode(
        &self,
        task: usize,
        input: Fetched,
        each: &mut dyn FnMut(DataFrame, bool) -> bool,
    ) -> Result<()> {
        let Task { file, row_group, first_row } = self.tasks[task];
        let ScanFile { entry, adapter, body, .. } = &self.files[file];
        let mut row = first_row;
        let mut adapted = |batch: RecordBatch, last: bool| {
            let frame = bridge::to_frame(&adapter.adapt(&self.carried, &batch, row)?)?;
            let frame = self.part.rows(frame, row)?;
            row += batch.num_rows() as u64;
            Ok(each(frame, last))
        };
        match (body, input) {
            (Body::Parquet(footer, projection), Fetched::Chunks(chunks)) => {
                let read = RowGroupRead {
                    object: &adapter.object,
                    metadata: footer,
                    row_group,
                    projection,
                    batch_rows: self.batch_rows.min(self.moderate_rows()),
                };
                let decoded = read.decode(&chunks, &mut adapted);
                decoded.map_err(|error| self.doubted(task, &chunks, error))
            }
            (Body::Text(body), _) => match (&self.format, &self.io) {
                (Format::Text(format), Some(io)) => {
                    text::decode(format, body, self.batch_rows, (io, entry), &mut adapted)
                }
                _ => Err(Error::defect("a text file in a scan that is not of text")),
            },
            (Body::Parquet(..), Fetched::Nothing) => {
                Err(Error::defect("a row group was decoded before it was read"))
            }
        }
    }

    /// `error`, unless it is about bytes that are others when they are read again: those changed on the way.
    fn doubted(&self, task: usize, chunks: &Chunks, error: Error) -> Error {
        if !matches!(error.place(), Some(Place::Object { row_group: Some(_), .. })) {
            return error;
        }
        let Task { file, row_group, .. } = self.tasks[task];
        let location = &self.files[file].entry.location;
        match location.io().block_on(self.fetch(task)) {
            Ok(Fetched::Chunks(again)) if again != *chunks => {
                Error::unavailable(format!("bytes of row group {row_group} of {location} changed on the way"))
                    .in_row_group(location.to_string(), row_group, None)
                    .hint("run it again; if it stays so, look for what stands between here and the store")
                    .because(error)
            }
            _ => error,
        }
    }

    /// Whether a column is one the user sees.
    pub fn is_visible(name: &str) -> bool {
        !name.starts_with(HIDDEN)
    }
}
