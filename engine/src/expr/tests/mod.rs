//! The expression language held to SQL.

mod errors;
mod functions;
mod language;

use polars::prelude::{AnyValue, Column, DataFrame, DataType, IntoLazy as _, NamedFrom as _, Series};

use super::Expression;
use crate::error::Result;
use crate::spec::{Span, Spanned};

fn expression(text: &str) -> Result<Expression> {
    let span = Span { line: 1, column: 1, len: text.chars().count() };
    Expression::parse(&Spanned::new(text.to_owned(), span))
}

/// The columns the tests know: `x` = 1, 2, null, 4; `f` floats; `s` text; `b` booleans; `d` dates;
/// `t` timestamps; `p` decimal(12,2); `i` int8; `u` uint64.
fn frame() -> DataFrame {
    let columns: Vec<Column> = vec![
        Series::new("x".into(), [Some(1_i64), Some(2), None, Some(4)]).into(),
        Series::new("f".into(), [Some(0.5), Some(f64::NAN), None, Some(-2.0)]).into(),
        Series::new("s".into(), [Some("ab"), Some(""), None, Some("Öl%")]).into(),
        Series::new("b".into(), [Some(true), Some(false), None, Some(true)]).into(),
        days(&[Some(0), Some(19_000), None, Some(-1)]).into(),
        Series::new("t".into(), [Some(0_i64), Some(90_000_000), None, Some(-1)])
            .cast(&DataType::Datetime(polars::prelude::TimeUnit::Microseconds, None))
            .unwrap()
            .into(),
        Series::new("p".into(), [Some("1.25"), Some("-0.05"), None, Some("9999999999.99")])
            .cast(&DataType::Decimal(12, 2))
            .unwrap()
            .into(),
        Series::new("i".into(), [Some(100_i8), Some(-100), None, Some(7)]).into(),
        Series::new("u".into(), [Some(1_u64), Some(u64::MAX), None, Some(4)]).into(),
    ];
    DataFrame::new(4, columns).unwrap()
}

fn days(values: &[Option<i32>]) -> Series {
    Series::new("d".into(), values).cast(&DataType::Date).unwrap()
}

/// The values of the scalar expression `text` over `frame`, as text.
fn values(text: &str) -> Vec<String> {
    let frame = frame();
    let (expr, dtype) =
        expression(text).and_then(|found| found.bind(frame.schema())).unwrap_or_else(|error| {
            panic!("{text}: {error} ({:?})", error.cure());
        });
    let out =
        frame.lazy().with_columns([expr.alias("out")]).collect().unwrap_or_else(|e| panic!("{text}: {e}"));
    let out = out.column("out").unwrap();
    assert_eq!(out.dtype(), &dtype, "the type announced for {text}");
    shown(out)
}

fn shown(column: &Column) -> Vec<String> {
    (0..column.len())
        .map(|row| match column.get(row).unwrap() {
            AnyValue::String(text) => text.to_owned(),
            AnyValue::StringOwned(text) => text.to_string(),
            AnyValue::Float64(value) => format!("{value:?}"),
            value => value.to_string(),
        })
        .collect()
}

/// The one value of an expression of constants.
fn value(text: &str) -> String {
    values(text).swap_remove(0)
}

/// What an expression that cannot be bound says, with its place and cure.
fn refused(text: &str) -> String {
    let error = expression(text).and_then(|found| found.bind(frame().schema())).expect_err("it is wrong");
    let place = match error.place() {
        Some(crate::error::Place::Spec(Span { column, len, .. })) => {
            text.chars().skip(column - 1).take(*len).collect::<String>()
        }
        _ => "<nowhere>".into(),
    };
    format!("{} | {place} | {}", error.message(), error.cure().unwrap_or(""))
}
