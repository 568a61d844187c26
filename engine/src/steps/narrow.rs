//! Which columns a step needs, so that those nobody needs are never read.
//!
//! A step is asked backwards: given the columns wanted of the rows coming out, it gives up what it would
//! make for nobody and names the columns it needs of the rows coming in. Hidden columns are always there
//! and never named.

use std::collections::BTreeSet;

use polars::prelude::{Expr, PlSmallStr, Schema};

use super::column::visible;
use super::{HIDDEN, Lowering, RowOp};

/// Names of columns.
pub type ColumnSet = BTreeSet<PlSmallStr>;

/// The columns a step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// Of the rows coming in.
    pub input: ColumnSet,
    /// Of each other table it reads, in that order.
    pub others: Vec<ColumnSet>,
}

impl Needs {
    /// Of the rows coming in alone.
    pub fn of_input(input: ColumnSet) -> Self {
        Self { input, others: Vec::new() }
    }
}

impl Lowering {
    /// Gives up what is not `wanted` of the rows coming out. `input` and `others` are the schemas of the
    /// rows coming in and of the other tables; a step that cannot say needs all their columns.
    pub fn narrow(&mut self, wanted: &ColumnSet, input: &Schema, others: &[&Schema]) -> Needs {
        let narrowed = match self {
            Self::Rows(ops) => Some(Needs::of_input(narrow_ops(ops, wanted, input))),
            Self::Stream(step) => step.narrow(wanted),
            Self::Whole(_) => None,
        };
        narrowed.unwrap_or_else(|| Needs {
            input: all(input),
            others: others.iter().map(|schema| all(schema)).collect(),
        })
    }
}

/// All columns of a schema but the hidden ones.
pub fn all(schema: &Schema) -> ColumnSet {
    visible(schema).map(|(name, _)| name.clone()).collect()
}

/// The columns that expressions read.
pub fn roots<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> ColumnSet {
    exprs.into_iter().flat_map(|expr| expr.clone().meta().root_names()).collect()
}

/// Whether `name` is one of `wanted`, or hidden.
pub(crate) fn stays(name: &PlSmallStr, wanted: &ColumnSet) -> bool {
    wanted.contains(name) || name.starts_with(HIDDEN)
}

fn narrow_ops(ops: &mut [RowOp], wanted: &ColumnSet, input: &Schema) -> ColumnSet {
    let mut needed = wanted.clone();
    for op in ops.iter_mut().rev() {
        match op {
            RowOp::With(exprs) => {
                let made: ColumnSet = exprs.iter().filter_map(output_name).collect();
                needed.retain(|name| !made.contains(name));
                needed.append(&mut roots(exprs.iter()));
            }
            RowOp::Keep(expr) | RowOp::Count { rows: expr, .. } | RowOp::Refuse { failed: expr, .. } => {
                needed.append(&mut roots([&*expr]));
            }
            RowOp::Project(exprs) => {
                // What is computed is kept, because it may fail for a row.
                exprs.retain(|expr| {
                    !is_column(expr) || output_name(expr).is_none_or(|name| needed.contains(&name))
                });
                needed = roots(exprs.iter());
            }
            RowOp::Drop(names) => needed.retain(|name| !names.contains(name)),
            RowOp::Explode { columns, .. } => needed.extend(columns.iter().cloned()),
            // The quarantine keeps every column of a row.
            RowOp::Divert(failures) => {
                needed.append(&mut all(input));
                needed.append(&mut roots(failures.iter().map(|(failed, _)| failed)));
            }
        }
    }
    needed.retain(|name| input.contains(name) && !name.starts_with(HIDDEN));
    needed
}

fn output_name(expr: &Expr) -> Option<PlSmallStr> {
    expr.clone().meta().output_name().ok()
}

/// Whether an expression is a column as it is, perhaps under another name.
fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(inner, _) => is_column(inner),
        other => matches!(other, Expr::Column(_)),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::DataType;

    use super::*;
    use crate::steps::laws::{bound, parsed, table};

    fn columns(names: &str) -> ColumnSet {
        names.split_whitespace().map(PlSmallStr::from).collect()
    }

    /// What a step over columns a, b, c (whole numbers) and t (text) needs when `wanted` come out.
    fn needs(step: &str, wanted: &str, other: Option<&str>) -> Needs {
        let input: Schema = [("a", DataType::Int64), ("b", DataType::Int64), ("c", DataType::Int64)]
            .into_iter()
            .chain([("t", DataType::String)])
            .map(|(name, dtype)| (PlSmallStr::from(name), dtype))
            .collect();
        let other = other.map(table::read);
        let others: Vec<_> = other.iter().map(|frame| ("other", frame)).collect();
        let mut lowering = bound(parsed(step).unwrap().as_ref(), &input, &others).unwrap();
        let schemas: Vec<&Schema> = others.iter().map(|(_, frame)| frame.schema().as_ref()).collect();
        lowering.narrow(&columns(wanted), &input, &schemas)
    }

    #[test]
    fn a_derived_column_needs_what_it_is_made_of_and_not_itself() {
        assert_eq!(needs("derive: {d: a + b}", "d", None).input, columns("a b"));
        assert_eq!(needs("derive: {a: a + b}", "a c", None).input, columns("a b c"));
    }

    #[test]
    fn a_condition_needs_its_columns_besides_what_is_wanted() {
        assert_eq!(needs("filter: b > 1", "a", None).input, columns("a b"));
    }

    #[test]
    fn columns_that_are_chosen_renamed_or_dropped_for_nobody_are_not_needed() {
        assert_eq!(needs("select: [a, b]", "a", None).input, columns("a"));
        assert_eq!(needs("rename: {a: x, b: y}", "y", None).input, columns("b"));
        assert_eq!(needs("drop: [a, b]", "c", None).input, columns("c"));
    }

    #[test]
    fn rows_for_the_quarantine_need_all_columns() {
        let cast = "cast: {t: {type: int64, on_error: quarantine}}";
        assert_eq!(needs(cast, "a", None).input, columns("a b c t"));
    }

    #[test]
    fn keys_are_needed_besides_what_is_wanted() {
        assert_eq!(needs("deduplicate: a", "b", None).input, columns("a b"));
        let last = "deduplicate: {keys: a, keep: last, order_by: c}";
        assert_eq!(needs(last, "b", None).input, columns("a b c"));
        assert_eq!(needs("deduplicate:", "b", None).input, columns("a b c t"));
    }

    #[test]
    fn a_join_takes_the_wanted_columns_of_each_side() {
        let join = needs("join: {with: other, on: a}", "b x", Some("a:int64,x:int64,y:int64\n1,2,3"));
        assert_eq!(join.input, columns("a b"));
        assert_eq!(join.others, [columns("a x")]);
    }

    #[test]
    fn a_union_needs_the_wanted_columns_of_all() {
        let union = needs("union: other", "a x", Some("a:int64,x:int64,y:int64\n1,2,3"));
        assert_eq!(union.input, columns("a"));
        assert_eq!(union.others, [columns("a x")]);
    }

    #[test]
    fn an_aggregate_needs_groups_and_arguments_only() {
        let aggregate = needs("aggregate: {by: a, measures: {n: count(*), s: sum(b)}}", "a n", None);
        assert_eq!(aggregate.input, columns("a b"));
    }

    #[test]
    fn a_step_over_all_rows_needs_all_columns() {
        assert_eq!(needs("sort: a", "b", None).input, columns("a b c t"));
    }
}
