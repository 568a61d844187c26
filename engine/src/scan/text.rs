//! CSV and NDJSON: read from a store chunk by chunk, decoded in batches.

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json;
use bytes::Bytes;

use crate::error::{Error, Result};
use crate::store::{Entry, Io};

/// Bytes from the beginning of a file from which column types are inferred.
const SAMPLE_BYTES: u64 = 1 << 20;

/// Bytes read at a time.
const CHUNK_BYTES: u64 = 4 << 20;

/// A text format with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextFormat {
    /// Comma-separated values, RFC 4180.
    Csv {
        /// Field separator.
        delimiter: u8,
        /// Whether the first line names the columns.
        header: bool,
        /// Quote character.
        quote: u8,
        /// Texts that stand for null besides the empty field.
        nulls: Vec<String>,
    },
    /// One JSON object per line.
    Ndjson,
}

/// Column names and types of a file, inferred from its beginning. Types are whole numbers, floats,
/// booleans, dates, timestamps and strings.
pub(super) async fn infer(format: &TextFormat, object: &Entry) -> Result<Schema> {
    if object.size == 0 {
        return Ok(Schema::empty());
    }
    let end = object.size.min(SAMPLE_BYTES);
    let bytes = object.get_ranges(std::slice::from_ref(&(0..end))).await?;
    let mut sample = bytes.first().map_or_else(Vec::new, |bytes| bytes.to_vec());
    if end < object.size {
        sample.truncate(sample.iter().rposition(|&byte| byte == b'\n').map_or(sample.len(), |at| at + 1));
    }
    let inferred = match format {
        TextFormat::Csv { .. } => {
            csv_format(format).infer_schema(Cursor::new(sample), None).map(|(schema, _)| schema)
        }
        TextFormat::Ndjson => {
            json::reader::infer_json_schema(Cursor::new(sample), None).map(|(schema, _)| schema)
        }
    };
    inferred.map_err(|error| {
        let name = object.location.to_string();
        Error::wrong(format!("could not read the beginning of {name}")).in_object(name).because(error)
    })
}

/// Decodes `object` into batches of `schema`, the file's own columns in their order, until `each` says
/// stop. The file is read `CHUNK_BYTES` at a time.
pub(super) fn decode(
    format: &TextFormat,
    schema: &SchemaRef,
    batch_rows: usize,
    (io, object): (&Io, &Entry),
    each: &mut dyn FnMut(RecordBatch, bool) -> Result<bool>,
) -> Result<()> {
    let failed = |error: ArrowError| {
        let name = object.location.to_string();
        Error::wrong(format!("could not decode {name}")).in_object(name).because(error)
    };
    let mut decoder = Decoder::new(format, schema, batch_rows)?;
    let mut ready: Option<RecordBatch> = None;
    let mut at = 0;
    loop {
        let end = object.size.min(at + CHUNK_BYTES);
        let ended = at == end;
        let mut rest = if ended { Bytes::new() } else { read(io, object, at..end)? };
        at = end;
        loop {
            let used = decoder.decode(&rest).map_err(failed)?;
            rest = rest.slice(used..);
            if rest.is_empty() && !ended {
                break;
            }
            if used > 0 && !ended {
                // Only a decoder that takes nothing more has a whole batch, or none.
                continue;
            }
            let Some(batch) = decoder.flush().map_err(failed)? else { break };
            if let Some(before) = ready.replace(batch)
                && !each(before, false)?
            {
                return Ok(());
            }
        }
        if ended {
            let last = ready.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema)));
            return each(last, true).map(drop);
        }
    }
}

fn read(io: &Io, object: &Entry, range: Range<u64>) -> Result<Bytes> {
    let mut parts = io.block_on(object.get_ranges(&[range]))?;
    parts.pop().ok_or_else(|| Error::defect("a read gave nothing"))
}

enum Decoder {
    Csv(Box<csv::reader::Decoder>),
    Json(json::reader::Decoder),
}

impl Decoder {
    fn new(format: &TextFormat, schema: &SchemaRef, batch_rows: usize) -> Result<Self> {
        let unfit =
            |error: ArrowError| Error::wrong("the declared columns cannot be read from text").because(error);
        match format {
            TextFormat::Csv { header, .. } => {
                let builder = csv::ReaderBuilder::new(Arc::clone(schema))
                    .with_format(csv_format(format))
                    .with_header(*header)
                    .with_batch_size(batch_rows);
                Ok(Self::Csv(Box::new(builder.build_decoder())))
            }
            TextFormat::Ndjson => json::ReaderBuilder::new(Arc::clone(schema))
                .with_batch_size(batch_rows)
                .build_decoder()
                .map(Self::Json)
                .map_err(unfit),
        }
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<usize, ArrowError> {
        match self {
            Self::Csv(decoder) => decoder.decode(bytes),
            Self::Json(decoder) => decoder.decode(bytes),
        }
    }

    fn flush(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        match self {
            Self::Csv(decoder) => decoder.flush(),
            Self::Json(decoder) => decoder.flush(),
        }
    }
}

fn csv_format(format: &TextFormat) -> csv::reader::Format {
    let mut csv = csv::reader::Format::default();
    if let TextFormat::Csv { delimiter, header, quote, nulls } = format {
        csv = csv.with_delimiter(*delimiter).with_header(*header).with_quote(*quote);
        let nulls: Vec<String> = nulls.iter().map(|null| regex::escape(null)).collect();
        if let Ok(pattern) = regex::Regex::new(&format!(
            "^(?:{})$",
            [String::new()].into_iter().chain(nulls).collect::<Vec<_>>().join("|")
        )) {
            csv = csv.with_null_regex(pattern);
        }
    }
    csv
}

/// The type in which a text file's column is read, for a wanted type that its reader does not know.
pub(super) fn readable(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}
