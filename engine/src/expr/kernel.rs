//! Operators of our own inside Polars expressions, where SQL's meaning is not Polars'.
//!
//! A kernel works on whole columns of one batch and never on a row's surroundings. Constants arrive as
//! columns of one row and are repeated.

use polars::prelude::{
    ChunkedArray, Column, DataType, Expr, Field, Int64Type, IntoColumn as _, IntoSeries as _, PolarsResult,
    Series, StringChunked, map_multiple,
};

/// An expression that computes `f` over `args`, with a result of type `dtype`.
pub(super) fn kernel<F>(args: Vec<Expr>, dtype: DataType, f: F) -> Expr
where
    F: Fn(&[Series]) -> PolarsResult<Series> + Send + Sync + 'static,
{
    let apply = move |columns: &mut [Column]| {
        let series: Vec<Series> =
            columns.iter().map(|column| column.as_materialized_series().clone()).collect();
        f(&series).map(Series::into_column)
    };
    map_multiple(apply, args, move |_, fields| Ok(Field::new(fields[0].name().clone(), dtype.clone())))
}

/// Number of rows a kernel gives for `args`: that of the longest, constants aside.
pub(super) fn rows(args: &[Series]) -> usize {
    args.iter().map(|column| column.len()).find(|len| *len != 1).unwrap_or(1)
}

/// Row `row` of a text column or constant.
pub(super) fn text(column: &StringChunked, row: usize) -> Option<&str> {
    column.get(if column.len() == 1 { 0 } else { row })
}

/// Row `row` of a whole-number column or constant.
pub(super) fn whole(column: &ChunkedArray<Int64Type>, row: usize) -> Option<i64> {
    column.get(if column.len() == 1 { 0 } else { row })
}

/// A kernel from text, and further whole numbers, to text; null where any argument is.
pub(super) fn text_to_text<F>(args: Vec<Expr>, texts: usize, f: F) -> Expr
where
    F: Fn(&[&str], &[i64]) -> String + Send + Sync + 'static,
{
    kernel(args, DataType::String, move |args| {
        let strings = args[..texts].iter().map(|column| column.str()).collect::<PolarsResult<Vec<_>>>()?;
        let numbers = args[texts..].iter().map(|column| column.i64()).collect::<PolarsResult<Vec<_>>>()?;
        let row = |row: usize| {
            let strings: Vec<&str> = strings.iter().map(|column| text(column, row)).collect::<Option<_>>()?;
            let numbers: Vec<i64> = numbers.iter().map(|column| whole(column, row)).collect::<Option<_>>()?;
            Some(f(&strings, &numbers))
        };
        let out: StringChunked = (0..rows(args)).map(row).collect();
        Ok(out.with_name(args[0].name().clone()).into_series())
    })
}
