//! The order by which the rows of one key are compared.

use polars::prelude::{BinaryOffsetChunked, DataFrame, LazyFrame, PlSmallStr, Schema, SortMultipleOptions};

use crate::error::{Error, Result};
use crate::spec::Spanned;
use crate::steps::column::{Found, existing};
use crate::steps::rows::order_bytes;

/// Columns with their directions. NaN is greater than every number.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    columns: Vec<PlSmallStr>,
    descending: Vec<bool>,
}

impl Order {
    /// Reads "column", "column asc" or "column desc", and checks the columns.
    pub(super) fn bind(by: &[Spanned<String>], input: &Schema) -> Result<Self> {
        let mut order = Self::default();
        for item in by {
            let (name, descending) = direction(item, input)?;
            let Found { dtype, .. } = existing(input, &name)?;
            if dtype.is_nested() {
                let message = format!("rows cannot be ordered by column \"{}\" of type {dtype}", name.value);
                return Err(Error::wrong(message).at(name.span));
            }
            order.columns.push(name.value.as_str().into());
            order.descending.push(descending);
        }
        Ok(order)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns in order of weight.
    pub(super) fn columns(&self) -> &[PlSmallStr] {
        &self.columns
    }

    /// The frame sorted by this order; rows that tie stay as they are.
    pub(super) fn sort(&self, frame: LazyFrame, nulls_last: bool) -> LazyFrame {
        if self.is_empty() {
            return frame;
        }
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(self.descending.clone())
            .with_nulls_last(nulls_last)
            .with_maintain_order(true);
        frame.sort(self.columns.clone(), options)
    }

    /// Bytes a row that compare as the rows do.
    pub(super) fn encode(&self, batch: &DataFrame, nulls_last: bool) -> Result<BinaryOffsetChunked> {
        let columns = self.columns.iter().map(PlSmallStr::as_str);
        order_bytes(batch, columns, &self.descending, &vec![nulls_last; self.columns.len()])
    }
}

fn direction(item: &Spanned<String>, input: &Schema) -> Result<(Spanned<String>, bool)> {
    let named = |name: &str| Spanned { value: name.to_owned(), span: item.span };
    if input.contains(&item.value) {
        return Ok((item.clone(), false));
    }
    match item.value.trim().rsplit_once(char::is_whitespace) {
        Some((name, word)) if word.eq_ignore_ascii_case("desc") => Ok((named(name.trim()), true)),
        Some((name, word)) if word.eq_ignore_ascii_case("asc") => Ok((named(name.trim()), false)),
        Some((name, word)) if input.contains(name.trim()) => {
            let message = format!("unknown direction \"{word}\" in `order_by`");
            Err(Error::wrong(message).at(item.span).hint("write `asc` or `desc` after the column"))
        }
        _ => Ok((item.clone(), false)),
    }
}
