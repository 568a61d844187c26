//! Runs steps in tests: as they stand in a pipeline file, streamed over any cut of their input, and in
//! the lazy meaning.

use std::sync::Arc;

use polars::prelude::{DataFrame, IntoLazy};

use super::{BindContext, Lowering, STEPS, StreamStep};
use crate::error::Result;
use crate::memory::{Kept, Memory, SlimFrame, Table};
use crate::spec::{Value, read};

/// What a streamed step gave.
pub(super) struct Streamed {
    pub rows: DataFrame,
    pub counts: Vec<(&'static str, u64)>,
}

impl Streamed {
    pub(super) fn count(&self, name: &str) -> u64 {
        self.counts.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// The step as it stands under `steps:`, bound to `input` and `others`.
pub(super) fn bind(step: &str, input: &DataFrame, others: &[(&str, &DataFrame)]) -> Result<Lowering> {
    let node = read(step)?;
    let Value::Map(entries) = &node.value else { panic!("no step: {step}") };
    let (name, arguments) = &entries[0];
    let def = STEPS.iter().find(|def| def.name == name.value).unwrap();
    let others: Vec<_> = others.iter().map(|(name, frame)| (*name, frame.schema().as_ref())).collect();
    let cx = BindContext { input: input.schema(), others: &others, seed: 1 };
    (def.parse)(arguments)?.bind(&cx)
}

/// A step that streams.
pub(super) fn stream_step(
    step: &str,
    input: &DataFrame,
    others: &[(&str, &DataFrame)],
) -> Box<dyn StreamStep> {
    match bind(step, input, others).unwrap() {
        Lowering::Stream(step) => step,
        _ => panic!("{step} does not stream"),
    }
}

/// Streams `input`, cut into batches of the given lengths over and over, through a step.
pub(super) fn stream(
    step: &dyn StreamStep,
    input: &DataFrame,
    others: &[(&str, &DataFrame)],
    cuts: &[usize],
) -> Result<Streamed> {
    stream_in(&Memory::unbounded(), step, input, others, cuts)
}

/// The same within `memory`.
pub(super) fn stream_in(
    memory: &Memory,
    step: &dyn StreamStep,
    input: &DataFrame,
    others: &[(&str, &DataFrame)],
    cuts: &[usize],
) -> Result<Streamed> {
    let tables = others.iter().map(|(_, frame)| table(memory, frame)).collect::<Result<_>>()?;
    let operator = step.open(tables, memory)?;
    let mut out: Vec<DataFrame> = Vec::new();
    let (mut at, mut cuts) = (0, cuts.iter().cycle());
    while at < input.height() || out.is_empty() && at == 0 {
        let length = (*cuts.next().unwrap()).min(input.height() - at);
        out.extend(operator.prepare(input.slice(at as i64, length))?()?()?);
        at += length;
        if input.height() == 0 {
            break;
        }
    }
    for then in operator.end()? {
        out.extend(then?()?);
    }
    let mut out = out.into_iter();
    let mut rows = out.next().unwrap_or_else(|| lazy(step, input, others).clear());
    out.for_each(|batch| {
        rows.vstack_mut(&batch).unwrap();
    });
    Ok(Streamed { rows, counts: operator.counts() })
}

/// A table that was kept within `memory`.
fn table(memory: &Memory, frame: &DataFrame) -> Result<Table> {
    let mut kept = Kept::new(memory, "a table");
    for at in (0..frame.height()).step_by(7) {
        kept.push(SlimFrame::of(&frame.slice(at as i64, 7)))?;
    }
    Ok(Table::new(Arc::new(kept), frame.schema().as_ref().clone()))
}

/// What a step means, computed by Polars.
pub(super) fn lazy(step: &dyn StreamStep, input: &DataFrame, others: &[(&str, &DataFrame)]) -> DataFrame {
    let others = others.iter().map(|(_, frame)| (*frame).clone().lazy()).collect();
    step.lazy(input.clone().lazy(), others).unwrap().collect().unwrap()
}

/// Both frames have the same columns, types and values; NaN equals NaN.
pub(super) fn assert_same(found: &DataFrame, expected: &DataFrame) {
    assert_eq!(found.schema(), expected.schema());
    assert!(found.equals_missing(expected), "found {found}\nexpected {expected}");
}
