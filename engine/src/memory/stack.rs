//! Frames of one table in one piece.

use polars::prelude::DataFrame;

use crate::error::{Error, Result};

/// All `frames` under each other as one chunk; none without any.
pub fn stack(frames: impl IntoIterator<Item = Result<DataFrame>>) -> Result<Option<DataFrame>> {
    let mut frames = frames.into_iter();
    let Some(all) = frames.next() else { return Ok(None) };
    let mut all = all?;
    for frame in frames {
        all.vstack_mut_owned(frame?)
            .map_err(|error| Error::defect("batches of one table differ").because(error))?;
    }
    all.rechunk_mut();
    Ok(Some(all))
}
