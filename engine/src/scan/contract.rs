//! The contract of a source: the columns it names, and what becomes of others.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};

use super::Format;
use super::discover::Request;
use super::unify::{normal, widest};
use crate::error::{Error, Result};

/// A column the contract names.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Whether it may be missing, and is then null.
    pub optional: bool,
}

/// What happens to columns that the contract does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// They are read too.
    Keep,
    /// They are not read.
    Drop,
    /// They are an error.
    Fail,
}

/// The column as its file has it. A text file has no types of its own: what the contract declares is
/// what is read.
pub(super) fn declared_or_own(format: &Format, declared: &[Declared], field: &Arc<Field>) -> Arc<Field> {
    match (format, declared.iter().find(|declared| declared.name == *field.name())) {
        (Format::Text(_), Some(declared)) => {
            Arc::new(Field::new(field.name(), declared.data_type.clone(), true))
        }
        _ => Arc::clone(field),
    }
}

/// The columns of a file with the types that the contract declares, where those hold the file's values.
pub(super) fn as_declared(declared: &[Declared], fields: &Fields) -> Fields {
    let wanted = |field: &Arc<Field>| {
        let declared = declared.iter().find(|declared| declared.name == *field.name());
        let wanted = declared.map(|declared| normal(&declared.data_type));
        match wanted.filter(|wanted| widest(&normal(field.data_type()), wanted).as_ref() == Some(wanted)) {
            Some(wanted) => Arc::new(Field::new(field.name(), wanted, true)),
            None => Arc::clone(field),
        }
    };
    fields.iter().map(wanted).collect()
}

/// Holds `fields`, the columns of all files, to the contract. `open` files may have columns that are not
/// known yet, or have no columns at all because they have no rows: what they lack is not missing.
pub(super) fn apply(
    request: &Request,
    fields: &mut Vec<Field>,
    open: bool,
    is_partition: &dyn Fn(&str) -> bool,
) -> Result<()> {
    if request.declared.is_empty() {
        return Ok(());
    }
    let source = &request.name;
    for declared in request.declared.iter().filter(|declared| !is_partition(&declared.name)) {
        let wanted = normal(&declared.data_type);
        match fields.iter_mut().find(|field| *field.name() == declared.name) {
            None if declared.optional || open => fields.push(Field::new(&declared.name, wanted, true)),
            None => {
                let have = fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
                return Err(Error::wrong(format!("source \"{source}\" has no column \"{}\"", declared.name))
                    .hint(format!(
                        "its files have {have}; mark the column `optional: true` if it may be missing"
                    )));
            }
            Some(field) if widest(field.data_type(), &wanted).as_ref() == Some(&wanted) => {
                *field = Field::new(&declared.name, wanted, true);
            }
            Some(field) => {
                return Err(Error::wrong(format!(
                    "column \"{}\" of source \"{source}\" is {} but the contract says {wanted}",
                    declared.name,
                    field.data_type(),
                ))
                .hint("declare the type that is there and use a `cast` or `parse` step"));
            }
        }
    }
    extras(request, fields)
}

fn extras(request: &Request, fields: &mut Vec<Field>) -> Result<()> {
    let is_declared = |field: &Field| request.declared.iter().any(|declared| declared.name == *field.name());
    match request.extra {
        Extra::Keep => {}
        Extra::Drop => fields.retain(is_declared),
        Extra::Fail => {
            if let Some(extra) = fields.iter().find(|field| !is_declared(field)) {
                return Err(Error::wrong(format!(
                    "source \"{}\" has a column \"{}\" that its contract does not name",
                    request.name,
                    extra.name()
                ))
                .hint("add it under `schema: columns:`, or set `extra_columns: keep` or `drop`"));
            }
        }
    }
    Ok(())
}
