//! Rows that a check or a step sends to the quarantine need one: without it they would be lost.

use lockgate_rules::OnRow;

use super::{Node, Rows};
use crate::error::Error;
use crate::spec::Span;
use crate::steps::{Lowering, RowOp};

/// An error for each check and step of `node` that sends rows to a quarantine it does not have.
pub(super) fn missing_quarantine(node: &Node) -> Vec<Error> {
    if node.quarantine.is_some() {
        return Vec::new();
    }
    let (kind, steps) = match &node.rows {
        Rows::Scan(_) | Rows::Returning { .. } => ("source", &[][..]),
        Rows::Steps { steps, .. } => ("table", &steps[..]),
    };
    let diverts = |lowering: &Lowering| match lowering {
        Lowering::Rows(ops) => ops.iter().any(|op| matches!(op, RowOp::Divert(_))),
        Lowering::Stream(_) | Lowering::Whole(_) => false,
    };
    let steps = steps.iter().filter(|step| diverts(&step.lowering)).map(|step| (step.def.name, step.span));
    let checks = node.checks.iter().filter(|(check, _)| check.envelope().on_row == OnRow::Quarantine);
    let checks = checks.map(|(check, place)| (check.rule(), place.span));
    let error = |(what, span): (&str, Span)| {
        Error::wrong(format!("\"{what}\" sends rows to a quarantine, and {kind} \"{}\" has none", node.name))
            .at(span)
            .hint(format!("add `quarantine: folder/` to the {kind}, where such rows are kept"))
    };
    steps.chain(checks).map(error).collect()
}
