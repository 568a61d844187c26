//! By which keys rows stay proved unique from step to step.

use lockgate_rules::OnRow;
use polars::prelude::{Expr, PlSmallStr};

use super::Node;
use crate::steps::{Lowering, RowOp};

/// What is still proved unique of the rows that a node hands on: a check that nulls out values of a key
/// may make keys equal.
pub(super) fn after_checks(node: &Node) -> Vec<Vec<String>> {
    let nulls_out = |column: &String| {
        let mut checks = node.checks.iter().map(|(check, _)| check);
        checks.any(|check| check.envelope().on_row == OnRow::NullOut && check.columns().contains(column))
    };
    node.unique.iter().filter(|key| !key.iter().any(nulls_out)).cloned().collect()
}

/// What remains proved unique after a step, and what it proves itself.
pub(super) fn after(step: &Lowering, unique: &mut Vec<Vec<String>>) {
    match step {
        Lowering::Rows(ops) => ops.iter().for_each(|op| after_rows(op, unique)),
        Lowering::Stream(step) => {
            if !step.keeps_unique() {
                unique.clear();
            }
            unique.extend(step.proves_unique());
        }
        Lowering::Whole(_) => unique.clear(),
    }
}

fn after_rows(op: &RowOp, unique: &mut Vec<Vec<String>>) {
    let mut retain = |names: &[PlSmallStr]| {
        unique.retain(|key| !key.iter().any(|column| names.iter().any(|name| name.as_str() == column)));
    };
    match op {
        RowOp::Keep(_) | RowOp::Divert(_) | RowOp::Count { .. } | RowOp::Refuse { .. } => {}
        RowOp::With(exprs) => retain(&exprs.iter().map(output_name).collect::<Vec<_>>()),
        RowOp::Drop(names) => retain(names),
        RowOp::Project(exprs) => {
            let kept: Vec<(PlSmallStr, PlSmallStr)> = exprs.iter().filter_map(renamed).collect();
            let name_of = |column: &String| {
                kept.iter().find(|(from, _)| from.as_str() == column).map(|(_, to)| to.to_string())
            };
            *unique = unique.iter().filter_map(|key| key.iter().map(name_of).collect()).collect();
        }
        RowOp::Explode { .. } => unique.clear(),
    }
}

/// The column that an expression hands on as it is, and its new name.
fn renamed(expr: &Expr) -> Option<(PlSmallStr, PlSmallStr)> {
    match expr {
        Expr::Column(name) => Some((name.clone(), name.clone())),
        Expr::Alias(inner, to) => renamed(inner).map(|(from, _)| (from, to.clone())),
        _ => None,
    }
}

fn output_name(expr: &Expr) -> PlSmallStr {
    expr.clone().meta().output_name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{col, lit};

    use super::*;

    /// What remains of the keys (a, b) and (c).
    fn after_op(op: RowOp) -> Vec<String> {
        let mut unique = vec![vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]];
        after(&Lowering::Rows(vec![op]), &mut unique);
        unique.into_iter().map(|key| key.join("+")).collect()
    }

    #[test]
    fn rows_that_leave_repeat_no_key() {
        assert_eq!(after_op(RowOp::Keep(col("a").gt(lit(1)))), ["a+b", "c"]);
    }

    #[test]
    fn a_key_goes_with_any_of_its_columns() {
        assert_eq!(after_op(RowOp::With(vec![(col("c") + lit(1)).alias("b")])), ["c"]);
        assert_eq!(after_op(RowOp::With(vec![col("a").alias("new")])), ["a+b", "c"]);
        assert_eq!(after_op(RowOp::Drop(vec!["a".into()])), ["c"]);
    }

    #[test]
    fn a_key_follows_the_new_names_of_its_columns() {
        let renamed = vec![col("b"), col("a").alias("x"), col("d")];
        assert_eq!(after_op(RowOp::Project(renamed)), ["x+b"]);
        // The names change places; what is computed is no key any more.
        let crossed = vec![col("b").alias("a"), col("a").alias("b"), (col("c") + lit(0)).alias("c")];
        assert_eq!(after_op(RowOp::Project(crossed)), ["b+a"]);
    }

    #[test]
    fn rows_that_are_multiplied_prove_nothing() {
        assert!(after_op(RowOp::Explode { columns: vec!["d".into()], keep_empty: true }).is_empty());
    }
}
