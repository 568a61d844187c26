//! How a run ended, in a few words.

use lockgate_engine::{RunRecord, RunStatus};

/// How good that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing needs attention.
    Good,
    /// People should look.
    Alert,
    /// The gate is closed.
    Bad,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How good that is.
    pub(crate) tone: Tone,
    /// The verdict.
    pub(crate) verdict: &'static str,
    /// What it means for the data, where the verdict does not tell.
    pub(crate) note: &'static str,
}

/// How the run of `record` ended.
pub(crate) fn outcome(record: &RunRecord) -> Outcome {
    let alerting = record.checks.iter().any(|check| check.verdict.alerts());
    let (tone, verdict) = match record.status {
        RunStatus::Published => (Tone::Good, "Published"),
        RunStatus::PublishedWithAlerts => (Tone::Alert, "Published with alerts"),
        RunStatus::Withheld => (Tone::Bad, "Withheld"),
        RunStatus::Validated if alerting => (Tone::Alert, "Valid, with alerts"),
        RunStatus::Validated => (Tone::Good, "Valid"),
        RunStatus::DryRun if alerting => (Tone::Alert, "Dry run: would publish with alerts"),
        RunStatus::DryRun => (Tone::Good, "Dry run: would publish"),
        RunStatus::NothingNew if record.replay.is_some() => (Tone::Good, "Nothing to replay"),
        RunStatus::NothingNew => (Tone::Good, "Nothing new"),
    };
    let note = match record.status {
        _ if record.already_published => "was published before; nothing was done now",
        RunStatus::Withheld => "nothing was published",
        RunStatus::DryRun => "nothing was written",
        RunStatus::NothingNew if record.replay.is_some() => {
            "no such rows are in quarantine; nothing was done"
        }
        RunStatus::NothingNew => "every partition was published before; nothing was done",
        _ if record.replay.is_some() => "a replay of rows in quarantine",
        RunStatus::Published | RunStatus::PublishedWithAlerts | RunStatus::Validated => "",
    };
    Outcome { tone, verdict, note }
}
