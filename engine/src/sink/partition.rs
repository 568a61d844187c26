//! Which output partition a row belongs to: Hive folder names, and a batch cut by them.
//!
//! Folder names are escaped as Spark does, so that no value can leave its folder; null and the empty
//! string share Hive's default partition.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat_batches, partition, take_record_batch};
use arrow::datatypes::{DataType, TimeUnit};
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
        let folders = folders(names, &keys, &ranges)?;
        let mut order: Vec<Arc<str>> = Vec::new();
        let mut by_folder: HashMap<Arc<str>, Vec<Range<usize>>> = HashMap::new();
        for (folder, range) in folders.into_iter().zip(ranges) {
            let ranges = by_folder.entry(Arc::clone(&folder)).or_insert_with(|| {
                order.push(folder);
                Vec::new()
            });
            ranges.push(range);
        }
        order
            .into_iter()
            .map(|folder| Ok(Piece { rows: gather(&rows, &by_folder[&folder])?, folder }))
            .collect()
    }
}

fn folders(names: &[String], keys: &[ArrayRef], ranges: &[Range<usize>]) -> Result<Vec<Arc<str>>> {
    let options = FormatOptions::new().with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.3fZ"));
    let printers = keys
        .iter()
        .map(|key| ArrayFormatter::try_new(key.as_ref(), &options).map_err(internal))
        .collect::<Result<Vec<_>>>()?;
    let mut seen: HashMap<String, Arc<str>> = HashMap::new();
    ranges
        .iter()
        .map(|range| {
            let mut values = String::new();
            let mut folders = Vec::with_capacity(keys.len());
            for ((name, key), printer) in names.iter().zip(keys).zip(&printers) {
                let value = key.is_valid(range.start).then(|| printer.value(range.start).to_string());
                folders.push(folder(name, value.as_deref())?);
                values.push_str(folders.last().map_or("", String::as_str));
                values.push('/');
            }
            Ok(Arc::clone(seen.entry(values).or_insert_with(|| folders.join("/").into())))
        })
        .collect()
}

/// Partition columns are compared and printed as plain strings, numbers or timestamps in UTC.
fn printable(key: &ArrayRef) -> Result<ArrayRef> {
    match key.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => cast(key, &DataType::Utf8).map_err(internal),
        DataType::Timestamp(_, _) => {
            cast(key, &DataType::Timestamp(TimeUnit::Millisecond, None)).map_err(internal)
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
    use arrow::array::{AsArray, Date32Array, Int64Array, StringArray, TimestampMicrosecondArray};

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
        assert_eq!(folders(Arc::new(time)), ["k=2013-01-01T00%3A00%3A00.123Z"]);
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
