//! Steps that need all rows at once: keeps the batches in order and runs the step at the end.

use std::sync::{Mutex, PoisonError};

use polars::prelude::{DataFrame, IntoLazy, Schema};

use crate::error::{Error, Result};
use crate::memory::{Kept, Memory, SlimFrame, Table};
use crate::steps::rows::rest;
use crate::steps::{Operator, Rest, Then, Turn, WholeStep};

/// Runs a `WholeStep` after the last batch.
pub struct Whole {
    name: &'static str,
    step: Box<dyn WholeStep>,
    schema: Schema,
    others: Mutex<Vec<Table>>,
    kept: Mutex<Option<Kept>>,
}

impl Whole {
    /// `schema` is that of the rows coming in; `others` are the other tables it reads.
    pub fn new(
        name: &'static str,
        step: Box<dyn WholeStep>,
        schema: Schema,
        others: Vec<Table>,
        memory: &Memory,
    ) -> Self {
        let kept = Kept::new(memory, format!("the rows of a step \"{name}\""));
        Self { name, step, schema, others: Mutex::new(others), kept: Mutex::new(Some(kept)) }
    }
}

impl Operator for Whole {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let batch = SlimFrame::of(&batch);
        Ok(Box::new(move || {
            if let Some(kept) = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner) {
                kept.push(batch)?;
            }
            let nothing: Then<'_> = Box::new(|| Ok(None));
            Ok(nothing)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let others = std::mem::take(&mut *self.others.lock().unwrap_or_else(PoisonError::into_inner));
        let kept = kept.ok_or_else(|| Error::defect("a step ended twice"))?;
        let input = kept.stacked(&self.schema)?;
        let others = others.iter().map(|other| other.frame().map(IntoLazy::lazy)).collect::<Result<_>>()?;
        let result =
            self.step.lazy(input.lazy(), others).and_then(polars::prelude::LazyFrame::collect).map_err(
                |error| Error::wrong(format!("step \"{}\" failed on its rows: {error}", self.name)),
            )?;
        Ok(rest(vec![result]))
    }
}
