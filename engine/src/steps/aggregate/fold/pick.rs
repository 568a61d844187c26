//! `first(x)` and `last(x)`: the value of the first or last row of a group, null or not; and
//! `any_value(x)`: the first value that is not null.

use polars::prelude::{AnyValue, Column, DataType, IntoColumn, PlSmallStr, Series};

use super::{Argument, Fold, Result, TEXT_BYTES, unexpected};
use crate::error::Error;
use crate::steps::rows::NONE;

/// Which row's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Last,
    FirstValid,
}

pub(super) struct Pick {
    picked: Vec<Option<AnyValue<'static>>>,
    which: Which,
    output: DataType,
    /// The row of each group in the batch at hand.
    rows: Vec<u32>,
}

impl Pick {
    pub(super) fn new(which: Which, input: &DataType) -> Self {
        Self { picked: Vec::new(), which, output: input.clone(), rows: Vec::new() }
    }
}

impl Fold for Pick {
    fn grow(&mut self, groups: usize) {
        self.picked.resize(groups, None);
        self.rows.resize(groups, NONE);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Column(column) = argument else { return Err(unexpected()) };
        let last = self.which == Which::Last;
        let valid = match self.which {
            Which::FirstValid => Some(column.is_not_null()),
            Which::First | Which::Last => None,
        };
        let mut touched = Vec::new();
        for (row, &group) in (0u32..).zip(groups) {
            if valid.as_ref().is_some_and(|valid| valid.get(row as usize) == Some(false)) {
                continue;
            }
            let picked = &mut self.rows[group as usize];
            if *picked == NONE {
                touched.push(group);
            }
            if *picked == NONE || last {
                *picked = row;
            }
        }
        for group in touched {
            let row = std::mem::replace(&mut self.rows[group as usize], NONE);
            let picked = &mut self.picked[group as usize];
            if last || picked.is_none() {
                let value = column.get(row as usize);
                let value = value.map_err(|e| Error::defect("cannot read a value").because(e))?;
                *picked = Some(value.into_static());
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.picked.len() * TEXT_BYTES + size_of_val(self.rows.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        let picked = std::mem::take(&mut self.picked).into_iter();
        let values: Vec<AnyValue<'_>> = picked.map(|value| value.unwrap_or(AnyValue::Null)).collect();
        Series::from_any_values_and_dtype(PlSmallStr::EMPTY, &values, &self.output, true)
            .map(IntoColumn::into_column)
            .map_err(|e| Error::defect("cannot put first or last values together").because(e))
    }
}
