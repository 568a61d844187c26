//! Small whole numbers that are counted or added up: zeros, truths, characters.

use arrow::array::{ArrayRef, AsArray};
use arrow::error::ArrowError;

use super::What;
use super::values::floats;
use crate::literal::Family;
use crate::mask::{RowSet, for_each_text, pack};

/// What the rows of the set add to a total; the set must hold no null. NaN is not zero.
pub(super) fn total_of(what: &What, column: &ArrayRef, rows: &RowSet) -> Result<u64, ArrowError> {
    let hits = match what {
        What::Zeros if Family::of(column.data_type()) == Family::Float => {
            pack(&floats(column)?, |v| v == 0.0)
        }
        What::Zeros => crate::comparison::whole_within(column, 0, 0, false)?.values().clone(),
        What::Truths => column.as_boolean().values().clone(),
        What::Characters => {
            let mut characters = 0;
            for_each_text(column, rows, |text| characters += text.chars().count() as u64)?;
            return Ok(characters);
        }
        _ => return Err(ArrowError::InvalidArgumentError("an accumulator does not fit its measure".into())),
    };
    Ok(rows.and(Some(&hits)).count() as u64)
}
