//! `derive`: new columns from expressions.

use polars::prelude::{Expr, PlSmallStr};
use polars_plan::utils::expr_to_leaf_column_names_iter;
use schemars::JsonSchema;
use serde::Deserialize;

use super::arguments::Formula;
use super::column::new_name;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, Parsed};

pub(super) static STEP: StepDef = StepDef {
    name: "derive",
    summary: "Makes columns from expressions, or replaces columns; an expression may use the ones before it.",
    nulls: "Expressions see null as SQL does: arithmetic and comparisons with null give null. NaN is a number like others.",
    example: Example {
        step: "derive: {hours: air_time / 60.0, speed: distance / hours}",
        input: "distance:float64,air_time:float64\n1400,210\n719,\n,60",
        others: &[],
        output: "distance:float64,air_time:float64,hours:float64,speed:float64\n1400,210,3.5,400\n719,,,\n,60,1,",
    },
    parse: arguments::plain::<Derive>,
    schema: arguments::schema_of::<Derive>,
};

/// Name → expression, in order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Derive(Entries<Parsed<Formula>>);

impl Step for Derive {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let mut schema = cx.input.clone();
        let mut derived = Vec::new();
        for (name, Parsed(Formula(expression))) in &self.0 {
            let new = new_name(name)?;
            let value = expression.bind_scalar(&schema)?;
            let field = value.to_field(&schema).map_err(|error| {
                Error::wrong(format!("the expression of \"{new}\" has no type")).at(name.span).because(error)
            })?;
            schema.insert(new.clone(), field.dtype);
            derived.push((new, value));
        }
        Ok(Lowering::Rows(in_rounds(derived)))
    }
}

/// As few operations as there must be: an expression waits for the one whose column it uses.
fn in_rounds(derived: Vec<(PlSmallStr, Expr)>) -> Vec<RowOp> {
    let mut rounds: Vec<Vec<(PlSmallStr, Expr)>> = Vec::new();
    for (name, value) in derived {
        let waits = |round: &Vec<(PlSmallStr, Expr)>| {
            round.iter().any(|(made, earlier)| {
                *made == name
                    || expr_to_leaf_column_names_iter(&value).any(|used| used == *made)
                    || expr_to_leaf_column_names_iter(earlier).any(|used| used == name)
            })
        };
        match rounds.last_mut().filter(|round| !waits(round)) {
            Some(round) => round.push((name, value)),
            None => rounds.push(vec![(name, value)]),
        }
    }
    rounds
        .into_iter()
        .map(|round| RowOp::With(round.into_iter().map(|(name, value)| value.alias(name)).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{col, lit};

    use super::*;

    fn rounds(derived: &[(&str, Expr)]) -> Vec<usize> {
        let derived = derived.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        let size = |op| match op {
            RowOp::With(exprs) => exprs.len(),
            _ => 0,
        };
        in_rounds(derived).into_iter().map(size).collect()
    }

    #[test]
    fn expressions_that_do_not_need_each_other_share_a_round() {
        assert_eq!(rounds(&[("x", col("a") + lit(1)), ("y", col("a") * lit(2)), ("z", col("x"))]), [2, 1]);
        assert_eq!(rounds(&[("x", col("a")), ("x", col("a") + lit(1))]), [1, 1]);
    }

    #[test]
    fn a_column_is_not_replaced_beside_an_expression_that_reads_it() {
        assert_eq!(rounds(&[("x", col("a")), ("a", lit(0))]), [1, 1]);
    }
}
