//! `fill_null`: values where there are none.

use polars::prelude::{DataType, Expr, FillNullStrategy, LazyFrame, PolarsResult, RoundMode, lit};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Found, existing, per_column};
use super::literal::typed;
use super::type_name::type_name;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, WholeStep, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, FromNode, Node, Parsed, Spanned, Value, decode};

pub(super) static STEP: StepDef = StepDef {
    name: "fill_null",
    summary: "Fills null with a value, another column, the value of an earlier row, or the column's mean or median.",
    nulls: "NaN and the empty text are not null and stay; NaN does not enter a mean or median. What has nothing to \
            fill it with stays null: leading rows under forward, a column of nulls alone under mean and median. \
            The mean and median of integers and decimals are rounded to the column's type, halves away from zero.",
    example: Example {
        step: "fill_null: {discount: 0, dest: {column: origin}, delay: {with: mean}, gate: {with: forward}}",
        input: "discount:float64,dest:string,origin:string,delay:int64,gate:string\n\
                ,IAH,EWR,2,\n0.5,,JFK,,B1\n,,,5,",
        others: &[],
        output: "discount:float64,dest:string,origin:string,delay:int64,gate:string\n\
                 0,IAH,EWR,2,\n0.5,JFK,JFK,4,B1\n0,,,5,B1",
    },
    parse: arguments::plain::<FillNull>,
    schema: arguments::schema_of::<FillNull>,
};

/// Column (or glob) → what fills it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct FillNull(Entries<Parsed<Filling>>);

#[derive(Debug)]
enum Filling {
    Value(Node),
    Column(Spanned<String>),
    With(Spanned<Strategy>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongFilling {
    /// A value of the column's type.
    value: Option<Node>,
    /// Another column, of the same type.
    column: Option<Spanned<String>>,
    /// What the column itself has.
    with: Option<Spanned<Strategy>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Strategy {
    /// The last value in the rows before.
    Forward,
    /// The mean of the column's values in this run.
    Mean,
    /// The median of the column's values in this run.
    Median,
}

arguments::short_or_long!(Filling, Node, LongFilling);

impl FromNode for Filling {
    fn from_node(node: &Node) -> Result<Self> {
        if !matches!(node.value, Value::Map(_)) {
            return Ok(Self::Value(node.clone()));
        }
        match decode(node)? {
            LongFilling { value: Some(value), column: None, with: None } => Ok(Self::Value(value)),
            LongFilling { value: None, column: Some(column), with: None } => Ok(Self::Column(column)),
            LongFilling { value: None, column: None, with: Some(strategy) } => Ok(Self::With(strategy)),
            _ => Err(Error::wrong("one of `value`, `column` and `with` says what fills null").at(node.span)),
        }
    }
}

impl Step for FillNull {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = per_column(cx.input, "fill_null", &self.0)?;
        let filled = columns
            .iter()
            .map(|(column, filling)| Ok(filling.applied(column, cx)?.alias(column.name.clone())))
            .collect::<Result<Vec<_>>>()?;
        if columns.iter().any(|(_, filling)| matches!(filling.0, Filling::With(_))) {
            return Ok(Lowering::Whole(Box::new(FilledFromRows(filled))));
        }
        Ok(Lowering::Rows(vec![RowOp::With(filled)]))
    }
}

impl Filling {
    fn applied(&self, column: &Found, cx: &BindContext<'_>) -> Result<Expr> {
        let values = column.expr();
        match self {
            Self::Value(node) if node.value == Value::Null => {
                Err(Error::wrong(format!("null cannot fill \"{}\"", column.name)).at(node.span))
            }
            Self::Value(node) => Ok(values.fill_null(lit(typed(node, &column.dtype)?))),
            Self::Column(name) => {
                let other = existing(cx.input, name)?;
                if other.dtype != column.dtype {
                    let (own, others) = (type_name(&column.dtype), type_name(&other.dtype));
                    let message = format!("\"{}\" is {own} and \"{}\" is {others}", column.name, other.name);
                    return Err(Error::wrong(message)
                        .at(name.span)
                        .hint(format!("put `cast: {{{}: {own}}}` before this step", other.name)));
                }
                Ok(values.fill_null(other.expr()))
            }
            Self::With(strategy) => statistic(column, strategy.value),
        }
    }
}

fn statistic(column: &Found, strategy: Strategy) -> Result<Expr> {
    let values = column.expr();
    if strategy == Strategy::Forward {
        return Ok(values.fill_null_with_strategy(FillNullStrategy::Forward(None)));
    }
    column.need_number("fill_null with a mean or median")?;
    let numbers = values.clone().cast(DataType::Float64).drop_nans();
    let middle = if strategy == Strategy::Mean { numbers.mean() } else { numbers.median() };
    let middle = match &column.dtype {
        DataType::Decimal(_, scale) => {
            middle.round(u32::try_from(*scale).unwrap_or(0), RoundMode::HalfAwayFromZero)
        }
        dtype if dtype.is_integer() => middle.round(0, RoundMode::HalfAwayFromZero),
        _ => middle,
    };
    Ok(values.fill_null(middle.cast(column.dtype.clone())))
}

/// Columns filled from other rows.
struct FilledFromRows(Vec<Expr>);

impl WholeStep for FilledFromRows {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        Ok(input.with_columns(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn nan_is_not_filled_and_does_not_enter_the_mean() {
        gives("fill_null: {x: {with: mean}}", "x:float64\n1\nNaN\n\n4", "x:float64\n1\nNaN\n2.5\n4");
    }

    #[test]
    fn the_median_of_integers_is_rounded_away_from_zero() {
        gives("fill_null: {x: {with: median}}", "x:int64\n-1\n-2\n", "x:int64\n-1\n-2\n-2");
        gives(
            "fill_null: {x: {with: mean}}",
            "\"x:decimal(5,1)\"\n1.0\n1.1\n",
            "\"x:decimal(5,1)\"\n1.0\n1.1\n1.1",
        );
    }

    #[test]
    fn leading_nulls_and_columns_of_nulls_stay() {
        gives("fill_null: {x: {with: forward}}", "x:int64\n\n1\n", "x:int64\n\n1\n1");
        gives("fill_null: {x: {with: median}}", "x:int64\n\n", "x:int64\n\n");
    }

    #[test]
    fn a_filling_of_another_type_is_refused() {
        assert!(
            outcome("fill_null: {x: none}", "x:int64\n1")
                .unwrap_err()
                .contains("none is not a value of type int64")
        );
        assert!(
            outcome("fill_null: {x: {column: y}}", "x:int64,y:string\n1,a")
                .unwrap_err()
                .contains("is string")
        );
        assert!(
            outcome("fill_null: {x: {with: mean}}", "x:string\na").unwrap_err().contains("works on numbers")
        );
    }
}
