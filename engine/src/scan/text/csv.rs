//! CSV: column names and types from a file's beginning, batches from all of it.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field};

use super::fault::{Fault, shown};
use super::kinds::Kinds;
use super::split::{Records, Splitter};
use super::window::{Piece, Taken};
use super::{Body, Look, cells, type_name};

/// How CSV files are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFormat {
    /// Field separator.
    pub delimiter: u8,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Quote character, if fields are quoted at all.
    pub quote: Option<u8>,
    /// Texts that stand for null besides the empty field.
    pub nulls: Vec<String>,
}

impl CsvFormat {
    fn splitter(&self) -> Splitter {
        Splitter { delimiter: self.delimiter, quote: self.quote }
    }

    /// The text of a field, if it does not stand for null.
    fn value<'t>(&self, text: Cow<'t, str>) -> cells::Text<'t> {
        let null = text.is_empty() || self.nulls.iter().any(|null| *null == text);
        (!null).then_some(text)
    }

    /// Looks at the beginning of a file for its columns; types are inferred from the whole records there are.
    pub(super) fn look(&self, piece: Piece<'_>) -> Result<Look, Fault> {
        let records = self
            .splitter()
            .split(piece, usize::MAX, None)
            .map_err(|fault| fault.named(&self.names(piece)))?;
        let first = usize::from(self.header);
        if !piece.ended && records.len() <= first {
            return Ok(Look::Further(piece.line + records.newlines));
        }
        if records.len() == 0 && self.header {
            return Err(Fault::new(1, "the file is empty: it has no line that names the columns")
                .hint("deliver a file with at least its header, or set `csv: {header: false}`"));
        }
        let field = |column: usize| {
            let mut kinds = Kinds::default();
            for record in first..records.len() {
                if let Some(text) = self.value(records.cell(record, column)) {
                    kinds.see(&text);
                }
            }
            Field::new(self.name(&records, column), kinds.data_type(), true)
        };
        let width = if records.len() == 0 { 0 } else { records.width() };
        Ok(Look::Columns((0..width).map(field).collect()))
    }

    /// The columns' names, as far as the first record is whole and in order.
    fn names(&self, piece: Piece<'_>) -> Vec<String> {
        let Ok(records) = self.splitter().split(piece, 1, None) else { return Vec::new() };
        let width = if records.len() == 0 { 0 } else { records.width() };
        (0..width).map(|column| self.name(&records, column)).collect()
    }

    /// What a column is called. One whose header is empty is named as those of files without a header.
    fn name(&self, records: &Records<'_>, column: usize) -> String {
        match records.cell(0, column) {
            name if self.header && !name.is_empty() => name.into_owned(),
            _ => format!("column_{}", column + 1),
        }
    }

    /// Takes the line that names the columns.
    pub(super) fn header(&self, piece: Piece<'_>, body: &Body) -> Result<Taken<()>, Fault> {
        let records = self.splitter().split(piece, 1, Some(body.names.len()))?;
        let found = (records.len() > 0).then_some(());
        Ok(Taken { found, bytes: records.bytes(), lines: records.newlines })
    }

    /// Takes rows, `most` of them at most.
    pub(super) fn rows(
        &self,
        piece: Piece<'_>,
        body: &Body,
        most: usize,
    ) -> Result<Taken<RecordBatch>, Fault> {
        let records = self
            .splitter()
            .split(piece, most, Some(body.names.len()))
            .map_err(|fault| fault.named(&body.names))?;
        let found = (records.len() > 0).then(|| self.batch(&records, body)).transpose()?;
        Ok(Taken { found, bytes: records.bytes(), lines: records.newlines })
    }

    /// The records as a batch of the columns that are read.
    fn batch(&self, records: &Records<'_>, body: &Body) -> Result<RecordBatch, Fault> {
        let columns: Vec<ArrayRef> = body
            .schema
            .fields()
            .iter()
            .map(|field| self.column(records, field, body))
            .collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        RecordBatch::try_new_with_options(Arc::clone(&body.schema), columns, &options)
            .map_err(|error| Fault::new(records.line(0), error.to_string()))
    }

    fn column(&self, records: &Records<'_>, field: &Field, body: &Body) -> Result<ArrayRef, Fault> {
        let Some(place) = body.names.iter().position(|name| name == field.name()) else {
            return Ok(arrow::array::new_null_array(field.data_type(), records.len()));
        };
        let texts = (0..records.len()).map(|record| self.value(records.cell(record, place)));
        cells::column(field.data_type(), texts).map_err(|record| {
            let text = records.cell(record, place);
            body.unfit(records.line(record), field, &shown(&text))
        })
    }
}

/// Why a column of this type cannot be read from CSV, if it cannot.
pub(super) fn unreadable(data_type: &DataType) -> Option<String> {
    (!cells::is_known(data_type)).then(|| format!("a CSV file cannot hold {}", type_name(data_type)))
}
