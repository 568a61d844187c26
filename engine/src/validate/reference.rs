//! The keys and rows of other tables that checks refer to.

use std::sync::Arc;

use arrow::array::BooleanArray;
use lockgate_rules::{Gathered, KeySet, OtherColumns, OtherRows, Reference, References, Want};
use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::expr::Expression;
use crate::scan::Scan;
use crate::spec::{Span, Spanned};

/// Adds what `reference` names, all of whose rows are in `frame`.
pub fn add_reference(references: &mut References, reference: Reference, frame: &DataFrame) -> Result<()> {
    let unusable = |error: arrow::error::ArrowError| {
        Error::wrong(format!("the key columns of \"{}\" cannot be compared", reference.dataset))
            .because(error)
    };
    let names: Vec<&str> = match &reference.columns {
        OtherColumns::Named(names) => names.iter().map(String::as_str).collect(),
        OtherColumns::All => frame
            .get_column_names()
            .into_iter()
            .map(polars::prelude::PlSmallStr::as_str)
            .filter(|name| Scan::is_visible(name))
            .collect(),
    };
    let wanted = reference.filter.as_ref().map(|filter| condition(filter, frame)).transpose()?;
    if reference.want == Want::Rows {
        let rows = Gathered::Rows(Arc::new(rows(frame, &names, wanted.as_ref())?));
        references.insert(reference, rows);
        return Ok(());
    }
    let columns = names
        .iter()
        .map(|name| {
            let column = frame.column(name).map_err(|_| {
                Error::wrong(format!("\"{}\" has no column \"{name}\" to refer to", reference.dataset))
            })?;
            bridge::to_array(column)
        })
        .collect::<Result<Vec<_>>>()?;
    let types: Vec<_> = columns.iter().map(|column| column.data_type().clone()).collect();
    let mut keys = KeySet::new(&types).map_err(unusable)?;
    keys.extend(&columns, wanted.as_ref()).map_err(unusable)?;
    references.insert(reference, Gathered::Keys(Arc::new(keys)));
    Ok(())
}

/// The columns of a frame, where a condition holds.
fn rows(frame: &DataFrame, names: &[&str], wanted: Option<&BooleanArray>) -> Result<OtherRows> {
    let unusable = |error: arrow::error::ArrowError| Error::defect("could not take over rows").because(error);
    let chosen = frame.select(names.iter().copied());
    let chosen = chosen.map_err(|error| Error::defect("a column to refer to is missing").because(error))?;
    let schema = bridge::arrow_schema(chosen.schema())?;
    let record = bridge::to_record(&chosen, &schema)?;
    let record = match wanted {
        Some(wanted) => arrow::compute::filter_record_batch(&record, wanted).map_err(unusable)?,
        None => record,
    };
    Ok(OtherRows { schema, batches: vec![record] })
}

fn condition(filter: &str, frame: &DataFrame) -> Result<BooleanArray> {
    let text = Spanned { value: filter.to_owned(), span: Span::default() };
    let predicate = Expression::parse(&text)?.bind_predicate(frame.schema())?;
    let evaluator = crate::steps::Evaluator::new(&[predicate], frame.schema())?;
    let column =
        evaluator.evaluate(frame)?.pop().ok_or_else(|| Error::defect("a condition gave no column"))?;
    Ok(arrow::array::AsArray::as_boolean(&bridge::to_array(&column)?).clone())
}
