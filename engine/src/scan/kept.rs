//! Scans of quarantined rows: they come with the schema that they had when they left, and with the places
//! that they once came from.
//!
//! Files of a quarantine are written by a run and may be corrected by people since, so each column is held to
//! the type that is asked for: widened where nothing is lost, an error otherwise.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use polars::prelude::Schema as FrameSchema;

use super::adapt::{Adapter, Carried, Source};
use super::contract::Extra;
use super::discover::{Found, Request, body, describe};
use super::unify::{normal, widest};
use super::{Format, ORIGIN, Scan, ScanFile};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::store::{Entry, Io};
use crate::validate::{FILE, QUARANTINE_RUN, REASONS, ROW};

/// The files that quarantined rows came from, each with how many rows did; none stands for rows made from several.
pub type Origins = BTreeMap<Option<String>, u64>;

/// Where the rows of each of the quarantine's `files` came from.
pub fn origins(name: &str, files: &[Entry], io: &Io) -> Result<Vec<Origins>> {
    let schema = Arc::new(Schema::new(vec![Field::new(FILE, DataType::Utf8View, true)]));
    let only = |file: &Found| {
        held(&file.fields, FILE, &DataType::Utf8View).map(|()| vec![Source::File(FILE.to_owned())])
    };
    let scan = scan(name, &schema, files, io, &only)?;
    let mut found = vec![Origins::new(); files.len()];
    for (number, task) in scan.tasks.iter().enumerate() {
        let fetched = io.block_on(scan.fetch(number))?;
        let origins = &mut found[task.file];
        scan.decode(number, fetched, &mut |rows, _| {
            count(&rows, origins);
            true
        })?;
    }
    Ok(found)
}

fn count(rows: &polars::prelude::DataFrame, origins: &mut Origins) {
    let Ok(files) = rows.column(FILE).and_then(|files| files.str()) else { return };
    for file in files.iter() {
        match origins.get_mut(&file.map(str::to_owned)) {
            Some(rows) => *rows += 1,
            None => {
                origins.insert(file.map(str::to_owned), 1);
            }
        }
    }
}

/// Plans the scan of the quarantine's `files`, whose rows meet `schema` where they come in; `numbers` has the
/// number of each file that rows came from.
#[expect(clippy::implicit_hasher, reason = "the numbers are made in one place")]
pub fn plan_kept(
    name: &str,
    schema: &FrameSchema,
    files: &[Entry],
    numbers: &Arc<HashMap<String, u64>>,
    io: &Io,
) -> Result<Scan> {
    let schema = bridge::arrow_schema(schema)?;
    scan(name, &schema, files, io, &|file| sources(&schema, file, numbers))
}

fn scan(
    name: &str,
    schema: &SchemaRef,
    files: &[Entry],
    io: &Io,
    sources: &dyn Fn(&Found) -> Result<Vec<Source>>,
) -> Result<Scan> {
    let request = Request {
        name: name.to_owned(),
        address: String::new(),
        format: Format::Parquet,
        partitions: Vec::new(),
        declared: Vec::new(),
        extra: Extra::Keep,
    };
    let entries = files.iter().map(|entry| (entry.clone(), Vec::new())).collect();
    let mut scanned = Vec::with_capacity(files.len());
    let mut tasks = Vec::new();
    for (number, file) in describe(&request, io, entries)?.into_iter().enumerate() {
        let object = file.entry.location.to_string();
        let sources = sources(&file).map_err(|error| {
            error
                .in_object(&object)
                .hint("correct values and leave names, columns and their types as they are")
        })?;
        let adapter = Adapter { object, sources };
        let body = body(&request, &file, &adapter, schema, number, &mut tasks);
        scanned.push(ScanFile { entry: file.entry, partition: Vec::new(), adapter, body });
    }
    Scan::new(&request, Arc::clone(schema), scanned, tasks, Vec::new())
}

fn sources(schema: &Schema, file: &Found, numbers: &Arc<HashMap<String, u64>>) -> Result<Vec<Source>> {
    let own = |name: &str, wanted: &DataType| held(&file.fields, name, wanted);
    own(FILE, &DataType::Utf8View)?;
    own(ROW, &DataType::UInt64)?;
    let known = [FILE, ROW, REASONS, QUARANTINE_RUN];
    let is_known = |name: &str| known.contains(&name) || schema.index_of(name).is_ok();
    if let Some(extra) = file.fields.iter().find(|field| !is_known(field.name())) {
        return Err(Error::wrong(format!(
            "quarantined rows have a column \"{}\", which rows of this table have not there",
            extra.name()
        )));
    }
    schema
        .fields()
        .iter()
        .map(|field| {
            if field.name() == ORIGIN {
                return Ok(Source::Told(Arc::clone(numbers)));
            }
            own(field.name(), field.data_type())?;
            Ok(Source::File(field.name().clone()))
        })
        .collect()
}

/// Makes sure that column `name` is there, and that `wanted` holds every value of its type.
fn held(fields: &Fields, name: &str, wanted: &DataType) -> Result<()> {
    let Some((_, field)) = fields.find(name) else {
        return Err(Error::wrong(format!("quarantined rows have no column \"{name}\"")));
    };
    let found = normal(field.data_type());
    // Tools that know no unsigned numbers write signed ones; that each value fits is checked as it is read.
    let is_row = name == ROW && found.is_integer();
    if is_row || widest(&found, wanted).as_ref() == Some(wanted) {
        return Ok(());
    }
    Err(Error::wrong(format!("column \"{name}\" of quarantined rows is {found}, and {wanted} is wanted")))
}

impl Scan {
    /// Gives batches the columns of `schema`, in its order; they must be among those of the scan.
    pub fn carry(&mut self, schema: &FrameSchema) -> Result<()> {
        let columns: Option<Vec<usize>> =
            schema.iter_names().map(|name| self.arrow_schema.index_of(name).ok()).collect();
        let columns = columns.filter(|columns| {
            let has = |(name, column): (&polars::prelude::PlSmallStr, &usize)| {
                bridge::frame_type(self.arrow_schema.field(*column).data_type()).ok()
                    == schema.get(name).cloned()
            };
            schema.iter_names().zip(columns).all(has)
        });
        let columns =
            columns.ok_or_else(|| Error::defect("rows of the quarantine do not fit where they come in"))?;
        self.keep(Carried::at(&self.arrow_schema, columns)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(found: DataType, wanted: &DataType) -> bool {
        held(&Fields::from(vec![Field::new("x", found, true)]), "x", wanted).is_ok()
    }

    #[test]
    fn a_corrected_column_fits_where_its_type_loses_nothing() {
        assert!(fits(DataType::Int32, &DataType::Int32) && fits(DataType::LargeUtf8, &DataType::Utf8View));
        assert!(fits(DataType::Int32, &DataType::Int64) && fits(DataType::Null, &DataType::Int64));
        assert!(!fits(DataType::Int64, &DataType::Int32) && !fits(DataType::Float64, &DataType::Int32));
        assert!(!fits(DataType::Utf8, &DataType::Int32));
    }

    #[test]
    fn a_column_that_was_left_out_is_missed() {
        let error = held(&Fields::empty(), "price", &DataType::Float64).unwrap_err();
        assert_eq!(error.message(), "quarantined rows have no column \"price\"");
    }
}
