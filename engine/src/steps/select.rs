//! `select`: these columns, in this order, under these names.

use polars::prelude::{Expr, PlSmallStr};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::arguments::Formula;
use super::column::{Found, distinct_names, matching, new_name};
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef};
use crate::error::{Error, Result};
use crate::spec::{FromNode, Node, Span, Spanned, Value, decode};

pub(super) static STEP: StepDef = StepDef {
    name: "select",
    summary: "Keeps exactly the named columns, in the order named; an item {new: expression} makes a column.",
    nulls: "Values are not looked at; expressions see null as SQL does. An empty table keeps its new shape.",
    example: Example {
        step: "select: [flight, \"*_delay\", {gained: dep_delay - arr_delay}]",
        input: "year:int64,dep_delay:int64,arr_delay:int64,flight:string\n2013,2,11,UA1545\n2013,4,,UA1714",
        others: &[],
        output: "flight:string,dep_delay:int64,arr_delay:int64,gained:int64\nUA1545,2,11,-9\nUA1714,4,,",
    },
    parse: |node| Ok(Box::new(Select { items: items(node)?, span: node.span })),
    schema,
};

#[derive(Debug)]
struct Select {
    items: Vec<Item>,
    span: Span,
}

#[derive(Debug)]
enum Item {
    /// A column or a glob.
    Columns(Spanned<String>),
    /// A new column.
    Derived(Spanned<String>, Formula),
}

fn items(node: &Node) -> Result<Vec<Item>> {
    match &node.value {
        Value::List(nodes) => {
            let items = nodes.iter().map(items).collect::<Result<Vec<_>>>()?;
            Ok(items.into_iter().flatten().collect())
        }
        Value::Map(entries) => entries
            .iter()
            .map(|(name, expression)| Ok(Item::Derived(name.clone(), Formula::from_node(expression)?)))
            .collect(),
        _ => Ok(vec![Item::Columns(decode(node)?)]),
    }
}

fn schema(generator: &mut SchemaGenerator) -> Schema {
    let expression = generator.subschema_for::<Formula>();
    let derived = json_schema!({ "type": "object", "additionalProperties": expression });
    json_schema!({
        "anyOf": [
            { "type": "string" },
            derived,
            { "type": "array", "items": { "anyOf": [{ "type": "string" }, derived] } },
        ]
    })
}

impl Step for Select {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let mut columns: Vec<(PlSmallStr, Span, Expr)> = Vec::new();
        for item in &self.items {
            match item {
                Item::Columns(pattern) => {
                    for found in matching(cx.input, pattern)? {
                        if !columns.iter().any(|(name, ..)| *name == found.name) {
                            columns.push((found.name.clone(), found.span, Found::expr(&found)));
                        }
                    }
                }
                Item::Derived(name, expression) => {
                    let new = new_name(name)?;
                    let value = expression.0.bind_scalar(cx.input)?.alias(new.clone());
                    columns.push((new, name.span, value));
                }
            }
        }
        if columns.is_empty() {
            return Err(Error::wrong("select names no column").at(self.span));
        }
        distinct_names(columns.iter().map(|(name, span, _)| (name.as_str(), *span)))?;
        Ok(Lowering::Rows(vec![RowOp::Project(columns.into_iter().map(|(.., value)| value).collect())]))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn a_mapping_makes_columns_only() {
        gives("select: {b: a + 1, a: a}", "a:int64,c:int64\n1,2\n,3", "b:int64,a:int64\n2,1\n,");
    }

    #[test]
    fn a_made_column_may_not_take_the_name_of_a_kept_one() {
        let error = outcome("select: [a, {a: a + 1}]", "a:int64\n1").unwrap_err();
        assert!(error.contains("two columns would be called \"a\""), "{error}");
    }
}
