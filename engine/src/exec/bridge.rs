//! Arrow record batches to Polars frames and back, without copying values.
//!
//! Both libraries speak the Arrow C Data Interface; this module moves ownership of an array from one
//! to the other. It is the only place of the engine with `unsafe`.
#![allow(
    unsafe_code,
    reason = "ownership of arrays crosses between two libraries through the C Data Interface"
)]

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::datatypes::{DataType as ArrowType, Field, Schema as ArrowSchema, SchemaRef};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use polars::prelude::{Column, CompatLevel, DataFrame, DataType, PlSmallStr, Schema, Series};
use polars_arrow::ffi as polars_ffi;

use crate::error::{Error, Result};

/// The columns of `record` as a frame of the same height.
pub fn to_frame(record: &RecordBatch) -> Result<DataFrame> {
    let columns = record
        .schema_ref()
        .fields()
        .iter()
        .zip(record.columns())
        .map(|(field, array)| to_column(field, array))
        .collect::<Result<Vec<_>>>()?;
    DataFrame::new(record.num_rows(), columns)
        .map_err(|error| Error::defect("could not lay out a batch as a frame").because(error))
}

/// The columns of `frame` as a record batch; `schema` is the one `arrow_schema` gave for its schema.
pub fn to_record(frame: &DataFrame, schema: &SchemaRef) -> Result<RecordBatch> {
    let arrays = frame.columns().iter().map(to_array).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(frame.height()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
        .map_err(|error| Error::defect("a batch does not fit the schema that was planned").because(error))
}

/// The Arrow schema in which frames of `schema` leave Polars: strings and binaries as views, lists with
/// 64-bit offsets, every column nullable.
pub fn arrow_schema(schema: &Schema) -> Result<SchemaRef> {
    let fields = schema.iter().map(|(name, dtype)| export_field(name, dtype)).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(ArrowSchema::new(fields)))
}

/// The Arrow type in which values of `dtype` leave Polars.
pub fn arrow_type(dtype: &DataType) -> Result<ArrowType> {
    export_field(&PlSmallStr::EMPTY, dtype).map(|field| field.data_type().clone())
}

fn export_field(name: &PlSmallStr, dtype: &DataType) -> Result<Field> {
    let exported = polars_ffi::export_field_to_c(&dtype.to_arrow_field(name.clone(), CompatLevel::newest()));
    // SAFETY: both types are the `ArrowSchema` struct of the C Data Interface, `repr(C)`; ownership,
    // and with it the release callback, moves with the value.
    let exported: FFI_ArrowSchema = unsafe { std::mem::transmute(exported) };
    Field::try_from(&exported)
        .map_err(|error| Error::wrong(format!("column \"{name}\" has no Arrow type")).because(error))
}

/// The Polars type that holds values of `data_type`.
pub fn frame_type(data_type: &ArrowType) -> Result<DataType> {
    Ok(DataType::from_arrow_field(&import_field(&Field::new("", data_type.clone(), true))?))
}

/// The Polars schema of record batches with `schema`.
pub fn frame_schema(schema: &ArrowSchema) -> Result<Schema> {
    schema
        .fields()
        .iter()
        .map(|field| {
            let dtype = DataType::from_arrow_field(&import_field(field)?);
            Ok((PlSmallStr::from(field.name().as_str()), dtype))
        })
        .collect()
}

fn import_field(field: &Field) -> Result<polars_arrow::datatypes::Field> {
    let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::wrong(format!(
            "column \"{}\" has a type that cannot be processed: {}",
            field.name(),
            field.data_type()
        ))
        .because(cause)
    };
    let exported = FFI_ArrowSchema::try_from(field).map_err(|error| unreadable(Box::new(error)))?;
    // SAFETY: both types are the `ArrowSchema` struct of the C Data Interface, `repr(C)`; ownership moves.
    let exported: polars_ffi::ArrowSchema = unsafe { std::mem::transmute(exported) };
    // SAFETY: the struct was just filled by arrow-rs and its release callback has not run.
    unsafe { polars_ffi::import_field_from_c(&exported) }.map_err(|error| unreadable(Box::new(error)))
}

fn to_column(field: &Field, array: &ArrayRef) -> Result<Column> {
    let imported_field = import_field(field)?;
    let exported = FFI_ArrowArray::new(&array.to_data());
    // SAFETY: both types are the `ArrowArray` struct of the C Data Interface, `repr(C)`; ownership moves.
    let exported: polars_ffi::ArrowArray = unsafe { std::mem::transmute(exported) };
    // SAFETY: arrow-rs filled the struct from an array of exactly this field's type.
    let imported = unsafe { polars_ffi::import_array_from_c(exported, imported_field.dtype().clone()) }
        .map_err(|error| {
            Error::defect(format!("could not take over column \"{}\"", field.name())).because(error)
        })?;
    let series = Series::try_from((&imported_field, imported)).map_err(|error| {
        Error::wrong(format!("column \"{}\" cannot be processed", field.name())).because(error)
    })?;
    Ok(series.into())
}

/// The values of `column` as one Arrow array.
pub fn to_array(column: &Column) -> Result<ArrayRef> {
    let series = column.as_materialized_series().rechunk();
    let array = series.to_arrow(0, CompatLevel::newest());
    let field = series.dtype().to_arrow_field(series.name().clone(), CompatLevel::newest());
    let array = polars_ffi::export_array_to_c(array);
    let schema = polars_ffi::export_field_to_c(&field);
    // SAFETY: both pairs of types are the structs of the C Data Interface, `repr(C)`; ownership moves.
    let (array, schema): (FFI_ArrowArray, FFI_ArrowSchema) = unsafe {
        (
            std::mem::transmute::<polars_ffi::ArrowArray, FFI_ArrowArray>(array),
            std::mem::transmute::<polars_ffi::ArrowSchema, FFI_ArrowSchema>(schema),
        )
    };
    // SAFETY: Polars exported the array and the field of one and the same series.
    let data = unsafe { from_ffi(array, &schema) }.map_err(|error| {
        Error::defect(format!("could not hand over column \"{}\"", series.name())).because(error)
    })?;
    Ok(make_array(data))
}
