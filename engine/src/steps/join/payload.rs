//! The columns taken from the other table, kept so that they are small and rows are found quickly.
//!
//! A text column with few different values is kept as two bytes a row beside the values: a row then is
//! two bytes to fetch from anywhere in memory, and its text is in the cache already.

use std::collections::HashMap;

use polars::prelude::{Column, IntoColumn, NewChunkedArray, StringChunked};

use crate::error::{Error, Result};
use crate::steps::rows::{NONE, indices, take};

/// Rows below which a table is small anyway.
const FEW_ROWS: usize = 1 << 13;

/// Different texts up to which a column is kept as codes.
const MOST_TEXTS: usize = 1 << 10;

/// The columns.
pub(super) struct Payload(Vec<Kept>);

enum Kept {
    Plain(Column),
    /// The place of each row's text among the different ones, null among them.
    Coded {
        codes: Vec<u16>,
        texts: Column,
    },
}

impl Payload {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self(columns.into_iter().map(|column| coded(&column).unwrap_or(Kept::Plain(column))).collect())
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    /// Rows of the table; `NONE` gives nulls.
    pub(super) fn take(&self, rows: Vec<u32>) -> Result<Vec<Column>> {
        let coded: Vec<Option<Column>> =
            self.0.iter().map(|kept| kept.take_coded(&rows)).collect::<Result<_>>()?;
        let rows = indices(rows);
        let taken = self.0.iter().zip(coded).map(|(kept, coded)| match (kept, coded) {
            (_, Some(coded)) => Ok(coded),
            (Kept::Plain(column), None) => one(take(std::slice::from_ref(column), &rows)?),
            (Kept::Coded { .. }, None) => Err(Error::defect("a coded column was not decoded")),
        });
        taken.collect()
    }
}

impl Kept {
    fn take_coded(&self, rows: &[u32]) -> Result<Option<Column>> {
        let Self::Coded { codes, texts } = self else { return Ok(None) };
        let code = |row: &u32| if *row == NONE { NONE } else { u32::from(codes[*row as usize]) };
        let places = indices(rows.iter().map(code).collect());
        take(std::slice::from_ref(texts), &places).and_then(one).map(Some)
    }
}

fn one(mut columns: Vec<Column>) -> Result<Column> {
    columns.pop().ok_or_else(|| Error::defect("a column was lost while its rows were gathered"))
}

/// The column as codes, if it is one of few texts.
fn coded(column: &Column) -> Option<Kept> {
    if column.len() < FEW_ROWS {
        return None;
    }
    let values = column.str().ok()?;
    let mut codes = Vec::with_capacity(values.len());
    let mut code_of: HashMap<Option<&str>, u16> = HashMap::new();
    let mut texts: Vec<Option<&str>> = Vec::new();
    for text in values.iter() {
        let code = *code_of.entry(text).or_insert_with(|| {
            texts.push(text);
            (texts.len() - 1) as u16
        });
        if texts.len() > MOST_TEXTS {
            return None;
        }
        codes.push(code);
    }
    let texts = StringChunked::from_slice_options(column.name().clone(), &texts).into_column();
    Some(Kept::Coded { codes, texts })
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataType, NamedFrom, Series};

    use super::*;

    fn texts(different: usize) -> Column {
        let text = |row: usize| (row % 7 != 3).then(|| format!("text number {}", row % different));
        let texts: Vec<Option<String>> = (0..2 * FEW_ROWS).map(text).collect();
        Series::new("t".into(), texts).into_column()
    }

    #[test]
    fn few_texts_are_coded_and_many_are_not_and_both_give_the_same_rows() {
        for (different, is_coded) in [(1, true), (MOST_TEXTS - 1, true), (MOST_TEXTS + 1, false)] {
            let column = texts(different);
            let payload = Payload::new(vec![column.clone()]);
            assert_eq!(matches!(payload.0[0], Kept::Coded { .. }), is_coded, "{different} texts");
            let rows = vec![5, 3, NONE, 0, 2 * FEW_ROWS as u32 - 1, 5];
            let taken = payload.take(rows.clone()).unwrap();
            assert_eq!(taken[0].dtype(), &DataType::String);
            assert_eq!(taken, take(&[column], &indices(rows)).unwrap());
        }
    }
}
