//! What holds for every step: walks `STEPS`, so that a new step is covered by being listed.

use std::collections::BTreeSet;
use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType, Expr, IdxCa, IntoLazy, LazyFrame, Schema};
use schemars::SchemaGenerator;
use serde_json::Value as Json;

use super::evaluate::Evaluator;
use super::{BindContext, ColumnSet, HIDDEN, Lowering, RowOp, STEPS, Step, StepDef, find};
use crate::error::Error;
use crate::memory::Memory;
use crate::spec::{Node, Span, Spanned, Value, read};

mod closed;
pub(in crate::steps) mod table;

/// Files of the folder that are no steps.
const SHARED: [&str; 15] = [
    "arguments",
    "column",
    "conversion",
    "evaluate",
    "keys",
    "laws",
    "literal",
    "mod",
    "narrow",
    "rowops",
    "rows",
    "step",
    "trial",
    "trial_frames",
    "type_name",
];

/// The step as it stands in `yaml`.
pub(super) fn parsed(yaml: &str) -> Result<Box<dyn Step>, Error> {
    let Value::Map(entries) = read(yaml)?.value else { panic!("a step is a mapping: {yaml}") };
    let [(name, arguments)] = entries.as_slice() else { panic!("a step has one key: {yaml}") };
    (find(&name.value).expect("a known step").parse)(arguments)
}

/// Binds `step` to tables of these schemas.
pub(super) fn bound(
    step: &dyn Step,
    input: &Schema,
    others: &[(&str, &DataFrame)],
) -> Result<Lowering, Error> {
    let others: Vec<_> = others.iter().map(|(name, frame)| (*name, frame.schema().as_ref())).collect();
    step.bind(&BindContext { input, others: &others, seed: 42 })
}

/// What comes out of `lowering`.
pub(super) fn run(
    lowering: &Lowering,
    input: DataFrame,
    others: &[(&str, &DataFrame)],
) -> polars::prelude::PolarsResult<DataFrame> {
    let others = || others.iter().map(|(_, frame)| (*frame).clone().lazy()).collect();
    let input = input.lazy();
    match lowering {
        Lowering::Rows(ops) => ops.iter().fold(input, |frame: LazyFrame, op| op.apply_lazy(frame)),
        Lowering::Stream(stream) => stream.lazy(input, others())?,
        Lowering::Whole(whole) => whole.lazy(input, others())?,
    }
    .collect()
}

/// What `yaml` makes of the table `input`, or the message of the error it is refused with.
pub(super) fn outcome(yaml: &str, input: &str) -> Result<DataFrame, String> {
    let input = table::read(input);
    let shown = |error: Error| match error.cure() {
        Some(hint) => format!("{} ({hint})", error.message()),
        None => error.message().to_owned(),
    };
    let step = parsed(yaml).map_err(shown)?;
    let lowering = bound(step.as_ref(), input.schema(), &[]).map_err(shown)?;
    run(&lowering, input, &[]).map_err(|error| error.to_string())
}

/// Asserts that `yaml` makes `output` of `input`.
pub(super) fn gives(yaml: &str, input: &str, output: &str) {
    let out = outcome(yaml, input).unwrap_or_else(|error| panic!("{yaml}: {error}"));
    assert_same(&out, &table::read(output), yaml);
}

fn assert_same(out: &DataFrame, expected: &DataFrame, what: &str) {
    assert_eq!(out.schema(), expected.schema(), "{what}");
    let (given, stated) = (table::written(out), table::written(expected));
    assert!(out.equals_missing(expected), "{what}\ngave\n{given}\nand not\n{stated}");
}

struct Examined {
    name: &'static str,
    lowering: Lowering,
    input: DataFrame,
    others: Vec<(&'static str, DataFrame)>,
}

impl Examined {
    fn of(step: &'static StepDef) -> Self {
        let input = table::read(step.example.input);
        Self::with_input(step, input)
    }

    fn with_input(step: &'static StepDef, input: DataFrame) -> Self {
        let others: Vec<_> =
            step.example.others.iter().map(|(name, text)| (*name, table::read(text))).collect();
        let parsed = parsed(step.example.step).unwrap_or_else(|error| panic!("{}: {error}", step.name));
        let borrowed: Vec<_> = others.iter().map(|(name, frame)| (*name, frame)).collect();
        let reads: Vec<_> = parsed.reads().into_iter().map(|name| name.value.clone()).collect();
        assert_eq!(reads, borrowed.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{} reads", step.name);
        let lowering = bound(parsed.as_ref(), input.schema(), &borrowed)
            .unwrap_or_else(|error| panic!("{}: {error} ({:?})", step.name, error.cure()));
        Self { name: step.name, lowering, input, others }
    }

    fn run_on(&self, input: DataFrame) -> DataFrame {
        let others: Vec<_> = self.others.iter().map(|(name, frame)| (*name, frame)).collect();
        run(&self.lowering, input, &others).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// What comes out when the rows arrive `size` at a time, if the step takes them so.
    fn run_in_batches(&self, size: usize) -> Option<DataFrame> {
        let batches = (0..self.input.height()).step_by(size).map(|at| self.input.slice(at as i64, size));
        let out: Vec<DataFrame> = match &self.lowering {
            Lowering::Rows(_) => batches.map(|batch| self.run_on(batch)).collect(),
            Lowering::Stream(stream) => {
                let others = self.others.iter().map(|(_, frame)| frame.clone().into()).collect();
                let operator = stream.open(others, &Memory::unbounded()).expect("the operator opens");
                let mut out = Vec::new();
                for batch in batches {
                    let turn = operator.prepare(batch).expect("a batch is prepared");
                    out.extend(turn().and_then(|then| then()).expect("a batch is finished"));
                }
                for then in operator.end().expect("the operator ends") {
                    out.extend(then.and_then(|then| then()).expect("the rest comes"));
                }
                out
            }
            Lowering::Whole(_) => return None,
        };
        let mut whole = self.run_on(self.input.clear()).clear();
        for part in &out {
            whole.vstack_mut(part).expect("batches of one schema");
        }
        Some(whole)
    }
}

#[test]
fn every_file_of_the_folder_is_a_listed_step() {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("src/steps");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !SHARED.contains(&name.as_str()))
        .collect();
    let listed: BTreeSet<String> = STEPS.iter().map(|step| step.name.to_owned()).collect();
    assert_eq!(files, listed);
    assert_eq!(listed.len(), STEPS.len(), "a step is listed twice");
}

#[test]
fn every_step_is_documented() {
    for step in STEPS {
        assert!(
            step.summary.ends_with('.') && step.nulls.ends_with('.'),
            "{} ends in a full stop",
            step.name
        );
        assert!(
            step.example.step.starts_with(&format!("{}:", step.name)),
            "{}'s example is its own",
            step.name
        );
    }
}

#[test]
fn every_example_gives_the_rows_it_states() {
    for step in STEPS {
        let examined = Examined::of(step);
        let out = examined.run_on(examined.input.clone());
        assert_same(&out, &table::read(step.example.output), step.name);
    }
}

#[test]
fn the_schema_of_no_rows_is_the_schema_of_all() {
    for step in STEPS {
        let examined = Examined::of(step);
        let empty = examined.run_on(examined.input.clear());
        let full = examined.run_on(examined.input.clone());
        assert_eq!(empty.schema(), full.schema(), "{}", step.name);
    }
}

#[test]
fn the_size_of_batches_does_not_matter() {
    for step in STEPS {
        let examined = Examined::of(step);
        let whole = examined.run_on(examined.input.clone());
        for size in [1, 2, 3, 1000] {
            if let Some(parts) = examined.run_in_batches(size) {
                assert_same(&parts, &whole, &format!("{} in batches of {size}", step.name));
            }
        }
    }
}

#[test]
fn a_step_narrowed_to_any_one_column_still_gives_that_column() {
    for step in STEPS {
        let whole = Examined::of(step);
        let expected = whole.run_on(whole.input.clone());
        for column in expected.columns() {
            let mut narrowed = Examined::of(step);
            let wanted = ColumnSet::from([column.name().clone()]);
            let schemas: Vec<_> = whole.others.iter().map(|(_, frame)| frame.schema().as_ref()).collect();
            let needs = narrowed.lowering.narrow(&wanted, whole.input.schema(), &schemas);
            narrowed.input = only(&whole.input, &needs.input);
            for ((_, other), needed) in narrowed.others.iter_mut().zip(&needs.others) {
                *other = only(other, needed);
            }
            for size in [1, 1000] {
                let out = narrowed.run_in_batches(size);
                let out = out.unwrap_or_else(|| narrowed.run_on(narrowed.input.clone()));
                let label = format!("{} narrowed to {}", step.name, column.name());
                let out =
                    out.select([column.name().clone()]).unwrap_or_else(|error| panic!("{label}: {error}"));
                assert_same(&out, &expected.select([column.name().clone()]).unwrap(), &label);
            }
        }
    }
}

/// The columns of `frame` that are needed, in its order.
fn only(frame: &DataFrame, needed: &ColumnSet) -> DataFrame {
    let columns = frame.columns().iter().filter(|column| needed.contains(column.name()));
    DataFrame::new(frame.height(), columns.cloned().collect()).unwrap()
}

#[test]
fn expressions_give_the_same_without_polars_engine() {
    for step in STEPS {
        let examined = Examined::of(step);
        let Lowering::Rows(ops) = &examined.lowering else { continue };
        let out = ops.iter().fold(examined.input.clone(), evaluated);
        assert_same(&out, &examined.run_on(examined.input.clone()), step.name);
    }
}

/// The batch after `op`, its expressions evaluated one by one on this thread.
fn evaluated(batch: DataFrame, op: &RowOp) -> DataFrame {
    let columns = |exprs: &[Expr]| {
        Evaluator::new(exprs, batch.schema())
            .unwrap()
            .evaluate(&batch)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    match op {
        RowOp::With(exprs) => {
            let mut out = batch.clone();
            for column in columns(exprs) {
                out.with_column(column).unwrap();
            }
            out
        }
        RowOp::Keep(predicate) => {
            batch.filter(columns(std::slice::from_ref(predicate))[0].bool().unwrap()).unwrap()
        }
        RowOp::Project(exprs) => DataFrame::new(batch.height(), columns(exprs)).unwrap(),
        RowOp::Drop(_)
        | RowOp::Explode { .. }
        | RowOp::Divert(_)
        | RowOp::Count { .. }
        | RowOp::Refuse { .. } => op.apply_lazy(batch.lazy()).collect().unwrap(),
    }
}

/// Steps that make new rows of many: nothing of the rows they were made of stays with them.
const MAKING_ROWS: [&str; 3] = ["aggregate", "pivot", "sql"];

#[test]
fn hidden_columns_stay_and_change_nothing() {
    let hidden = format!("{HIDDEN}test");
    for step in STEPS {
        let plain = Examined::of(step);
        let visible = plain.run_on(plain.input.clone());
        let numbers = IdxCa::from_vec(hidden.as_str().into(), (0..plain.input.height() as u32).collect());
        let mut input = plain.input.clone();
        input.insert_column(1, Column::from(polars::prelude::IntoSeries::into_series(numbers))).unwrap();
        let out = {
            let examined = Examined::with_input(step, input);
            examined.run_on(examined.input.clone())
        };
        let stays = out.column(&hidden).is_ok();
        assert_eq!(stays, !MAKING_ROWS.contains(&step.name), "{}", step.name);
        let shown = if stays { out.drop(&hidden).unwrap() } else { out };
        assert_same(&shown, &visible, step.name);
    }
}

#[test]
fn a_misspelt_key_is_refused_with_the_right_one() {
    for step in STEPS {
        let mut generator = SchemaGenerator::default();
        let schema = Json::from((step.schema)(&mut generator));
        let definitions = generator.take_definitions(true);
        for (nested, keys) in closed::forms(&schema, &definitions) {
            for key in keys.iter().filter(|key| key.len() > 2) {
                let misspelt = format!("{key}x");
                let node = closed::mapping(&misspelt);
                let node = if nested { closed::under("a", node) } else { node };
                let Err(error) = (step.parse)(&node) else {
                    panic!("{} takes the key {misspelt}", step.name);
                };
                let said = format!("{} {}", error.message(), error.cure().unwrap_or(""));
                assert!(
                    said.contains(&misspelt) && said.contains(&format!("\"{key}\"")),
                    "{}: {said}",
                    step.name
                );
            }
        }
    }
}

#[test]
fn an_unknown_column_is_an_error_with_the_columns_there_are() {
    let input = Schema::from_iter([("zebra".into(), DataType::Int64)]);
    for step in STEPS {
        let parsed = parsed(step.example.step).unwrap();
        let others: Vec<_> =
            step.example.others.iter().map(|(name, text)| (*name, table::read(text))).collect();
        let others: Vec<_> = others.iter().map(|(name, frame)| (*name, frame)).collect();
        if matches!(step.name, "union" | "sql") {
            continue;
        }
        let Err(error) = bound(parsed.as_ref(), &input, &others) else {
            panic!("{} binds to a table without its columns", step.name);
        };
        assert!(
            error.cure().is_some_and(|hint| hint.contains("zebra")),
            "{}: {error} {:?}",
            step.name,
            error.cure()
        );
    }
}

/// A node of a test, at no place.
fn node(value: Value) -> Node {
    Node { value, span: Span::default() }
}

/// A name of a test, at no place.
fn name(value: &str) -> Spanned<String> {
    Spanned { value: value.into(), span: Span::default() }
}
