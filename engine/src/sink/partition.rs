//! Which output partition a row belongs to: Hive folder names, and a batch cut by them.
//!
//! Folder names are escaped as Spark does, so that no value can leave its folder; null and the empty
//! string share Hive's default partition.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat_batches, partition, take_record_batch};
use arrow::datatypes::{DataType, TimeUnit, TimestampNanosecondType};
use arrow::row::{Row, RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::{Error, Result};
use crate::store::partition_folder;

/// Longest folder name that every store and file system takes.
const LONGEST_NAME: usize = 240;

/// `name=value` as a folder name, escaped.
pub fn folder(name: &str, value: Option<&str>) -> Result<String> {
    let folder = partition_folder(name, value);
    if folder.len() > LONGEST_NAME {
        let shown: String = folder.chars().take(60).collect();
        return Err(Error::wrong(format!("partition folder \"{shown}…\" is {} bytes long", folder.len()))
            .hint(format!(
                "partition values may take up to {LONGEST_NAME} bytes; partition by a shorter column"
            )));
    }
    Ok(folder)
}

/// The rows of a batch that belong to one partition, in their order.
pub struct Piece {
    /// Folder below the dataset, without slashes at its ends.
    pub folder: Arc<str>,
    /// The rows, without the partition columns.
    pub rows: RecordBatch,
}

/// Cuts batches by the values of their partition columns.
#[derive(Debug)]
pub struct Partitioner {
    by: By,
    kept: Vec<usize>,
}

#[derive(Debug)]
enum By {
    Columns { names: Vec<String>, keys: Vec<usize> },
    Nothing(Arc<str>),
}

impl Partitioner {
    /// By the columns at `keys` (names beside), keeping the columns at `kept`.
    pub fn new(names: Vec<String>, keys: Vec<usize>, kept: Vec<usize>) -> Self {
        Self { by: By::Columns { names, keys }, kept }
    }

    /// All rows in one folder, keeping the columns at `kept`.
    pub fn single(folder: impl Into<Arc<str>>, kept: Vec<usize>) -> Self {
        Self { by: By::Nothing(folder.into()), kept }
    }

    /// The folder of each row of `record`, as a position among the folders, which come in order of first
    /// appearance.
    pub fn label(&self, record: &RecordBatch) -> Result<(Vec<u32>, Vec<String>)> {
        let (names, keys) = match &self.by {
            By::Columns { names, keys } => (names, keys),
            By::Nothing(folder) => return Ok((vec![0; record.num_rows()], vec![folder.to_string()])),
        };
        if record.num_rows() == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let keys: Vec<ArrayRef> =
            keys.iter().map(|&key| printable(record.column(key))).collect::<Result<_>>()?;
        let ranges = partition(&keys).map_err(internal)?.ranges();
        let mut of_row = vec![0; record.num_rows()];
        let mut folders = Vec::new();
        for (at, (folder, ranges)) in dealt_out(names, &keys, ranges)?.into_iter().enumerate() {
            for range in ranges {
                of_row[range].fill(at as u32);
            }
            folders.push(folder.to_string());
        }
        Ok((of_row, folders))
    }

    /// The pieces of `record`, in order of first appearance. No rows, no pieces.
    pub fn split(&self, record: &RecordBatch) -> Result<Vec<Piece>> {
        if record.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let rows = record.project(&self.kept).map_err(internal)?;
        let (names, keys) = match &self.by {
            By::Columns { names, keys } => (names, keys),
            By::Nothing(folder) => return Ok(vec![Piece { folder: Arc::clone(folder), rows }]),
        };
        let keys: Vec<ArrayRef> =
            keys.iter().map(|&key| printable(record.column(key))).collect::<Result<_>>()?;
        let ranges = partition(&keys).map_err(internal)?.ranges();
        let pieces = dealt_out(names, &keys, ranges)?;
        pieces
            .into_iter()
            .map(|(folder, ranges)| Ok(Piece { rows: gather(&rows, &ranges)?, folder }))
            .collect()
    }
}

/// A folder and the ranges of rows that belong to it.
type Dealt = (Arc<str>, Vec<Range<usize>>);

/// The ranges of rows of each folder, in order of first appearance. A folder is named once for each key.
fn dealt_out(names: &[String], keys: &[ArrayRef], ranges: Vec<Range<usize>>) -> Result<Vec<Dealt>> {
    let fields = keys.iter().map(|key| SortField::new(key.data_type().clone())).collect();
    let words = RowConverter::new(fields).and_then(|words| words.convert_columns(keys)).map_err(internal)?;
    let mut pieces: Vec<Dealt> = Vec::new();
    let mut of_key: HashMap<Row<'_>, usize> = HashMap::new();
    // Null and the empty text are different keys of one folder.
    let mut of_folder: HashMap<Arc<str>, usize> = HashMap::new();
    for range in ranges {
        let piece = match of_key.entry(words.row(range.start)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let folder: Arc<str> = folder_of(names, keys, range.start)?.into();
                let piece = *of_folder.entry(Arc::clone(&folder)).or_insert(pieces.len());
                if piece == pieces.len() {
                    pieces.push((folder, Vec::new()));
                }
                *new.insert(piece)
            }
        };
        pieces[piece].1.push(range);
    }
    Ok(pieces)
}

fn folder_of(names: &[String], keys: &[ArrayRef], row: usize) -> Result<String> {
    let folders = names.iter().zip(keys).map(|(name, key)| folder(name, text(key, row)?.as_deref()));
    Ok(folders.collect::<Result<Vec<_>>>()?.join("/"))
}

/// The value as text; none for null.
fn text(key: &ArrayRef, row: usize) -> Result<Option<String>> {
    if key.is_null(row) {
        return Ok(None);
    }
    let formats = FormatOptions::new();
    let formats = match key.data_type() {
        DataType::Timestamp(_, zone) => {
            formats.with_timestamp_format(Some(timestamp_format(key, row, zone.is_some())?))
        }
        _ => formats,
    };
    let printer = ArrayFormatter::try_new(key.as_ref(), &formats).map_err(internal)?;
    Ok(Some(printer.value(row).to_string()))
}

/// ISO 8601 to the millisecond, or to as many digits as the value has; `Z` if it is an instant.
fn timestamp_format(key: &ArrayRef, row: usize, is_instant: bool) -> Result<&'static str> {
    let nanos = cast(&key.slice(row, 1), &DataType::Timestamp(TimeUnit::Nanosecond, None));
    let nanos = nanos.map_err(internal)?.as_primitive::<TimestampNanosecondType>().value(0);
    Ok(match (nanos % 1_000_000 == 0, nanos % 1_000 == 0, is_instant) {
        (true, _, true) => "%Y-%m-%dT%H:%M:%S%.3fZ",
        (false, true, true) => "%Y-%m-%dT%H:%M:%S%.6fZ",
        (false, false, true) => "%Y-%m-%dT%H:%M:%S%.9fZ",
        (true, _, false) => "%Y-%m-%dT%H:%M:%S%.3f",
        (false, true, false) => "%Y-%m-%dT%H:%M:%S%.6f",
        (false, false, false) => "%Y-%m-%dT%H:%M:%S%.9f",
    })
}

/// Partition columns are compared and printed as plain strings, numbers or timestamps, instants in UTC.
fn printable(key: &ArrayRef) -> Result<ArrayRef> {
    match key.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => cast(key, &DataType::Utf8).map_err(internal),
        DataType::Timestamp(unit, Some(_)) => {
            cast(key, &DataType::Timestamp(*unit, Some("UTC".into()))).map_err(internal)
        }
        DataType::Dictionary(_, value) => printable(&cast(key, value).map_err(internal)?),
        other if other.is_nested() || other.is_floating() || matches!(other, DataType::BinaryView) => {
            Err(Error::wrong(format!("a column of type {other} cannot name partitions"))
                .hint("partition by a date, a timestamp, a string, a whole number or a boolean"))
        }
        _ => Ok(Arc::clone(key)),
    }
}

fn gather(rows: &RecordBatch, ranges: &[Range<usize>]) -> Result<RecordBatch> {
    const FEW: usize = 8;
    match ranges {
        [only] => Ok(rows.slice(only.start, only.len())),
        few if few.len() <= FEW => {
            let slices: Vec<_> = few.iter().map(|range| rows.slice(range.start, range.len())).collect();
            concat_batches(rows.schema_ref(), &slices).map_err(internal)
        }
        many => {
            let indices: UInt32Array =
                many.iter().flat_map(|range| range.start as u32..range.end as u32).collect::<Vec<_>>().into();
            take_record_batch(rows, &indices).map_err(internal)
        }
    }
}

fn internal(error: arrow::error::ArrowError) -> Error {
    Error::defect("could not cut a batch into partitions").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Int64Array, StringArray, TimestampMicrosecondArray};

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
    }

    fn folders(key: ArrayRef) -> Vec<String> {
        let record = batch(vec![("k", key)]);
        let partitioner = Partitioner::new(vec!["k".into()], vec![0], vec![]);
        partitioner.split(&record).unwrap().iter().map(|piece| piece.folder.to_string()).collect()
    }

    #[test]
    fn values_are_escaped_as_spark_does_and_cannot_leave_their_folder() {
        let key: ArrayRef = Arc::new(StringArray::from(vec![
            Some("../../etc"),
            Some("a b"),
            Some("é=1"),
            Some(""),
            None,
            Some("x\0y"),
        ]));
        assert_eq!(
            folders(key),
            ["k=..%2F..%2Fetc", "k=a b", "k=é%3D1", "k=__HIVE_DEFAULT_PARTITION__", "k=x%00y"]
        );
    }

    #[test]
    fn dates_and_timestamps_are_written_in_iso_form() {
        assert_eq!(folders(Arc::new(Date32Array::from(vec![15_706]))), ["k=2013-01-01"]);
        let time =
            TimestampMicrosecondArray::from(vec![1_356_998_400_123_456]).with_timezone("America/New_York");
        assert_eq!(folders(Arc::new(time)), ["k=2013-01-01T00%3A00%3A00.123456Z"]);
        let wall = TimestampMicrosecondArray::from(vec![1_356_998_400_120_000]);
        assert_eq!(folders(Arc::new(wall)), ["k=2013-01-01T00%3A00%3A00.120"]);
    }

    #[test]
    fn rows_of_a_partition_keep_their_order_however_they_are_scattered() {
        let keys: Vec<&str> = (0..100).map(|i| if i % 3 == 0 { "a" } else { "b" }).collect();
        let record = batch(vec![
            ("k", Arc::new(StringArray::from(keys)) as ArrayRef),
            ("v", Arc::new(Int64Array::from_iter_values(0..100))),
        ]);
        let pieces = Partitioner::new(vec!["k".into()], vec![0], vec![1]).split(&record).unwrap();
        assert_eq!(pieces.len(), 2);
        assert_eq!(&*pieces[0].folder, "k=a");
        let values = pieces[0].rows.column(0).as_primitive::<arrow::datatypes::Int64Type>().values().to_vec();
        assert_eq!(values, (0..100).step_by(3).collect::<Vec<_>>());
    }

    #[test]
    fn two_columns_nest_their_folders_and_leave_the_rows() {
        let record = batch(vec![
            ("a", Arc::new(StringArray::from(vec!["x", "x"])) as ArrayRef),
            ("b", Arc::new(Int64Array::from(vec![1, 2]))),
            ("v", Arc::new(StringArray::from(vec!["p", "q"]))),
        ]);
        let pieces =
            Partitioner::new(vec!["a".into(), "b".into()], vec![0, 1], vec![2]).split(&record).unwrap();
        assert_eq!(&*pieces[1].folder, "a=x/b=2");
        assert_eq!(pieces[1].rows.num_columns(), 1);
        assert_eq!(pieces[1].rows.column(0).as_string::<i32>().value(0), "q");
    }

    #[test]
    fn a_value_too_long_for_a_folder_name_is_refused() {
        assert!(folder("k", Some(&"x".repeat(10_000))).is_err());
    }

    #[test]
    fn an_empty_batch_opens_no_partition() {
        assert!(folders(Arc::new(Int64Array::from(Vec::<i64>::new()))).is_empty());
    }
}
