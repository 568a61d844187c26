//! `replace`: parts of text, or whole values.

use polars::prelude::{DataType, Expr, NULL, lit, when};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, Found};
use super::literal::typed;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, Node, Spanned, read};

/// Most values a mapping may list; each is compared with every row.
const MOST_VALUES: usize = 256;

pub(super) static STEP: StepDef = StepDef {
    name: "replace",
    summary: "Replaces parts of text, found literally or by a regular expression, or whole values by a mapping.",
    nulls: "Null stays null. A mapping may make values null ({NA: null}), but not fill null: that is fill_null.",
    example: Example {
        step: "replace: {columns: carrier, values: {\"UA*\": UA, \"?\": null}}",
        input: "id:int64,carrier:string\n1,UA*\n2,?\n3,\n4,B6",
        others: &[],
        output: "id:int64,carrier:string\n1,UA\n2,\n3,\n4,B6",
    },
    parse: arguments::plain::<Replace>,
    schema: arguments::schema_of::<Replace>,
};

/// Columns, and either `find` and `with`, or `values`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Replace {
    /// The columns to change.
    columns: Columns,
    /// The part of text to replace, wherever it stands.
    find: Option<Spanned<String>>,
    /// What stands there instead; with `regex`, `${1}` is what the first group matched.
    with: Option<Spanned<String>>,
    /// Whether `find` is a regular expression, as the Rust crate `regex` reads it.
    #[serde(default)]
    regex: bool,
    /// Whole value → new value.
    values: Option<Entries<Node>>,
    /// What becomes of values that the mapping does not list.
    #[serde(default)]
    otherwise: Otherwise,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Otherwise {
    /// They stay.
    #[default]
    Keep,
    /// They become null.
    Null,
}

arguments::words_with_null!(Otherwise, "keep", "keep" => Keep, "null" => Null);

impl Step for Replace {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.columns.resolve(cx.input)?;
        let replaced = match (&self.find, &self.with, &self.values) {
            (Some(find), Some(with), None) => self.parts(&columns, find, with)?,
            (None, None, Some(values)) => {
                columns.iter().map(|column| self.mapped(column, values)).collect::<Result<_>>()?
            }
            _ => {
                let error = Error::wrong("replace needs either `find` and `with`, or `values`");
                let error = self.columns.iter().fold(error, |error, name| error.at(name.span));
                return Err(error.hint("write {columns: phone, find: \"-\", with: \"\"} or {columns: carrier, values: {UA*: UA}}"));
            }
        };
        Ok(Lowering::Rows(vec![RowOp::With(replaced)]))
    }
}

impl Replace {
    fn parts(&self, columns: &[Found], find: &Spanned<String>, with: &Spanned<String>) -> Result<Vec<Expr>> {
        if find.value.is_empty() {
            return Err(Error::wrong("replace is given nothing to find").at(find.span));
        }
        if self.otherwise == Otherwise::Null {
            return Err(Error::wrong("otherwise belongs to `values`, not to `find`").at(find.span));
        }
        if self.regex {
            regex::Regex::new(&find.value).map_err(|error| {
                Error::wrong(format!("\"{}\" is not a regular expression", find.value))
                    .at(find.span)
                    .because(error)
            })?;
        }
        columns.iter().try_for_each(|column| column.need_text("replace"))?;
        let replaced = |column: &Found| {
            let (find, with) = (lit(find.value.as_str()), lit(with.value.as_str()));
            column.expr().str().replace_all(find, with, !self.regex)
        };
        Ok(columns.iter().map(replaced).collect())
    }

    fn mapped(&self, column: &Found, values: &Entries<Node>) -> Result<Expr> {
        if values.is_empty() || values.len() > MOST_VALUES {
            return Err(Error::wrong(format!("replace lists {} values", values.len()))
                .at(column.span)
                .hint(format!("list 1 to {MOST_VALUES}; for more, join a table of them")));
        }
        let mut otherwise = match self.otherwise {
            Otherwise::Keep => column.expr(),
            Otherwise::Null => lit(NULL).cast(column.dtype.clone()),
        };
        for (old, new) in values.iter().rev() {
            let is_old = column.expr().eq(lit(typed(&key(old, &column.dtype)?, &column.dtype)?));
            otherwise = when(is_old).then(lit(typed(new, &column.dtype)?)).otherwise(otherwise);
        }
        Ok(otherwise.alias(column.name.clone()))
    }
}

/// The key of a mapping as a value: keys arrive as text.
fn key(key: &Spanned<String>, dtype: &DataType) -> Result<Node> {
    let value = match dtype {
        DataType::String => crate::spec::Value::Text(key.value.clone()),
        _ => read(&key.value).map_err(|error| error.at(key.span))?.value,
    };
    Ok(Node { value, span: key.span })
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn what_is_found_literally_is_no_pattern() {
        gives("replace: {columns: x, find: \".\", with: \"$1\"}", "x:string\na.b.c\n", "x:string\na$1b$1c\n");
    }

    #[test]
    fn a_pattern_may_use_its_groups() {
        gives(
            "replace: {columns: x, find: \"(\\\\d+)-(\\\\d+)\", with: \"${2}/${1}\", regex: true}",
            "x:string\n12-34",
            "x:string\n34/12",
        );
    }

    #[test]
    fn a_mapping_replaces_values_of_any_type() {
        gives(
            "replace: {columns: x, values: {-1: null, 2400: 0}}",
            "x:int64\n-1\n2400\n5\n",
            "x:int64\n\n0\n5\n",
        );
        gives(
            "replace: {columns: x, values: {a: b, b: a}, otherwise: null}",
            "x:string\na\nb\nc",
            "x:string\nb\na\n",
        );
    }

    #[test]
    fn a_broken_pattern_is_found_before_the_run() {
        let error = outcome("replace: {columns: x, find: \"(\", with: \"\", regex: true}", "x:string\na")
            .unwrap_err();
        assert!(error.contains("is not a regular expression"), "{error}");
    }

    #[test]
    fn a_mapping_of_another_type_is_refused() {
        let error = outcome("replace: {columns: x, values: {a: 1}}", "x:int64\n1").unwrap_err();
        assert!(error.contains("a is not a value of type int64"), "{error}");
    }
}
