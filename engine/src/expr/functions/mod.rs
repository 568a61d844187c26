//! The functions of the expression language, in the order of the documentation.

mod aggregate;
mod conditional;
mod number;
mod text;
mod time;
mod window;

use polars::prelude::{DataType, Expr};

use super::function::{Function, Kind, Params, Role};
use super::typed::Typed;
use crate::error::Error;

/// Every function.
pub(super) static FUNCTIONS: &[&[Function]] =
    &[conditional::CONDITIONAL, number::NUMBER, text::TEXT, time::TIME, aggregate::AGGREGATE, window::WINDOW];

/// Every function, in the order of the documentation.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().copied().flatten()
}

/// What most functions have in common.
const SCALAR: Function = Function {
    name: "",
    aliases: &[],
    role: Role::Scalar,
    signature: "",
    summary: "",
    nulls: "null where an argument is null",
    example: ("", ""),
    params: takes(&[]),
    lower: |_| Err(Error::defect("a function without a meaning")),
};

/// Exactly these arguments.
const fn takes(required: &'static [Kind]) -> Params {
    Params { required, optional: &[], rest: None }
}

/// These arguments, and maybe those.
const fn takes_maybe(required: &'static [Kind], optional: &'static [Kind]) -> Params {
    Params { required, optional, rest: None }
}

/// These arguments, and any number more of a kind.
const fn takes_more(required: &'static [Kind], rest: Kind) -> Params {
    Params { required, optional: &[], rest: Some(rest) }
}

fn expr(args: &[Typed], index: usize) -> Expr {
    args[index].expr.clone()
}

fn float(args: &[Typed], index: usize) -> Expr {
    args[index].cast(&DataType::Float64)
}

fn whole(args: &[Typed], index: usize) -> Expr {
    args[index].cast(&DataType::Int64)
}
