//! Aggregate functions: the rows of a group give one value. For the aggregate and window steps.

use polars::prelude::{DataType, Expr, QuantileMethod, lit, when};

use super::super::function::{Function, Kind, Role};
use super::{SCALAR, expr, float, takes, takes_maybe};
use crate::error::{Error, Result};

use super::super::typed::Typed;

const OVER_ROWS: Function = Function {
    role: Role::Aggregate,
    nulls: "nulls are passed over; null where nothing else is there",
    ..SCALAR
};

pub(super) static AGGREGATE: &[Function] = &[
    Function {
        name: "count",
        signature: "count(*), count(x), count(DISTINCT x)",
        summary: "The number of rows, of values, or of distinct values.",
        nulls: "count(*) counts rows whatever is in them; count(x) passes over nulls; 0 where nothing is there",
        example: ("count(x)", "3"),
        params: takes_maybe(&[], &[Kind::Any]),
        lower: |args| Ok(expr(args, 0).count().cast(DataType::Int64)),
        ..OVER_ROWS
    },
    Function {
        name: "sum",
        signature: "sum(x)",
        summary: "The sum; int64 of whole numbers, exact of decimals.",
        example: ("sum(x)", "7"),
        params: takes(&[Kind::Number]),
        lower: |args| {
            let input = if args[0].dtype.is_integer() {
                args[0].expr.clone().strict_cast(DataType::Int64)
            } else {
                expr(args, 0)
            };
            Ok(when(input.clone().count().gt(lit(0))).then(input.sum()).otherwise(lit(polars::prelude::NULL)))
        },
        ..OVER_ROWS
    },
    Function {
        name: "avg",
        aliases: &["mean"],
        signature: "avg(x)",
        summary: "The arithmetic mean, a float.",
        example: ("avg(x)", "2.3333333333333335"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).mean()),
        ..OVER_ROWS
    },
    Function {
        name: "min",
        signature: "min(x)",
        summary: "The smallest value.",
        example: ("min(x)", "1"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).min()),
        ..OVER_ROWS
    },
    Function {
        name: "max",
        signature: "max(x)",
        summary: "The largest value.",
        example: ("max(x)", "4"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).max()),
        ..OVER_ROWS
    },
    Function {
        name: "first",
        signature: "first(x)",
        summary: "The value of the first row, in the order of the input.",
        nulls: "a null in the first row is the answer",
        example: ("first(x)", "1"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).first()),
        ..OVER_ROWS
    },
    Function {
        name: "last",
        signature: "last(x)",
        summary: "The value of the last row, in the order of the input.",
        nulls: "a null in the last row is the answer",
        example: ("last(x)", "4"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).last()),
        ..OVER_ROWS
    },
    Function {
        name: "any_value",
        signature: "any_value(x)",
        summary: "The first value that is not null, in the order of the input.",
        example: ("any_value(x)", "1"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).drop_nulls().first()),
        ..OVER_ROWS
    },
    Function {
        name: "median",
        signature: "median(x)",
        summary: "The middle value, or the mean of the two middle ones.",
        example: ("median(x)", "2.0"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).median()),
        ..OVER_ROWS
    },
    Function {
        name: "quantile",
        aliases: &["quantile_cont"],
        signature: "quantile(x, q)",
        summary: "The value below which the share q lies, interpolated linearly between neighbours.",
        example: ("quantile(x, 0.25)", "1.5"),
        params: takes(&[Kind::Number, Kind::Share]),
        lower: quantile,
        ..OVER_ROWS
    },
    Function {
        name: "stddev",
        aliases: &["stddev_samp"],
        signature: "stddev(x)",
        summary: "The standard deviation of a sample, with n - 1.",
        nulls: "nulls are passed over; null for fewer than two values",
        example: ("round(stddev(x), 4)", "1.5275"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).std(1)),
        ..OVER_ROWS
    },
    Function {
        name: "stddev_pop",
        signature: "stddev_pop(x)",
        summary: "The standard deviation of the whole, with n.",
        example: ("round(stddev_pop(x), 4)", "1.2472"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).std(0)),
        ..OVER_ROWS
    },
    Function {
        name: "variance",
        aliases: &["var_samp"],
        signature: "variance(x)",
        summary: "The variance of a sample, with n - 1.",
        nulls: "nulls are passed over; null for fewer than two values",
        example: ("round(variance(x), 4)", "2.3333"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).var(1)),
        ..OVER_ROWS
    },
    Function {
        name: "var_pop",
        signature: "var_pop(x)",
        summary: "The variance of the whole, with n.",
        example: ("round(var_pop(x), 4)", "1.5556"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).var(0)),
        ..OVER_ROWS
    },
    Function {
        name: "skewness",
        signature: "skewness(x)",
        summary: "The skewness of the whole: the third central moment over the deviation cubed.",
        example: ("round(skewness(x), 4)", "0.3818"),
        params: takes(&[Kind::Number]),
        lower: |args| Ok(float(args, 0).skew(true)),
        ..OVER_ROWS
    },
    Function {
        name: "bool_and",
        aliases: &["every"],
        signature: "bool_and(condition)",
        summary: "Whether the condition is true for every row.",
        example: ("bool_and(x > 0)", "true"),
        params: takes(&[Kind::Bool]),
        lower: |args| Ok(expr(args, 0).min()),
        ..OVER_ROWS
    },
    Function {
        name: "bool_or",
        signature: "bool_or(condition)",
        summary: "Whether the condition is true for any row.",
        example: ("bool_or(x > 3)", "true"),
        params: takes(&[Kind::Bool]),
        lower: |args| Ok(expr(args, 0).max()),
        ..OVER_ROWS
    },
];

fn quantile(args: &[Typed]) -> Result<Expr> {
    let share = args[1].share()?;
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::wrong(format!("no quantile lies at {share}"))
            .at(args[1].span)
            .hint("q goes from 0 to 1"));
    }
    Ok(float(args, 0).quantile(lit(share), QuantileMethod::Linear))
}
