//! What a verdict means for the run, in one word.

use lockgate_rules::{Severity, Status, Verdict};

/// What a status means together with its severity; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Failed, and closes the gate.
    Stop,
    /// Could not be answered, and closes the gate.
    Error,
    /// Failed, and people are told.
    Alert,
    /// Failed, and is only recorded.
    Noted,
    /// Nothing was there to evaluate.
    Skipped,
    /// As expected.
    Pass,
}

impl Standing {
    /// All, the most urgent first.
    pub(crate) const ALL: [Self; 6] =
        [Self::Stop, Self::Error, Self::Alert, Self::Noted, Self::Skipped, Self::Pass];

    /// What `verdict` means.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match (verdict.status, verdict.severity) {
            (Status::Pass, _) => Self::Pass,
            (Status::Skipped, _) => Self::Skipped,
            (Status::Error, _) => Self::Error,
            (Status::Fail, Severity::Stop) => Self::Stop,
            (Status::Fail, Severity::Alert) | (Status::Warn, Severity::Stop | Severity::Alert) => Self::Alert,
            (Status::Fail | Status::Warn, Severity::Log) => Self::Noted,
        }
    }

    /// The word; what asks for attention is in capitals.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Error => "ERROR",
            Self::Alert => "ALERT",
            Self::Noted => "noted",
            Self::Skipped => "skipped",
            Self::Pass => "pass",
        }
    }

    /// Whether people should look at it.
    pub(crate) fn is_urgent(self) -> bool {
        self <= Self::Alert
    }
}
