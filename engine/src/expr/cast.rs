//! `CAST` and `TRY_CAST`, and values as text.
//!
//! A strict cast stops the run at the first value that does not fit; a lenient one gives null there.
//! A float becomes a whole number by cutting off its fraction. Text is read as `12`, `-1.5e3`, `true`,
//! `2024-01-31`, `12:30:00`, `2024-01-31 12:30:00`, without blanks around it.

use polars::prelude::{
    BooleanChunked, DataType, Expr, IntoSeries as _, PolarsError, Series, StrptimeOptions, lit,
};

use super::kernel::kernel;
use super::typed::Typed;
use super::types::{name, to_polars};
use crate::error::{Error, Result};
use crate::spec::{Span, Type};

/// `CAST(input AS to)`, or `TRY_CAST` if lenient.
pub(super) fn cast(input: &Typed, to: &Type, lenient: bool, span: Span) -> Result<Typed> {
    let wanted = to_polars(to).map_err(|error| error.at(span))?;
    let expr = cast_expr(&input.expr, &input.dtype, &wanted, lenient).map_err(|error| error.at(span))?;
    Ok(Typed::new(expr, wanted, span))
}

/// `expr` of type `from` as `to`. Also what the cast step and contracts do.
pub fn cast_expr(expr: &Expr, from: &DataType, to: &DataType, lenient: bool) -> Result<Expr> {
    let expr = expr.clone();
    let direct = |expr: Expr| if lenient { expr.cast(to.clone()) } else { expr.strict_cast(to.clone()) };
    Ok(match (from, to) {
        _ if from == to => expr,
        (DataType::Null, _) => expr.cast(to.clone()),
        (DataType::String, DataType::Boolean) => truth(expr, lenient),
        (DataType::String, DataType::Date | DataType::Datetime(..) | DataType::Time) => {
            let format = match to {
                DataType::Date => "%Y-%m-%d",
                DataType::Time => "%H:%M:%S%.f",
                _ => "%Y-%m-%d %H:%M:%S%.f",
            };
            let options =
                StrptimeOptions { format: Some(format.into()), strict: !lenient, exact: true, cache: true };
            let expr = match to {
                DataType::Datetime(..) => points_as_text(expr),
                _ => expr,
            };
            expr.str().strptime(to.clone(), options, lit("raise"))
        }
        (_, DataType::String) => text(expr, from)?,
        (DataType::Boolean, other) | (other, DataType::Boolean) if !plain_number(other) => {
            return Err(no_cast(from, to));
        }
        _ if plain_number(from) != plain_number(to)
            && !(from.is_bool() || to.is_bool() || *from == DataType::String) =>
        {
            return Err(no_cast(from, to));
        }
        _ => direct(expr),
    })
}

fn plain_number(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || matches!(dtype, DataType::Decimal(..))
}

fn no_cast(from: &DataType, to: &DataType) -> Error {
    let error = Error::wrong(format!("{} cannot be cast to {}", name(from), name(to)));
    match (from, to) {
        (DataType::Datetime(..) | DataType::Date, _) if plain_number(to) => {
            error.hint("epoch(x) gives seconds since 1970-01-01")
        }
        _ => error,
    }
}

/// Text of timestamps brought to one form: a `T` becomes a blank, a lone date gets its midnight.
fn points_as_text(expr: Expr) -> Expr {
    super::kernel::text_to_text(vec![expr], 1, |texts, _| {
        let text = texts[0].strip_suffix('Z').unwrap_or(texts[0]).replacen('T', " ", 1);
        match text.len() {
            10 => text + " 00:00:00",
            16 => text + ":00",
            _ => text,
        }
    })
}

fn truth(expr: Expr, lenient: bool) -> Expr {
    kernel(vec![expr], DataType::Boolean, move |args| {
        let texts = args[0].str()?;
        let read = |text: Option<&str>| match text.map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "t" | "1") => Ok(Some(true)),
            Some("false" | "f" | "0") => Ok(Some(false)),
            Some(other) if !lenient => {
                Err(PolarsError::ComputeError(format!("'{other}' is neither true nor false").into()))
            }
            _ => Ok(None),
        };
        let out = texts.iter().map(read).collect::<Result<BooleanChunked, _>>()?;
        Ok::<Series, PolarsError>(out.into_series())
    })
}

/// `input` as text: what `||` and `concat` join.
pub(super) fn to_text(input: &Typed) -> Result<Expr> {
    text(input.expr.clone(), &input.dtype).map_err(|error| error.at(input.span))
}

fn text(expr: Expr, from: &DataType) -> Result<Expr> {
    Ok(match from {
        DataType::String => expr,
        DataType::Datetime(_, None) => expr.dt().to_string("%Y-%m-%d %H:%M:%S%.f"),
        DataType::Datetime(_, Some(_)) => expr.dt().to_string("%Y-%m-%d %H:%M:%S%.f%:z"),
        DataType::List(_) | DataType::Struct(_) => return Err(no_cast(from, &DataType::String)),
        _ => expr.cast(DataType::String),
    })
}
