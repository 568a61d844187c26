//! Finds the files of a source, chooses partitions and brings all files under one schema.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use futures::{StreamExt, TryStreamExt, stream};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::adapt::{Adapter, Carried, Source};
use super::contract::{Declared, Extra, declared_or_own};
use super::parquet::{self as footers, LastSchema};
use super::partition::{PartitionValue, values_of};
use super::schema::{Own, one_schema};
use super::select::{Wanted, absent_values, wanted_files};
use super::text::{self, TextFormat};
use super::unify::{Difference, normal};
use super::{Body, Format, ORIGIN, Scan, ScanFile, Task, values};
use crate::error::{Error, Result};
use crate::steps::HIDDEN;
use crate::store::{Entry, Io, Location, Stores};

/// Footers read from a store at the same time: it answers late, and many at once.
const FOOTERS_AT_ONCE: usize = 128;

/// Footers read from a local disk at the same time, each by a thread.
const LOCAL_FOOTERS_AT_ONCE: usize = 8;

/// So many footers are decoded sooner by the thread that waits than by others that must begin.
const FEW_FOOTERS: usize = 64;

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

/// A file before it is known how it fits the others.
pub(super) struct Found {
    pub(super) entry: Entry,
    partition: Vec<PartitionValue>,
    pub(super) fields: Fields,
    /// Whether there are no other columns: the beginning of an NDJSON file may not have all of them.
    whole: bool,
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
    let own: Vec<Own> = found.iter().map(|file| own(request, file, &partition_fields)).collect();
    let (fields, differences) = one_schema(request, &own, &partition_fields)?;
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

/// Whether the file is one of the format, by its name. Compressed text is one that cannot be read: to
/// leave it out would be to lose its rows.
fn has_extension(format: &Format, entry: &Entry) -> bool {
    let name = entry.location.name().unwrap_or_default().to_ascii_lowercase();
    let name = match format {
        Format::Text(_) => text::unpacked_name(&name).unwrap_or(&name),
        Format::Parquet => &name,
    };
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

/// What describes each file.
pub(super) fn describe(
    request: &Request,
    io: &Io,
    chosen: Vec<(Entry, Vec<PartitionValue>)>,
) -> Result<Vec<Found>> {
    let last = Arc::new(LastSchema::default());
    let is_local = chosen.first().is_some_and(|(entry, _)| entry.location.local_path().is_some());
    let at_once = if is_local { LOCAL_FOOTERS_AT_ONCE } else { FOOTERS_AT_ONCE };
    let are_few = chosen.len() <= FEW_FOOTERS;
    let described = stream::iter(chosen.into_iter().map(async |(entry, partition)| {
        let (format, last) = (request.format.clone(), Arc::clone(&last));
        let describing = async move { describe_file(&format, entry, partition, &last).await };
        if are_few {
            return describing.await;
        }
        let described = io.spawn(describing).await;
        described.map_err(|error| Error::defect("a file was not described").because(error))?
    }));
    io.block_on(described.buffered(at_once).try_collect())
}

async fn describe_file(
    format: &Format,
    entry: Entry,
    partition: Vec<PartitionValue>,
    last: &LastSchema,
) -> Result<Found> {
    let (fields, whole, footer) = match format {
        Format::Parquet => {
            let footer = footers::footer(&entry, last).await?;
            (footer.schema().fields().clone(), true, Some(footer))
        }
        Format::Text(format) => {
            plain(&entry)?;
            let text::Inferred { fields, whole } = text::infer(format, &entry).await?;
            (fields, whole || matches!(format, TextFormat::Csv(_)), None)
        }
    };
    let mut names: Vec<&String> = fields.iter().map(|field| field.name()).collect();
    names.sort_unstable();
    if let Some([twice, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let object = entry.location.to_string();
        let error = Error::wrong(format!("{object} has two columns named \"{twice}\""));
        return Err(match format {
            // The header says so.
            Format::Text(_) => error.in_line(object, 1, Some((*twice).clone())),
            Format::Parquet => error.in_object(object),
        });
    }
    if let Some(own) = fields.iter().find(|field| field.name().starts_with(HIDDEN)) {
        return Err(Error::wrong(format!("{} has a column \"{}\"", entry.location, own.name()))
            .in_object(entry.location.to_string())
            .hint(format!(
                "names that begin with \"{HIDDEN}\" are kept for the engine; deliver another name"
            )));
    }
    Ok(Found { entry, partition, fields, whole, footer })
}

/// Refuses a file whose name says that it is compressed.
fn plain(entry: &Entry) -> Result<()> {
    let name = entry.location.name().unwrap_or_default().to_ascii_lowercase();
    match text::unpacked_name(&name) {
        None => Ok(()),
        Some(plain) => Err(Error::wrong(format!(
            "{} is compressed ({})",
            entry.location,
            &name[plain.len()..]
        ))
        .in_object(entry.location.to_string())
        .hint("text is read uncompressed: unpack the file, or deliver Parquet, which is compressed within")),
    }
}

/// The file's columns without those that its path has, in the types that are read.
fn own(request: &Request, file: &Found, partitions: &[Field]) -> Own {
    let is_partition = |field: &Field| partitions.iter().any(|partition| partition.name() == field.name());
    let is_dropped = |field: &Field| {
        request.extra == Extra::Drop && request.declared.iter().all(|declared| declared.name != *field.name())
    };
    let fields = file.fields.iter().filter(|field| !is_partition(field) && !is_dropped(field));
    let fields = fields.map(|field| declared_or_own(&request.format, &request.declared, field)).collect();
    Own { object: file.entry.location.to_string(), fields, whole: file.whole }
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
        let sources = sources(request, &schema, &file, partitions, number as u64)
            .map_err(|error| error.in_object(&object))?;
        let adapter = Adapter { object, sources };
        let body = body(request, &file, &adapter, &schema, number, &mut tasks);
        files.push(ScanFile { entry: file.entry, partition: file.partition, adapter, body });
    }
    Scan::new(request, schema, files, tasks, differences)
}

fn sources(
    request: &Request,
    schema: &Schema,
    file: &Found,
    partitions: &[Field],
    number: u64,
) -> Result<Vec<Source>> {
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
            // Any line of NDJSON may have any key.
            let has = request.format == Format::Text(TextFormat::Ndjson)
                || file.fields.find(field.name()).is_some();
            Ok(if has { Source::File(field.name().clone()) } else { Source::Missing })
        })
        .collect()
}

/// How a file is decoded; adds its tasks to `tasks`.
pub(super) fn body(
    request: &Request,
    file: &Found,
    adapter: &Adapter,
    schema: &SchemaRef,
    number: usize,
    tasks: &mut Vec<Task>,
) -> Body {
    let all = Carried::all(schema);
    let Some(footer) = &file.footer else {
        tasks.push(Task { file: number, row_group: 0, first_row: 0 });
        return Body::Text(text_body(request, file, adapter, &all));
    };
    let projection = footers::projection(footer, adapter.file_columns(&all));
    let mut first_row = 0;
    for (row_group, group) in footer.metadata().row_groups().iter().enumerate() {
        if group.num_rows() > 0 {
            tasks.push(Task { file: number, row_group, first_row });
        }
        first_row += group.num_rows() as u64;
    }
    Body::Parquet(footer.clone(), projection)
}

fn text_body(request: &Request, file: &Found, adapter: &Adapter, all: &Carried) -> text::Body {
    let wanted = adapter.file_columns(all).filter_map(|name| all.schema.field_with_name(name).ok());
    let schema = Arc::new(Schema::new(wanted.cloned().collect::<Vec<_>>()));
    let in_path = || file.partition.iter().map(|(name, _)| name.clone()).collect();
    text::Body {
        names: file.fields.iter().map(|field| field.name().clone()).collect(),
        schema,
        declared: request.declared.iter().map(|declared| declared.name.clone()).collect(),
        ignored: (request.extra != Extra::Drop).then(in_path),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::{Int64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::store::{Hook, Op, Settings};

    /// Counts calls, and how many are under way at once.
    #[derive(Debug, Default)]
    struct Counted {
        calls: Mutex<BTreeMap<Op, usize>>,
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Hook for Counted {
        fn before(&self, op: Op, _: &str) -> object_store::Result<()> {
            *self.calls.lock().unwrap().entry(op).or_default() += 1;
            let now = 1 + self.now.fetch_add(1, Ordering::SeqCst);
            self.most.fetch_max(now, Ordering::SeqCst);
            Ok(())
        }

        fn after(&self, _: Op, _: &str) -> object_store::Result<()> {
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    }

    fn file(column: &str) -> Vec<u8> {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([(column, values)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn request(address: &str) -> Request {
        Request {
            name: "s".into(),
            address: address.into(),
            format: Format::Parquet,
            partitions: Vec::new(),
            declared: Vec::new(),
            extra: Extra::Keep,
        }
    }

    #[test]
    fn a_source_is_listed_once_and_every_footer_is_read_once_a_few_at_a_time() {
        const FILES: usize = 200;
        let io = Io::new(2).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (address, at_once) in [("in", LOCAL_FOOTERS_AT_ONCE), ("memory://b/in", FOOTERS_AT_ONCE)] {
            let stores = Stores::new(Settings::new(folder.path(), []), io.clone());
            let root = stores.open(address).unwrap();
            for number in 0..FILES {
                // Every tenth has a column of its own.
                let bytes = file(if number % 10 == 0 { "other" } else { "id" });
                let at = root.join_path(&format!("day={number}/x.parquet")).unwrap();
                io.block_on(at.put(bytes)).unwrap();
            }
            let counted = Arc::new(Counted::default());
            let hook: Arc<dyn Hook> = Arc::<Counted>::clone(&counted);
            let scan = plan(&request(address), &stores.with_hook(Some(hook)), &|_| false).unwrap();
            assert_eq!((scan.files().len(), scan.differences().len()), (FILES, FILES));
            let calls = counted.calls.lock().unwrap().clone();
            assert_eq!(calls, BTreeMap::from([(Op::List, 1), (Op::GetRanges, FILES)]));
            assert!(counted.most.load(Ordering::SeqCst) <= at_once);
        }
    }
}
