//! What a row operation means, said in Polars' lazy language.
//!
//! The engine applies the operations batch by batch; this is what it has to agree with.

use polars::prelude::{
    AllowedOptimizations, DataFrame, ExplodeOptions, Expr, LazyFrame, PlSmallStr, PolarsError, PolarsResult,
    Selector, by_name, lit,
};

use super::{HIDDEN, RowOp};

/// Where the verdicts of a refusal stand while they are looked at.
const REFUSED: PlSmallStr = PlSmallStr::from_static("__lockgate_refused");

impl RowOp {
    /// The operation after `frame`.
    pub fn apply_lazy(&self, frame: LazyFrame) -> LazyFrame {
        match self {
            Self::With(exprs) => frame.with_columns(exprs),
            Self::Keep(predicate) => frame.filter(predicate.clone()),
            Self::Project(exprs) => {
                let hidden = Expr::Selector(Selector::Matches(format!("^{HIDDEN}.*$").into()));
                frame.select(exprs.iter().cloned().chain([hidden]).collect::<Vec<_>>())
            }
            // A column that nobody needs may not have been read.
            Self::Drop(names) => frame.drop(by_name(names.iter().cloned(), false, false)),
            Self::Explode { columns, keep_empty } => {
                let options = ExplodeOptions { empty_as_null: *keep_empty, keep_nulls: *keep_empty };
                frame.explode(by_name(columns.iter().cloned(), true, false), options)
            }
            Self::Divert(failures) => {
                let stays = |(failed, _): &(Expr, String)| failed.clone().fill_null(lit(false)).not();
                failures
                    .iter()
                    .map(stays)
                    .reduce(Expr::and)
                    .map_or(frame.clone(), |stays| frame.filter(stays))
            }
            Self::Count { .. } => frame,
            Self::Refuse { failed, reason } => refuse(frame, failed.clone(), reason.clone()),
        }
    }
}

fn refuse(frame: LazyFrame, failed: Expr, reason: String) -> LazyFrame {
    let look = move |frame: DataFrame| -> PolarsResult<DataFrame> {
        if frame.column(&REFUSED)?.bool()?.any() {
            return Err(PolarsError::ComputeError(reason.clone().into()));
        }
        Ok(frame)
    };
    frame
        .with_column(failed.alias(REFUSED))
        .map(look, AllowedOptimizations::empty(), None, Some("refuse"))
        .drop(by_name([REFUSED], true, false))
}
