//! Functions of numbers.

use polars::lazy::dsl::{max_horizontal, min_horizontal};
use polars::prelude::{DataType, Expr, RoundMode, lit};

use super::super::arithmetic;
use super::super::function::{Function, Kind};
use super::super::term::Binary;
use super::super::typed::{Typed, common_of};
use super::{SCALAR, expr, float, takes, takes_maybe, takes_more};
use crate::error::{Error, Result};

pub(super) static NUMBER: &[Function] = &[
    Function {
        name: "abs",
        signature: "abs(x)",
        summary: "The value without its sign.",
        example: ("abs(-2)", "2"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(expr(args, 0).abs()),
        ..SCALAR
    },
    Function {
        name: "round",
        signature: "round(x[, digits])",
        summary: "x to so many digits after the point, halves away from zero; none if not given.",
        example: ("round(-2.345, 1)", "-2.3"),
        params: takes_maybe(&[Kind::Number], &[Kind::Count]),
        lower: round,
        ..SCALAR
    },
    Function {
        name: "floor",
        signature: "floor(x)",
        summary: "The largest whole number not above x, in the type of x.",
        example: ("floor(-1.5)", "-2.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(if args[0].dtype.is_integer() { expr(args, 0) } else { expr(args, 0).floor() }),
        ..SCALAR
    },
    Function {
        name: "ceil",
        aliases: &["ceiling"],
        signature: "ceil(x)",
        summary: "The smallest whole number not below x, in the type of x.",
        example: ("ceil(1.2)", "2.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(if args[0].dtype.is_integer() { expr(args, 0) } else { expr(args, 0).ceil() }),
        ..SCALAR
    },
    Function {
        name: "trunc",
        signature: "trunc(x)",
        summary: "x without its fraction, in the type of x.",
        example: ("trunc(-1.9)", "-1.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(if args[0].dtype.is_integer() { expr(args, 0) } else { expr(args, 0).truncate(0) }),
        ..SCALAR
    },
    Function {
        name: "sign",
        signature: "sign(x)",
        summary: "-1, 0 or 1 as x is below, at or above zero.",
        nulls: "null for null and for NaN",
        example: ("sign(-3.5)", "-1"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).sign().cast(DataType::Int64)),
        ..SCALAR
    },
    Function {
        name: "sqrt",
        signature: "sqrt(x)",
        summary: "The square root.",
        nulls: "null for null, NaN below zero",
        example: ("sqrt(9)", "3.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).sqrt()),
        ..SCALAR
    },
    Function {
        name: "exp",
        signature: "exp(x)",
        summary: "e to the power of x.",
        example: ("exp(0)", "1.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).exp()),
        ..SCALAR
    },
    Function {
        name: "ln",
        signature: "ln(x)",
        summary: "The natural logarithm.",
        nulls: "null for null, NaN below zero, minus infinity at zero",
        example: ("ln(1)", "0.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).log(lit(std::f64::consts::E))),
        ..SCALAR
    },
    Function {
        name: "log10",
        aliases: &["log"],
        signature: "log10(x)",
        summary: "The logarithm to the base 10.",
        nulls: "null for null, NaN below zero, minus infinity at zero",
        example: ("log10(100)", "2.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).log(lit(10.0))),
        ..SCALAR
    },
    Function {
        name: "log2",
        signature: "log2(x)",
        summary: "The logarithm to the base 2.",
        nulls: "null for null, NaN below zero, minus infinity at zero",
        example: ("log2(8)", "3.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).log(lit(2.0))),
        ..SCALAR
    },
    Function {
        name: "power",
        aliases: &["pow"],
        signature: "power(x, y)",
        summary: "x to the power of y, a float.",
        example: ("power(2, 10)", "1024.0"),
        params: takes(&[Kind::Number, Kind::Number]),
        lower: |args| Ok(float(args, 0).pow(float(args, 1))),
        ..SCALAR
    },
    Function {
        name: "mod",
        signature: "mod(x, y)",
        summary: "The remainder of x by y, with the sign of x; the same as x % y.",
        nulls: "null where an argument is null or y is zero",
        example: ("mod(-7, 3)", "-1"),
        params: takes(&[Kind::Number, Kind::Number]),
        lower: |args| {
            arithmetic::binary(Binary::Modulo, &args[0], &args[1], args[0].span).map(|typed| typed.expr)
        },
        ..SCALAR
    },
    Function {
        name: "greatest",
        signature: "greatest(a, b, …)",
        summary: "The largest of the arguments.",
        nulls: "nulls are passed over; null where all are null",
        example: ("greatest(1, NULL, 3)", "3"),
        params: takes_more(&[Kind::Any], Kind::Any),
        lower: |args| max_horizontal(alike(args)?).map_err(|error| Error::defect("greatest").because(error)),
        ..SCALAR
    },
    Function {
        name: "least",
        signature: "least(a, b, …)",
        summary: "The smallest of the arguments.",
        nulls: "nulls are passed over; null where all are null",
        example: ("least(1, NULL, 3)", "1"),
        params: takes_more(&[Kind::Any], Kind::Any),
        lower: |args| min_horizontal(alike(args)?).map_err(|error| Error::defect("least").because(error)),
        ..SCALAR
    },
    Function {
        name: "is_nan",
        aliases: &["isnan"],
        signature: "is_nan(x)",
        summary: "Whether x is not a number.",
        example: ("is_nan(0.0 / 0)", "true"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).is_nan()),
        ..SCALAR
    },
    Function {
        name: "is_finite",
        aliases: &["isfinite"],
        signature: "is_finite(x)",
        summary: "Whether x is neither NaN nor infinite.",
        example: ("is_finite(1.0 / 0)", "false"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).is_finite()),
        ..SCALAR
    },
];

fn round(args: &[Typed]) -> Result<Expr> {
    let digits = args.get(1).map_or(Ok(0), Typed::count)?;
    let digits = u32::try_from(digits).ok().filter(|digits| *digits <= 38).ok_or_else(|| {
        Error::wrong(format!("cannot round to {digits} digits")).hint("digits go from 0 to 38")
    })?;
    Ok(if args[0].dtype.is_integer() {
        expr(args, 0)
    } else {
        expr(args, 0).round(digits, RoundMode::HalfAwayFromZero)
    })
}

fn alike(args: &[Typed]) -> Result<Vec<Expr>> {
    let dtype = common_of(args)?;
    Ok(args.iter().map(|arg| arg.cast(&dtype)).collect())
}
