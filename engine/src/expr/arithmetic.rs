//! `+ - * / // %` with SQL's meaning.
//!
//! Whole numbers are computed as int64, and a result beyond it stops the run; `/` gives a float, as in
//! DuckDB, with infinity and NaN for a division by zero. `//` and `%` cut towards zero and give null for
//! a zero divisor. Decimals stay exact: a sum has the larger scale, a product the sum of the scales.
//! A float beside anything makes a float. Dates and timestamps take intervals.

use std::ops::Rem;

use polars::prelude::{
    DataType, Expr, Float64Chunked, Int64Chunked, IntoSeries as _, PolarsError, PolarsResult, Series,
    TimeUnit, lit,
};
use polars_core::chunked_array::ops::arity::broadcast_try_binary_elementwise;

use super::kernel::kernel;
use super::moved::moved_evenly;
use super::term::{Binary, Interval, Literal};
use super::typed::{Typed, decimal};
use crate::error::{Error, Result};
use crate::spec::Span;

/// `left op right`.
pub(super) fn binary(op: Binary, left: &Typed, right: &Typed, span: Span) -> Result<Typed> {
    if let Some(found) = temporal(op, left, right, span) {
        return Ok(found);
    }
    let number = |typed: &Typed| {
        typed.dtype.is_null()
            || typed.dtype.is_primitive_numeric()
            || matches!(typed.dtype, DataType::Decimal(..))
    };
    if !number(left) || !number(right) {
        let message = format!("cannot compute {} {} {}", left.type_name(), op.symbol(), right.type_name());
        let error = Error::wrong(message).at(if number(left) { right.span } else { left.span });
        return Err(match (&left.dtype, &right.dtype) {
            (DataType::Datetime(..), DataType::Datetime(..)) => {
                error.hint("date_diff('second', a, b) counts between two timestamps")
            }
            (DataType::Date | DataType::Datetime(..), _) => {
                error.hint("add an interval, as in x + INTERVAL '1' DAY")
            }
            (DataType::String, _) if op == Binary::Add => {
                error.hint("|| joins texts; CAST(x AS float64) makes a number of one")
            }
            _ => error.hint("CAST(x AS float64) or CAST(x AS decimal(12,2)) makes a number of a text"),
        });
    }
    let float =
        left.dtype.is_float() && !is_exact(left, right) || right.dtype.is_float() && !is_exact(right, left);
    if float || op == Binary::Divide {
        return Ok(floats(op, left, right, span));
    }
    if left.dtype.is_decimal() || right.dtype.is_decimal() {
        return decimals(op, left, right, span);
    }
    let args = vec![whole(left), whole(right)];
    Ok(Typed::new(kernel(args, DataType::Int64, move |args| integers(op, args)), DataType::Int64, span))
}

/// `-x`.
pub(super) fn negate(input: &Typed, span: Span) -> Result<Typed> {
    if input.dtype.is_float() {
        return Ok(Typed::new(input.expr.clone() * lit(-1.0), input.dtype.clone(), span));
    }
    binary(Binary::Subtract, &Typed::literal(Literal::Int(0), span), input, span)
}

/// Whether `literal` is a number written out with a point beside a decimal, and so exact itself.
fn is_exact(literal: &Typed, beside: &Typed) -> bool {
    matches!(literal.literal, Some(Literal::Decimal { .. })) && beside.dtype.is_decimal()
}

fn whole(typed: &Typed) -> Expr {
    match typed.dtype {
        DataType::Int64 => typed.expr.clone(),
        _ => typed.expr.clone().strict_cast(DataType::Int64),
    }
}

fn integers(op: Binary, args: &[Series]) -> PolarsResult<Series> {
    let (left, right) = (args[0].i64()?, args[1].i64()?);
    let compute = |a: i64, b: i64| match op {
        Binary::Add => a.checked_add(b).map(Some),
        Binary::Subtract => a.checked_sub(b).map(Some),
        Binary::Multiply => a.checked_mul(b).map(Some),
        Binary::IntDivide if b == 0 => Some(None),
        Binary::IntDivide => a.checked_div(b).map(Some),
        _ if b == 0 => Some(None),
        _ => Some(Some(a.wrapping_rem(b))),
    };
    let out: Int64Chunked = broadcast_try_binary_elementwise(left, right, |a, b| match (a, b) {
        (Some(a), Some(b)) => {
            compute(a, b).ok_or_else(|| overflow(&format!("{a} {} {b}", op.symbol()), "int64"))
        }
        _ => Ok(None),
    })?;
    Ok(out.into_series())
}

fn overflow(what: &str, beyond: &str) -> PolarsError {
    PolarsError::ComputeError(format!("{what} is beyond {beyond}").into())
}

fn floats(op: Binary, left: &Typed, right: &Typed, span: Span) -> Typed {
    let [a, b] = [left, right].map(|typed| typed.cast(&DataType::Float64));
    let expr = match op {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        Binary::IntDivide => (a / b).truncate(0),
        _ => kernel(vec![a, b], DataType::Float64, |args| {
            let out: Float64Chunked =
                broadcast_try_binary_elementwise(args[0].f64()?, args[1].f64()?, |a: Option<f64>, b| {
                    Ok::<_, PolarsError>(a.zip(b).filter(|(_, b)| *b != 0.0).map(|(a, b)| a.rem(b)))
                })?;
            Ok(out.into_series())
        }),
    };
    Typed::new(expr, DataType::Float64, span)
}

fn decimals(op: Binary, left: &Typed, right: &Typed, span: Span) -> Result<Typed> {
    let (Some((lp, ls)), Some((rp, rs))) = (decimal(left), decimal(right)) else {
        return Ok(floats(op, left, right, span));
    };
    let scale = ls.max(rs);
    let (precision, scale) = match op {
        Binary::Multiply => (lp + rp, ls + rs),
        Binary::IntDivide => (lp - ls + rs, 0),
        Binary::Modulo => ((lp - ls).max(rp - rs) + scale, scale),
        _ => ((lp - ls).max(rp - rs) + scale + 1, scale),
    };
    if scale > 38 {
        return Err(Error::wrong(format!(
            "the product would have {scale} digits after the point, and 38 is the most"
        ))
        .at(span)
        .hint("CAST one side to fewer digits, or to float64"));
    }
    let precision = precision.clamp(scale.max(1), 38);
    let args = vec![left.cast(&DataType::Decimal(lp, ls)), right.cast(&DataType::Decimal(rp, rs))];
    let dtype = DataType::Decimal(precision, scale);
    // Both sides on the common scale, except for a product.
    let shift =
        |from: usize| if op == Binary::Multiply { 1 } else { 10_i128.pow((ls.max(rs) - from) as u32) };
    let (lm, rm) = (shift(ls), shift(rs));
    let limit = 10_i128.checked_pow(precision as u32).unwrap_or(i128::MAX);
    let compute = move |a: i128, b: i128| -> Option<Option<i128>> {
        let (a, b) = (a.checked_mul(lm)?, b.checked_mul(rm)?);
        let value = match op {
            Binary::Add => a.checked_add(b)?,
            Binary::Subtract => a.checked_sub(b)?,
            Binary::Multiply => a.checked_mul(b)?,
            _ if b == 0 => return Some(None),
            Binary::IntDivide => a.checked_div(b)?,
            _ => a.checked_rem(b)?,
        };
        (value.unsigned_abs() < limit.unsigned_abs()).then_some(Some(value))
    };
    let expr = kernel(args, dtype.clone(), move |args| {
        let (left, right) = (args[0].decimal()?, args[1].decimal()?);
        let out: polars::prelude::Int128Chunked = broadcast_try_binary_elementwise(
            left.physical(),
            right.physical(),
            |a: Option<i128>, b| match (a, b) {
                (Some(a), Some(b)) => compute(a, b).ok_or_else(|| {
                    overflow(&format!("a value of {}", op.symbol()), &format!("decimal({precision},{scale})"))
                }),
                _ => Ok(None),
            },
        )?;
        Ok(out.into_decimal_unchecked(precision, scale).into_series())
    });
    Ok(Typed::new(expr, dtype, span))
}

fn temporal(op: Binary, left: &Typed, right: &Typed, span: Span) -> Option<Typed> {
    let is_time = |typed: &Typed| matches!(typed.dtype, DataType::Date | DataType::Datetime(..));
    match (op, &left.literal, &right.literal) {
        (Binary::Add, _, Some(Literal::Interval(interval))) if is_time(left) => {
            Some(shift(left, *interval, span))
        }
        (Binary::Add, Some(Literal::Interval(interval)), _) if is_time(right) => {
            Some(shift(right, *interval, span))
        }
        (Binary::Subtract, _, Some(Literal::Interval(interval))) if is_time(left) => {
            let Interval { months, days, micros } = *interval;
            Some(shift(left, Interval { months: -months, days: -days, micros: -micros }, span))
        }
        (Binary::Subtract, ..) if left.dtype == DataType::Date && right.dtype == DataType::Date => {
            let days = |typed: &Typed| typed.expr.clone().cast(DataType::Int32).cast(DataType::Int64);
            Some(Typed::new(days(left) - days(right), DataType::Int64, span))
        }
        _ => None,
    }
}

/// A date or timestamp moved by `interval`: months first, as SQL does, then days, then time.
pub(super) fn shift(input: &Typed, interval: Interval, span: Span) -> Typed {
    let Interval { months, days, micros } = interval;
    let mut dtype = input.dtype.clone();
    let mut expr = input.expr.clone();
    if micros != 0 && dtype == DataType::Date {
        dtype = DataType::Datetime(TimeUnit::Microseconds, None);
        expr = expr.cast(dtype.clone());
    }
    for (count, unit) in [(months, "mo"), (days, "d"), (micros, "us")] {
        if count != 0 {
            expr = moved_evenly(expr, &dtype, count, unit);
        }
    }
    Typed::new(expr, dtype, span)
}
