//! A figure of which less is better, against `fail` and `warn`: how every rule about a distance is judged.

use serde_json::Value;

use crate::check::Envelope;
use crate::verdict::Status;

/// The largest figures that do not fail, and do not warn either.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thresholds {
    fail: f64,
    warn: f64,
}

impl Thresholds {
    /// Those of a check, which does not warn where it does not say so.
    pub(crate) fn of(envelope: &Envelope, fail: f64) -> Self {
        Self::warning_above(fail, envelope, fail)
    }

    /// Those of a check that warns above `usual` where it does not say otherwise.
    pub(crate) fn warning_above(usual: f64, envelope: &Envelope, fail: f64) -> Self {
        let warn = envelope.warn.as_ref().and_then(Value::as_f64).unwrap_or(usual);
        Self { fail, warn: warn.min(fail) }
    }

    /// How a figure is judged; NaN fails.
    pub(crate) fn status(self, figure: f64) -> Status {
        match figure {
            figure if figure <= self.warn => Status::Pass,
            figure if figure <= self.fail => Status::Warn,
            _ => Status::Fail,
        }
    }
}
