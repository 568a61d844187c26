//! The columns taken from the other table.

use polars::prelude::Column;

use crate::error::{Error, Result};
use crate::memory::{Coded, Slim};
use crate::steps::rows::{NONE, indices, take};

/// The columns.
pub(super) struct Payload(Vec<Slim>);

impl Payload {
    pub(super) fn new(columns: Vec<Slim>) -> Self {
        Self(columns)
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    /// About as many bytes as they take.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(Slim::bytes).sum()
    }

    /// Rows of the table; `NONE` gives nulls.
    pub(super) fn take(&self, rows: Vec<u32>) -> Result<Vec<Column>> {
        let coded = self.0.iter().map(|kept| kept.coded().map(|coded| decoded(coded, &rows)).transpose());
        let coded: Vec<Option<Column>> = coded.collect::<Result<_>>()?;
        let rows = indices(rows);
        let taken = self.0.iter().zip(coded).map(|(kept, coded)| match (kept, coded) {
            (_, Some(coded)) => Ok(coded),
            (Slim::Plain(column), None) => one(take(std::slice::from_ref(column), &rows)?),
            (Slim::Coded(_), None) => Err(Error::defect("a coded column was not decoded")),
        });
        taken.collect()
    }
}

fn decoded(coded: &Coded, rows: &[u32]) -> Result<Column> {
    let codes = coded.codes();
    let code = |row: &u32| if *row == NONE { NONE } else { u32::from(codes[*row as usize]) };
    let places = indices(rows.iter().map(code).collect());
    take(std::slice::from_ref(coded.texts()), &places).and_then(one)
}

fn one(mut columns: Vec<Column>) -> Result<Column> {
    columns.pop().ok_or_else(|| Error::defect("a column was lost while its rows were gathered"))
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoColumn, NamedFrom, Series};

    use super::*;

    #[test]
    fn coded_or_not_the_same_rows_come() {
        const ROWS: u32 = 10_000;
        for different in [2, 5_000] {
            let texts: Vec<Option<String>> =
                (0..ROWS).map(|row| (row % 7 != 3).then(|| format!("text {}", row % different))).collect();
            let column = Series::new("t".into(), texts).into_column();
            let payload = Payload::new(vec![Slim::of(&column)]);
            let rows = vec![5, 3, NONE, 0, ROWS - 1, 5];
            let taken = payload.take(rows.clone()).unwrap();
            assert_eq!(taken, take(&[column], &indices(rows)).unwrap(), "{different} texts");
        }
    }
}
