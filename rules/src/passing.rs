//! Rows that pass as a share of those evaluated, against `mostly` and `warn`: how every rule about rows is
//! judged.

use serde_json::Value;

use crate::check::{Envelope, Share};
use crate::scalar::{grouped, percent};
use crate::verdict::{Outcome, Status};

/// How rows fared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fared {
    pub(crate) evaluated: u64,
    pub(crate) failed: u64,
    pub(crate) nulls: u64,
}

/// The shares of rows that have to pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// With fewer the check fails.
    pub(crate) mostly: f64,
    /// With fewer it warns.
    pub(crate) warn: f64,
}

impl Wanted {
    /// Those of a check, given the rule's own share where the check does not say.
    pub(crate) fn of(envelope: &Envelope, own: Option<f64>) -> Self {
        let mostly = envelope.mostly.map(Share::get).or(own).unwrap_or(1.0);
        let warn = envelope.warn.as_ref().and_then(Value::as_f64).unwrap_or(mostly);
        Self { mostly, warn }
    }
}

impl Fared {
    /// The share of rows that pass.
    pub(crate) fn share(self) -> f64 {
        (self.evaluated - self.failed) as f64 / self.evaluated as f64
    }

    /// Whether enough rows pass.
    pub(crate) fn judge(self, wanted: Wanted) -> Outcome {
        let Self { evaluated, failed, nulls } = self;
        let counted = |outcome: Outcome| outcome.counts(evaluated, nulls).failed(failed);
        if evaluated == 0 {
            let why = if nulls > 0 { "only nulls in scope" } else { "no rows in scope" };
            return counted(Outcome::skipped(why));
        }
        let share = self.share();
        let status = match share {
            share if share < wanted.mostly => Status::Fail,
            share if share < wanted.warn => Status::Warn,
            _ => Status::Pass,
        };
        let all = grouped(i128::from(evaluated));
        let text = if failed == 0 {
            format!("all {all} pass")
        } else {
            format!("{} of {all} fail ({})", grouped(i128::from(failed)), percent(failed, evaluated))
        };
        counted(Outcome::new(status, share, text))
    }
}
