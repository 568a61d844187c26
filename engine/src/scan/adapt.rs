//! Gives the batches of every file the one schema of the scan.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, UInt32Array, UInt64Array,
    new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};

use crate::error::{Error, Result};
use crate::validate::{FILE, ROW};

/// Bits of an origin that number the row within its file.
pub const ROW_BITS: u32 = 40;

/// Where each column of the scan's batches comes from, for one file.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A column of the file, by name.
    File(String),
    /// A value that holds for the whole file, as an array of one.
    Constant(ArrayRef),
    /// Null: the file has no such column.
    Missing,
    /// The file's number and the row's position in it: `file << ROW_BITS | row`.
    Origin(u64),
    /// The same, of the file and row that two columns of the file name, by the number of each file.
    Told(Arc<HashMap<String, u64>>),
}

/// The columns of a scan that its batches carry.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    /// Their positions among all columns of the scan, in order.
    pub columns: Vec<usize>,
    /// Their schema.
    pub schema: SchemaRef,
}

impl Carried {
    /// All columns of `schema`.
    pub(super) fn all(schema: &SchemaRef) -> Self {
        Self { columns: (0..schema.fields().len()).collect(), schema: Arc::clone(schema) }
    }

    /// Those columns of `schema` for which `is_carried` holds.
    pub(super) fn of(schema: &SchemaRef, is_carried: impl Fn(&str) -> bool) -> Self {
        let (columns, fields): (Vec<usize>, Vec<_>) = (schema.fields().iter().enumerate())
            .filter(|(_, field)| is_carried(field.name()))
            .map(|(position, field)| (position, Arc::clone(field)))
            .unzip();
        Self { columns, schema: Arc::new(Schema::new(fields)) }
    }

    /// The columns of `schema` at these positions, in their order.
    pub(super) fn at(schema: &SchemaRef, columns: Vec<usize>) -> Result<Self> {
        let projected = schema.project(&columns);
        let schema = projected.map_err(|error| Error::defect("no such column to carry").because(error))?;
        Ok(Self { columns, schema: Arc::new(schema) })
    }
}

/// Makes batches of one file into batches of the scan.
#[derive(Debug, Clone)]
pub(super) struct Adapter {
    /// Name of the file, for errors.
    pub object: String,
    /// One for each column of the scan.
    pub sources: Vec<Source>,
}

impl Adapter {
    /// The columns of the file that are needed.
    pub(super) fn file_columns<'a>(&'a self, carried: &'a Carried) -> impl Iterator<Item = &'a str> {
        carried.columns.iter().flat_map(|column| match &self.sources[*column] {
            Source::File(name) => vec![name.as_str()],
            Source::Told(_) => vec![FILE, ROW],
            Source::Constant(_) | Source::Missing | Source::Origin(_) => Vec::new(),
        })
    }

    /// `batch`, whose first row is row `first_row` of the file, with the columns that are carried.
    pub(super) fn adapt(
        &self,
        carried: &Carried,
        batch: &RecordBatch,
        first_row: u64,
    ) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let columns = carried
            .schema
            .fields()
            .iter()
            .zip(carried.columns.iter().map(|column| &self.sources[*column]))
            .map(|(field, source)| match source {
                Source::File(name) => {
                    let column = batch
                        .column_by_name(name)
                        .ok_or_else(|| Error::defect(format!("column \"{name}\" was not decoded")))?;
                    let strict = CastOptions { safe: false, ..CastOptions::default() };
                    cast_with_options(&listed(column), field.data_type(), &strict).map_err(|error| {
                        Error::wrong(format!("column \"{name}\" does not fit {}", field.data_type()))
                            .in_object(&self.object)
                            .because(error)
                    })
                }
                Source::Constant(value) => repeat(value, rows),
                Source::Missing => Ok(new_null_array(field.data_type(), rows)),
                Source::Origin(file) => Ok(Arc::new(origins(*file, first_row, rows)) as ArrayRef),
                Source::Told(numbers) => told(batch, numbers).map_err(|error| error.in_object(&self.object)),
            })
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&carried.schema), columns, &options).map_err(|error| {
            Error::defect("a batch does not fit its scan").in_object(&self.object).because(error)
        })
    }
}

/// A map as the list of its entries; anything else as it is.
fn listed(column: &ArrayRef) -> ArrayRef {
    let Some(map) = column.as_map_opt() else { return Arc::clone(column) };
    let entries = Field::new("entries", map.entries().data_type().clone(), false);
    let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
    Arc::new(ListArray::new(Arc::new(entries), offsets, Arc::new(map.entries().clone()), nulls))
}

fn repeat(value: &ArrayRef, rows: usize) -> Result<ArrayRef> {
    take(value, &UInt32Array::from(vec![0; rows]), None)
        .map_err(|error| Error::defect("could not repeat a partition value").because(error))
}

fn origins(file: u64, first_row: u64, rows: usize) -> UInt64Array {
    let first = (file << ROW_BITS) | first_row;
    UInt64Array::from_iter_values(first..first + rows as u64)
}

/// The origins that the columns of quarantined rows tell; null for rows made from several, or from a file
/// that has no number.
fn told(batch: &RecordBatch, numbers: &HashMap<String, u64>) -> Result<ArrayRef> {
    let column = |name: &str, data_type: &DataType| {
        let found = batch.column_by_name(name);
        let found = found.ok_or_else(|| Error::defect(format!("column \"{name}\" was not decoded")))?;
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(found, data_type, &strict)
            .map_err(|error| Error::wrong(format!("column \"{name}\" is no {data_type}")).because(error))
    };
    let (files, rows) = (column(FILE, &DataType::Utf8View)?, column(ROW, &DataType::UInt64)?);
    let number = |file: Option<&str>| numbers.get(file?).copied();
    let origins = files.as_string_view().iter().zip(rows.as_primitive::<UInt64Type>());
    let origins = origins.map(|(file, row)| Some((number(file)? << ROW_BITS) | row?));
    Ok(Arc::new(origins.collect::<UInt64Array>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, StringArray};
    use arrow::datatypes::Int64Type;

    #[test]
    fn columns_are_widened_filled_and_numbered() {
        let schema = Arc::new(Schema::new(vec![
            Field::new("day", DataType::Utf8View, true),
            Field::new("x", DataType::Int64, true),
            Field::new("gone", DataType::Float64, true),
            Field::new("origin", DataType::UInt64, true),
        ]));
        let adapter = Adapter {
            object: "f".into(),
            sources: vec![
                Source::Constant(
                    cast_with_options(
                        &(Arc::new(StringArray::from(vec!["d1"])) as ArrayRef),
                        &DataType::Utf8View,
                        &CastOptions::default(),
                    )
                    .unwrap(),
                ),
                Source::File("x".into()),
                Source::Missing,
                Source::Origin(3),
            ],
        };
        let x: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
        let batch = RecordBatch::try_from_iter_with_nullable([("x", x, true)]).unwrap();
        let adapted = adapter.adapt(&Carried::all(&schema), &batch, 10).unwrap();
        assert_eq!(adapted.column(0).as_string_view().value(1), "d1");
        assert_eq!(adapted.column(1).as_primitive::<Int64Type>().value(0), 1);
        assert_eq!(adapted.column(2).null_count(), 2);
        assert_eq!(adapted.column(3).as_primitive::<UInt64Type>().value(1), (3 << ROW_BITS) + 11);
        let carried = Carried::of(&schema, |name| matches!(name, "x" | "origin"));
        assert_eq!(adapter.file_columns(&carried).collect::<Vec<_>>(), ["x"]);
        let narrowed = adapter.adapt(&carried, &batch, 10).unwrap();
        assert_eq!(narrowed, adapted.project(&[1, 3]).unwrap());
    }
}
