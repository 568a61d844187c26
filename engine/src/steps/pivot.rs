//! `pivot`: rows become columns.

use polars::prelude::{DataType, Expr, LazyFrame, NULL, PlSmallStr, PolarsResult, lit, when};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, Found, distinct_names, existing, is_hidden};
use super::literal::{shown, typed};
use super::{BindContext, Example, Lowering, Step, StepDef, WholeStep, arguments};
use crate::error::{Error, Result};
use crate::spec::{Node, OneOrMany, Span, Spanned, Value};

pub(super) static STEP: StepDef = StepDef {
    name: "pivot",
    summary: "Makes one row for each value of the index, and a column for each declared value of another column. The \
              values are declared so that the columns are known before any data is read.",
    nulls: "Rows come in the order in which their index values first appear; null is an index value. Rows whose `on` \
            is null or not declared enter no column, but their index has its row. Where nothing entered, count is 0 \
            and everything else is null; null values do not enter sum, mean, min, max and count, and first and last \
            take them as they come.",
    example: Example {
        step: "pivot: {index: region, on: quarter, values: revenue, columns: [q1, q2], aggregate: sum}",
        input: "region:string,quarter:string,revenue:int64\nsouth,q2,5\nnorth,q1,10\nsouth,q2,7\nnorth,q9,1\neast,,",
        others: &[],
        output: "region:string,q1:int64,q2:int64\nsouth,,12\nnorth,10,\neast,,",
    },
    parse: arguments::plain::<Pivot>,
    schema: arguments::schema_of::<Pivot>,
};

/// Index, names, values, and how several values become one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pivot {
    /// Columns whose values each have a row.
    index: Columns,
    /// The column whose values become columns.
    on: Spanned<String>,
    /// The column whose values fill them.
    values: Spanned<String>,
    /// The values of `on` that become columns, in order; other values are left out.
    columns: OneOrMany<Node>,
    /// What becomes of several values in one place.
    aggregate: Aggregate,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Aggregate {
    First,
    Last,
    Sum,
    Mean,
    Min,
    Max,
    Count,
}

impl Step for Pivot {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let index = self.index.resolve(cx.input)?;
        let on = existing(cx.input, &self.on)?;
        let values = existing(cx.input, &self.values)?;
        if matches!(self.aggregate, Aggregate::Sum | Aggregate::Mean) {
            values.need_number("pivot with a sum or mean")?;
        }
        if index.is_empty() || self.columns.is_empty() {
            return Err(Error::wrong("pivot needs an index and at least one column").at(self.on.span));
        }
        let mut names: Vec<(PlSmallStr, Span)> =
            index.iter().map(|one| (one.name.clone(), one.span)).collect();
        let mut filled = Vec::with_capacity(self.columns.len());
        for node in &self.columns {
            if node.value == Value::Null {
                return Err(Error::wrong("null cannot become a column")
                    .at(node.span)
                    .hint("put `fill_null` before this step"));
            }
            let name = shown(node);
            if is_hidden(&name) {
                return Err(Error::wrong(format!("the column name \"{name}\" is reserved")).at(node.span));
            }
            let here = on.expr().eq(lit(typed(node, &on.dtype)?));
            filled.push(self.aggregate.of(values.expr().filter(here), &values).alias(name.as_str()));
            names.push((name.into(), node.span));
        }
        distinct_names(names.iter().map(|(name, span)| (name.as_str(), *span)))?;
        Ok(Lowering::Whole(Box::new(Pivoted { index: index.iter().map(Found::expr).collect(), filled })))
    }
}

impl Aggregate {
    /// The aggregate of `entered`; `values` says of which type they are.
    fn of(self, entered: Expr, values: &Found) -> Expr {
        match self {
            Self::First => entered.first(),
            Self::Last => entered.last(),
            Self::Min => entered.min(),
            Self::Max => entered.max(),
            Self::Count => entered.count().cast(DataType::Int64),
            Self::Mean => entered.cast(DataType::Float64).mean(),
            Self::Sum => {
                let entered = if values.dtype.is_integer() { entered.cast(DataType::Int64) } else { entered };
                when(entered.clone().count().gt(lit(0))).then(entered.sum()).otherwise(lit(NULL))
            }
        }
    }
}

/// A pivot whose columns are known.
struct Pivoted {
    index: Vec<Expr>,
    filled: Vec<Expr>,
}

impl WholeStep for Pivoted {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        Ok(input.group_by_stable(&self.index).agg(&self.filled))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    const INPUT: &str = "g:string,k:int64,v:float64\nb,1,2\na,2,\nb,1,4\n,1,6\nb,,9\na,2,NaN";

    #[test]
    fn every_aggregate_says_what_no_value_gives() {
        let pivoted = |aggregate: &str, output: &str| {
            let yaml =
                format!("pivot: {{index: g, on: k, values: v, columns: [1, 2], aggregate: {aggregate}}}");
            gives(&yaml, INPUT, output);
        };
        pivoted("count", "g:string,1:int64,2:int64\nb,2,0\na,0,1\n,1,0");
        pivoted("sum", "g:string,1:float64,2:float64\nb,6,\na,,NaN\n,6,");
        pivoted("mean", "g:string,1:float64,2:float64\nb,3,\na,,NaN\n,6,");
        pivoted("first", "g:string,1:float64,2:float64\nb,2,\na,,\n,6,");
        pivoted("last", "g:string,1:float64,2:float64\nb,4,\na,,NaN\n,6,");
        pivoted("max", "g:string,1:float64,2:float64\nb,4,\na,,NaN\n,6,");
    }

    #[test]
    fn declared_values_must_be_of_the_type_and_differ() {
        let refused = |columns: &str| {
            let yaml = format!("pivot: {{index: g, on: k, values: v, columns: {columns}, aggregate: sum}}");
            outcome(&yaml, INPUT).unwrap_err()
        };
        assert!(refused("[x]").contains("x is not a value of type int64"));
        assert!(refused("[1, 1]").contains("two columns would be called \"1\""));
        assert!(refused("[null]").contains("null cannot become a column"));
    }
}
