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
    fn guarded(&self) -> bool {
        self.fallible && self.on_error != OnError::Null
    }

    /// Where the converted value waits until every row has been judged by its original values.
    fn waiting(&self) -> PlSmallStr {
        format!("{HIDDEN}converted_{}", self.name).into()
    }
}

/// The conversions as row operations. Each value is converted once; rows leave with their original values.
pub(super) fn lower(conversions: &[Conversion]) -> Vec<RowOp> {
    if !conversions.iter().any(Conversion::guarded) {
        let values = conversions.iter().map(|one| one.value.clone().alias(one.name.clone())).collect();
        return vec![RowOp::With(values)];
    }
    let mut ops =
        vec![RowOp::With(conversions.iter().map(|one| one.value.clone().alias(one.waiting())).collect())];
    for one in conversions.iter().filter(|one| one.guarded()) {
        let failed = one.source.clone().is_not_null().and(column(&one.waiting()).is_null());
        let reason = one.reason.clone();
        ops.push(match one.on_error {
            OnError::Quarantine => RowOp::Divert { failed, reason },
            OnError::Fail | OnError::Null => RowOp::Refuse { failed, reason },
        });
    }
    ops.push(RowOp::With(
        conversions.iter().map(|one| column(&one.waiting()).alias(one.name.clone())).collect(),
    ));
    ops.push(RowOp::Drop(conversions.iter().map(Conversion::waiting).collect()));
    ops
}
