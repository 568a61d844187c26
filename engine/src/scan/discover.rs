//! Finds the files of a source, chooses partitions and brings all files under one schema.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use futures::StreamExt;
use futures::stream;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::adapt::{Adapter, Carried, Source};
use super::partition::{PartitionValue, values_of};
use super::select::{Wanted, absent_values, wanted_files};
use super::unify::{Difference, differences, normal, unify};
use super::{Body, Format, ORIGIN, Scan, ScanFile, Task, values};
use super::{parquet as footers, text};
use crate::error::{Error, Result};
use crate::steps::HIDDEN;
use crate::store::{Entry, Io, Location, Stores};

/// Footers read at the same time.
const FOOTERS_AT_ONCE: usize = 32;

/// What is asked of a source.
#[derive(Debug, Clone)]
pub struct Request {
    /// The source's name, for errors.
    pub name: String,
    /// Where its files are: a folder, a file or a pattern.
    pub address: String,
    /// Their format.
    pub format: Format,
    /// Which partitions are read, by partition column.
    pub partitions: Vec<(String, Wanted)>,
    /// Columns with their declared types.
    pub declared: Vec<Declared>,
    /// What happens to columns that are not declared, if any are.
    pub extra: Extra,
}

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

/// A file before it is known how it fits the others.
struct Found {
    entry: Entry,
    partition: Vec<PartitionValue>,
    fields: Fields,
    footer: Option<ArrowReaderMetadata>,
}

/// Lists the source, reads what describes its files and plans how each is read. Partitions all of whose
/// files are known are not read again; if that leaves nothing, the newest of them still tells the schema.
pub fn plan(request: &Request, stores: &Stores, is_known: &dyn Fn(&Entry) -> bool) -> Result<Scan> {
    let (folder, entries) = list(request, stores)?;
    let mut chosen = choose(request, &folder, entries)?;
    let fresh = in_fresh_partitions(&chosen, is_known);
    let nothing_new = !fresh.contains(&true);
    if nothing_new {
        chosen.drain(..chosen.len().saturating_sub(1));
    } else {
        let mut fresh = fresh.into_iter();
        chosen.retain(|_| fresh.next().unwrap_or(false));
    }
    let found = describe(request, stores.io(), chosen)?;
    let partition_fields = partition_fields(request, &found)?;
    let (fields, differences) = one_schema(request, &found, &partition_fields)?;
    let scan = assemble(request, found, fields, &partition_fields, differences)?;
    Ok(if nothing_new { scan.without_files() } else { scan })
}

fn list(request: &Request, stores: &Stores) -> Result<(Location, Vec<Entry>)> {
    let (folder, entries) = stores.io().block_on(stores.find(&request.address))?;
    let exact = matches!(entries.as_slice(), [only] if only.location.relative_to(&folder).is_none_or(|path| !path.contains('/')));
    let readable: Vec<Entry> =
        entries.into_iter().filter(|entry| exact || has_extension(&request.format, entry)).collect();
    if readable.is_empty() {
        return Err(Error::wrong(format!(
            "source \"{}\" has no {} files under {}",
            request.name,
            request.format.name(),
            request.address
        ))
        .hint(
            "check `read:` and `format:`; files and folders whose names begin with `_` or `.` are not read",
        ));
    }
    Ok((folder, readable))
}

fn has_extension(format: &Format, entry: &Entry) -> bool {
    let name = entry.location.name().unwrap_or_default().to_ascii_lowercase();
    format.extensions().iter().any(|extension| name.ends_with(extension))
}

/// The files of the wanted partitions, with their partition values.
fn choose(
    request: &Request,
    folder: &Location,
    entries: Vec<Entry>,
) -> Result<Vec<(Entry, Vec<PartitionValue>)>> {
    let partitions: Vec<Vec<PartitionValue>> = entries
        .iter()
        .map(|entry| values_of(entry.location.relative_to(folder).unwrap_or_default()))
        .collect();
    if let (Some(first), Some(other)) = (
        partitions.first(),
        partitions
            .iter()
            .position(|partition| !partitions.first().is_some_and(|first| same_names(first, partition))),
    ) {
        return Err(Error::wrong(format!(
            "source \"{}\" is partitioned in two ways: {} has {}, {} has {}",
            request.name,
            entries[0].location,
            names(first),
            entries[other].location,
            names(&partitions[other]),
        )));
    }
    let mut keep = vec![true; entries.len()];
    for (column, wanted) in &request.partitions {
        if let Some(first) = partitions.first()
            && !first.iter().any(|(name, _)| name == column)
        {
            let hint = format!("it is partitioned by {}", names(first));
            return Err(Error::wrong(format!(
                "source \"{}\" has no partition column \"{column}\"",
                request.name
            ))
            .hint(hint));
        }
        if let [absent, ..] = absent_values(&partitions, column, wanted).as_slice() {
            return Err(Error::wrong(format!(
                "source \"{}\" has no partition {column}={absent}",
                request.name
            )));
        }
        for (keep, wanted) in keep.iter_mut().zip(wanted_files(&partitions, column, wanted)) {
            *keep &= wanted;
        }
    }
    let chosen: Vec<(Entry, Vec<PartitionValue>)> = entries
        .into_iter()
        .zip(partitions)
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|(file, _)| file)
        .collect();
    if chosen.is_empty() {
        let columns: Vec<&str> = request.partitions.iter().map(|(column, _)| column.as_str()).collect();
        return Err(Error::wrong(format!(
            "source \"{}\" has no partition within the range of {}",
            request.name,
            columns.join(" and ")
        ))
        .hint("widen `from` and `to`, which both belong to the range"));
    }
    Ok(chosen)
}

/// For each file, whether its partition has a file that is not known.
fn in_fresh_partitions(
    chosen: &[(Entry, Vec<PartitionValue>)],
    is_known: &dyn Fn(&Entry) -> bool,
) -> Vec<bool> {
    let fresh: HashSet<&Vec<PartitionValue>> =
        chosen.iter().filter(|(entry, _)| !is_known(entry)).map(|(_, partition)| partition).collect();
    chosen.iter().map(|(_, partition)| fresh.contains(partition)).collect()
}

fn same_names(a: &[PartitionValue], b: &[PartitionValue]) -> bool {
    a.iter().map(|(name, _)| name).eq(b.iter().map(|(name, _)| name))
}

fn names(partition: &[PartitionValue]) -> String {
    if partition.is_empty() {
        return "no partition folders".to_owned();
    }
    partition.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("/")
}

fn describe(request: &Request, io: &Io, chosen: Vec<(Entry, Vec<PartitionValue>)>) -> Result<Vec<Found>> {
    let described = stream::iter(chosen.into_iter().map(|(entry, partition)| async move {
        let (fields, footer) = match &request.format {
            Format::Parquet => {
                let footer = footers::footer(&entry).await?;
                (footer.schema().fields().clone(), Some(footer))
            }
            Format::Text(format) => (text::infer(format, &entry).await?.fields().clone(), None),
        };
        let mut names: Vec<&String> = fields.iter().map(|field| field.name()).collect();
        names.sort_unstable();
        if let Some([twice, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::wrong(format!("{} has two columns named \"{}\"", entry.location, twice))
                .in_object(entry.location.to_string()));
        }
        if let Some(own) = fields.iter().find(|field| field.name().starts_with(HIDDEN)) {
            return Err(Error::wrong(format!("{} has a column \"{}\"", entry.location, own.name()))
                .in_object(entry.location.to_string())
                .hint(format!(
                    "names that begin with \"{HIDDEN}\" are kept for the engine; deliver another name"
                )));
        }
        Ok(Found { entry, partition, fields, footer })
    }))
    .buffered(FOOTERS_AT_ONCE)
    .collect::<Vec<Result<Found>>>();
    io.block_on(described).into_iter().collect()
}

fn partition_fields(request: &Request, found: &[Found]) -> Result<Vec<Field>> {
    let Some(first) = found.first() else { return Ok(Vec::new()) };
    first
        .partition
        .iter()
        .enumerate()
        .map(|(index, (name, _))| {
            let declared = request.declared.iter().find(|declared| declared.name == *name);
            let texts = found.iter().filter_map(|file| file.partition[index].1.as_deref());
            let data_type =
                declared.map_or_else(|| values::infer(&texts), |declared| normal(&declared.data_type));
            Ok(Field::new(name, data_type, true))
        })
        .collect()
}

/// The columns of the scan without partition columns, and how files differ from them.
fn one_schema(
    request: &Request,
    found: &[Found],
    partitions: &[Field],
) -> Result<(Vec<Field>, Vec<Difference>)> {
    let is_partition = |name: &str| partitions.iter().any(|field| field.name() == name);
    let own: Vec<(String, Fields)> = found
        .iter()
        .map(|file| {
            let is_dropped = |name: &String| {
                request.extra == Extra::Drop && request.declared.iter().all(|declared| declared.name != *name)
            };
            let fields = file.fields.iter();
            let fields = fields.filter(|field| !is_partition(field.name()) && !is_dropped(field.name()));
            let fields = fields.map(|field| declared_or_own(request, field)).collect();
            (file.entry.location.to_string(), fields)
        })
        .collect();
    let mut fields = if matches!(request.format, Format::Text(_)) {
        unify_text(&own)
    } else {
        let wanted: Vec<Fields> = own.iter().map(|(_, fields)| as_declared(request, fields)).collect();
        unify(own.iter().zip(&wanted).map(|((name, _), fields)| (name.as_str(), fields)))?
    };
    apply_contract(request, &mut fields, &is_partition)?;
    let differences = own
        .iter()
        .flat_map(|(name, own)| differences(name, own, &fields))
        .filter(|difference| !request.declared.iter().any(|d| d.optional && d.name == difference.column))
        .collect();
    Ok((fields, differences))
}

/// A text file has no types of its own: what the contract declares is what is read.
fn declared_or_own(request: &Request, field: &Arc<Field>) -> Arc<Field> {
    let declared = request.declared.iter().find(|declared| declared.name == *field.name());
    match (&request.format, declared) {
        (Format::Text(_), Some(declared)) => {
            Arc::new(Field::new(field.name(), declared.data_type.clone(), true))
        }
        _ => Arc::clone(field),
    }
}

/// The columns of a file with the types that the contract declares, where those hold the file's values.
fn as_declared(request: &Request, fields: &Fields) -> Fields {
    let wanted = |field: &Arc<Field>| {
        let declared = request.declared.iter().find(|declared| declared.name == *field.name());
        let wanted = declared.map(|declared| normal(&declared.data_type));
        match wanted.filter(|wanted| {
            super::unify::widest(&normal(field.data_type()), wanted).as_ref() == Some(wanted)
        }) {
            Some(wanted) => Arc::new(Field::new(field.name(), wanted, true)),
            None => Arc::clone(field),
        }
    };
    fields.iter().map(wanted).collect()
}

/// Inferred types that do not agree are read as text.
fn unify_text(files: &[(String, Fields)]) -> Vec<Field> {
    let mut unified: Vec<Field> = Vec::new();
    for field in files.iter().flat_map(|(_, fields)| fields) {
        let seen = normal(field.data_type());
        match unified.iter_mut().find(|known| known.name() == field.name()) {
            None => unified.push(Field::new(field.name(), seen, true)),
            Some(known) => {
                let wider = super::unify::widest(known.data_type(), &seen).unwrap_or(DataType::Utf8View);
                *known = Field::new(field.name(), wider, true);
            }
        }
    }
    for field in &mut unified {
        if *field.data_type() == DataType::Null {
            *field = Field::new(field.name(), DataType::Utf8View, true);
        }
    }
    unified
}

fn apply_contract(
    request: &Request,
    fields: &mut Vec<Field>,
    is_partition: &dyn Fn(&str) -> bool,
) -> Result<()> {
    if request.declared.is_empty() {
        return Ok(());
    }
    let source = &request.name;
    for declared in request.declared.iter().filter(|declared| !is_partition(&declared.name)) {
        let wanted = normal(&declared.data_type);
        match fields.iter_mut().find(|field| *field.name() == declared.name) {
            None if declared.optional => fields.push(Field::new(&declared.name, wanted, true)),
            None => {
                let have = fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
                return Err(Error::wrong(format!("source \"{source}\" has no column \"{}\"", declared.name))
                    .hint(format!(
                        "its files have {have}; mark the column `optional: true` if it may be missing"
                    )));
            }
            Some(field) if super::unify::widest(field.data_type(), &wanted).as_ref() == Some(&wanted) => {
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
    let is_declared = |field: &Field| request.declared.iter().any(|declared| declared.name == *field.name());
    match request.extra {
        Extra::Keep => {}
        Extra::Drop => fields.retain(is_declared),
        Extra::Fail => {
            if let Some(extra) = fields.iter().find(|field| !is_declared(field)) {
                return Err(Error::wrong(format!(
                    "source \"{source}\" has a column \"{}\" that its contract does not name",
                    extra.name()
                ))
                .hint("add it under `schema: columns:`, or set `extra_columns: keep` or `drop`"));
            }
        }
    }
    Ok(())
}

fn assemble(
    request: &Request,
    found: Vec<Found>,
    fields: Vec<Field>,
    partitions: &[Field],
    differences: Vec<Difference>,
) -> Result<Scan> {
    let origin = Field::new(ORIGIN, DataType::UInt64, true);
    let all: Vec<Field> = fields.into_iter().chain(partitions.iter().cloned()).chain([origin]).collect();
    let schema: SchemaRef = Arc::new(Schema::new(all));
    let mut files = Vec::with_capacity(found.len());
    let mut tasks = Vec::new();
    for (number, file) in found.into_iter().enumerate() {
        let object = file.entry.location.to_string();
        let sources =
            sources(&schema, &file, partitions, number as u64).map_err(|error| error.in_object(&object))?;
        let adapter = Adapter { object, sources };
        let body = body(&file, &adapter, &schema, number, &mut tasks);
        files.push(ScanFile { entry: file.entry, partition: file.partition, adapter, body });
    }
    Scan::new(request, schema, files, tasks, differences)
}

fn sources(schema: &Schema, file: &Found, partitions: &[Field], number: u64) -> Result<Vec<Source>> {
    schema
        .fields()
        .iter()
        .map(|field| {
            if field.name() == ORIGIN {
                return Ok(Source::Origin(number));
            }
            if let Some(index) = partitions.iter().position(|partition| partition.name() == field.name()) {
                let value: ArrayRef = values::typed(file.partition[index].1.as_deref(), field.data_type())?;
                return Ok(Source::Constant(value));
            }
            Ok(file.fields.find(field.name()).map_or(Source::Missing, |_| Source::File(field.name().clone())))
        })
        .collect()
}

fn body(file: &Found, adapter: &Adapter, schema: &SchemaRef, number: usize, tasks: &mut Vec<Task>) -> Body {
    let Some(footer) = &file.footer else {
        let fields: Vec<Field> = file
            .fields
            .iter()
            .map(|own| {
                let target = schema.field_with_name(own.name()).ok();
                text::readable(target.unwrap_or(own))
            })
            .collect();
        tasks.push(Task { file: number, row_group: 0, first_row: 0 });
        return Body::Text(Arc::new(Schema::new(fields)));
    };
    let projection = footers::projection(footer, adapter.file_columns(&Carried::all(schema)));
    let mut first_row = 0;
    for (row_group, group) in footer.metadata().row_groups().iter().enumerate() {
        if group.num_rows() > 0 {
            tasks.push(Task { file: number, row_group, first_row });
        }
        first_row += group.num_rows() as u64;
    }
    Body::Parquet(footer.clone(), projection)
}
