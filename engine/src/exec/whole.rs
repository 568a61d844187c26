//! Steps that need all rows at once: keeps the batches in order and runs the step at the end.

use std::sync::{Mutex, PoisonError};

use polars::prelude::{DataFrame, IntoLazy, Schema};

use crate::error::{Error, Result};
use crate::scan::BATCH_ROWS;
use crate::steps::{Operator, Then, Turn, WholeStep};

/// Runs a `WholeStep` after the last batch.
pub struct Whole {
    name: &'static str,
    step: Box<dyn WholeStep>,
    schema: Schema,
    others: Mutex<Vec<DataFrame>>,
    kept: Mutex<Vec<DataFrame>>,
}

impl Whole {
    /// `schema` is that of the rows coming in; `others` are the frames of the other tables it reads.
    pub fn new(name: &'static str, step: Box<dyn WholeStep>, schema: Schema, others: Vec<DataFrame>) -> Self {
        Self { name, step, schema, others: Mutex::new(others), kept: Mutex::default() }
    }
}

impl Operator for Whole {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        Ok(Box::new(move || {
            if batch.height() > 0 {
                self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
            }
            let nothing: Then<'_> = Box::new(|| Ok(None));
            Ok(nothing)
        }))
    }

    fn end(&self) -> Result<Vec<DataFrame>> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        let others = std::mem::take(&mut *self.others.lock().unwrap_or_else(PoisonError::into_inner));
        let input = stack(kept, &self.schema)?;
        let result = self
            .step
            .lazy(input.lazy(), others.into_iter().map(IntoLazy::lazy).collect())
            .and_then(polars::prelude::LazyFrame::collect)
            .map_err(|error| Error::wrong(format!("step \"{}\" failed on its rows: {error}", self.name)))?;
        Ok(batches(&result))
    }
}

/// All `frames` as one; without any, an empty frame of `schema`.
pub fn stack(frames: Vec<DataFrame>, schema: &Schema) -> Result<DataFrame> {
    let mut frames = frames.into_iter();
    let Some(mut all) = frames.next() else { return Ok(DataFrame::empty_with_schema(schema)) };
    for frame in frames {
        all.vstack_mut_owned(frame)
            .map_err(|error| Error::defect("batches of one table differ").because(error))?;
    }
    all.rechunk_mut();
    Ok(all)
}

/// `frame` cut into batches.
pub fn batches(frame: &DataFrame) -> Vec<DataFrame> {
    (0..frame.height()).step_by(BATCH_ROWS).map(|start| frame.slice(start as i64, BATCH_ROWS)).collect()
}
