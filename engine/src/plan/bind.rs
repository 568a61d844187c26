//! Spec and schemas to plan.

use lockgate_rules::Want;
use lockgate_rules::{Depth, glob_matches};
use parquet::basic::{Compression, ZstdLevel};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PlSmallStr, Schema};

use super::aside::missing_quarantine;
use super::checks::{check_errors, checks, source_checks};
use super::outputs::overlaps;
use super::phase::{Needs, phases};
use super::queries::queries;
use super::{Node, Partitioning, Plan, Rows, StepPlan, Trail, WritePlan, unique};
use crate::error::{Error, Result};
use crate::scan::{self, CsvFormat, Declared, Extra, Request, TextFormat};
use crate::spec::{self, Pipeline, Spanned, did_you_mean};
use crate::steps::{BindContext, HIDDEN, Lowering};
use crate::store::{Dataset, Entry, Stores};
use crate::validate::ValueFiles;

/// What binding needs from outside.
pub struct Context<'a> {
    /// Where sources are read and outputs will be written.
    pub stores: &'a Stores,
    /// Seed of everything random in the run.
    pub seed: u64,
    /// Whether an earlier run of this pipeline published this input.
    pub is_known: &'a dyn Fn(&str, &Entry) -> bool,
}

/// Binds `pipeline`; every mistake that can be found is.
pub fn bind(pipeline: &Pipeline, cx: &Context<'_>) -> Result<Plan, Vec<Error>> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut errors = overlaps(pipeline, cx.stores);
    let mut files = ValueFiles::new(cx.stores);
    for (name, source) in &pipeline.sources {
        match bind_source(name, source, cx, &mut files) {
            Ok(node) => nodes.push(node),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (name, table) in pipeline.tables_in_order() {
        match bind_table(name, table, &nodes, cx, &mut files) {
            Ok(node) => nodes.push(node),
            Err(error) => return Err(vec![error]),
        }
    }
    match queries(&mut nodes, cx.seed) {
        Ok(mut asked) => nodes.append(&mut asked),
        Err(error) => return Err(vec![error]),
    }
    let mut plan = Plan { pipeline: pipeline.name.value.clone(), nodes, values: files.into_read() };
    for node in 0..plan.nodes.len() {
        errors.extend(check_errors(&plan, node));
        errors.extend(missing_quarantine(&plan.nodes[node]));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    order(&mut plan).map_err(|error| vec![error])?;
    Ok(plan)
}

fn bind_source(
    name: &Spanned<String>,
    source: &spec::Source,
    cx: &Context<'_>,
    files: &mut ValueFiles<'_>,
) -> Result<Node> {
    let request = request(&name.value, source);
    let is_new = source.reads_new();
    let is_known = |entry: &Entry| is_new && (cx.is_known)(&name.value, entry);
    let scan = scan::plan(&request, cx.stores, &is_known).map_err(|error| error.at(source.read.span))?;
    let scan_schema = scan.schema();
    let (schema, trail) = (scan_schema.clone(), Trail::of_source(&name.value));
    Ok(Node {
        reads_new: is_new,
        profiled: profiled(&source.profile, &schema, false)?,
        checks: source_checks(source, files)?,
        quarantine: quarantine(source.quarantine.as_ref(), cx)?,
        max_quarantine: source.max_quarantine.as_ref().map(|limit| limit.0),
        ..Node::new(&name.value, name.span, Rows::Scan(Box::new(scan)), schema, trail)
    })
}

fn request(name: &str, source: &spec::Source) -> Request {
    let format = match source.format {
        spec::Format::Parquet => scan::Format::Parquet,
        spec::Format::Csv => scan::Format::Text(TextFormat::Csv(CsvFormat {
            delimiter: source.csv.delimiter.0.0,
            header: source.csv.header,
            quote: source.csv.quote.0.0,
            nulls: source.csv.null_values.clone(),
        })),
        spec::Format::Ndjson => scan::Format::Text(TextFormat::Ndjson),
    };
    let contract = source.schema.as_ref();
    Request {
        name: name.to_owned(),
        address: source.read.value.clone(),
        format,
        partitions: source
            .partitions
            .iter()
            .map(|(column, wanted)| (column.value.clone(), scanned(wanted)))
            .collect(),
        declared: contract.map_or_else(Vec::new, |contract| {
            contract
                .columns
                .iter()
                .map(|(name, column)| Declared {
                    name: name.value.clone(),
                    data_type: column.r#type.0.to_arrow(),
                    optional: column.optional,
                })
                .collect()
        }),
        extra: match contract.map(|contract| contract.extra_columns) {
            None | Some(spec::ExtraColumns::Keep) => Extra::Keep,
            Some(spec::ExtraColumns::Drop) => Extra::Drop,
            Some(spec::ExtraColumns::Fail) => Extra::Fail,
        },
    }
}

/// `new` reads every partition, less those whose files are all known.
fn scanned(wanted: &spec::Wanted) -> scan::Wanted {
    match wanted {
        spec::Wanted::All | spec::Wanted::New => scan::Wanted::All,
        spec::Wanted::Latest => scan::Wanted::Latest,
        spec::Wanted::Range { from, to } => scan::Wanted::Range { from: from.clone(), to: to.clone() },
        spec::Wanted::Values(values) => scan::Wanted::Values(values.clone()),
    }
}

fn quarantine(to: Option<&Spanned<String>>, cx: &Context<'_>) -> Result<Option<Dataset>> {
    to.map(|to| dataset(to, cx)).transpose()
}

fn dataset(to: &Spanned<String>, cx: &Context<'_>) -> Result<Dataset> {
    cx.stores.open(&to.value).and_then(Dataset::new).map_err(|error| error.at(to.span))
}

fn bind_table(
    name: &Spanned<String>,
    table: &spec::Table,
    nodes: &[Node],
    cx: &Context<'_>,
    files: &mut ValueFiles<'_>,
) -> Result<Node> {
    let index = |wanted: &Spanned<String>| {
        nodes.iter().position(|node| node.name == wanted.value).ok_or_else(|| {
            Error::wrong(format!("no source or table \"{}\"", wanted.value))
                .at(wanted.span)
                .hint(did_you_mean(&wanted.value, nodes.iter().map(|node| node.name.as_str()), "there are"))
        })
    };
    let from = index(&table.from)?;
    let mut schema = nodes[from].schema.clone();
    let mut proved = unique::after_checks(&nodes[from]);
    let mut trail = nodes[from].trail.into_table();
    let mut steps = Vec::with_capacity(table.steps.len());
    for spec in &table.steps {
        let reads = spec.step.reads().into_iter().map(index).collect::<Result<Vec<_>>>()?;
        let others: Vec<Schema> = reads.iter().map(|&read| visible(&nodes[read].schema)).collect();
        let named: Vec<(&str, &Schema)> =
            reads.iter().zip(&others).map(|(&read, schema)| (nodes[read].name.as_str(), schema)).collect();
        let bind = BindContext { input: &schema, others: &named, seed: cx.seed };
        let lowering = spec.step.bind(&bind).map_err(|error| error.at(spec.span))?;
        let output = output_schema(&lowering, &schema, &others)
            .map_err(|error| named_step(error, spec.def.name).at(spec.span))?;
        unique::after(&lowering, &mut proved);
        let after = trail.then(&spec.text);
        let position = steps.len();
        steps.push(StepPlan {
            def: spec.def,
            span: spec.span,
            reads,
            lowering,
            input: schema,
            position,
            trail,
        });
        trail = after;
        schema = output;
    }
    let write = table.write.as_ref().map(|write| bind_write(write, &schema, cx)).transpose()?;
    let kept = profiled(&table.profile, &schema, write.is_some())?;
    Ok(Node {
        checks: checks(&table.checks, files)?,
        profiled: kept,
        unique: proved,
        write,
        quarantine: quarantine(table.quarantine.as_ref(), cx)?,
        max_quarantine: table.max_quarantine.as_ref().map(|limit| limit.0),
        ..Node::new(&name.value, name.span, Rows::Steps { from, steps }, schema, trail)
    })
}

/// The columns of which a state is kept, and of the rows as such where they are written.
fn profiled(wanted: &[Spanned<String>], schema: &Schema, is_written: bool) -> Result<Vec<(String, Depth)>> {
    let mut all = Vec::new();
    if is_written || !wanted.is_empty() {
        all.push((String::new(), Depth::Drift));
    }
    let schema = visible(schema);
    let names = || schema.iter_names().map(PlSmallStr::as_str);
    for name in wanted {
        let found: Vec<&str> = names().filter(|known| glob_matches(&name.value, known)).collect();
        if found.is_empty() {
            let wrong =
                Error::wrong(format!("no column \"{}\" to keep a state of", name.value)).at(name.span);
            return Err(wrong.hint(did_you_mean(&name.value, names(), "there are")));
        }
        for column in found {
            if all.iter().all(|(known, _)| known != column) {
                all.push((column.to_owned(), Depth::Drift));
            }
        }
    }
    Ok(all)
}

fn named_step(error: Error, step: &str) -> Error {
    let message = format!("step \"{step}\": {}", error.message());
    Error::wrong(message).because(error)
}

/// The schema without the engine's own columns.
pub fn visible(schema: &Schema) -> Schema {
    schema.iter().filter(|(name, _)| !name.starts_with(HIDDEN)).map(|(n, t)| (n.clone(), t.clone())).collect()
}

/// Runs the step on no rows: what Polars cannot resolve or compute is found here.
pub(super) fn output_schema(lowering: &Lowering, input: &Schema, others: &[Schema]) -> Result<Schema> {
    let empty = |schema: &Schema| DataFrame::empty_with_schema(schema).lazy();
    let others: Vec<LazyFrame> = others.iter().map(empty).collect();
    let lazy = match lowering {
        Lowering::Rows(ops) => Ok(ops.iter().fold(empty(input), |frame, op| op.apply_lazy(frame))),
        Lowering::Stream(step) => step.lazy(empty(input), others),
        Lowering::Whole(step) => step.lazy(empty(input), others),
    };
    let frame = lazy.and_then(LazyFrame::collect).map_err(|error| Error::wrong(error.to_string()))?;
    Ok(frame.schema().as_ref().clone())
}

fn bind_write(write: &spec::Write, schema: &Schema, cx: &Context<'_>) -> Result<WritePlan> {
    let partitioning = match &write.partition_by {
        Some(columns) if !columns.is_empty() => {
            for column in columns {
                if schema.get(column.value.as_str()).is_none() {
                    let columns = schema.iter_names().filter(|name| !name.starts_with(HIDDEN));
                    return Err(Error::wrong(format!("no column \"{}\" to partition by", column.value))
                        .at(column.span)
                        .hint(did_you_mean(
                            &column.value,
                            columns.map(PlSmallStr::as_str),
                            "the table has",
                        )));
                }
                if column.value.starts_with('.') {
                    let message = format!("readers skip the folders of partitions by \"{}\"", column.value);
                    return Err(Error::wrong(message)
                        .at(column.span)
                        .hint("rename the column first, so that its name begins with no dot"));
                }
            }
            Partitioning::Columns(columns.iter().map(|column| column.value.clone()).collect())
        }
        _ if schema.contains("created_at") => {
            return Err(Error::wrong(
                "the table has a column \"created_at\", which would be the partition of the run's time too",
            )
            .at(write.to.span)
            .hint("write it with `partition_by: created_at`, or rename or drop the column"));
        }
        _ => Partitioning::RunTime,
    };
    Ok(WritePlan {
        dataset: dataset(&write.to, cx)?,
        partitioning,
        mode: write.mode,
        compression: codec(write.compression)?,
        file_bytes: write.file_size.0.0,
        group_rows: write.row_group_rows,
    })
}

fn codec(compression: spec::Compression) -> Result<Compression> {
    Ok(match compression {
        spec::Compression::Zstd => Compression::ZSTD(
            ZstdLevel::try_new(1).map_err(|error| Error::defect("no zstd level 1").because(error))?,
        ),
        spec::Compression::Snappy => Compression::SNAPPY,
        spec::Compression::Lz4 => Compression::LZ4_RAW,
        spec::Compression::None => Compression::UNCOMPRESSED,
    })
}

/// Gives every node its phase.
pub(super) fn order(plan: &mut Plan) -> Result<()> {
    let position = |name: &str| plan.nodes.iter().position(|node| node.name == name);
    let needs: Vec<Needs> = plan
        .nodes
        .iter()
        .map(|node| {
            let references = node.checks.iter().flat_map(|(check, _)| check.references());
            // What columns a table has is known before any of its rows.
            let references = references.filter(|reference| reference.want != Want::Schema);
            let references = references.filter_map(|reference| position(&reference.dataset));
            let (from, steps) = match &node.rows {
                Rows::Scan(_) | Rows::Returning { .. } => (None, Vec::new()),
                Rows::Steps { from, steps } => {
                    (Some(*from), steps.iter().flat_map(|step| step.reads.clone()).collect())
                }
            };
            Needs { from, reads: steps.into_iter().chain(references).collect() }
        })
        .collect();
    let phases = phases(&needs).ok_or_else(|| {
        Error::wrong("checks and joins need each other's rows first, in a circle")
            .hint("a check may not refer to the rows of a table that is made from the checked one")
    })?;
    for ((node, need), (phase, gathered)) in plan.nodes.iter_mut().zip(needs).zip(phases) {
        node.phase = phase;
        node.gathered = gathered;
        node.reads = need.reads;
    }
    Ok(())
}
