//! What an aggregation computes, in the order it is done: expressions of each row, functions over the
//! rows of each group, expressions of each group.

use polars::prelude::{DataType, Expr, PlSmallStr, Schema};

use super::fold::{BoundFunction, Function};
use crate::error::Result;
use crate::steps::HIDDEN;
use crate::steps::column::column;
use crate::steps::evaluate::Evaluator;
use crate::steps::keys::KeyEncoder;
use crate::steps::narrow::{ColumnSet, roots};

/// A call of an aggregate function.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub function: Function,
    /// What it is called with; nothing for `count(*)`.
    pub argument: Option<Expr>,
    /// Rows for which this is not true are left out.
    pub filter: Option<Expr>,
}

/// A bound aggregation.
#[derive(Clone)]
pub(super) struct Plan {
    /// Names and expressions of the columns to group by.
    pub by: Vec<(PlSmallStr, Expr)>,
    /// Names and expressions of the results, over the columns of `by` and the calls' `Plan::call_name`s.
    pub results: Vec<(PlSmallStr, Expr)>,
    pub calls: Vec<BoundCall>,
    /// Expressions over the input: those of `by`, then the calls' arguments and filters.
    rows: Vec<Expr>,
    /// The columns to group by.
    pub groups: Schema,
}

/// A call whose argument's type is known.
#[derive(Debug, Clone)]
pub(super) struct BoundCall {
    pub function: BoundFunction,
    /// Places of argument and filter among the expressions over the input.
    pub argument: Option<usize>,
    pub filter: Option<usize>,
}

impl Plan {
    /// Binds an aggregation over rows of `input`.
    pub(super) fn new(
        by: Vec<(PlSmallStr, Expr)>,
        calls: &[Call],
        results: Vec<(PlSmallStr, Expr)>,
        input: &Schema,
    ) -> Result<Self> {
        let mut rows: Vec<Expr> = by.iter().map(|(name, expr)| expr.clone().alias(name.clone())).collect();
        let mut add = |expr: &Option<Expr>| {
            let expr = expr.as_ref()?;
            rows.push(expr.clone().alias(format!("{HIDDEN}argument_{}", rows.len())));
            Some(rows.len() - 1)
        };
        let places: Vec<_> = calls.iter().map(|call| (add(&call.argument), add(&call.filter))).collect();
        let types = Evaluator::new(&rows, input)?.schema().clone();
        let of = |place: Option<usize>| {
            place
                .and_then(|place| types.get_at_index(place))
                .map_or(DataType::Null, |(_, dtype)| dtype.clone())
        };
        let calls = (calls.iter().zip(places))
            .map(|(call, (argument, filter))| {
                let function = BoundFunction::new(call.function, &of(argument))?;
                Ok(BoundCall { function, argument, filter })
            })
            .collect::<Result<Vec<_>>>()?;
        let groups: Schema =
            types.iter().take(by.len()).map(|(name, dtype)| (name.clone(), dtype.clone())).collect();
        KeyEncoder::new(groups.iter_names().map(PlSmallStr::as_str), &groups)?;
        Ok(Self { by, results, calls, rows, groups })
    }

    /// What evaluates the expressions of each row.
    pub(super) fn rows(&self, input: &Schema) -> Result<Evaluator> {
        Evaluator::new(&self.rows, input)
    }

    /// The columns that are read.
    pub(super) fn columns(&self) -> ColumnSet {
        roots(&self.rows)
    }

    /// What makes keys of the columns to group by.
    pub(super) fn encoder(&self) -> Result<KeyEncoder> {
        KeyEncoder::new(self.groups.iter_names().map(PlSmallStr::as_str), &self.groups)
    }

    /// The columns of groups before the results: those to group by and one for each call.
    pub(super) fn folded(&self) -> Schema {
        let calls =
            (self.calls.iter().enumerate()).map(|(index, call)| (call_name(index), call.function.output()));
        self.groups.iter().map(|(name, dtype)| (name.clone(), dtype.clone())).chain(calls).collect()
    }

    /// What evaluates the expressions of each group.
    pub(super) fn results(&self) -> Result<Evaluator> {
        let by = self.by.iter().map(|(name, _)| column(name));
        let results = self.results.iter().map(|(name, expr)| expr.clone().alias(name.clone()));
        Evaluator::new(&by.chain(results).collect::<Vec<_>>(), &self.folded())
    }
}

/// Under which name the result of a call is known to the expressions of each group.
pub(super) fn call_name(index: usize) -> PlSmallStr {
    PlSmallStr::from_string(format!("{HIDDEN}call_{index}"))
}
