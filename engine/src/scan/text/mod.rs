//! CSV and NDJSON: read from a store piece by piece, decoded in batches.
//!
//! What is not exactly what it should be is an error that names the line: nothing is skipped, rounded or
//! guessed. Memory is bounded by the longest line that is read, `window::LONGEST`.

mod cells;
mod csv;
mod fault;
mod json_types;
mod kinds;
mod ndjson;
mod signature;
mod split;
mod window;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, SchemaRef};

pub use csv::CsvFormat;
use fault::Fault;
pub(super) use json_types::joined;
use ndjson::Lines;
pub(super) use signature::unpacked_name;
use window::{Piece, Window};

use crate::error::Result;
use crate::spec::Type;
use crate::store::{Entry, Io};

/// Bytes from the beginning of a file from which columns are inferred.
const SAMPLE_BYTES: u64 = 1 << 20;

/// A text format with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextFormat {
    /// Comma-separated values, RFC 4180.
    Csv(CsvFormat),
    /// One JSON object per line.
    Ndjson,
}

impl TextFormat {
    /// Why a column of this type cannot be read, if it cannot.
    pub(super) fn unreadable(&self, data_type: &DataType) -> Option<String> {
        match self {
            Self::Csv(_) => csv::unreadable(data_type),
            Self::Ndjson => ndjson::unreadable(data_type),
        }
    }
}

/// What a file's beginning says about its columns.
pub(super) struct Inferred {
    /// The columns; a column of nulls has the type `Null`.
    pub fields: Fields,
    /// Whether that was the whole file, so that there are no others.
    pub whole: bool,
}

/// How a text file is read.
#[derive(Debug, Clone)]
pub(super) struct Body {
    /// The columns of a CSV file, in the order of its fields.
    pub names: Vec<String>,
    /// The columns that are read, in the types they are read in.
    pub schema: SchemaRef,
    /// The columns whose type the contract says.
    pub declared: Vec<String>,
    /// The keys of NDJSON that may be there and are not read; none if that goes for every key.
    pub ignored: Option<Vec<String>>,
}

impl Body {
    fn unfit(&self, line: u64, field: &Field, value: &str) -> Fault {
        let name = field.name();
        let hint = if self.declared.contains(name) {
            "the contract says so: declare a wider type, or `string` with a `cast` or `parse` step".to_owned()
        } else {
            format!(
                "the type was inferred from the beginning of the file: declare \"{name}\" under `schema: columns:`, as `string` if nothing else holds all its values"
            )
        };
        Fault::new(line, format!("{value} does not fit the type {}", type_name(field.data_type())))
            .in_column(name)
            .hint(hint)
    }
}

/// What the type is called in pipeline files.
pub(super) fn type_name(data_type: &DataType) -> String {
    Type::from_arrow(data_type).map_or_else(|| data_type.to_string(), |own| own.to_string())
}

/// What looking at a file's beginning gave.
enum Look {
    /// Its columns.
    Columns(Fields),
    /// Nothing yet, since this line goes on after it.
    Further(u64),
}

/// Columns of a file, inferred from its beginning: all of it is looked at up to `SAMPLE_BYTES`, and more
/// only if the first lines are longer.
pub(super) async fn infer(format: &TextFormat, object: &Entry) -> Result<Inferred> {
    let name = object.location.to_string();
    let failed = |fault: Fault| fault.into_error(&name);
    let mut length = SAMPLE_BYTES;
    loop {
        let end = object.size.min(length);
        let mut parts = match end {
            0 => Vec::new(),
            _ => object.get_ranges(std::slice::from_ref(&(0..end))).await?,
        };
        let bytes = parts.pop().unwrap_or_default();
        let skipped = signature::skip(&bytes).map_err(failed)?;
        let whole = end == object.size;
        let piece = Piece { bytes: &bytes[skipped..], line: 1, ended: whole };
        match look(format, piece).map_err(failed)? {
            Look::Columns(fields) => return Ok(Inferred { fields, whole }),
            Look::Further(line) if length >= window::LONGEST as u64 => {
                return Err(failed(window::too_long(line)));
            }
            Look::Further(_) => length *= 2,
        }
    }
}

fn look(format: &TextFormat, piece: Piece<'_>) -> Result<Look, Fault> {
    match format {
        TextFormat::Csv(csv) => csv.look(piece),
        TextFormat::Ndjson => {
            let lines = Lines::cut(piece, usize::MAX)?;
            if lines.len() == 0 && !piece.ended {
                return Ok(Look::Further(piece.line + lines.newlines));
            }
            json_types::columns(&lines).map(Look::Columns)
        }
    }
}

/// Decodes `object` into batches of the columns that are read, until `each` says stop; the last one, or
/// the only one, may have no rows.
pub(super) fn decode(
    format: &TextFormat,
    body: &Body,
    batch_rows: usize,
    (io, object): (&Io, &Entry),
    each: &mut dyn FnMut(RecordBatch, bool) -> Result<bool>,
) -> Result<()> {
    let mut window = Window::new(io, object);
    if let TextFormat::Csv(csv) = format
        && csv.header
    {
        window.next(|piece| csv.header(piece, body))?;
    }
    let mut ready: Option<RecordBatch> = None;
    while let Some(batch) = window.next(|piece| match format {
        TextFormat::Csv(csv) => csv.rows(piece, body, batch_rows),
        TextFormat::Ndjson => ndjson::rows(piece, body, batch_rows),
    })? {
        if let Some(before) = ready.replace(batch)
            && !each(before, false)?
        {
            return Ok(());
        }
    }
    let last = ready.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&body.schema)));
    each(last, true).map(drop)
}
