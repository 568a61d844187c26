//! Frames on disk, in the order in which they came.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::DataType as ArrowType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use polars::prelude::{Column, DataFrame, DataType};

use super::disk::{Disk, DiskFile, Extent};
use crate::error::{Error, Result};
use crate::exec::bridge;

/// Rows of a frame that one of many readers holds at a time.
const PIECE_ROWS: usize = 1 << 14;

/// Frames on disk.
pub struct Spool {
    file: Arc<DiskFile>,
    frames: Vec<Frame>,
    rows: u64,
}

#[derive(Clone, Copy)]
struct Frame {
    at: Extent,
    rows: usize,
}

/// A frame as it is written.
pub struct Packed {
    bytes: Vec<u8>,
    rows: usize,
}

impl Packed {
    /// Makes a frame ready to be written; needs no turn.
    pub fn of(frame: &DataFrame) -> Result<Self> {
        Self::of_record(&bridge::to_record(frame, &bridge::arrow_schema(frame.schema())?)?)
    }

    /// Makes a record batch ready to be written; needs no turn.
    pub fn of_record(record: &RecordBatch) -> Result<Self> {
        let record = compact(record);
        let write = |record: &RecordBatch| {
            let mut writer = StreamWriter::try_new(Vec::new(), record.schema_ref())?;
            writer.write(record)?;
            writer.into_inner()
        };
        let bytes =
            write(&record).map_err(|error| Error::defect("could not write rows to disk").because(error))?;
        Ok(Self { bytes: lz4_flex::block::compress_prepend_size(&bytes), rows: record.num_rows() })
    }
}

impl Spool {
    /// An empty spool.
    pub fn new(disk: &Disk) -> Result<Self> {
        Ok(Self::in_file(&Arc::new(disk.file()?)))
    }

    /// So many empty spools, which share a file.
    pub fn several(disk: &Disk, count: usize) -> Result<Vec<Self>> {
        let file = Arc::new(disk.file()?);
        Ok((0..count).map(|_| Self::in_file(&file)).collect())
    }

    /// An empty spool in a file that may have others.
    pub fn in_file(file: &Arc<DiskFile>) -> Self {
        Self { file: Arc::clone(file), frames: Vec::new(), rows: 0 }
    }

    /// Appends a frame.
    pub fn push(&mut self, Packed { bytes, rows }: Packed) -> Result<()> {
        let at = self.file.append(&bytes)?;
        self.frames.push(Frame { at, rows });
        self.rows += rows as u64;
        Ok(())
    }

    /// Appends a frame in pieces, for a reader that reads many spools at a time.
    pub fn push_in_pieces(&mut self, frame: &DataFrame) -> Result<()> {
        let starts = (0..frame.height()).step_by(PIECE_ROWS);
        starts.into_iter().try_for_each(|at| self.push(Packed::of(&frame.slice(at as i64, PIECE_ROWS))?))
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Rows of all frames together.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows of the frame at `index`.
    pub fn height(&self, index: usize) -> usize {
        self.frames[index].rows
    }

    /// The frame at `index`.
    pub fn read(&self, index: usize) -> Result<DataFrame> {
        bridge::to_frame(&self.read_record(index)?)
    }

    /// The frame at `index` as a record batch.
    pub fn read_record(&self, index: usize) -> Result<RecordBatch> {
        let bytes = self.file.read(self.frames[index].at)?;
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::defect("rows read back from disk are not those that were written").because(error)
        };
        let bytes = lz4_flex::block::decompress_size_prepended(&bytes).map_err(|e| broken(Box::new(e)))?;
        let mut reader = StreamReader::try_new(bytes.as_slice(), None).map_err(|e| broken(Box::new(e)))?;
        match reader.next() {
            Some(record) => record.map_err(|error| broken(Box::new(error))),
            None => Err(broken("the frame is missing".into())),
        }
    }
}

/// The same rows without bytes of texts that they do not show.
fn compact(record: &RecordBatch) -> RecordBatch {
    let compacted = |array: &ArrayRef| -> ArrayRef {
        match array.data_type() {
            ArrowType::Utf8View => Arc::new(array.as_string_view().gc()),
            ArrowType::BinaryView => Arc::new(array.as_binary_view().gc()),
            _ => Arc::clone(array),
        }
    };
    let columns = record.columns().iter().map(compacted).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(record.num_rows()));
    RecordBatch::try_new_with_options(record.schema(), columns, &options).unwrap_or_else(|_| record.clone())
}

/// About as many bytes as the rows of `frame` take by themselves.
pub fn bytes_of(frame: &DataFrame) -> u64 {
    frame.columns().iter().map(bytes_of_column).sum()
}

/// About as many bytes as the values of `column` take by themselves.
pub fn bytes_of_column(column: &Column) -> u64 {
    const VIEW: u64 = 16;
    let rows = column.len() as u64;
    match column.dtype() {
        DataType::String => {
            let texts = column.str().map_or(0, |texts| {
                texts.downcast_iter().map(|array| array.total_bytes_len() as u64).sum::<u64>()
            });
            rows * VIEW + texts
        }
        DataType::List(_) | DataType::Struct(_) | DataType::Binary => {
            column.as_materialized_series().estimated_size() as u64
        }
        DataType::Boolean => rows / 8,
        DataType::Decimal(..) | DataType::Int128 => rows * 16,
        DataType::Int8 | DataType::UInt8 => rows,
        DataType::Int16 | DataType::UInt16 => rows * 2,
        DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date => rows * 4,
        _ => rows * 8,
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::*;

    fn rows() -> DataFrame {
        let frame = df!(
            "id" => [1i64, 2, 3],
            "text" => [Some("short"), None, Some("a text that is longer than a view can hold by itself")],
            "x" => [Some(f64::NAN), Some(-0.0), None],
            "list" => [Series::new("".into(), [1i32, 2]), Series::new_empty("".into(), &DataType::Int32), Series::new("".into(), [3i32])],
        )
        .unwrap();
        let day = frame.column("id").unwrap().cast(&DataType::Int32).unwrap().cast(&DataType::Date).unwrap();
        frame.hstack(&[day.with_name("day".into())]).unwrap()
    }

    #[test]
    fn frames_come_back_as_they_went() {
        let frame = rows();
        let mut spool = Spool::new(&Disk::new(std::env::temp_dir(), None)).unwrap();
        for part in [&frame, &frame.slice(1, 1), &frame.slice(0, 0)] {
            spool.push(Packed::of(part).unwrap()).unwrap();
        }
        assert_eq!((spool.len(), spool.rows(), spool.height(1)), (3, 4, 1));
        assert!(spool.read(1).unwrap().equals_missing(&frame.slice(1, 1)));
        assert!(spool.read(0).unwrap().equals_missing(&frame));
        assert_eq!(spool.read(2).unwrap().schema(), frame.schema());
    }

    #[test]
    fn bytes_are_those_of_the_rows_not_of_what_they_were_cut_from() {
        let texts: Vec<String> = (0..1000).map(|row| format!("a long text, that of row {row:04}")).collect();
        let frame = df!("text" => texts, "id" => (0..1000i64).collect::<Vec<_>>()).unwrap();
        assert_eq!(bytes_of(&frame), 1000 * (16 + 29 + 8));
        assert_eq!(bytes_of(&frame.slice(0, 10)), 10 * (16 + 29 + 8));
    }
}
