//! Columns as steps name them: one, a list, or a glob such as `*_delay`.
//!
//! Hidden columns are the engine's: no name or glob reaches them and no message shows them.

use std::ops::Deref;

use globset::Glob;
use polars::prelude::{DataType, Expr, PlSmallStr, Schema};
use schemars::JsonSchema;
use serde::Deserialize;

use super::HIDDEN;
use super::type_name::type_name;
use crate::error::{Error, Result};
use crate::spec::{OneOrMany, Span, Spanned, did_you_mean};

/// A column name, a glob, or a list of them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Columns(OneOrMany<Spanned<String>>);

impl Columns {
    /// The columns meant, each once, in the order they are named; those of a glob in the order of the table.
    pub(super) fn resolve(&self, schema: &Schema) -> Result<Vec<Found>> {
        let mut found: Vec<Found> = Vec::new();
        for pattern in &self.0 {
            for column in matching(schema, pattern)? {
                if !found.iter().any(|earlier| earlier.name == column.name) {
                    found.push(column);
                }
            }
        }
        Ok(found)
    }
}

impl Deref for Columns {
    type Target = [Spanned<String>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Vec<Spanned<String>>> for Columns {
    fn from(names: Vec<Spanned<String>>) -> Self {
        Self(OneOrMany(names))
    }
}

/// A column that exists.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) name: PlSmallStr,
    pub(super) dtype: DataType,
    /// Where the pipeline file names it.
    pub(super) span: Span,
}

impl Found {
    /// The column as an expression.
    pub(super) fn expr(&self) -> Expr {
        column(&self.name)
    }

    /// An error unless the column is text; `step` is who needs it.
    pub(super) fn need_text(&self, step: &str) -> Result<()> {
        if self.dtype == DataType::String {
            return Ok(());
        }
        Err(self
            .unfit(step, "text")
            .hint(format!("leave it out, or put `cast: {{{}: string}}` before this step", self.name)))
    }

    /// An error unless the column is a number; `step` is who needs it.
    pub(super) fn need_number(&self, step: &str) -> Result<()> {
        if is_number(&self.dtype) {
            return Ok(());
        }
        let cure = if self.dtype == DataType::String {
            format!("put `parse: {{{}: float}}` before this step", self.name)
        } else {
            "leave it out".to_owned()
        };
        Err(self.unfit(step, "numbers").hint(cure))
    }

    /// The error of a step that needs `wanted` and finds this column's type.
    pub(super) fn unfit(&self, step: &str, wanted: &str) -> Error {
        let message =
            format!("{step} works on {wanted}, but column \"{}\" is {}", self.name, type_name(&self.dtype));
        Error::wrong(message).at(self.span)
    }
}

/// Whether `dtype` is an integer, float or decimal.
pub(super) fn is_number(dtype: &DataType) -> bool {
    dtype.is_integer() || dtype.is_float() || dtype.is_decimal()
}

/// Column `name` as an expression; the name is taken as it is, never as a pattern.
pub(super) fn column(name: &PlSmallStr) -> Expr {
    Expr::Column(name.clone())
}

/// Whether `name` is one of the engine's own columns.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with(HIDDEN)
}

/// The user's columns of `schema`.
pub(super) fn visible(schema: &Schema) -> impl Iterator<Item = (&PlSmallStr, &DataType)> {
    schema.iter().filter(|(name, _)| !is_hidden(name))
}

/// The one column called `name`; globs are not read.
pub(super) fn existing(schema: &Schema, name: &Spanned<String>) -> Result<Found> {
    exactly(schema, name).ok_or_else(|| unknown(schema, name))
}

/// The columns called `pattern`, or matched by it if it is a glob.
pub(super) fn matching(schema: &Schema, pattern: &Spanned<String>) -> Result<Vec<Found>> {
    if let Some(found) = exactly(schema, pattern) {
        return Ok(vec![found]);
    }
    if !pattern.value.contains(['*', '?', '[', '{']) {
        return Err(unknown(schema, pattern));
    }
    let glob = Glob::new(&pattern.value)
        .map_err(|error| {
            Error::wrong(format!("\"{}\" is neither a column nor a pattern", pattern.value))
                .at(pattern.span)
                .because(error)
        })?
        .compile_matcher();
    let found: Vec<_> = visible(schema)
        .filter(|(name, _)| glob.is_match(name.as_str()))
        .map(|(name, dtype)| Found { name: name.clone(), dtype: dtype.clone(), span: pattern.span })
        .collect();
    if found.is_empty() {
        return Err(Error::wrong(format!("no column matches \"{}\"", pattern.value))
            .at(pattern.span)
            .hint(did_you_mean("", names(schema), "the columns here are")));
    }
    Ok(found)
}

/// What stands under each column of a mapping such as `cast: {"*_delay": int32}`; a column may be meant once.
pub(super) fn per_column<'a, T>(
    schema: &Schema,
    step: &str,
    entries: &'a [(Spanned<String>, T)],
) -> Result<Vec<(Found, &'a T)>> {
    let mut found: Vec<(Found, &T)> = Vec::new();
    for (pattern, value) in entries {
        for column in matching(schema, pattern)? {
            if found.iter().any(|(earlier, _)| earlier.name == column.name) {
                return Err(Error::wrong(format!("{step} names column \"{}\" twice", column.name))
                    .at(pattern.span)
                    .hint("keep one of the two, or put the second into a step of its own"));
            }
            found.push((column, value));
        }
    }
    Ok(found)
}

/// Checks `name` as the name of a column a step makes.
pub(super) fn new_name(name: &Spanned<String>) -> Result<PlSmallStr> {
    if name.value.is_empty() {
        return Err(Error::wrong("a column needs a name").at(name.span));
    }
    if is_hidden(&name.value) {
        return Err(Error::wrong(format!("column names beginning with {HIDDEN} are reserved"))
            .at(name.span)
            .hint("choose another name"));
    }
    Ok(name.value.as_str().into())
}

/// Checks that no name stands twice among the columns a step puts out.
pub(super) fn distinct_names<'a>(names: impl IntoIterator<Item = (&'a str, Span)>) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for (name, span) in names {
        if seen.contains(&name) {
            return Err(Error::wrong(format!("two columns would be called \"{name}\""))
                .at(span)
                .hint("give one of them another name"));
        }
        seen.push(name);
    }
    Ok(())
}

/// The error of a column that does not exist, with what there is.
pub(super) fn unknown(schema: &Schema, name: &Spanned<String>) -> Error {
    Error::wrong(format!("no column \"{}\"", name.value)).at(name.span).hint(did_you_mean(
        &name.value,
        names(schema),
        "the columns here are",
    ))
}

fn exactly(schema: &Schema, name: &Spanned<String>) -> Option<Found> {
    let (_, known, dtype) = schema.get_full(&name.value).filter(|(_, known, _)| !is_hidden(known))?;
    Some(Found { name: known.clone(), dtype: dtype.clone(), span: name.span })
}

fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    visible(schema).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::from_iter([
            ("dep_delay".into(), DataType::Int64),
            ("arr_delay".into(), DataType::Int64),
            ("carrier".into(), DataType::String),
            (format!("{HIDDEN}row_delay").into(), DataType::Int64),
        ])
    }

    fn named(name: &str) -> Spanned<String> {
        Spanned { value: name.into(), span: Span { line: 2, column: 5, len: name.len() } }
    }

    fn resolved(names: &[&str]) -> Vec<String> {
        let columns = Columns::from(names.iter().map(|name| named(name)).collect::<Vec<_>>());
        columns.resolve(&schema()).unwrap().into_iter().map(|found| found.name.to_string()).collect()
    }

    #[test]
    fn a_glob_never_matches_a_hidden_column() {
        assert_eq!(resolved(&["*_delay"]), ["dep_delay", "arr_delay"]);
        assert_eq!(resolved(&["*"]), ["dep_delay", "arr_delay", "carrier"]);
    }

    #[test]
    fn a_column_named_twice_is_meant_once() {
        assert_eq!(resolved(&["arr_delay", "*_delay"]), ["arr_delay", "dep_delay"]);
    }

    #[test]
    fn a_misspelt_column_is_an_error_with_a_hint_that_shows_no_hidden_column() {
        let error = existing(&schema(), &named("carier")).unwrap_err();
        assert_eq!(error.message(), "no column \"carier\"");
        let hint = "did you mean \"carrier\"? the columns here are dep_delay, arr_delay, carrier";
        assert_eq!(error.cure(), Some(hint));
    }

    #[test]
    fn a_hidden_column_does_not_exist_for_the_user() {
        assert!(existing(&schema(), &named(&format!("{HIDDEN}row_delay"))).is_err());
        assert!(new_name(&named(&format!("{HIDDEN}x"))).is_err());
    }
}
