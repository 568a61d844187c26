//! `aggregate`: one row for each group of rows, with measures over its rows.
//!
//! Only the groups are held, not the rows; `quantile`, `median` and `count(distinct …)` hold their
//! values besides.

mod argument;
mod bound;
mod fold;
mod measure;
mod operator;
mod plan;
#[cfg(test)]
mod tests;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;

use self::bound::Bound;
use super::{BindContext, Example, Lowering, Step, StepDef};
use crate::error::{Error, Result};
use crate::spec::{Entries, FromNode, Node, OneOrMany, Parsed, Spanned, Value, decode};

/// The step in the catalogue.
pub(super) static STEP: StepDef = StepDef {
    name: "aggregate",
    summary: "One row for each group, sorted by the columns of `by` with nulls last. Measures are expressions \
              over aggregates, such as `sum(revenue) / count(*)`. Counts and sums of whole numbers are int64, \
              sums of decimals decimal(38), other sums, means, deviations and quantiles float64; a sum that does \
              not fit stops the run. Float sums are compensated and taken in row order, so that they do not \
              depend on threads or batches. Quantiles are exact.",
    nulls: "Null is a group of its own, as is NaN; -0 and 0 are one. Aggregates leave nulls out, except `first` \
            and `last`; of no values `count` is 0 and the others are null. `min` and `max` leave NaN out too if \
            there is anything else. Without rows there are no groups; without `by` there is one, always.",
    example: Example {
        step: "aggregate: {by: [mode], measures: {orders: count(*), mean_price: sum(price) / count(price)}}",
        input: "mode:string,price:float64\nSHIP,10\nAIR,1\nSHIP,20\n,5\nSHIP,",
        others: &[],
        output: "mode:string,orders:int64,mean_price:float64\nAIR,1,1\nSHIP,3,15\n,1,5",
    },
    parse,
    schema,
};

/// Arguments of the step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Aggregate {
    /// Columns to group by, or names with expressions; all rows are one group if left out.
    #[serde(default)]
    by: OneOrMany<Parsed<By>>,
    /// Names of the results with expressions over aggregates.
    measures: Entries<Spanned<String>>,
}

/// What to group by: a column, or names with expressions.
#[derive(Debug, Clone)]
struct By(Vec<(Spanned<String>, Spanned<String>)>);

impl FromNode for By {
    fn from_node(node: &Node) -> Result<Self> {
        if let Value::Map(_) = node.value {
            let named: Entries<Spanned<String>> = decode(node)?;
            return Ok(Self(named.0));
        }
        let column: Spanned<String> = decode(node)?;
        let quoted = format!("\"{}\"", column.value.replace('"', "\"\""));
        let expression = Spanned { value: quoted, span: column.span };
        Ok(Self(vec![(column, expression)]))
    }
}

impl JsonSchema for By {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GroupBy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "object", "additionalProperties": { "type": "string" } }]
        })
    }
}

fn parse(node: &Node) -> Result<Box<dyn Step>> {
    let step: Aggregate = decode(node)?;
    Ok(Box::new(step))
}

fn schema(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<Aggregate>()
}

impl Step for Aggregate {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        Ok(Lowering::Stream(Box::new(Bound::new(self, cx.input)?)))
    }
}

impl Aggregate {
    /// Names of the groups' columns with their expressions.
    fn by(&self) -> impl Iterator<Item = &(Spanned<String>, Spanned<String>)> {
        self.by.iter().flat_map(|by| &by.0.0)
    }

    /// The error of two results with the same name.
    fn duplicate(&self) -> Option<Error> {
        let names: Vec<&Spanned<String>> =
            self.by().map(|(name, _)| name).chain(self.measures.0.iter().map(|(name, _)| name)).collect();
        let again = names
            .iter()
            .enumerate()
            .find(|(index, name)| names[..*index].iter().any(|earlier| earlier.value == name.value));
        again.map(|(_, name)| {
            Error::wrong(format!("the aggregation gives two columns named \"{}\"", name.value)).at(name.span)
        })
    }
}
