//! Looks at the rows that flow by: measures every check of a source or table and takes out rows that
//! fail where the check says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt64Array};
use arrow::compute::nullif;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use lockgate_rules::{
    AnsweredFrom, Baseline, Batch, Check, History, Input, JudgeContext, NulledOut, Part, Partitions, Profile,
    Proofs, Quarantined, RuleError, State, Suite, Verdict,
};
use polars::prelude::{
    BooleanChunked, Column, DataFrame, Expr, ListBuilderTrait, ListStringChunkedBuilder, Schema,
};
use polars::prelude::{IntoColumn, PlSmallStr};

use super::quarantine::REASONS;
use super::room::KeyRoom;
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::exec::rows::filter;
use crate::scan::ORIGIN;
use crate::sink::Partitioner;
use crate::steps::Evaluator;

/// What one batch contributes to the verdicts.
pub type Measured = Part;

/// The checks of one source or table during a run.
pub struct Tap {
    suite: Suite,
    predicates: Evaluator,
    schema: SchemaRef,
    proofs: Proofs,
    ids: Vec<String>,
    state: Mutex<State>,
    now: DateTime<Utc>,
    /// Tells the partitions of rows apart, where states are kept of each.
    partitions: Option<Partitioner>,
}

impl Tap {
    /// Watches batches of `schema`; `predicates` are those of the suite's inputs, in order. What `proofs`
    /// answer is not measured.
    pub fn new(
        mut suite: Suite,
        predicates: &[Expr],
        schema: &Schema,
        proofs: Proofs,
        now: DateTime<Utc>,
        partitions: Option<Partitioner>,
        room: KeyRoom,
    ) -> Result<Self> {
        suite.rely_on(&proofs);
        Ok(Self {
            predicates: Evaluator::new(predicates, schema)?,
            schema: bridge::arrow_schema(schema)?,
            proofs,
            ids: suite.ids().map(str::to_owned).collect(),
            state: Mutex::new(suite.start().within(Arc::new(room))),
            suite,
            now,
            partitions,
        })
    }

    /// Whether proofs answer all checks, so that no batch need be looked at.
    pub fn is_idle(&self) -> bool {
        !self.suite.is_measured()
    }

    /// Whether rows or values may be taken out.
    pub fn alters_rows(&self) -> bool {
        self.suite.alters_rows()
    }

    /// Measures a batch; gives the rows that go on, the measurements, and the rows for the quarantine
    /// with the ids of the checks they failed.
    pub fn measure(&self, frame: DataFrame) -> Result<(DataFrame, Measured, Option<DataFrame>)> {
        let record = bridge::to_record(&frame, &self.schema)?;
        let predicates = self
            .predicates
            .evaluate(&frame)?
            .iter()
            .map(|column| Ok(bridge::to_array(column)?.as_boolean().clone()))
            .collect::<Result<Vec<BooleanArray>>>()?;
        let origins = record.column_by_name(ORIGIN).map(|origins| origins.as_primitive().clone());
        let measured = self.measure_record(&record, &predicates, origins.as_ref())?;
        let failed = self.failed(&frame, &measured.quarantined)?;
        let mut kept = frame;
        for NulledOut { column, rows } in &measured.null_out {
            kept = null_out(kept, &record, column, rows)?;
        }
        if let Some(keep) = &measured.keep {
            kept = filter(&kept, &mask(keep)?)?;
        }
        Ok((kept, measured.part, failed))
    }

    fn measure_record(
        &self,
        record: &RecordBatch,
        predicates: &[BooleanArray],
        origins: Option<&UInt64Array>,
    ) -> Result<lockgate_rules::Measured> {
        let labels = self.partitions.as_ref().map(|partitions| partitions.label(record)).transpose()?;
        let partitions = labels.as_ref().map(|(of_row, names)| Partitions { of_row, names });
        self.suite
            .measure(&Batch { record, predicates, origins, now: self.now, partitions })
            .map_err(|error| Error::defect("could not measure a batch").because(error))
    }

    fn failed(&self, frame: &DataFrame, rows: &[Quarantined]) -> Result<Option<DataFrame>> {
        if rows.is_empty() {
            return Ok(None);
        }
        let mut leaving = vec![false; frame.height()];
        let mut reasons = ListStringChunkedBuilder::new(REASONS.into(), rows.len(), rows.len());
        for Quarantined { row, checks } in rows {
            leaving[*row] = true;
            reasons.append_values_iter(checks.iter().map(|check| self.ids[*check as usize].as_str()));
        }
        let leaving: BooleanChunked = leaving.into_iter().map(Some).collect();
        let mut failed = filter(frame, &leaving)?;
        failed
            .with_column(reasons.finish().into_column())
            .map_err(|error| Error::defect("the reasons do not fit the rows that failed").because(error))?;
        Ok(Some(failed))
    }

    /// Adds the measurements of the next batch, in batch order.
    pub fn merge(&self, measured: Measured) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.merge(measured).map_err(|error| match error {
            RuleError::Room(error) => Error::from_io(error, "could not put keys of checks away"),
            other => Error::defect("could not add up measurements").because(other),
        })
    }

    /// The verdicts on everything measured.
    pub fn judge(&self, history: &History) -> Vec<Verdict> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, proofs) = (self.now, &self.proofs);
        let context = JudgeContext { now, proofs, source: AnsweredFrom::Scan, history };
        self.suite.judge(&state, &context)
    }

    /// What was learnt of the columns of each partition; under the name "" where rows were not told apart.
    pub fn profiles(&self) -> BTreeMap<String, Profile> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).profiles()
    }

    /// Which points of the history its checks compare with.
    pub fn baselines(&self) -> Vec<Baseline> {
        self.suite.checks().flat_map(Check::baselines).collect()
    }

    /// What must be evaluated for the suite, as SQL.
    pub fn predicates_of(suite: &Suite) -> Vec<String> {
        let predicate = |input: &Input| match input {
            Input::Predicate(text) => Some(text.clone()),
            Input::Column(_) => None,
        };
        suite.inputs().iter().filter_map(predicate).collect()
    }
}

fn mask(keep: &BooleanArray) -> Result<BooleanChunked> {
    let keep: ArrayRef = std::sync::Arc::new(keep.clone());
    let record = RecordBatch::try_from_iter_with_nullable([("keep", keep, true)])
        .map_err(|error| Error::defect("could not take over a mask").because(error))?;
    let frame = bridge::to_frame(&record)?;
    let column = frame.columns()[0].bool();
    column.cloned().map_err(|error| Error::defect("a mask is not boolean").because(error))
}

fn null_out(
    mut frame: DataFrame,
    record: &RecordBatch,
    column: &str,
    mask: &BooleanArray,
) -> Result<DataFrame> {
    let unfit = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::defect(format!("could not null out values of column \"{column}\"")).because(error)
    };
    let values =
        record.column_by_name(column).ok_or_else(|| Error::defect(format!("no column \"{column}\"")))?;
    let nulled = nullif(values, mask).map_err(|error| unfit(Box::new(error)))?;
    let nulled = RecordBatch::try_from_iter_with_nullable([(column, nulled, true)])
        .map_err(|error| unfit(Box::new(error)))?;
    let replacement: Column =
        bridge::to_frame(&nulled)?.columns()[0].clone().with_name(PlSmallStr::from(column));
    frame.with_column(replacement).map_err(|error| unfit(Box::new(error)))?;
    Ok(frame)
}
