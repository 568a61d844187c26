//! Parquet: footers, and row groups decoded from the bytes of just the columns that are wanted.

use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::{Buf, Bytes, buf::Reader};
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ProjectionMask};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::{
    FooterTail, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::{SchemaDescPtr, Type};

use super::nesting;
use crate::error::{Error, Result};
use crate::store::Entry;

/// Bytes read from the end of a file at first; most footers fit.
const FOOTER_GUESS: u64 = 64 << 10;

/// The schema that was read last. Files of a source mostly have the same; those that do share one in memory,
/// and converting it takes as long as decoding the rest of a footer.
#[derive(Default)]
pub(super) struct LastSchema(Mutex<Option<Converted>>);

/// An Arrow schema, and what it was made from.
struct Converted {
    stored: SchemaDescPtr,
    hint: Option<String>,
    schema: SchemaRef,
}

impl LastSchema {
    fn of(&self, metadata: &ParquetMetaData) -> Option<SchemaRef> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = metadata.file_metadata().schema_descr().root_schema();
        let same =
            |last: &&Converted| last.stored.root_schema() == stored && last.hint.as_deref() == hint(metadata);
        last.as_ref().filter(same).map(|last| Arc::clone(&last.schema))
    }

    fn remember(&self, metadata: &ParquetMetaData, schema: SchemaRef) {
        let stored = metadata.file_metadata().schema_descr_ptr();
        let converted = Converted { stored, hint: hint(metadata).map(str::to_owned), schema };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(converted);
    }
}

/// The Arrow schema that the file was written from, as its writer left it.
fn hint(metadata: &ParquetMetaData) -> Option<&str> {
    let pairs = metadata.file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == ARROW_SCHEMA_META_KEY)?.value.as_deref()
}

/// Reads the footer of `object` and the Arrow schema its columns decode to, which files that store it alike
/// share through `last`.
pub(super) async fn footer(object: &Entry, last: &LastSchema) -> Result<ArrowReaderMetadata> {
    let name = object.location.to_string();
    if object.size == 0 {
        return Err(Error::wrong(format!("{name} is empty, so it is not a Parquet file"))
            .in_object(name)
            .hint("remove the file, or deliver it again"));
    }
    let broken = |error: ParquetError| broken(&name, error);
    let mut decoder = ParquetMetaDataPushDecoder::try_new(object.size)
        .map_err(broken)?
        .with_page_index_policy(PageIndexPolicy::Skip);
    let (start, bytes) = footer_bytes(object).await?;
    let is_plain = footer_tail(&bytes)
        .is_some_and(|tail| !tail.is_encrypted_footer() && footer_length(&tail) == bytes.len());
    if is_plain && let Some(objection) = nesting::objection(&bytes) {
        return Err(broken(ParquetError::General(objection)));
    }
    decoder.push_range(start..object.size, bytes).map_err(broken)?;
    let DecodeResult::Data(metadata) = decoder.try_decode().map_err(broken)? else {
        return Err(broken(ParquetError::EOF("the footer lies outside the file".to_owned())));
    };
    within(&metadata, object.size).map_err(broken)?;
    with_views(Arc::new(metadata), last).map_err(broken)
}

/// The footer of a file and what ends the file after it, and where it starts: one read for most files, two for those
/// whose footer is large. Of what is no Parquet file, its last bytes.
async fn footer_bytes(object: &Entry) -> Result<(u64, Bytes)> {
    let read = async |start: u64| -> Result<Bytes> {
        let range = start..object.size;
        Ok(object.get_ranges(std::slice::from_ref(&range)).await?.swap_remove(0))
    };
    let start = object.size.saturating_sub(FOOTER_GUESS);
    let tail = read(start).await?;
    match footer_tail(&tail).and_then(|tail| object.size.checked_sub(footer_length(&tail) as u64)) {
        Some(from) if from < start => Ok((from, read(from).await?)),
        Some(from) => Ok((from, tail.slice((from - start) as usize..))),
        None => Ok((start, tail)),
    }
}

/// What a Parquet file ends with: the length of its footer.
fn footer_tail(bytes: &[u8]) -> Option<FooterTail> {
    FooterTail::try_new(bytes.last_chunk::<FOOTER_SIZE>()?).ok()
}

/// Bytes of a footer and what ends the file after it.
fn footer_length(tail: &FooterTail) -> usize {
    FOOTER_SIZE + tail.metadata_length()
}

/// Whether row groups have a number of rows, and all column chunks lie where a file of `size` bytes can hold them.
fn within(metadata: &ParquetMetaData, size: u64) -> Result<(), ParquetError> {
    let mut rows = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
    if let Some(group) = rows.position(|rows| rows < 0) {
        return Err(ParquetError::General(format!("it says that row group {group} has less rows than none")));
    }
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let end = start.checked_add(column.compressed_size());
        if start < 0 || column.compressed_size() < 0 || end.is_none_or(|end| end as u64 > size) {
            return Err(ParquetError::EOF(format!(
                "it places column \"{}\" outside the file",
                column.column_path().string()
            )));
        }
    }
    Ok(())
}

/// Strings and binaries decode to views, which need no copying further on.
fn with_views(
    metadata: Arc<ParquetMetaData>,
    last: &LastSchema,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let with = |schema: &SchemaRef| ArrowReaderOptions::new().with_schema(Arc::clone(schema));
    if let Some(schema) = last.of(&metadata) {
        return ArrowReaderMetadata::try_new(metadata, with(&schema));
    }
    let plain = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new())?;
    let roots = plain.parquet_schema().root_schema().get_fields();
    let fields: Vec<Field> =
        plain.schema().fields().iter().zip(roots).map(|(field, root)| with_view(field, root)).collect();
    let schema = Arc::new(Schema::new(fields));
    match ArrowReaderMetadata::try_new(Arc::clone(&metadata), with(&schema)) {
        Ok(viewed) => {
            last.remember(&metadata, schema);
            Ok(viewed)
        }
        Err(_) => Ok(plain),
    }
}

fn with_view(field: &Field, stored: &Type) -> Field {
    let data_type = match field.data_type() {
        // INT96 reaches further than 64 bits of nanoseconds.
        DataType::Timestamp(_, zone)
            if stored.is_primitive() && stored.get_physical_type() == PhysicalType::INT96 =>
        {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        DataType::Dictionary(_, value) if matches!(**value, DataType::Utf8 | DataType::LargeUtf8) => {
            DataType::Utf8View
        }
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

fn broken(object: &str, error: ParquetError) -> Error {
    let name = object.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let hint = if ends(super::CSV_ENDINGS) {
        "by its name it is CSV: say `format: csv`"
    } else if ends(super::NDJSON_ENDINGS) {
        "by its name it is NDJSON: say `format: ndjson`"
    } else {
        "the file is damaged or was cut off while it was written: deliver it again; or it is no Parquet: say what \
         with `format:`, on the command line `--read-as`"
    };
    Error::wrong(format!("could not read the footer of {object}")).in_object(object).hint(hint).because(error)
}

/// What is decoded for the top-level columns `wanted`.
pub(super) fn projection<'a>(
    footer: &ArrowReaderMetadata,
    wanted: impl Iterator<Item = &'a str>,
) -> ProjectionMask {
    let schema = footer.parquet_schema();
    let wanted: HashSet<&str> = wanted.collect();
    let roots = schema.root_schema().get_fields().iter().enumerate();
    ProjectionMask::roots(
        schema,
        roots.filter(|(_, root)| wanted.contains(root.name())).map(|(root, _)| root),
    )
}

/// The byte ranges that hold the columns of `projection` in a row group.
pub(super) fn ranges(
    metadata: &ParquetMetaData,
    row_group: usize,
    projection: &ProjectionMask,
) -> Vec<Range<u64>> {
    let columns = metadata.row_group(row_group).columns().iter().enumerate();
    columns
        .filter(|(leaf, _)| projection.leaf_included(*leaf))
        .map(|(_, column)| {
            let (start, length) = column.byte_range();
            start..start + length
        })
        .collect()
}

/// The fetched bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunks {
    length: u64,
    parts: Vec<(u64, Bytes)>,
}

impl Chunks {
    /// `bytes[i]` are those at `ranges[i]` of a file of `length` bytes.
    pub fn new(length: u64, ranges: &[Range<u64>], bytes: Vec<Bytes>) -> Self {
        Self { length, parts: ranges.iter().map(|range| range.start).zip(bytes).collect() }
    }

    /// How many bytes were fetched.
    pub fn fetched(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }

    fn from(&self, start: u64) -> Result<Bytes, ParquetError> {
        let holds = |(first, bytes): &&(u64, Bytes)| *first <= start && start < first + bytes.len() as u64;
        let part = self.parts.iter().find(holds);
        let (first, bytes) = part.ok_or_else(|| {
            ParquetError::EOF(format!("a column chunk points outside itself, to byte {start}"))
        })?;
        Ok(bytes.slice((start - first) as usize..))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.from(start)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF(format!("a page of {length} bytes ends outside its column chunk")));
        }
        Ok(bytes.slice(..length))
    }
}

/// What is decoded, and from what.
pub(super) struct RowGroupRead<'a> {
    /// Name of the object, for errors.
    pub object: &'a str,
    /// The object's footer.
    pub metadata: &'a ArrowReaderMetadata,
    /// Row group, from 0.
    pub row_group: usize,
    /// Columns to decode.
    pub projection: &'a ProjectionMask,
    /// Most rows in a batch.
    pub batch_rows: usize,
}

impl RowGroupRead<'_> {
    /// Decodes the row group from `chunks`, handing on each batch with whether it is the last, until
    /// `each` says stop.
    pub(super) fn decode(
        &self,
        chunks: &Chunks,
        each: &mut dyn FnMut(RecordBatch, bool) -> Result<bool>,
    ) -> Result<()> {
        let expected = self.metadata.metadata().row_group(self.row_group).num_rows();
        let mut reader = guarded(|| self.reader(chunks, self.projection.clone()))
            .map_err(|error| self.damaged(chunks, error))?;
        let mut rows = 0;
        let mut next = guarded(|| reader.next().transpose().map_err(ParquetError::from));
        loop {
            let Some(batch) = next.map_err(|error| self.damaged(chunks, error))? else {
                let empty = RecordBatch::new_empty(reader_schema(&reader));
                return if rows == 0 && expected == 0 {
                    each(empty, true).map(|_| ())
                } else {
                    Err(self.short(rows))
                };
            };
            rows += batch.num_rows() as i64;
            let last = rows >= expected;
            if !each(batch, last)? || last {
                return Ok(());
            }
            next = guarded(|| reader.next().transpose().map_err(ParquetError::from));
        }
    }

    fn reader(
        &self,
        chunks: &Chunks,
        projection: ProjectionMask,
    ) -> Result<parquet::arrow::arrow_reader::ParquetRecordBatchReader, ParquetError> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), self.metadata.clone())
            .with_row_groups(vec![self.row_group])
            .with_projection(projection)
            .with_batch_size(self.batch_rows)
            .build()
    }

    /// The error with the column that cannot be decoded, found by decoding each alone.
    fn damaged(&self, chunks: &Chunks, error: ParquetError) -> Error {
        let schema = self.metadata.parquet_schema();
        let culprit =
            (0..schema.num_columns()).filter(|&leaf| self.projection.leaf_included(leaf)).find(|&leaf| {
                let alone = ProjectionMask::leaves(schema, [leaf]);
                let Ok(mut reader) = guarded(|| self.reader(chunks, alone)) else { return true };
                guarded(|| reader.try_for_each(|batch| batch.map(drop)).map_err(ParquetError::from)).is_err()
            });
        let column = culprit.map(|leaf| schema.column(leaf).path().string());
        let what = column.as_ref().map_or(String::new(), |column| format!(", column \"{column}\""));
        Error::wrong(format!("could not decode row group {}{what} of {}", self.row_group, self.object))
            .in_row_group(self.object, self.row_group, column)
            .hint("the file is damaged; deliver it again")
            .because(error)
    }

    fn short(&self, rows: i64) -> Error {
        Error::wrong(format!(
            "row group {} of {} holds {rows} rows where its footer says {}",
            self.row_group,
            self.object,
            self.metadata.metadata().row_group(self.row_group).num_rows(),
        ))
        .in_row_group(self.object, self.row_group, None)
    }
}

fn reader_schema(reader: &parquet::arrow::arrow_reader::ParquetRecordBatchReader) -> Arc<Schema> {
    arrow::array::RecordBatchReader::schema(reader)
}

/// Runs a decoder over bytes from outside, with a panic of it as an ordinary error.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(ParquetError::General("the decoder gave up on bytes that are not valid Parquet".to_owned()))
    })
}
