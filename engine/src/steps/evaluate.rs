//! Evaluates Polars expressions over one batch, on the calling thread.
//!
//! Polars' own engines run every projection in their thread pool, where our workers would queue behind
//! each other. Here a list of expressions is planned once against a schema (type coercion, constants
//! folded), and each batch is then evaluated by whichever worker holds it. Window functions and plans
//! of an unforeseen shape go through an ordinary lazy select, with the same result.

use std::sync::Arc;

use polars::prelude::{Column, DataFrame, Expr, IntoLazy, OptFlags, PolarsResult, Schema, SchemaRef};
use polars_expr::planner::{ExpressionConversionState, create_physical_expr};
use polars_expr::prelude::PhysicalExpr;
use polars_expr::state::ExecutionState;
use polars_plan::plans::IR;

use crate::error::{Error, Result};

/// Expressions planned against a schema, to be evaluated batch by batch.
pub struct Evaluator {
    exprs: Vec<Expr>,
    schema: SchemaRef,
    planned: Option<Vec<Arc<dyn PhysicalExpr>>>,
}

impl Evaluator {
    /// Plans `exprs` over batches of `schema`. Names of the results must differ from each other.
    pub fn new(exprs: &[Expr], schema: &Schema) -> Result<Self> {
        let (planned, schema) =
            plan(exprs, schema).map_err(|e| Error::wrong("cannot plan an expression").because(e))?;
        Ok(Self { exprs: exprs.to_vec(), schema, planned })
    }

    /// Names and types of the results.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// One column per expression, each as long as the batch; a constant is repeated.
    pub fn evaluate(&self, batch: &DataFrame) -> Result<Vec<Column>> {
        self.columns(batch).map_err(|e| Error::wrong("cannot evaluate an expression").because(e))
    }

    fn columns(&self, batch: &DataFrame) -> PolarsResult<Vec<Column>> {
        let Some(planned) = &self.planned else {
            let selected = batch.clone().lazy().select(self.exprs.clone()).collect()?;
            return selected.into_columns().into_iter().map(|c| as_long_as(c, batch.height())).collect();
        };
        let state = ExecutionState::new();
        planned.iter().map(|expr| as_long_as(expr.evaluate(batch, &state)?, batch.height())).collect()
    }
}

type Planned = Option<Vec<Arc<dyn PhysicalExpr>>>;

/// The physical expressions, or none if they need Polars' engine, and what they give.
fn plan(exprs: &[Expr], schema: &Schema) -> PolarsResult<(Planned, SchemaRef)> {
    if exprs.is_empty() {
        return Ok((Some(Vec::new()), Arc::new(Schema::default())));
    }
    let mut select = DataFrame::empty_with_schema(schema).lazy().select(exprs);
    let announced = select.collect_schema()?;
    let flags = OptFlags::TYPE_COERCION | OptFlags::TYPE_CHECK | OptFlags::SIMPLIFY_EXPR;
    let mut plan = select.with_optimizations(flags).to_alp_optimized()?;
    let IR::Select { input, expr, .. } = plan.lp_arena.get(plan.lp_top) else {
        return Ok((None, announced));
    };
    let input_schema = plan.lp_arena.get(*input).schema(&plan.lp_arena).into_owned();
    let mut planned = Vec::with_capacity(expr.len());
    for expr in &expr.clone() {
        let mut state = ExpressionConversionState::new(false);
        planned.push(create_physical_expr(expr, &mut plan.expr_arena, &input_schema, &mut state)?);
        if state.has_windows {
            return Ok((None, announced));
        }
    }
    Ok((Some(planned), announced))
}

fn as_long_as(column: Column, height: usize) -> PolarsResult<Column> {
    match column.len() {
        len if len == height => Ok(column),
        1 => Ok(column.new_from_index(0, height)),
        len => Err(polars::prelude::PolarsError::ShapeMismatch(
            format!("an expression gave {len} values for {height} rows").into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataType, col, df, lit, when};

    use super::*;

    fn evaluate(exprs: &[Expr], batch: &DataFrame) -> DataFrame {
        let evaluator = Evaluator::new(exprs, batch.schema()).unwrap();
        let columns = evaluator.evaluate(batch).unwrap();
        let out = DataFrame::new(batch.height(), columns).unwrap();
        assert_eq!(out.schema().as_ref(), evaluator.schema());
        out
    }

    #[test]
    fn it_agrees_with_a_lazy_select() {
        let batch =
            df!["a" => [Some(1i64), None, Some(3)], "b" => [0.5, f64::NAN, -0.0], "t" => ["x", "é", ""]]
                .unwrap();
        let exprs = [
            col("a") + lit(1),
            (col("a").cast(DataType::Float64) * col("b")).alias("ab"),
            when(col("a").is_null()).then(lit("none")).otherwise(col("t")).alias("t2"),
            col("t").str().len_chars().alias("len"),
            lit(7).alias("seven"),
            col("a").sum().over([col("t")]).unwrap().alias("windowed"),
        ];
        let expected = batch.clone().lazy().select(exprs.clone()).collect().unwrap();
        assert!(evaluate(&exprs, &batch).equals_missing(&expected));
        assert!(
            evaluate(&exprs[..5], &batch)
                .equals_missing(&expected.select(["a", "ab", "t2", "len", "seven"]).unwrap())
        );
    }

    #[test]
    fn a_constant_is_repeated_to_the_length_of_the_batch() {
        for height in [0, 1, 5] {
            let batch = DataFrame::new(height, vec![Column::new("a".into(), vec![1i32; height])]).unwrap();
            assert_eq!(evaluate(&[lit("x").alias("x")], &batch).height(), height);
        }
    }

    #[test]
    fn no_expressions_give_no_columns() {
        let batch = df!["a" => [1, 2]].unwrap();
        assert!(Evaluator::new(&[], batch.schema()).unwrap().evaluate(&batch).unwrap().is_empty());
    }

    #[test]
    fn an_unknown_column_is_found_when_planning() {
        let batch = df!["a" => [1, 2]].unwrap();
        assert!(Evaluator::new(&[col("nope")], batch.schema()).is_err());
    }
}
