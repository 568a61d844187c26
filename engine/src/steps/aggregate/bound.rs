//! An aggregation bound to its input.

use polars::prelude::{
    DataType, Expr, LazyFrame, NULL, PlSmallStr, PolarsResult, QuantileMethod, Schema, SortMultipleOptions,
    len, lit, when,
};

use super::Aggregate;
use super::fold::Function;
use super::measure;
use super::operator::Aggregation;
use super::plan::{Call, Plan, call_name};
use crate::error::Result;
use crate::memory::{Memory, Table};
use crate::steps::column::column;
use crate::steps::narrow::{ColumnSet, Needs};
use crate::steps::rows::hashable;
use crate::steps::{Operator, StreamStep};

/// The step bound to its input.
pub(super) struct Bound {
    input: Schema,
    plan: Plan,
    calls: Vec<Call>,
}

impl Bound {
    pub(super) fn new(step: &Aggregate, input: &Schema) -> Result<Self> {
        if let Some(error) = step.duplicate() {
            return Err(error);
        }
        let by = (step.by())
            .map(|(name, expr)| Ok((PlSmallStr::from_str(&name.value), measure::scalar(expr, input)?)))
            .collect::<Result<Vec<_>>>()?;
        let groups = Plan::new(by.clone(), &[], Vec::new(), input)?.groups;
        let mut calls = Vec::new();
        let results = (step.measures.0.iter())
            .map(|(name, expr)| {
                Ok((PlSmallStr::from_str(&name.value), measure::measure(expr, input, &groups, &mut calls)?))
            })
            .collect::<Result<Vec<_>>>()?;
        Self::of(by, calls, results, input)
    }

    /// Groups by named expressions; the results see the groups' columns and the calls by their names.
    pub(super) fn of(
        by: Vec<(PlSmallStr, Expr)>,
        calls: Vec<Call>,
        results: Vec<(PlSmallStr, Expr)>,
        input: &Schema,
    ) -> Result<Self> {
        let plan = Plan::new(by, &calls, results, input)?;
        plan.results()?;
        Ok(Self { input: input.clone(), plan, calls })
    }
}

impl StreamStep for Bound {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let calls = self.calls.iter().zip(&self.plan.calls).enumerate();
        let calls: Vec<Expr> = calls
            .map(|(index, (call, bound))| meaning(call, &bound.function.output()).alias(call_name(index)))
            .collect();
        let by = self.plan.by.iter().map(|(name, _)| column(name));
        let results: Vec<Expr> = by
            .clone()
            .chain(self.plan.results.iter().map(|(name, expr)| expr.clone().alias(name.clone())))
            .collect();
        if self.plan.by.is_empty() {
            return Ok(input.select(calls).select(results));
        }
        let types: Vec<_> = self.plan.groups.iter_values().cloned().collect();
        let groups: Vec<Expr> = (self.plan.by.iter().zip(&types))
            .map(|((name, expr), dtype)| hashable(expr.clone(), dtype).alias(name.clone()))
            .collect();
        let restored: Vec<Expr> =
            by.clone().zip(types.iter().cloned()).map(|(by, dtype)| by.cast(dtype)).collect();
        let sorted = SortMultipleOptions::default().with_nulls_last(true);
        let by: Vec<Expr> = by.collect();
        Ok(input
            .group_by_stable(groups)
            .agg(calls)
            .with_columns(restored)
            .sort_by_exprs(by, sorted)
            .select(results))
    }

    fn open(&self, _: Vec<Table>, memory: &Memory) -> Result<Box<dyn Operator>> {
        Ok(Box::new(Aggregation::new(self.plan.clone(), self.plan.rows(&self.input)?, memory)?))
    }

    fn narrow(&mut self, _: &ColumnSet) -> Option<Needs> {
        Some(Needs::of_input(self.plan.columns()))
    }

    fn proves_unique(&self) -> Option<Vec<String>> {
        let by: Vec<String> = self.plan.by.iter().map(|(name, _)| name.to_string()).collect();
        (!by.is_empty()).then_some(by)
    }
}

/// What a call means in Polars.
fn meaning(call: &Call, output: &DataType) -> Expr {
    let filtered = |expr: Expr| match &call.filter {
        Some(filter) => expr.filter(filter.clone()),
        None => expr,
    };
    let Some(argument) = &call.argument else {
        return match &call.filter {
            Some(filter) => filter.clone().sum().cast(DataType::Int64),
            None => len().cast(DataType::Int64),
        };
    };
    let argument = filtered(argument.clone());
    let count = argument.clone().count();
    let unless_none = |value: Expr| when(count.clone().gt(lit(0))).then(value).otherwise(lit(NULL));
    let float = argument.clone().cast(DataType::Float64);
    match call.function {
        Function::CountRows | Function::Count => count.cast(DataType::Int64),
        Function::CountDistinct => argument.drop_nulls().n_unique().cast(DataType::Int64),
        Function::Sum => unless_none(argument.cast(output.clone()).sum()),
        Function::Mean => float.mean(),
        Function::Min => argument.min(),
        Function::Max => argument.max(),
        Function::First => argument.first(),
        Function::AnyValue => argument.drop_nulls().first(),
        Function::Skewness => float.skew(true),
        Function::Last => argument.last(),
        Function::All => unless_none(argument.cast(DataType::Boolean).all(true)),
        Function::Any => unless_none(argument.cast(DataType::Boolean).any(true)),
        Function::Variance { ddof } => float.var(ddof),
        Function::Deviation { ddof } => float.std(ddof),
        Function::Quantile(q) => float.quantile(lit(q), QuantileMethod::Linear),
    }
}
