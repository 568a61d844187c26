//! SQL scalar expressions: read once, checked against a schema, lowered to Polars.
//!
//! The language is one SQL scalar expression over the columns of a row, with the functions listed by
//! `functions()`, so that another engine can run the same pipeline file. It knows no tables, no queries
//! and no clock. Columns are named as they are written, with regard to case; names of functions without.

mod aggregates;
mod arithmetic;
mod calls;
mod cast;
mod function;
mod functions;
mod kernel;
mod like;
mod literal;
mod lower;
mod moved;
mod parse;
mod term;
mod text_change;
mod typed;
mod types;

use polars::prelude::{DataFrame, DataType, Expr, IntoLazy as _, Schema};

pub use aggregates::{AggregateCall, Decomposed, PLACEHOLDER};
pub use cast::cast_expr;
pub use function::{Function, Kind, Params, Role};
pub use functions::functions;
pub(crate) use text_change::{lowercase, trimmed, uppercase};
pub use types::{name as type_name, to_polars};

use crate::error::{Error, Result};
use crate::spec::{Span, Spanned};
use term::{Form, Term};
use typed::Typed;

/// An expression whose syntax and functions are right; columns and types are checked by binding it.
#[derive(Debug, Clone)]
pub struct Expression {
    term: Term,
    span: Span,
}

impl Expression {
    /// Reads an expression of the pipeline file.
    pub fn parse(text: &Spanned<String>) -> Result<Self> {
        Ok(Self { term: parse::parse(text)?, span: text.span })
    }

    /// Where it stands in the pipeline file.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The columns it reads, each once, in the order they are first named.
    pub fn columns(&self) -> Vec<Spanned<String>> {
        let mut found: Vec<Spanned<String>> = Vec::new();
        let mut rest = vec![&self.term];
        while let Some(term) = rest.pop() {
            if let Form::Column(name) = &term.form
                && !found.iter().any(|known| known.value == *name)
            {
                found.push(Spanned::new(name.clone(), term.span));
            }
            rest.extend(term.children().into_iter().rev());
        }
        found
    }

    /// Its meaning over rows of `schema`; every column and type has been checked.
    pub fn bind_scalar(&self, schema: &Schema) -> Result<Expr> {
        self.bind(schema).map(|(expr, _)| expr)
    }

    /// Its meaning over rows of `schema`, and the type of its values.
    pub fn bind(&self, schema: &Schema) -> Result<(Expr, DataType)> {
        let Typed { expr, dtype, .. } = lower::lower(&self.term, schema)?;
        let proved = prove(&expr, schema).map_err(|error| error.at(self.span))?;
        Ok(if dtype.is_null() { (expr, dtype) } else { (expr, proved) })
    }

    /// Its meaning as a condition over rows of `schema`: true, false or null.
    pub fn bind_predicate(&self, schema: &Schema) -> Result<Expr> {
        let typed = lower::lower(&self.term, schema)?;
        let expr = lower::condition(&typed, "the condition").map_err(|error| error.at(self.span))?;
        prove(&expr, schema).map_err(|error| error.at(self.span))?;
        Ok(expr)
    }

    /// Takes the aggregate calls out, leaving a scalar expression over their results.
    pub fn aggregates(&self) -> Result<Decomposed> {
        aggregates::decompose(self)
    }

    /// The aggregate call this is, if it is nothing else.
    fn of(term: Term) -> Self {
        let span = term.span;
        Self { term, span }
    }
}

/// Runs `expr` over no rows: what Polars refuses here would fail on the first batch.
fn prove(expr: &Expr, schema: &Schema) -> Result<DataType> {
    let frame = DataFrame::empty_with_schema(schema);
    let refused =
        |error: polars::error::PolarsError| Error::wrong(format!("the expression does not fit: {error}"));
    let out = frame.lazy().select([expr.clone().alias("value")]).collect().map_err(refused)?;
    Ok(out.schema().get("value").cloned().unwrap_or(DataType::Null))
}

#[cfg(test)]
mod tests;
