//! Calls of functions, in ordinary and in SQL's special syntax.

use sqlparser::ast::{self, Expr as Sql, Spanned as _};

use super::function::{self, Function, Role};
use super::literal;
use super::parse::Reader;
use super::term::{Aggregate, Form, Literal, Term};
use crate::error::{Error, Result};
use crate::spec::{Span, did_you_mean};

/// What `sql` means if it is a call; anything else is refused.
pub(super) fn form(reader: &mut Reader, sql: &Sql, span: Span) -> Result<Form> {
    Ok(match sql {
        Sql::Function(call) => function_call(reader, call, span)?,
        Sql::Extract { field, expr, .. } => {
            let unit = Term::new(Form::Literal(Literal::Text(literal::field_name(field))), span);
            scalar("date_part", vec![unit, reader.term(expr)?], span)?
        }
        Sql::Ceil { expr, field } => rounding(reader, "ceil", expr, field, span)?,
        Sql::Floor { expr, field } => rounding(reader, "floor", expr, field, span)?,
        Sql::Position { expr, r#in } => {
            let part = reader.term(expr)?;
            scalar("strpos", vec![reader.term(r#in)?, part], span)?
        }
        Sql::Substring { expr, substring_from, substring_for, .. } => {
            let mut args = vec![reader.term(expr)?];
            match substring_from {
                Some(from) => args.push(reader.term(from)?),
                None => args.push(Term::new(Form::Literal(Literal::Int(1)), span)),
            }
            if let Some(length) = substring_for {
                args.push(reader.term(length)?);
            }
            scalar("substr", args, span)?
        }
        Sql::Trim { expr, trim_where, trim_what, trim_characters } => {
            let name = match trim_where {
                None | Some(ast::TrimWhereField::Both) => "trim",
                Some(ast::TrimWhereField::Leading) => "ltrim",
                Some(ast::TrimWhereField::Trailing) => "rtrim",
            };
            let mut args = vec![reader.term(expr)?];
            args.extend(trim_what.as_deref().map(|what| reader.term(what)).transpose()?);
            args.extend(reader.terms(trim_characters.as_deref().unwrap_or_default())?);
            scalar(name, args, span)?
        }
        Sql::Subquery(_) | Sql::Exists { .. } | Sql::InSubquery { .. } => {
            return Err(Error::wrong("an expression sees one row and cannot hold a query")
                .at(span)
                .hint("use a join or an sql step"));
        }
        other => return Err(Error::wrong(format!("{other} is not part of the expression language")).at(span)),
    })
}

fn rounding(
    reader: &mut Reader,
    name: &str,
    input: &Sql,
    field: &ast::CeilFloorKind,
    span: Span,
) -> Result<Form> {
    match field {
        ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => {
            let input = reader.term(input)?;
            scalar(name, vec![input], span)
        }
        _ => Err(Error::wrong(format!("{name} takes one number")).at(span)),
    }
}

fn function_call(reader: &mut Reader, call: &ast::Function, span: Span) -> Result<Form> {
    let name = call.name.to_string();
    let function = find(&name, span)?;
    if call.over.is_some() {
        return Err(Error::wrong("OVER is not part of the expression language")
            .at(span)
            .hint("use the window step: its keys say the partition and the order"));
    }
    if call.null_treatment.is_some() || !call.within_group.is_empty() {
        return Err(Error::wrong(format!("{name} takes no further clauses")).at(span));
    }
    let mut distinct = false;
    let mut star = false;
    let mut args = Vec::new();
    if let ast::FunctionArguments::List(list) = &call.args {
        distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
        if let Some(clause) = list.clauses.first() {
            return Err(Error::wrong(format!("{name} does not take {clause}")).at(span));
        }
        for arg in &list.args {
            match arg {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(sql)) => args.push(reader.term(sql)?),
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard) => star = true,
                other => {
                    let place = reader.places.at(other.span());
                    return Err(Error::wrong(format!("{name} does not take {other}")).at(place));
                }
            }
        }
    }
    if star && (function.name != "count" || !args.is_empty() || distinct) {
        return Err(Error::wrong(format!("{name} does not take *")).at(span).hint("only count(*) does"));
    }
    if !star && function.name == "count" && args.is_empty() {
        return Err(Error::wrong("count needs to know what to count").at(span).hint("count(*) counts rows"));
    }
    if !star {
        function.check_count(args.len()).map_err(|error| error.at(span))?;
    }
    let counts_all =
        matches!(args.as_slice(), [Term { form: Form::Literal(value), .. }] if *value != Literal::Null);
    if function.name == "count" && !distinct && counts_all {
        args.clear();
    }
    let filter = call.filter.as_deref().map(|sql| reader.term(sql)).transpose()?;
    if function.role == Role::Aggregate {
        if distinct && function.name != "count" {
            return Err(Error::wrong(format!("{name} does not take DISTINCT"))
                .at(span)
                .hint("only count does"));
        }
        return Ok(Form::Aggregate(Box::new(Aggregate { function, args, distinct, filter })));
    }
    if distinct || filter.is_some() {
        let clause = if distinct { "DISTINCT" } else { "FILTER" };
        return Err(Error::wrong(format!("{name} is no aggregate and does not take {clause}")).at(span));
    }
    Ok(Form::Call(function, args))
}

fn find(name: &str, span: Span) -> Result<&'static Function> {
    function::find(name).ok_or_else(|| {
        let error = Error::wrong(format!("there is no function {name}")).at(span);
        match name.to_lowercase().as_str() {
            "now" | "current_timestamp" | "current_date" | "today" => error
                .hint("an expression does not know the time; use the column of the run's time or a variable"),
            "random" | "rand" => {
                error.hint("use the sample step; an expression gives the same for the same row")
            }
            lower => error.hint(did_you_mean(lower, function::names(), "the functions are")),
        }
    })
}

fn scalar(name: &str, args: Vec<Term>, span: Span) -> Result<Form> {
    let function = find(name, span)?;
    function.check_count(args.len()).map_err(|error| error.at(span))?;
    Ok(Form::Call(function, args))
}
