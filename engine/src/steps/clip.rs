//! `clip`: values within bounds.

use polars::prelude::{DataType, Expr, lit, when};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Found, is_number, per_column};
use super::literal::typed;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, Node, Value};

pub(super) static STEP: StepDef = StepDef {
    name: "clip",
    summary: "Moves values below a minimum up to it, and values above a maximum down to it.",
    nulls: "Null stays null and NaN stays NaN; infinities move to the bounds.",
    example: Example {
        step: "clip: {quantity: {min: 1, max: 50}}",
        input: "id:int64,quantity:float64\n1,0\n2,50.5\n3,7\n4,\n5,NaN",
        others: &[],
        output: "id:int64,quantity:float64\n1,1\n2,50\n3,7\n4,\n5,NaN",
    },
    parse: arguments::plain::<Clip>,
    schema: arguments::schema_of::<Clip>,
};

/// Column (or glob) → bounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Clip(Entries<Bounds>);

/// Bounds of the column's type; one may be missing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: Option<Node>,
    max: Option<Node>,
}

impl Step for Clip {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = per_column(cx.input, "clip", &self.0)?;
        let clipped = columns.iter().map(|(column, bounds)| bounds.applied(column)).collect::<Result<_>>()?;
        Ok(Lowering::Rows(vec![RowOp::With(clipped)]))
    }
}

impl Bounds {
    fn applied(&self, column: &Found) -> Result<Expr> {
        let dtype = &column.dtype;
        if !is_number(dtype) && !matches!(dtype, DataType::Date | DataType::Time | DataType::Datetime(..)) {
            return Err(column
                .unfit("clip", "numbers, dates and times")
                .hint("cast or parse it before this step"));
        }
        let bound = |node: &Option<Node>| match node {
            Some(node) if node.value != Value::Null => {
                typed(node, dtype).map(|value| Some((value, node.span)))
            }
            _ => Ok(None),
        };
        let (min, max) = (bound(&self.min)?, bound(&self.max)?);
        if let (Some((min, _)), Some((max, span))) = (&min, &max)
            && min.value() > max.value()
        {
            return Err(Error::wrong(format!("the maximum of \"{}\" is below its minimum", column.name))
                .at(*span)
                .hint("swap the two"));
        }
        if min.is_none() && max.is_none() {
            return Err(Error::wrong(format!("clip has no bound for \"{}\"", column.name))
                .at(column.span)
                .hint("give min, max or both"));
        }
        let mut value = column.expr();
        if let Some((min, _)) = min {
            let below = column.expr().lt(lit(min.clone()));
            value = when(below).then(lit(min)).otherwise(value);
        }
        if let Some((max, _)) = max {
            // NaN is greater than every number.
            let above = column.expr().gt(lit(max.clone()));
            let above = if dtype.is_float() { above.and(column.expr().is_not_nan()) } else { above };
            value = when(above).then(lit(max)).otherwise(value);
        }
        Ok(value.alias(column.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn dates_have_bounds_too() {
        gives(
            "clip: {x: {min: 2013-01-01}}",
            "x:date\n2012-12-31\n2013-06-01\n",
            "x:date\n2013-01-01\n2013-06-01\n",
        );
    }

    #[test]
    fn bounds_must_be_values_of_the_column_in_order() {
        assert!(
            outcome("clip: {x: {min: 3, max: 1}}", "x:int64\n1").unwrap_err().contains("below its minimum")
        );
        assert!(
            outcome("clip: {x: {min: 0.5}}", "x:int64\n1")
                .unwrap_err()
                .contains("0.5 is not a value of type int64")
        );
        assert!(outcome("clip: {x: {}}", "x:int64\n1").unwrap_err().contains("no bound"));
        assert!(outcome("clip: {x: {min: 1}}", "x:string\na").unwrap_err().contains("works on numbers"));
    }
}
