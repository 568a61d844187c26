//! The keys of other tables that checks refer to.

use std::sync::Arc;

use lockgate_rules::{KeySet, Reference, References};
use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::expr::Expression;
use crate::spec::{Span, Spanned};

/// Adds the keys that `reference` names, all of whose rows are in `frame`.
pub fn add_reference(references: &mut References, reference: Reference, frame: &DataFrame) -> Result<()> {
    let unusable = |error: arrow::error::ArrowError| {
        Error::wrong(format!("the key columns of \"{}\" cannot be compared", reference.dataset))
            .because(error)
    };
    let columns = reference
        .columns
        .iter()
        .map(|name| {
            let column = frame.column(name).map_err(|_| {
                Error::wrong(format!("\"{}\" has no column \"{name}\" to refer to", reference.dataset))
            })?;
            bridge::to_array(column)
        })
        .collect::<Result<Vec<_>>>()?;
    let wanted = reference.filter.as_ref().map(|filter| condition(filter, frame)).transpose()?;
    let types: Vec<_> = columns.iter().map(|column| column.data_type().clone()).collect();
    let mut keys = KeySet::new(&types).map_err(unusable)?;
    keys.extend(&columns, wanted.as_ref()).map_err(unusable)?;
    references.insert(reference, Arc::new(keys));
    Ok(())
}

fn condition(filter: &str, frame: &DataFrame) -> Result<arrow::array::BooleanArray> {
    let text = Spanned { value: filter.to_owned(), span: Span::default() };
    let predicate = Expression::parse(&text)?.bind_predicate(frame.schema())?;
    let evaluator = crate::steps::Evaluator::new(&[predicate], frame.schema())?;
    let column =
        evaluator.evaluate(frame)?.pop().ok_or_else(|| Error::defect("a condition gave no column"))?;
    Ok(arrow::array::AsArray::as_boolean(&bridge::to_array(&column)?).clone())
}
