//! Spec and schemas to plan.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use lockgate_rules::{Check, KeySet, OnRow, References, Suite};
use parquet::basic::{Compression, ZstdLevel};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PlSmallStr, Schema};

use super::phase::{Needs, phases};
use super::{Node, Partitioning, Plan, Rows, StepPlan, WritePlan};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::expr::Expression;
use crate::scan::{self, CsvFormat, Declared, Extra, Request, TextFormat};
use crate::spec::{self, CheckSpec, Parsed, Pipeline, Spanned, did_you_mean};
use crate::steps::{BindContext, HIDDEN, Lowering, RowOp};
use crate::store::{Dataset, Entry, Stores};
use crate::validate::Tap;

/// What binding needs from outside.
pub struct Context<'a> {
    /// Where sources are read and outputs will be written.
    pub stores: &'a Stores,
    /// The run's time.
    pub now: DateTime<Utc>,
    /// Seed of everything random in the run.
    pub seed: u64,
    /// Whether an earlier run of this pipeline published this input.
    pub is_known: &'a dyn Fn(&str, &Entry) -> bool,
}

/// Binds `pipeline`; every mistake that can be found is.
pub fn bind(pipeline: &Pipeline, cx: &Context<'_>) -> Result<Plan, Vec<Error>> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut errors = Vec::new();
    for (name, source) in &pipeline.sources {
        match bind_source(name, source, cx) {
            Ok(node) => nodes.push(node),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (name, table) in pipeline.tables_in_order() {
        match bind_table(name, table, &nodes, cx) {
            Ok(node) => nodes.push(node),
            Err(error) => return Err(vec![error]),
        }
    }
    let mut plan = Plan { pipeline: pipeline.name.value.clone(), nodes };
    for node in 0..plan.nodes.len() {
        errors.extend(check_errors(&plan, node));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    order(&mut plan).map_err(|error| vec![error])?;
    Ok(plan)
}

fn bind_source(name: &Spanned<String>, source: &spec::Source, cx: &Context<'_>) -> Result<Node> {
    let request = request(&name.value, source);
    let is_new = source.reads_new();
    let is_known = |entry: &Entry| is_new && (cx.is_known)(&name.value, entry);
    let scan = scan::plan(&request, cx.stores, &is_known).map_err(|error| error.at(source.read.span))?;
    Ok(Node {
        name: name.value.clone(),
        span: name.span,
        schema: scan.schema().clone(),
        rows: Rows::Scan(Box::new(scan)),
        checks: source_checks(source),
        unique: Vec::new(),
        write: None,
        quarantine: quarantine(source.quarantine.as_ref(), cx)?,
        phase: 0,
        gathered: false,
        reads: Vec::new(),
    })
}

/// The checks that are written down, and those the contract implies.
fn source_checks(source: &spec::Source) -> Vec<(Check, spec::Span)> {
    let mut all = checks(&source.checks);
    for (name, column) in source.schema.iter().flat_map(|contract| contract.columns.iter()) {
        if !column.nullable {
            let params = serde_json::json!({"column": name.value, "id": format!("contract.{}", name.value)});
            let implied = Check::parse("not_null", &params).unwrap_or_default();
            all.extend(implied.into_iter().map(|check| (check, name.span)));
        }
    }
    all
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

fn bind_table(name: &Spanned<String>, table: &spec::Table, nodes: &[Node], cx: &Context<'_>) -> Result<Node> {
    let index = |wanted: &Spanned<String>| {
        nodes.iter().position(|node| node.name == wanted.value).ok_or_else(|| {
            Error::wrong(format!("no source or table \"{}\"", wanted.value))
                .at(wanted.span)
                .hint(did_you_mean(&wanted.value, nodes.iter().map(|node| node.name.as_str()), "there are"))
        })
    };
    let from = index(&table.from)?;
    let mut schema = nodes[from].schema.clone();
    let mut unique = unique_after_checks(&nodes[from]);
    let mut steps = Vec::with_capacity(table.steps.len());
    for spec in &table.steps {
        let reads = spec.step.reads().into_iter().map(index).collect::<Result<Vec<_>>>()?;
        let others: Vec<Schema> = reads.iter().map(|&read| visible(&nodes[read].schema)).collect();
        let named: Vec<(&str, &Schema)> =
            reads.iter().zip(&others).map(|(&read, schema)| (nodes[read].name.as_str(), schema)).collect();
        let bind =
            BindContext { input: &schema, others: &named, now_ms: cx.now.timestamp_millis(), seed: cx.seed };
        let lowering = spec.step.bind(&bind).map_err(|error| error.at(spec.span))?;
        let output = output_schema(&lowering, &schema, &others)
            .map_err(|error| named_step(error, spec.def.name).at(spec.span))?;
        keep_proofs(&lowering, &mut unique);
        steps.push(StepPlan { def: spec.def, span: spec.span, reads, lowering, input: schema });
        schema = output;
    }
    let write = table.write.as_ref().map(|write| bind_write(write, &schema, cx)).transpose()?;
    Ok(Node {
        name: name.value.clone(),
        span: name.span,
        rows: Rows::Steps { from, steps },
        schema,
        checks: checks(&table.checks),
        unique,
        write,
        quarantine: quarantine(table.quarantine.as_ref(), cx)?,
        phase: 0,
        gathered: false,
        reads: Vec::new(),
    })
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
fn output_schema(lowering: &Lowering, input: &Schema, others: &[Schema]) -> Result<Schema> {
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

/// What is still proved unique of the rows that a node hands on: a check that nulls out values of a key
/// may make keys equal.
fn unique_after_checks(node: &Node) -> Vec<Vec<String>> {
    let nulls_out = |column: &String| {
        let mut checks = node.checks.iter().map(|(check, _)| check);
        checks.any(|check| check.envelope().on_row == OnRow::NullOut && check.columns().contains(column))
    };
    node.unique.iter().filter(|key| !key.iter().any(nulls_out)).cloned().collect()
}

/// What remains proved unique after a step.
fn keep_proofs(lowering: &Lowering, unique: &mut Vec<Vec<String>>) {
    match lowering {
        Lowering::Rows(ops) => {
            for op in ops {
                match op {
                    RowOp::Keep(_) | RowOp::Divert(_) | RowOp::Count { .. } | RowOp::Refuse { .. } => {}
                    RowOp::With(exprs) => {
                        let written: Vec<String> = exprs.iter().map(output_name).collect();
                        unique.retain(|key| key.iter().all(|column| !written.contains(column)));
                    }
                    _ => unique.clear(),
                }
            }
        }
        Lowering::Stream(step) => {
            if !step.keeps_unique() {
                unique.clear();
            }
            unique.extend(step.proves_unique());
        }
        Lowering::Whole(_) => unique.clear(),
    }
}

fn output_name(expr: &polars::prelude::Expr) -> String {
    expr.clone().meta().output_name().map_or_else(|_| String::new(), |name| name.to_string())
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

fn checks(specs: &[Parsed<CheckSpec>]) -> Vec<(Check, spec::Span)> {
    specs.iter().flat_map(|spec| spec.checks.iter().map(|check| (check.clone(), spec.rule.span))).collect()
}

/// Key sets without keys for what the checks of `node` refer to: enough to bind them. A reference to a table
/// or column that is not there is left out.
pub(super) fn planned_references(plan: &Plan, node: &Node) -> Result<References> {
    let mut references = References::default();
    for reference in node.checks.iter().filter_map(|(check, _)| check.reference()) {
        let Some(other) = plan.nodes.iter().find(|other| other.name == reference.dataset) else { continue };
        let schema = bridge::arrow_schema(&visible(&other.schema))?;
        let types: Option<Vec<_>> = reference
            .columns
            .iter()
            .map(|name| schema.field_with_name(name).ok().map(|field| field.data_type().clone()))
            .collect();
        if let Some(keys) = types.and_then(|types| KeySet::new(&types).ok()) {
            references.insert(reference, Arc::new(keys));
        }
    }
    Ok(references)
}

/// What is wrong with what a check refers to.
fn reference_error(plan: &Plan, reference: &lockgate_rules::Reference, span: spec::Span) -> Option<Error> {
    let Some(other) = plan.nodes.iter().find(|other| other.name == reference.dataset) else {
        let names = plan.nodes.iter().map(|node| node.name.as_str());
        let wrong = Error::wrong(format!("no source or table \"{}\"", reference.dataset)).at(span);
        return Some(wrong.hint(did_you_mean(&reference.dataset, names, "there are")));
    };
    let schema = visible(&other.schema);
    let absent = reference.columns.iter().find(|name| schema.get(name.as_str()).is_none())?;
    let columns = schema.iter_names().map(PlSmallStr::as_str);
    let wrong = Error::wrong(format!("\"{}\" has no column \"{absent}\"", other.name)).at(span);
    Some(wrong.hint(did_you_mean(absent, columns, "it has")))
}

/// What is wrong with the checks of a node.
fn check_errors(plan: &Plan, node: usize) -> Vec<Error> {
    let node = &plan.nodes[node];
    let wrong_references: Vec<Error> = node
        .checks
        .iter()
        .filter_map(|(check, span)| reference_error(plan, &check.reference()?, *span))
        .collect();
    if !wrong_references.is_empty() {
        return wrong_references;
    }
    let mut errors = Vec::new();
    let schema = match bridge::arrow_schema(&visible(&node.schema)) {
        Ok(schema) => schema,
        Err(error) => return vec![error.at(node.span)],
    };
    let checks: Vec<_> = node.checks.iter().map(|(check, _)| check.clone()).collect();
    let references = match planned_references(plan, node) {
        Ok(references) => references,
        Err(error) => return vec![error.at(node.span)],
    };
    if let Err(wrong) = Suite::bind(checks, &schema, references) {
        errors.extend(wrong.into_iter().map(|wrong| {
            let error = Error::wrong(wrong.message).at(node.checks[wrong.check].1);
            match wrong.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }));
    }
    for (check, span) in &node.checks {
        for predicate in check.predicates() {
            let text = Spanned { value: predicate.to_owned(), span: *span };
            let bound = Expression::parse(&text).and_then(|predicate| predicate.bind_predicate(&node.schema));
            errors.extend(bound.err().map(|error| error.at(*span)));
        }
    }
    errors
}

/// Gives every node its phase.
fn order(plan: &mut Plan) -> Result<()> {
    let position = |name: &str| plan.nodes.iter().position(|node| node.name == name);
    let needs: Vec<Needs> = plan
        .nodes
        .iter()
        .map(|node| {
            let references =
                node.checks.iter().filter_map(|(check, _)| position(&check.reference()?.dataset));
            let (from, steps) = match &node.rows {
                Rows::Scan(_) => (None, Vec::new()),
                Rows::Steps { from, steps } => {
                    (Some(*from), steps.iter().flat_map(|step| step.reads.clone()).collect())
                }
            };
            Needs { from, reads: steps.into_iter().chain(references).collect() }
        })
        .collect();
    let phases = phases(&needs).ok_or_else(|| {
        Error::wrong("checks and joins need each other's rows first, in a circle")
            .hint("a `foreign_key` may not refer to a table that is made from the checked one")
    })?;
    for ((node, need), (phase, gathered)) in plan.nodes.iter_mut().zip(needs).zip(phases) {
        node.phase = phase;
        node.gathered = gathered;
        node.reads = need.reads;
    }
    Ok(())
}

/// Predicates of a suite over rows of `schema`, in the order of its inputs.
pub fn predicates(suite: &Suite, schema: &Schema) -> Result<Vec<polars::prelude::Expr>> {
    Tap::predicates_of(suite)
        .into_iter()
        .map(|text| {
            Expression::parse(&Spanned { value: text, span: spec::Span::default() })?.bind_predicate(schema)
        })
        .collect()
}
