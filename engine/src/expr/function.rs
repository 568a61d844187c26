//! What a function is: one entry of the documented list.

use polars::prelude::{DataType, Expr};

use super::functions::FUNCTIONS;
use super::typed::Typed;
use crate::error::{Error, Result};

/// A function of the expression language.
pub struct Function {
    /// Its name, in lower case; names are read without regard to case.
    pub name: &'static str,
    /// Other names it answers to.
    pub aliases: &'static [&'static str],
    /// What it works on.
    pub role: Role,
    /// How it is called: `round(x[, digits])`.
    pub signature: &'static str,
    /// What it gives, in one sentence.
    pub summary: &'static str,
    /// What it does with null, and with NaN and the empty text where that matters.
    pub nulls: &'static str,
    /// An expression and what it gives, run as a test. Aggregates and window functions see
    /// the column `x` with the rows 1, 2, null, 4 in this order.
    pub example: (&'static str, &'static str),
    /// What it takes.
    pub params: Params,
    /// Its meaning. Arguments have been checked against `params`.
    pub(super) lower: Lower,
}

/// The meaning of a function as a Polars expression.
pub(super) type Lower = fn(&[Typed]) -> Result<Expr>;

/// What a function works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One row gives one value.
    Scalar,
    /// The rows of a group give one value.
    Aggregate,
    /// A row among the ordered rows of its partition gives one value; for the window step.
    Window,
}

/// The arguments of a function.
#[derive(Debug, Clone, Copy)]
pub struct Params {
    /// Those it must have.
    pub required: &'static [Kind],
    /// Those it may have, after the required ones.
    pub optional: &'static [Kind],
    /// Any number more of this kind.
    pub rest: Option<Kind>,
}

/// What an argument may be. Null is everywhere accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// A number of any type.
    Number,
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// A text literal: a unit, a format or a pattern.
    Constant,
    /// A whole number written out.
    Count,
    /// A number written out.
    Share,
    /// A boolean.
    Bool,
    /// A date or a timestamp; a text literal is read as one.
    Temporal,
}

impl Kind {
    /// Whether a value of type `dtype` is of this kind.
    pub(super) fn takes(self, dtype: &DataType) -> bool {
        match self {
            _ if dtype.is_null() => true,
            Kind::Any => true,
            Kind::Number | Kind::Share => {
                dtype.is_primitive_numeric() || matches!(dtype, DataType::Decimal(..))
            }
            Kind::Int | Kind::Count => dtype.is_integer(),
            Kind::Text | Kind::Constant => matches!(dtype, DataType::String),
            Kind::Bool => dtype.is_bool(),
            Kind::Temporal => matches!(dtype, DataType::Date | DataType::Datetime(..)),
        }
    }

    /// The kind in the words of an error message.
    pub(super) fn words(self) -> &'static str {
        match self {
            Kind::Any => "anything",
            Kind::Number => "a number",
            Kind::Int => "a whole number",
            Kind::Text => "text",
            Kind::Constant => "a text literal",
            Kind::Count => "a whole number written out",
            Kind::Share => "a number written out",
            Kind::Bool => "true or false",
            Kind::Temporal => "a date or timestamp",
        }
    }
}

impl Function {
    /// The kind of argument number `index`, from 0.
    pub(super) fn kind(&self, index: usize) -> Kind {
        let Params { required, optional, rest } = self.params;
        required.iter().chain(optional).nth(index).copied().or(rest).unwrap_or(Kind::Any)
    }

    /// Whether the function can be called with `count` arguments.
    pub(super) fn check_count(&self, count: usize) -> Result<()> {
        let Params { required, optional, rest } = self.params;
        let most = if rest.is_some() { usize::MAX } else { required.len() + optional.len() };
        if (required.len()..=most).contains(&count) {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        Err(Error::wrong(format!("{} does not take {count} argument{plural}", self.name))
            .hint(format!("it is called as {}", self.signature)))
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The function called `name`, if there is one.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let name = name.to_lowercase();
    FUNCTIONS
        .iter()
        .copied()
        .flatten()
        .find(|function| function.name == name || function.aliases.contains(&name.as_str()))
}

/// The names of all functions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().copied().flatten().map(|function| function.name)
}
