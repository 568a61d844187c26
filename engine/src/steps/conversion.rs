//! Conversions that may fail for a value, and what becomes of the row then. Shared by `cast` and `parse`.

use polars::prelude::{Expr, PlSmallStr};

use super::arguments::words_with_null;
use super::column::column;
use super::{HIDDEN, RowOp};

/// What becomes of a row with a value that cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum OnError {
    /// The run stops.
    #[default]
    Fail,
    /// The value becomes null.
    Null,
    /// The row leaves for the quarantine.
    Quarantine,
}

words_with_null!(OnError, "fail", "fail" => Fail, "null" => Null, "quarantine" => Quarantine);

/// One column's conversion.
pub(super) struct Conversion {
    pub(super) name: PlSmallStr,
    /// The text or number to convert: null where there is nothing to convert.
    pub(super) source: Expr,
    /// What it becomes: null also where it cannot be converted.
    pub(super) value: Expr,
    /// Whether there are values that cannot be converted.
    pub(super) fallible: bool,
    pub(super) on_error: OnError,
    /// Why a row is refused or diverted.
    pub(super) reason: String,
}

impl Conversion {
    /// Where the converted value waits until every row has been judged by its original values.
    fn waiting(&self) -> PlSmallStr {
        format!("{HIDDEN}converted_{}", self.name).into()
    }

    /// True for a row whose value could not be converted.
    fn failed(&self) -> Expr {
        self.source.clone().is_not_null().and(column(&self.waiting()).is_null())
    }
}

/// The conversions as row operations. Each value is converted once; rows leave with their original values.
pub(super) fn lower(conversions: &[Conversion]) -> Vec<RowOp> {
    if !conversions.iter().any(|one| one.fallible) {
        let values = conversions.iter().map(|one| one.value.clone().alias(one.name.clone())).collect();
        return vec![RowOp::With(values)];
    }
    let mut ops =
        vec![RowOp::With(conversions.iter().map(|one| one.value.clone().alias(one.waiting())).collect())];
    let failures = |on_error: OnError| {
        let fallible = conversions.iter().filter(move |one| one.fallible && one.on_error == on_error);
        fallible.map(|one| (one.failed(), one.reason.clone()))
    };
    let diverted: Vec<(Expr, String)> = failures(OnError::Quarantine).collect();
    if !diverted.is_empty() {
        ops.push(RowOp::Divert(diverted));
    }
    // What stops the run, or becomes null and is counted, is looked for in the rows that stay.
    ops.extend(failures(OnError::Fail).map(|(failed, reason)| RowOp::Refuse { failed, reason }));
    ops.extend(failures(OnError::Null).map(|(rows, _)| RowOp::Count { what: "made_null", rows }));
    ops.push(RowOp::With(
        conversions.iter().map(|one| column(&one.waiting()).alias(one.name.clone())).collect(),
    ));
    ops.push(RowOp::Drop(conversions.iter().map(Conversion::waiting).collect()));
    ops
}
