//! Window functions: a row among the ordered rows of its partition. For the window step, which says
//! the partition and the order; aggregates can be used there too.

use polars::prelude::{DataType, Expr, lit};

use super::super::function::{Function, Kind, Role};
use super::super::typed::Typed;
use super::{SCALAR, expr, takes, takes_maybe};
use crate::error::Result;

const OVER_ORDER: Function = Function { role: Role::Window, ..SCALAR };

pub(super) static WINDOW: &[Function] = &[
    Function {
        name: "row_number",
        signature: "row_number()",
        summary: "The number of the row in its partition, from 1.",
        nulls: "never null",
        example: ("row_number()", "1, 2, 3, 4"),
        params: takes(&[]),
        lower: |_| {
            Ok(polars::prelude::int_range(lit(1), polars::prelude::len() + lit(1), 1, DataType::Int64))
        },
        ..OVER_ORDER
    },
    Function {
        name: "rank",
        signature: "rank()",
        summary: "The number of rows ordered before this one, plus 1; rows of equal order share it.",
        nulls: "never null; nulls among the order's columns are equal",
        example: ("rank()", "1, 2, 3, 4"),
        params: takes(&[]),
        ..OVER_ORDER
    },
    Function {
        name: "dense_rank",
        signature: "dense_rank()",
        summary: "The number of different orders before this one, plus 1.",
        nulls: "never null; nulls among the order's columns are equal",
        example: ("dense_rank()", "1, 2, 3, 4"),
        params: takes(&[]),
        ..OVER_ORDER
    },
    Function {
        name: "lag",
        signature: "lag(x[, n])",
        summary: "x of the n-th row before, by default the row before.",
        nulls: "null where there is no such row",
        example: ("lag(x)", "null, 1, 2, null"),
        params: takes_maybe(&[Kind::Any], &[Kind::Count]),
        lower: |args| shifted(args, 1),
        ..OVER_ORDER
    },
    Function {
        name: "lead",
        signature: "lead(x[, n])",
        summary: "x of the n-th row after, by default the row after.",
        nulls: "null where there is no such row",
        example: ("lead(x, 2)", "null, 4, null, null"),
        params: takes_maybe(&[Kind::Any], &[Kind::Count]),
        lower: |args| shifted(args, -1),
        ..OVER_ORDER
    },
    Function {
        name: "first_value",
        signature: "first_value(x)",
        summary: "x of the first row of the partition.",
        nulls: "a null there is the answer",
        example: ("first_value(x)", "1, 1, 1, 1"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).first()),
        ..OVER_ORDER
    },
    Function {
        name: "last_value",
        signature: "last_value(x)",
        summary: "x of the last row of the partition.",
        nulls: "a null there is the answer",
        example: ("last_value(x)", "4, 4, 4, 4"),
        params: takes(&[Kind::Any]),
        lower: |args| Ok(expr(args, 0).last()),
        ..OVER_ORDER
    },
];

fn shifted(args: &[Typed], direction: i64) -> Result<Expr> {
    let n = args.get(1).map_or(Ok(1), Typed::count)?;
    Ok(expr(args, 0).shift(lit(n * direction)))
}
