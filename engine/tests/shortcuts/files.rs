//! Random small Parquet files, with footers that state more or less of what is in them, or something else.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use bytes::Bytes;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::file::metadata::{
    FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetMetaDataWriter,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;

use crate::columns::COLUMNS;

/// A file before it is written.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// The day of its partition; `None` is the null partition.
    day: Option<u8>,
    /// Row groups, each of so many rows.
    groups: Vec<usize>,
    /// For each column the places of its values in their pool.
    picks: Vec<Vec<Option<usize>>>,
    /// Whether the last column is there at all.
    complete: bool,
    /// Whether columns without a null are declared to have none.
    required: bool,
    statistics: EnabledStatistics,
    dictionary: bool,
    /// Bytes that are kept of long texts.
    kept: Option<usize>,
    /// What is done to the statistics of each column.
    doctored: Vec<Doctored>,
    /// Who is said to have written it.
    writer: &'static str,
}

/// Writers that are believed, and one that is not.
const HONEST: &str = "parquet-rs version 60.1.0";
const LIAR: &str = "Polars";

/// What a writer may leave out of its statistics, write in the way of old ones, or get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doctored {
    Not,
    WithoutNullCounts,
    WithoutBounds,
    WithoutAny,
    Deprecated,
    /// The least value above the greatest.
    Crossed,
    /// More nulls than rows.
    NullsBeyondRows,
    /// Nulls where there are none and none where there are some, one value where there are several.
    Wrong,
}

/// Some files; they may have no rows. The first has every column.
pub(crate) fn files() -> impl Strategy<Value = Vec<File>> {
    prop::collection::vec(file(), 1..4).prop_map(|mut files| {
        files[0].complete = true;
        files
    })
}

fn file() -> impl Strategy<Value = File> {
    let groups = prop::collection::vec(prop_oneof![1 => Just(0_usize), 5 => 1..7_usize], 0..4);
    groups.prop_flat_map(|groups| {
        let rows: usize = groups.iter().sum();
        let picks: Vec<_> = COLUMNS.iter().map(|_| column(rows)).collect();
        let kept = prop::sample::select(vec![None, Some(1), Some(3), Some(64)]);
        let honest = Just(vec![Doctored::Not; COLUMNS.len()]);
        let doctored = prop_oneof![2 => honest, 1 => prop::collection::vec(doctored(), COLUMNS.len())];
        let statistics = prop_oneof![9 => Just(EnabledStatistics::Chunk), 1 => Just(EnabledStatistics::None)];
        let flags = (prop::bool::weighted(0.8), any::<bool>(), statistics, any::<bool>());
        let lies = prop::bool::weighted(0.15);
        (prop::option::weighted(0.9, 1..4_u8), picks, flags, kept, doctored, lies).prop_map(
            move |(day, picks, (complete, required, statistics, dictionary), kept, doctored, lies)| File {
                day,
                groups: groups.clone(),
                picks,
                complete,
                required,
                statistics,
                dictionary,
                kept,
                doctored: if lies { vec![Doctored::Wrong; COLUMNS.len()] } else { doctored },
                writer: if lies { LIAR } else { HONEST },
            },
        )
    })
}

/// Places of values: all equal, few or many, with no, some or only nulls.
fn column(rows: usize) -> impl Strategy<Value = Vec<Option<usize>>> {
    let spread = prop::sample::select(vec![1_usize, 2, 3, 8]);
    let nulls = prop::sample::select(vec![0_u32, 0, 30, 100]);
    (spread, nulls, prop::collection::vec((0..8_usize, 0..100_u32), rows)).prop_map(
        |(spread, nulls, rows)| {
            rows.into_iter().map(|(pick, chance)| (chance >= nulls).then_some(pick % spread)).collect()
        },
    )
}

fn doctored() -> impl Strategy<Value = Doctored> {
    prop_oneof![
        4 => Just(Doctored::Not),
        1 => Just(Doctored::WithoutNullCounts),
        1 => Just(Doctored::WithoutBounds),
        1 => Just(Doctored::WithoutAny),
        1 => Just(Doctored::Deprecated),
        1 => Just(Doctored::Crossed),
        1 => Just(Doctored::NullsBeyondRows),
    ]
}

impl File {
    /// Two row groups with every value of each pool and no null, and statistics as `doctored` says.
    pub(crate) fn plain(doctored: Doctored) -> Self {
        Self {
            day: Some(1),
            groups: vec![4, 4],
            picks: COLUMNS.iter().map(|_| (0..8).map(Some).collect()).collect(),
            complete: true,
            required: false,
            statistics: EnabledStatistics::Chunk,
            dictionary: true,
            kept: Some(64),
            doctored: vec![doctored; COLUMNS.len()],
            writer: HONEST,
        }
    }

    /// The same, said to be by a writer that is known to state wrong things.
    pub(crate) fn by_a_liar(self) -> Self {
        Self { writer: LIAR, ..self }
    }

    /// Writes it below `folder`.
    pub(crate) fn write(&self, folder: &Path, number: usize) {
        let day =
            self.day.map_or_else(|| "__HIVE_DEFAULT_PARTITION__".into(), |day| format!("2024-01-0{day}"));
        let folder = folder.join(format!("day={day}"));
        std::fs::create_dir_all(&folder).unwrap();
        let columns = &COLUMNS[..COLUMNS.len() - usize::from(!self.complete)];
        let bytes = doctor(self.encoded(), &self.doctored[..columns.len()], self.writer);
        std::fs::write(folder.join(format!("part-{number}.parquet")), bytes).unwrap();
    }

    fn batch(&self) -> RecordBatch {
        let columns = &COLUMNS[..COLUMNS.len() - usize::from(!self.complete)];
        let nullable = |picks: &[Option<usize>]| !self.required || picks.iter().any(Option::is_none);
        let fields = columns.iter().zip(&self.picks).map(|(column, picks)| column.field(nullable(picks)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays: Vec<ArrayRef> =
            columns.iter().zip(&self.picks).map(|(column, picks)| column.array(picks)).collect();
        RecordBatch::try_new(schema, arrays).unwrap()
    }

    /// The file as a writer makes it; row groups may be empty, which the usual writer leaves out.
    fn encoded(&self) -> Vec<u8> {
        let batch = self.batch();
        let mut properties = WriterProperties::builder()
            .set_statistics_enabled(self.statistics)
            .set_statistics_truncate_length(self.kept)
            .set_dictionary_enabled(self.dictionary)
            .set_offset_index_disabled(true)
            .build();
        let schema = ArrowSchemaConverter::new().convert(&batch.schema()).unwrap().root_schema_ptr();
        add_encoded_arrow_schema_to_metadata(&batch.schema(), &mut properties);
        let mut bytes = Vec::new();
        let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
        let factory = ArrowRowGroupWriterFactory::new(&file, batch.schema());
        let mut from = 0;
        for (index, rows) in self.groups.iter().enumerate() {
            let slice = batch.slice(from, *rows);
            from += rows;
            let mut writers = factory.create_column_writers(index).unwrap().into_iter();
            let mut group = file.next_row_group().unwrap();
            for (field, array) in slice.schema().fields().iter().zip(slice.columns()) {
                for leaf in compute_leaves(field, array).unwrap() {
                    let mut writer = writers.next().unwrap();
                    writer.write(&leaf).unwrap();
                    writer.close().unwrap().append_to_row_group(&mut group).unwrap();
                }
            }
            group.close().unwrap();
        }
        file.close().unwrap();
        bytes
    }
}

/// The file with another footer, said to be written by `writer`.
fn doctor(bytes: Vec<u8>, columns: &[Doctored], writer: &str) -> Vec<u8> {
    let bytes = Bytes::from(bytes);
    // What pages are encoded as is to be written again.
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    let reader = ParquetMetaDataReader::new().with_metadata_options(Some(options));
    let metadata = reader.parse_and_finish(&bytes).unwrap();
    let groups = metadata.row_groups().iter().map(|group| {
        let chunks = group.columns().iter().zip(columns).map(|(chunk, doctored)| {
            let builder = chunk.clone().into_builder();
            let builder = match chunk.statistics().and_then(|stated| restated(stated, *doctored)) {
                Some(statistics) => builder.set_statistics(statistics),
                None => builder.clear_statistics(),
            };
            builder.build().unwrap()
        });
        group.clone().into_builder().set_column_metadata(chunks.collect()).build().unwrap()
    });
    let groups = groups.collect();
    let file = metadata.file_metadata();
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        Some(writer.to_owned()),
        file.key_value_metadata().cloned(),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    let metadata = ParquetMetaDataBuilder::new(file).set_row_groups(groups).build();
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    let mut doctored = bytes[..bytes.len() - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut doctored, &metadata).finish().unwrap();
    doctored
}

fn restated(stated: &Statistics, doctored: Doctored) -> Option<Statistics> {
    Some(match stated {
        // Old writers compared all numbers as signed, which turns the bounds of unsigned ones around.
        Statistics::Int64(known) if doctored == Doctored::Deprecated => {
            let (min, max) = (known.min_opt().copied(), known.max_opt().copied());
            let (low, high) = (min.min(max), min.max(max));
            Statistics::Int64(ValueStatistics::new(low, high, None, known.null_count_opt(), true))
        }
        Statistics::Boolean(known) => Statistics::Boolean(again(known, doctored)?),
        Statistics::Int32(known) => Statistics::Int32(again(known, doctored)?),
        Statistics::Int64(known) => Statistics::Int64(again(known, doctored)?),
        Statistics::Int96(known) => Statistics::Int96(again(known, doctored)?),
        Statistics::Float(known) => Statistics::Float(again(known, doctored)?),
        Statistics::Double(known) => Statistics::Double(again(known, doctored)?),
        Statistics::ByteArray(known) => Statistics::ByteArray(again(known, doctored)?),
        Statistics::FixedLenByteArray(known) => Statistics::FixedLenByteArray(again(known, doctored)?),
    })
}

fn again<T: Clone>(known: &ValueStatistics<T>, doctored: Doctored) -> Option<ValueStatistics<T>> {
    let (min, max, nulls) = (known.min_opt().cloned(), known.max_opt().cloned(), known.null_count_opt());
    match doctored {
        Doctored::Not | Doctored::Deprecated => Some(known.clone()),
        Doctored::WithoutNullCounts => Some(ValueStatistics::new(min, max, None, None, false)),
        Doctored::WithoutBounds => Some(ValueStatistics::new(None, None, None, nulls, false)),
        Doctored::WithoutAny => None,
        Doctored::Crossed => Some(ValueStatistics::new(max, min, None, nulls, false)),
        Doctored::NullsBeyondRows => Some(ValueStatistics::new(min, max, None, Some(1 << 40), false)),
        Doctored::Wrong => {
            let nulls = Some(u64::from(nulls.is_none_or(|nulls| nulls == 0)));
            Some(ValueStatistics::new(min.clone(), min, None, nulls, false))
        }
    }
}
