//! Aggregates taken out of an expression: `sum(a) / count(*)` is two calls and a quotient.

use polars::prelude::{DataType, Expr, Schema};

use super::function::Function;
use super::term::{Aggregate, Form, Term};
use super::typed::Typed;
use super::{Expression, lower, prove};
use crate::error::{Error, Result};
use crate::spec::Span;

/// Prefix of the columns that stand for the results of aggregate calls.
pub const PLACEHOLDER: &str = "__lockgate_aggregate_";

/// An expression over aggregates, taken apart.
#[derive(Debug, Clone)]
pub struct Decomposed {
    /// The calls, each once, in the order they stand. Call number `i` fills the column
    /// `PLACEHOLDER` followed by `i`.
    pub calls: Vec<AggregateCall>,
    /// What remains: a scalar expression over those columns and the keys of the group.
    pub rest: Expression,
}

/// One aggregate call.
#[derive(Debug, Clone)]
pub struct AggregateCall {
    /// The aggregate function.
    pub function: &'static Function,
    /// What it aggregates; none for `count(*)`. Scalar expressions over the input rows.
    pub args: Vec<Expression>,
    /// Only distinct values; `count` alone has it.
    pub distinct: bool,
    /// Rows for which this is not true are left out.
    pub filter: Option<Expression>,
    /// Where it stands.
    pub span: Span,
}

/// Takes the aggregate calls out of `expression`.
pub(super) fn decompose(expression: &Expression) -> Result<Decomposed> {
    let mut calls: Vec<(String, AggregateCall)> = Vec::new();
    let mut failure = None;
    let term = take(expression.term.clone(), &mut calls, &mut failure);
    if let Some(error) = failure {
        return Err(error);
    }
    let rest = Expression { term, span: expression.span };
    Ok(Decomposed { calls: calls.into_iter().map(|(_, call)| call).collect(), rest })
}

fn take(term: Term, calls: &mut Vec<(String, AggregateCall)>, failure: &mut Option<Error>) -> Term {
    let span = term.span;
    let Form::Aggregate(aggregate) = term.form else {
        return term.map_children(&mut |child| take(child, calls, failure));
    };
    let Aggregate { function, args, distinct, filter } = *aggregate;
    for inner in args.iter().chain(&filter) {
        if let Some(inner) = aggregate_within(inner) {
            failure.get_or_insert_with(|| {
                Error::wrong(format!("{} stands inside {}", inner.1, function.name))
                    .at(inner.0)
                    .hint("an aggregate of aggregates takes two aggregate steps")
            });
        }
    }
    let key = format!("{function:?} {distinct} {} {}", shape(&args), shape(filter.as_slice()));
    let index = calls.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        let args = args.into_iter().map(Expression::of).collect();
        let filter = filter.map(Expression::of);
        calls.push((key, AggregateCall { function, args, distinct, filter, span }));
        calls.len() - 1
    });
    Term::new(Form::Column(format!("{PLACEHOLDER}{index}")), span)
}

/// The terms without their places, to recognise the same call written twice.
fn shape(terms: &[Term]) -> String {
    let mut out = String::new();
    for term in terms {
        let place = Span::default();
        let bare = strip(term.clone(), place);
        out.extend([format!("{:?}", bare.form), ";".to_owned()]);
    }
    out
}

fn strip(term: Term, place: Span) -> Term {
    let mut term = term.map_children(&mut |child| strip(child, place));
    term.span = place;
    term
}

fn aggregate_within(term: &Term) -> Option<(Span, &'static str)> {
    match &term.form {
        Form::Aggregate(call) => Some((term.span, call.function.name)),
        _ => term.children().into_iter().find_map(aggregate_within),
    }
}

impl AggregateCall {
    /// The column its result stands in, as number `index` of the calls.
    pub fn placeholder(index: usize) -> String {
        format!("{PLACEHOLDER}{index}")
    }

    /// Its meaning as a Polars aggregation over rows of `schema`, and the type of its result.
    pub fn bind(&self, schema: &Schema) -> Result<(Expr, DataType)> {
        let filter = self.filter.as_ref().map(|filter| filter.bind_predicate(schema)).transpose()?;
        let mut args = Vec::with_capacity(self.args.len());
        for arg in &self.args {
            let mut typed = lower::lower(&arg.term, schema)?;
            // A constant is one value however many rows there are; an aggregate needs one a row.
            if (typed.literal.is_none() || args.is_empty())
                && let Some(filter) = &filter
            {
                typed.expr = typed.expr.filter(filter.clone());
            }
            args.push(typed);
        }
        if args.is_empty() {
            let rows = match filter {
                Some(filter) => filter.cast(DataType::Int64).sum(),
                None => polars::prelude::len().cast(DataType::Int64),
            };
            return Ok((rows, DataType::Int64));
        }
        if self.distinct {
            let Typed { expr, .. } = args.swap_remove(0);
            return Ok((expr.drop_nulls().n_unique().cast(DataType::Int64), DataType::Int64));
        }
        let Typed { expr, .. } = lower::call(self.function, args, schema, self.span)?;
        let dtype = prove(&expr, schema).map_err(|error| error.at(self.span))?;
        Ok((expr, dtype))
    }
}
