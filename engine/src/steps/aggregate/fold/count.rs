//! `count(*)` and `count(x)`.

use polars::prelude::{Column, PlSmallStr};

use super::{Argument, Fold, Result, unexpected};

/// Rows, or values that are not null.
#[derive(Default)]
pub(super) struct Count(Vec<i64>);

impl Fold for Count {
    fn grow(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        match argument {
            Argument::Nothing | Argument::Valid(None) => {
                for group in groups {
                    self.0[*group as usize] += 1;
                }
            }
            Argument::Valid(Some(valid)) => {
                for (group, valid) in groups.iter().zip(valid.iter()) {
                    self.0[*group as usize] += i64::from(valid);
                }
            }
            _ => return Err(unexpected()),
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        Ok(Column::new(PlSmallStr::EMPTY, std::mem::take(&mut self.0)))
    }
}
