//! The one schema of a scan, and how each file differs from it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};

use super::Format;
use super::contract;
use super::discover::Request;
use super::text::{TextFormat, joined, type_name};
use super::unify::{Change, Difference, differences, normal, unify};
use crate::error::{Error, Result};

/// The columns of one file, without those that its path has.
pub(super) struct Own {
    /// The file.
    pub object: String,
    /// Its columns.
    pub fields: Fields,
    /// Whether there are no others.
    pub whole: bool,
}

/// The columns of the scan without partition columns, and how files differ from them.
pub(super) fn one_schema(
    request: &Request,
    own: &[Own],
    partitions: &[Field],
) -> Result<(Vec<Field>, Vec<Difference>)> {
    let is_partition = |name: &str| partitions.iter().any(|field| field.name() == name);
    let mut fields = match request.format {
        Format::Text(_) => unify_text(own)?,
        Format::Parquet => {
            let wanted: Vec<Fields> =
                own.iter().map(|file| contract::as_declared(&request.declared, &file.fields)).collect();
            unify(own.iter().zip(&wanted).map(|(file, fields)| (file.object.as_str(), fields)))?
        }
    };
    let open = own.iter().any(|file| !file.whole) || own.iter().all(|file| file.fields.is_empty());
    contract::apply(request, &mut fields, open, &is_partition)?;
    if let Format::Text(format) = &request.format {
        for field in &mut fields {
            *field = readable(format, field)?;
        }
    }
    let is_optional = |name: &str| request.declared.iter().any(|d| d.optional && d.name == name);
    let differences = own
        .iter()
        .flat_map(|file| known_differences(request, file, &fields))
        .filter(|difference| !is_optional(&difference.column))
        .collect();
    Ok((fields, differences))
}

/// How a file differs, as far as that is known: not of columns of text whose values are all null, nor of
/// keys that a later line may have.
fn known_differences(request: &Request, file: &Own, fields: &[Field]) -> Vec<Difference> {
    if request.format == Format::Parquet {
        return differences(&file.object, &file.fields, fields);
    }
    let settled: Fields = file
        .fields
        .iter()
        .map(|field| Field::new(field.name(), settled(&normal(field.data_type())), true))
        .collect();
    let only_null = |column: &str| {
        file.fields.find(column).is_some_and(|(_, field)| *field.data_type() == DataType::Null)
    };
    let mut found = differences(&file.object, &settled, fields);
    found.retain(|difference| match difference.change {
        Change::Missing => file.whole && !file.fields.is_empty(),
        Change::Widened { .. } => !only_null(&difference.column),
    });
    found
}

/// Inferred types that differ become the one that holds the values of both.
fn unify_text(files: &[Own]) -> Result<Vec<Field>> {
    let mut unified: Vec<Field> = Vec::new();
    for file in files {
        for field in &file.fields {
            let seen = normal(field.data_type());
            match unified.iter_mut().find(|known| known.name() == field.name()) {
                None => unified.push(Field::new(field.name(), seen, true)),
                Some(known) => {
                    let joined = joined(known.data_type(), &seen).ok_or_else(|| {
                        Error::wrong(format!(
                            "column \"{}\" is {} in {} and {} in other files",
                            field.name(),
                            type_name(&seen),
                            file.object,
                            type_name(known.data_type()),
                        ))
                        .in_object(&file.object)
                        .hint("leave it out with `schema: columns:` and `extra_columns: drop`")
                    })?;
                    *known = Field::new(field.name(), joined, true);
                }
            }
        }
    }
    Ok(unified)
}

/// The column in the type it is read in, if it can be.
fn readable(format: &TextFormat, field: &Field) -> Result<Field> {
    let data_type = settled(field.data_type());
    match format.unreadable(&data_type) {
        None => Ok(Field::new(field.name(), data_type, true)),
        Some(why) => Err(Error::wrong(format!("column \"{}\" cannot be read: {why}", field.name()))
            .hint("declare another type, or leave it out with `schema: columns:` and `extra_columns: drop`")),
    }
}

/// Values that are all null are read as text.
fn settled(data_type: &DataType) -> DataType {
    let field = |field: &Field| Field::new(field.name(), settled(field.data_type()), true);
    match data_type {
        DataType::Null => DataType::Utf8View,
        DataType::LargeList(item) => DataType::LargeList(Arc::new(field(item))),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|inner| field(inner)).collect()),
        other => other.clone(),
    }
}
