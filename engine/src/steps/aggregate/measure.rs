//! From expressions in the pipeline file to the calls of aggregate functions in them.

use polars::prelude::{AnyValue, DataFrame, DataType, Expr, PlSmallStr, Schema};

use super::fold::{BoundFunction, Function};
use super::plan::{Call, call_name};
use crate::error::{Error, Result};
use crate::expr::{AggregateCall, Decomposed, Expression};
use crate::spec::Spanned;
use crate::steps::evaluate::Evaluator;

/// An expression over one row.
pub(super) fn scalar(text: &Spanned<String>, input: &Schema) -> Result<Expr> {
    Expression::parse(text)?.bind_scalar(input)
}

/// An expression over aggregates and the groups' columns: its calls are added to `calls`, what remains
/// sees their results.
pub(super) fn measure(
    text: &Spanned<String>,
    input: &Schema,
    groups: &Schema,
    calls: &mut Vec<Call>,
) -> Result<Expr> {
    let Decomposed { calls: found, rest } = Expression::parse(text)?.aggregates()?;
    let mut folded = groups.clone();
    let mut names = Vec::with_capacity(found.len());
    for (index, aggregate) in found.iter().enumerate() {
        let (call, output) = call(aggregate, input).map_err(|e| e.at(aggregate.span))?;
        let placeholder = PlSmallStr::from_string(AggregateCall::placeholder(index));
        folded.insert(placeholder.clone(), output);
        names.push((placeholder, call_name(calls.len())));
        calls.push(call);
    }
    let rest = rest.bind_scalar(&folded).map_err(|e| {
        e.hint(
            "outside of aggregates, a measure sees the columns of `by` only; take `first(x)` of the others",
        )
    })?;
    // Every expression counts its calls from 0; here they are counted over all expressions.
    Ok(rest.map_expr(|expr| match expr {
        Expr::Column(name) => {
            Expr::Column(match names.iter().find(|(placeholder, _)| *placeholder == name) {
                Some((_, call)) => call.clone(),
                None => name,
            })
        }
        other => other,
    }))
}

/// The call, and the type of its result.
fn call(aggregate: &AggregateCall, input: &Schema) -> Result<(Call, DataType)> {
    // The expression knows what its functions take.
    let (_, _) = aggregate.bind(input)?;
    let function = function(aggregate)?;
    let argument = aggregate.args.first().map(|argument| argument.bind(input)).transpose()?;
    let dtype = argument.as_ref().map_or(DataType::Null, |(_, dtype)| dtype.clone());
    let output = BoundFunction::new(function, &dtype)?.output();
    let filter = aggregate.filter.as_ref().map(|filter| filter.bind_predicate(input)).transpose()?;
    Ok((Call { function, argument: argument.map(|(expr, _)| expr), filter }, output))
}

fn function(aggregate: &AggregateCall) -> Result<Function> {
    Ok(match aggregate.function.name {
        "count" if aggregate.args.is_empty() => Function::CountRows,
        "count" if aggregate.distinct => Function::CountDistinct,
        "count" => Function::Count,
        "sum" => Function::Sum,
        "avg" => Function::Mean,
        "min" => Function::Min,
        "max" => Function::Max,
        "first" => Function::First,
        "last" => Function::Last,
        "any_value" => Function::AnyValue,
        "median" => Function::Quantile(0.5),
        "quantile" => Function::Quantile(share(aggregate)?),
        "stddev" => Function::Deviation { ddof: 1 },
        "stddev_pop" => Function::Deviation { ddof: 0 },
        "variance" => Function::Variance { ddof: 1 },
        "var_pop" => Function::Variance { ddof: 0 },
        "skewness" => Function::Skewness,
        "bool_and" => Function::All,
        "bool_or" => Function::Any,
        name => return Err(Error::defect(format!("the aggregate step does not know the function {name}"))),
    })
}

/// The share of `quantile(x, share)`, a number written out.
fn share(aggregate: &AggregateCall) -> Result<f64> {
    let none = || Error::wrong("quantile takes a share from 0 to 1").hint("quantile(x, 0.9)");
    let share = aggregate.args.get(1).ok_or_else(none)?.bind_scalar(&Schema::default())?;
    let one = DataFrame::empty_with_height(1);
    let columns = Evaluator::new(&[share.cast(DataType::Float64)], one.schema())?.evaluate(&one)?;
    match columns.first().and_then(|column| column.get(0).ok()) {
        Some(AnyValue::Float64(share)) => Ok(share),
        _ => Err(none()),
    }
}
