//! How wide rows are in memory, as far as their types tell.

use arrow::datatypes::{DataType, Schema};

/// Estimated bytes of a row; at least 1.
pub fn row_width(schema: &Schema) -> usize {
    schema.fields().iter().map(|field| width(field.data_type())).sum::<usize>().max(1)
}

fn width(data_type: &DataType) -> usize {
    match data_type {
        DataType::Boolean => 1,
        DataType::Struct(fields) => fields.iter().map(|field| width(field.data_type())).sum(),
        DataType::LargeList(item) => 8 + 4 * width(item.data_type()),
        other => other.primitive_width().unwrap_or(32),
    }
}
