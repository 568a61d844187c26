//! `Term` → Polars `Expr`, checking columns and types on the way.

use polars::prelude::{DataType, Expr, LiteralValue, Schema, lit};

use super::function::{Kind, Role};
use super::term::{Binary, Form, Literal, Term, Unary};
use super::typed::{Typed, common, common_of};
use super::types::name;
use super::{arithmetic, cast, like};
use crate::error::{Error, Result};
use crate::spec::{Span, did_you_mean};
use crate::steps::HIDDEN;

/// The meaning of `term` over rows of `schema`.
pub(super) fn lower(term: &Term, schema: &Schema) -> Result<Typed> {
    let span = term.span;
    match &term.form {
        Form::Column(column) => self::column(column, schema, span),
        Form::Field(input, field) => self::field(input, field, schema, span),
        Form::Literal(Literal::Interval(_)) => {
            Err(Error::wrong("an interval can only be added to or taken from a date or timestamp").at(span))
        }
        Form::Literal(value) => Ok(Typed::literal(value.clone(), span)),
        Form::Unary(op, input) => unary(*op, &lower(input, schema)?, span),
        Form::Binary(op @ (Binary::Add | Binary::Subtract), left, right) => {
            binary(*op, &operand(left, schema)?, &operand(right, schema)?, span)
        }
        Form::Binary(op, left, right) => binary(*op, &lower(left, schema)?, &lower(right, schema)?, span),
        Form::Call(function, args) => {
            if function.role == Role::Window {
                return Err(Error::wrong(format!("{} sees other rows than its own", function.name))
                    .at(span)
                    .hint("use it in the window step"));
            }
            let args = args.iter().map(|arg| lower(arg, schema)).collect::<Result<Vec<_>>>()?;
            call(function, args, schema, span)
        }
        Form::Case(branches, otherwise) => case(branches, otherwise.as_deref(), schema, span),
        Form::Cast { input, to, lenient } => cast::cast(&lower(input, schema)?, to, *lenient, span),
        Form::In(input, list) => {
            let list = list.iter().map(|item| lower(item, schema)).collect::<Result<Vec<_>>>()?;
            among(&lower(input, schema)?, &list, span)
        }
        Form::Like { input, pattern, escape, fold_case } => {
            let input = lower(input, schema)?;
            expect(&input, Kind::Text, "LIKE")?;
            let expr = like::like(input.cast(&DataType::String), pattern, *escape, *fold_case);
            Ok(Typed::new(expr, DataType::Boolean, span))
        }
        Form::Aggregate(call) => {
            Err(Error::wrong(format!("{} needs the rows of a group", call.function.name))
                .at(span)
                .hint("aggregates belong in the aggregate step"))
        }
    }
}

/// One side of a sum or difference, which may be an interval.
fn operand(term: &Term, schema: &Schema) -> Result<Typed> {
    match &term.form {
        Form::Literal(interval @ Literal::Interval(_)) => Ok(Typed::literal(interval.clone(), term.span)),
        _ => lower(term, schema),
    }
}

/// The meaning of a call of `function`, whose number of arguments is right.
pub(super) fn call(
    function: &'static super::Function,
    args: Vec<Typed>,
    schema: &Schema,
    span: Span,
) -> Result<Typed> {
    let mut ready = Vec::with_capacity(args.len());
    for (index, arg) in args.into_iter().enumerate() {
        let kind = function.kind(index);
        let arg = if kind == Kind::Temporal { as_time(arg)? } else { arg };
        expect(&arg, kind, function.name)?;
        ready.push(typed_null(arg, kind));
    }
    let expr = (function.lower)(&ready).map_err(|error| error.at(span))?;
    let dtype = type_of(&expr, schema).map_err(|error| error.at(span))?;
    Ok(Typed::new(expr, dtype, span))
}

/// The type of `expr` over `schema`, as Polars sees it.
fn type_of(expr: &Expr, schema: &Schema) -> Result<DataType> {
    let field = expr
        .to_field(schema)
        .map_err(|error| Error::wrong(format!("cannot type the expression: {error}")))?;
    Ok(field.dtype().clone().materialize_unknown(false).unwrap_or(DataType::Null))
}

fn expect(arg: &Typed, kind: Kind, name: &str) -> Result<()> {
    let written_out = matches!(kind, Kind::Constant | Kind::Count | Kind::Share);
    if kind.takes(&arg.dtype) && (!written_out || arg.literal.is_some()) {
        return Ok(());
    }
    let found = if written_out && kind.takes(&arg.dtype) { "a computed one".into() } else { arg.type_name() };
    let error = Error::wrong(format!("{name} takes {} here, found {found}", kind.words())).at(arg.span);
    Err(match kind {
        Kind::Text => error.hint("CAST(x AS string) makes a text of it"),
        Kind::Number | Kind::Int => error.hint("CAST(x AS int64) or CAST(x AS float64) makes a number of it"),
        Kind::Temporal => error.hint("to_date(x, '%Y-%m-%d') and to_timestamp(x, '…') read a text"),
        _ => error,
    })
}

/// A text literal where a date or timestamp is expected, read as one.
fn as_time(arg: Typed) -> Result<Typed> {
    let Some(Literal::Text(text)) = &arg.literal else { return Ok(arg) };
    let value = match super::literal::date(text) {
        Ok(days) => Literal::Date(days),
        Err(_) => Literal::Timestamp(super::literal::timestamp(text).map_err(|error| error.at(arg.span))?),
    };
    Ok(Typed::literal(value, arg.span))
}

/// A bare NULL in the type its place asks for, so that functions need not know untyped nulls.
fn typed_null(arg: Typed, kind: Kind) -> Typed {
    if !arg.dtype.is_null() {
        return arg;
    }
    let dtype = match kind {
        Kind::Any => return arg,
        Kind::Number | Kind::Share => DataType::Float64,
        Kind::Int | Kind::Count => DataType::Int64,
        Kind::Text | Kind::Constant => DataType::String,
        Kind::Bool => DataType::Boolean,
        Kind::Temporal => DataType::Date,
    };
    Typed { expr: arg.expr.cast(dtype.clone()), dtype, ..arg }
}

fn column(column: &str, schema: &Schema, span: Span) -> Result<Typed> {
    match schema.get(column) {
        Some(dtype) => Ok(Typed::new(Expr::Column(column.into()), dtype.clone(), span)),
        None => {
            let known = schema
                .iter_names()
                .map(polars::prelude::PlSmallStr::as_str)
                .filter(|name| !name.starts_with(HIDDEN));
            Err(Error::wrong(format!("there is no column \"{column}\"")).at(span).hint(did_you_mean(
                column,
                known,
                "the columns here are",
            )))
        }
    }
}

fn field(input: &Term, field: &str, schema: &Schema, span: Span) -> Result<Typed> {
    let input = lower(input, schema)?;
    let DataType::Struct(fields) = &input.dtype else {
        return Err(Error::wrong(format!("{} has no field \"{field}\"", input.type_name()))
            .at(span)
            .hint("columns are named without a table; a.b is the field b of the struct a"));
    };
    match fields.iter().find(|known| known.name() == field) {
        Some(known) => Ok(Typed::new(input.expr.struct_().field_by_name(field), known.dtype().clone(), span)),
        None => {
            let known = fields.iter().map(|known| known.name().as_str());
            Err(Error::wrong(format!("there is no field \"{field}\"")).at(span).hint(did_you_mean(
                field,
                known,
                "the struct has",
            )))
        }
    }
}

/// `input` as a condition.
pub(super) fn condition(input: &Typed, what: &str) -> Result<Expr> {
    match &input.dtype {
        DataType::Boolean => Ok(input.expr.clone()),
        DataType::Null => Ok(input.expr.clone().cast(DataType::Boolean)),
        other => Err(Error::wrong(format!("{what} must be true or false, found {}", name(other)))
            .at(input.span)
            .hint("compare it with something, as in x > 0")),
    }
}

fn unary(op: Unary, input: &Typed, span: Span) -> Result<Typed> {
    let truth = || condition(input, "what IS TRUE or NOT looks at");
    let expr = match op {
        Unary::Negate => return arithmetic::negate(input, span),
        Unary::Not => truth()?.not(),
        Unary::IsNull => input.expr.clone().is_null(),
        Unary::IsNotNull => input.expr.clone().is_not_null(),
        Unary::IsTrue => truth()?.fill_null(lit(false)),
        Unary::IsNotTrue => truth()?.fill_null(lit(false)).not(),
        Unary::IsFalse => truth()?.not().fill_null(lit(false)),
        Unary::IsNotFalse => truth()?.fill_null(lit(true)),
    };
    Ok(Typed::new(expr, DataType::Boolean, span))
}

fn binary(op: Binary, left: &Typed, right: &Typed, span: Span) -> Result<Typed> {
    match op {
        Binary::Add
        | Binary::Subtract
        | Binary::Multiply
        | Binary::Divide
        | Binary::IntDivide
        | Binary::Modulo => {
            return arithmetic::binary(op, left, right, span);
        }
        Binary::Concat => {
            let parts = [cast::to_text(left)?, cast::to_text(right)?];
            let expr = polars::prelude::concat_str(parts, "", false);
            return Ok(Typed::new(expr, DataType::String, span));
        }
        _ => {}
    }
    let expr = if matches!(op, Binary::And | Binary::Or) {
        let left = condition(left, op.symbol())?;
        let right = condition(right, op.symbol())?;
        if op == Binary::And { left.and(right) } else { left.or(right) }
    } else {
        let dtype = common(left, right)?;
        let (left, right) = (left.cast(&dtype), right.cast(&dtype));
        match op {
            Binary::Equal => left.eq(right),
            Binary::NotEqual => left.neq(right),
            Binary::Less => left.lt(right),
            Binary::LessEqual => left.lt_eq(right),
            Binary::Greater => left.gt(right),
            Binary::GreaterEqual => left.gt_eq(right),
            Binary::Distinct => left.neq_missing(right),
            _ => left.eq_missing(right),
        }
    };
    // Comparing two constants of no type leaves Polars without one.
    let expr =
        if left.dtype.is_null() && right.dtype.is_null() { expr.cast(DataType::Boolean) } else { expr };
    Ok(Typed::new(expr, DataType::Boolean, span))
}

fn case(branches: &[(Term, Term)], otherwise: Option<&Term>, schema: &Schema, span: Span) -> Result<Typed> {
    let mut conditions = Vec::with_capacity(branches.len());
    let mut results = Vec::with_capacity(branches.len() + 1);
    for (when, then) in branches {
        conditions.push(condition(&lower(when, schema)?, "WHEN")?);
        results.push(lower(then, schema)?);
    }
    results.push(match otherwise {
        Some(term) => lower(term, schema)?,
        None => Typed::literal(Literal::Null, span),
    });
    choose(conditions, &results, span)
}

/// The first result whose condition is true; the last result where none is.
pub(super) fn choose(conditions: Vec<Expr>, results: &[Typed], span: Span) -> Result<Typed> {
    let dtype = common_of(results)?;
    let mut results: Vec<Expr> = results.iter().map(|result| result.cast(&dtype)).collect();
    let last = results.pop().unwrap_or_else(|| lit(LiteralValue::untyped_null()));
    let expr = conditions.into_iter().zip(results).rev().fold(last, |otherwise, (condition, result)| {
        polars::prelude::when(condition).then(result).otherwise(otherwise)
    });
    Ok(Typed::new(expr, dtype, span))
}

/// `input IN (list)`: null where nothing matches and the input or an item is null.
fn among(input: &Typed, list: &[Typed], span: Span) -> Result<Typed> {
    let (nulls, items): (Vec<&Typed>, Vec<&Typed>) = list.iter().partition(|item| item.dtype.is_null());
    let mut literals = Vec::new();
    let mut found: Option<Expr> = None;
    let mut any = |expr: Expr| {
        found = Some(match found.take() {
            Some(so_far) => so_far.or(expr),
            None => expr,
        });
    };
    for item in items {
        let dtype = common(input, item)?;
        match item.literal {
            Some(_) if dtype == input.dtype => literals.push(item.cast(&dtype)),
            _ => any(input.cast(&dtype).eq(item.cast(&dtype))),
        }
    }
    if !literals.is_empty() {
        let list = polars::prelude::concat_list(literals)
            .map_err(|error| Error::defect("cannot build the list of IN").because(error))?;
        any(input.expr.clone().is_in(list, false));
    }
    let null = || lit(LiteralValue::untyped_null()).cast(DataType::Boolean);
    if !nulls.is_empty() {
        any(null());
    }
    Ok(Typed::new(found.unwrap_or_else(null), DataType::Boolean, span))
}
