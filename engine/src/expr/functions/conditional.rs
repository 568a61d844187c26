//! Functions that choose between values.

use polars::prelude::coalesce;

use super::super::function::{Function, Kind};
use super::super::lower::choose;
use super::super::term::Literal;
use super::super::typed::{Typed, common, common_of};
use super::{SCALAR, expr, takes, takes_more};
use crate::error::Result;
use polars::prelude::Expr;

pub(super) static CONDITIONAL: &[Function] = &[
    Function {
        name: "coalesce",
        aliases: &["ifnull", "nvl"],
        signature: "coalesce(a, b, …)",
        summary: "The first argument that is not null.",
        nulls: "null where all arguments are null; NaN and the empty text are values",
        example: ("coalesce(NULL, 2, 3)", "2"),
        params: takes_more(&[Kind::Any], Kind::Any),
        lower: first,
        ..SCALAR
    },
    Function {
        name: "nullif",
        signature: "nullif(a, b)",
        summary: "Null where a equals b, else a.",
        nulls: "a where b is null",
        example: ("nullif('n/a', 'n/a')", "null"),
        params: takes(&[Kind::Any, Kind::Any]),
        lower: |args| {
            let dtype = common(&args[0], &args[1])?;
            let equal = args[0].cast(&dtype).eq(args[1].cast(&dtype));
            let null = Typed::literal(Literal::Null, args[0].span);
            choose(vec![equal], &[null, args[0].clone()], args[0].span).map(|chosen| chosen.expr)
        },
        ..SCALAR
    },
    Function {
        name: "if",
        aliases: &["iff"],
        signature: "if(condition, a, b)",
        summary: "a where the condition is true, else b.",
        nulls: "b where the condition is null",
        example: ("if(2 > 1, 'yes', 'no')", "yes"),
        params: takes(&[Kind::Bool, Kind::Any, Kind::Any]),
        lower: |args| choose(vec![expr(args, 0)], &args[1..], args[0].span).map(|chosen| chosen.expr),
        ..SCALAR
    },
];

fn first(args: &[Typed]) -> Result<Expr> {
    let dtype = common_of(args)?;
    let args: Vec<Expr> = args.iter().map(|arg| arg.cast(&dtype)).collect();
    Ok(coalesce(&args))
}
