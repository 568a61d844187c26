//! Turns the rows of one row group into encoded column chunks, apart from any file.
//!
//! Row groups of one file are encoded in parallel and appended in order, so the writer of a file does
//! no encoding itself.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, TypePtr};

use super::dictionary;
use super::even::even;
use crate::error::{Error, Result};

/// How the rows of one dataset are encoded.
pub struct Encoder {
    schema: SchemaRef,
    parquet_schema: TypePtr,
    properties: WriterPropertiesPtr,
}

/// An encoded row group that belongs to no file yet.
pub struct RowGroup {
    /// Rows in it.
    pub rows: u64,
    /// Encoded bytes of its columns.
    pub bytes: u64,
    chunks: Vec<ArrowColumnChunk>,
}

impl Encoder {
    /// An encoder for rows of `schema`.
    pub fn new(schema: SchemaRef, compression: Compression, created_by: &str) -> Result<Self> {
        let mut properties = WriterProperties::builder()
            .set_compression(compression)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(created_by.to_owned())
            .set_max_row_group_row_count(None)
            .build();
        let parquet_schema = ArrowSchemaConverter::new().convert(&schema).map_err(unfit)?.root_schema_ptr();
        add_encoded_arrow_schema_to_metadata(&portable(&schema), &mut properties);
        Ok(Self { schema, parquet_schema, properties: Arc::new(properties) })
    }

    /// Encodes `batches` as one row group.
    pub fn encode(&self, batches: &[RecordBatch]) -> Result<RowGroup> {
        let mut writers = self.writers(batches)?.into_iter();
        let even = even(batches).map_err(|error| {
            Error::defect("could not put the rows of a row group together").because(error)
        })?;
        let mut chunks = Vec::with_capacity(writers.len());
        for (index, field) in self.schema.fields().iter().enumerate() {
            let mut leaves = Vec::new();
            for batch in &even {
                let batch_leaves = compute_leaves(field, batch.column(index)).map_err(encoding)?;
                leaves.resize_with(batch_leaves.len(), Vec::new);
                for (leaf, parts) in batch_leaves.into_iter().zip(&mut leaves) {
                    parts.push(leaf);
                }
            }
            for parts in leaves {
                let mut writer = writers.next().ok_or_else(|| Error::defect("a column has no writer"))?;
                for part in parts {
                    writer.write(&part).map_err(encoding)?;
                }
                chunks.push(writer.close().map_err(encoding)?);
            }
        }
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let bytes = chunks.iter().map(|chunk| chunk.close().bytes_written).sum();
        Ok(RowGroup { rows, bytes, chunks })
    }

    /// Writers for the columns of `batches`, with dictionaries where they may be of use.
    fn writers(&self, batches: &[RecordBatch]) -> Result<Vec<ArrowColumnWriter>> {
        let mut properties = self.properties.as_ref().clone().into_builder();
        for (column, field) in self.schema.fields().iter().enumerate() {
            let may_fit = dictionary::may_fit(batches, column)
                .map_err(|error| Error::defect("could not look at a column to encode").because(error))?;
            if !may_fit {
                let path = ColumnPath::from(vec![field.name().clone()]);
                properties = properties.set_column_dictionary_enabled(path, false);
            }
        }
        let (schema, properties) = (Arc::clone(&self.parquet_schema), Arc::new(properties.build()));
        let file = SerializedFileWriter::new(std::io::sink(), schema, properties).map_err(unfit)?;
        let columns = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&self.schema));
        columns.create_column_writers(0).map_err(encoding)
    }

    /// Starts a file into `output`.
    pub fn start<W: std::io::Write + Send>(&self, output: W) -> Result<SerializedFileWriter<W>> {
        SerializedFileWriter::new(output, Arc::clone(&self.parquet_schema), Arc::clone(&self.properties))
            .map_err(writing)
    }
}

impl RowGroup {
    /// Appends the row group to `file`.
    pub fn append_to<W: std::io::Write + Send>(self, file: &mut SerializedFileWriter<W>) -> Result<()> {
        let mut group = file.next_row_group().map_err(writing)?;
        for chunk in self.chunks {
            chunk.append_to_row_group(&mut group).map_err(writing)?;
        }
        group.close().map_err(writing)?;
        Ok(())
    }
}

/// The schema readers are told: plain strings, binaries and lists instead of views and large offsets.
fn portable(schema: &Schema) -> Schema {
    let fields: Vec<Field> = schema.fields().iter().map(|field| portable_field(field)).collect();
    Schema::new(fields)
}

fn portable_field(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::LargeList(item) => DataType::List(Arc::new(portable_field(item))),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| portable_field(field)).collect())
        }
        other => other.clone(),
    };
    Field::new(field.name(), data_type, field.is_nullable())
}

fn unfit(error: ParquetError) -> Error {
    Error::wrong("the table has a column that Parquet cannot hold").because(error)
}

fn encoding(error: ParquetError) -> Error {
    Error::defect("could not encode a row group").because(error)
}

/// Failure of the output below a Parquet writer: the upload's own error, where there is one.
pub(super) fn writing(error: ParquetError) -> Error {
    let ParquetError::External(cause) = error else {
        return Error::defect("could not write a row group").because(error);
    };
    match cause.downcast::<std::io::Error>() {
        Ok(io) => Error::from_io(*io, "could not write an output file"),
        Err(cause) => Error::unavailable("could not write an output file").because(cause),
    }
}
