//! How the rows of a table will be laid out in its dataset.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use parquet::basic::Compression;
use polars::prelude::Schema;

use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::memory::{Disk, row_width};
use crate::sink::{DatasetWriter, Encoder, Layout, Partitioner};
use crate::spec::Mode;
use crate::steps::HIDDEN;
use crate::store::{Dataset, Staging, partition_folder};

/// In-memory bytes of a full row group, about.
const GROUP_BYTES: usize = 128 << 20;

/// Rows of a full row group, at most.
const GROUP_ROWS: usize = 1 << 20;

/// How a table is written.
#[derive(Debug, Clone)]
pub struct WritePlan {
    /// Where.
    pub dataset: Dataset,
    /// By what it is partitioned.
    pub partitioning: Partitioning,
    /// What happens to what is there already.
    pub mode: Mode,
    /// Codec of the column chunks.
    pub compression: Compression,
    /// Bytes after which a file is closed.
    pub file_bytes: u64,
    /// Rows of a row group, if the pipeline says.
    pub group_rows: Option<usize>,
}

/// By what a dataset is partitioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partitioning {
    /// By the values of these columns.
    Columns(Vec<String>),
    /// By the run's time, as `created_at`.
    RunTime,
    /// All rows in this folder.
    Folder(String),
}

impl WritePlan {
    /// One file in the folder given.
    pub fn single(dataset: Dataset, folder: String, compression: Compression) -> Self {
        Self {
            dataset,
            partitioning: Partitioning::Folder(folder),
            mode: Mode::Replace,
            compression,
            file_bytes: u64::MAX,
            group_rows: None,
        }
    }

    /// What tells the partitions of rows of `schema` apart, where their first column may stand for times.
    pub fn times(&self, schema: &Schema) -> Option<Partitioner> {
        use polars::prelude::DataType;
        let Partitioning::Columns(names) = &self.partitioning else { return None };
        let first = schema.get(names.first()?.as_str())?;
        if !matches!(first, DataType::Date | DataType::Datetime(..) | DataType::String) {
            return None;
        }
        let keys = names.iter().map(|name| schema.get_full(name).map(|(index, ..)| index));
        Some(Partitioner::new(names.clone(), keys.collect::<Option<_>>()?, Vec::new()))
    }

    /// The writer for rows of `schema`; files carry `tag` in their names.
    pub fn writer(
        &self,
        schema: &Schema,
        run_time: DateTime<Utc>,
        tag: String,
        staging: Staging,
        disk: &Disk,
    ) -> Result<DatasetWriter> {
        let input = bridge::arrow_schema(schema)?;
        let position = |name: &String| {
            schema
                .get_full(name)
                .map(|(index, ..)| index)
                .ok_or_else(|| Error::wrong(format!("the table has no column \"{name}\" to partition by")))
        };
        let keys = match &self.partitioning {
            Partitioning::Columns(names) => names.iter().map(position).collect::<Result<Vec<_>>>()?,
            Partitioning::RunTime | Partitioning::Folder(_) => Vec::new(),
        };
        let visible =
            |index: &usize| !input.field(*index).name().starts_with(HIDDEN) && !keys.contains(index);
        let kept: Vec<usize> = (0..input.fields().len()).filter(visible).collect();
        if kept.is_empty() {
            return Err(Error::wrong("the table has no column to write besides those it is partitioned by"));
        }
        let written: SchemaRef = Arc::new(
            input
                .project(&kept)
                .map_err(|error| Error::defect("could not choose the columns to write").because(error))?,
        );
        let row_bytes = row_width(&written);
        let partitioner = match &self.partitioning {
            Partitioning::Columns(names) => Partitioner::new(names.clone(), keys, kept),
            Partitioning::RunTime => Partitioner::single(run_time_folder(run_time), kept),
            Partitioning::Folder(folder) => Partitioner::single(folder.as_str(), kept),
        };
        let created_by = concat!("lockgate version ", env!("CARGO_PKG_VERSION"));
        Ok(DatasetWriter::new(Layout {
            dataset: self.dataset.clone(),
            staging,
            input,
            encoder: Encoder::new(written, self.compression, created_by)?,
            partitioner,
            group_rows: self.group_rows.unwrap_or((GROUP_BYTES / row_bytes).clamp(1, GROUP_ROWS)),
            row_bytes,
            file_bytes: self.file_bytes,
            tag,
            disk: disk.clone(),
        }))
    }
}

/// `created_at=2013-01-01T00%3A00%3A00.000Z`.
pub fn run_time_folder(run_time: DateTime<Utc>) -> String {
    let time = run_time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    partition_folder("created_at", Some(&time))
}
