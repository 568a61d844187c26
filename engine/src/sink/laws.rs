//! What any sink must keep, whatever rows come and in whatever order the work is done.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::dataset::OPEN_FILES;
use super::{DatasetWriter, Encoder, Job, Layout, Partitioner, StagedFile};
use crate::memory::Disk;
use crate::store::{Dataset, Io, Settings, Staging, Stores};

/// Rows in their batches: a partition, or none, and a number.
type Batches = Vec<Vec<(Option<u16>, i64)>>;

fn batches() -> impl Strategy<Value = Batches> {
    let row = (proptest::option::weighted(0.9, 0u16..4), any::<i64>());
    vec(vec(row, 0..40), 0..8)
}

/// A dataset, written but not published.
struct Written {
    stores: Stores,
    dataset: Dataset,
    staging: Staging,
    files: Vec<StagedFile>,
    _folder: tempfile::TempDir,
}

/// Writes `rows` with small row groups and files to a store of its own; `seed` decides in which order row
/// groups are encoded.
fn write(rows: &Batches, group_rows: usize, seed: u64, on_disk: bool) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let stores = Stores::new(Settings::new(folder.path(), []), Io::new(2).unwrap());
    let address = if on_disk { "lake/data" } else { "memory://bucket/lake/data" };
    let dataset = Dataset::new(stores.open(address).unwrap()).unwrap();
    let staging = Staging::new("run", stores.io(), None);
    let input: SchemaRef = Arc::new(Schema::new(vec![
        Field::new("part", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ]));
    let written: SchemaRef = Arc::new(input.project(&[1]).unwrap());
    let writer = DatasetWriter::new(Layout {
        dataset: dataset.clone(),
        staging: staging.clone(),
        input: Arc::clone(&input),
        encoder: Encoder::new(written, Compression::SNAPPY, "test").unwrap(),
        partitioner: Partitioner::new(vec!["part".into()], vec![0], vec![1]),
        group_rows,
        row_bytes: 16,
        file_bytes: 200,
        tag: "tag".into(),
        disk: Disk::new(std::env::temp_dir(), None),
    });
    let mut jobs: Vec<Job> = Vec::new();
    for batch in rows {
        let parts: StringArray = batch.iter().map(|(part, _)| part.map(|part| part.to_string())).collect();
        let numbers = Int64Array::from_iter_values(batch.iter().map(|(_, number)| *number));
        let columns: Vec<ArrayRef> = vec![Arc::new(parts), Arc::new(numbers)];
        let record = RecordBatch::try_new(Arc::clone(&input), columns).unwrap();
        jobs.extend(writer.admit(writer.split(&record).unwrap()).unwrap());
    }
    jobs.extend(writer.drain());
    let mut state = seed;
    while !jobs.is_empty() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let next = (state >> 33) as usize % jobs.len();
        writer.run(jobs.swap_remove(next)).unwrap();
    }
    assert!(writer.open_files() <= OPEN_FILES);
    let files = writer.finish().unwrap();
    Written { stores, dataset, staging, files, _folder: folder }
}

impl Written {
    /// Everything a reader of the dataset's folder finds.
    fn visible(&self) -> BTreeMap<String, Vec<u8>> {
        let io = self.stores.io();
        let entries = io.block_on(self.dataset.folder().list()).unwrap();
        let bytes = |location: &crate::store::Location| io.block_on(location.get()).unwrap().to_vec();
        let name = |location: &crate::store::Location| {
            location.relative_to(self.dataset.folder()).unwrap_or_default().to_owned()
        };
        entries.iter().map(|entry| (name(&entry.location), bytes(&entry.location))).collect()
    }

    /// What is left of the run beside the dataset.
    fn left_behind(&self) -> usize {
        self.stores.io().block_on(self.dataset.state().list()).unwrap().len()
    }

    fn publish(&self) {
        for file in &self.files {
            self.stores.io().block_on(file.staged.publish(&self.dataset)).unwrap();
        }
    }
}

/// The numbers of each partition, in order of the files' names and the rows in them.
fn numbers(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<i64>> {
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (path, bytes) in files {
        let (folder, _) = path.split_once('/').unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes.clone())).unwrap();
        for batch in reader.build().unwrap() {
            let values = batch.unwrap().column(0).as_primitive::<Int64Type>().values().to_vec();
            found.entry(folder.to_owned()).or_default().extend(values);
        }
    }
    found
}

fn expected(rows: &Batches) -> BTreeMap<String, Vec<i64>> {
    let mut expected: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (part, number) in rows.iter().flatten() {
        let part = part.map_or("__HIVE_DEFAULT_PARTITION__".to_owned(), |part| part.to_string());
        expected.entry(format!("part={part}")).or_default().push(*number);
    }
    expected
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn every_row_that_comes_is_published_once_in_its_partition_and_in_order(
        rows in batches(), group_rows in 1usize..30, seed: u64, on_disk: bool,
    ) {
        let written = write(&rows, group_rows, seed, on_disk);
        let staged: u64 = written.files.iter().map(|file| file.rows).sum();
        prop_assert_eq!(staged, rows.iter().map(|batch| batch.len() as u64).sum::<u64>());
        written.publish();
        let visible = written.visible();
        prop_assert_eq!(numbers(&visible), expected(&rows));
        for file in &written.files {
            prop_assert_eq!(visible[&file.path].len() as u64, file.bytes);
        }
    }

    #[test]
    fn nothing_is_visible_before_it_is_published_and_discarding_leaves_nothing(
        rows in batches(), group_rows in 1usize..30, on_disk: bool,
    ) {
        let written = write(&rows, group_rows, 0, on_disk);
        prop_assert!(written.visible().is_empty());
        written.stores.io().block_on(written.staging.discard()).unwrap();
        prop_assert!(written.visible().is_empty());
        prop_assert_eq!(written.left_behind(), 0);
        let publish = |file: &StagedFile| written.stores.io().block_on(file.staged.publish(&written.dataset));
        prop_assert!(written.files.iter().all(|file| publish(file).is_err()), "what was discarded is gone");
    }

    #[test]
    fn the_same_rows_give_the_same_bytes_in_whatever_order_they_are_encoded(
        rows in batches(), group_rows in 1usize..30, seed: u64, on_disk: bool,
    ) {
        let (first, second) = (write(&rows, group_rows, 0, on_disk), write(&rows, group_rows, seed, on_disk));
        first.publish();
        second.publish();
        prop_assert_eq!(first.visible(), second.visible());
    }
}

#[test]
fn more_partitions_than_open_files_lose_nothing() {
    let partitions = OPEN_FILES as u16 * 3;
    let row = |row: i64| (Some((row * 7 % i64::from(partitions)) as u16), row);
    let rows: Batches = (0..12).map(|batch| (batch * 500..(batch + 1) * 500).map(row).collect()).collect();
    let (first, second) = (write(&rows, 2, 1, true), write(&rows, 2, 99, true));
    first.publish();
    second.publish();
    let visible = first.visible();
    assert_eq!(numbers(&visible), expected(&rows));
    assert!(visible.len() > usize::from(partitions), "files that were closed are followed by others");
    assert_eq!(visible, second.visible());
}
