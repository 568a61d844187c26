//! The verdict on how many rows went to a quarantine.

use lockgate_rules::{AnsweredFrom, Exactness, OnRow, Severity, Status, Verdict};

use crate::spec::QuarantineLimit;

/// Whether no more than `limit` of all rows were quarantined; more closes the gate.
pub fn quarantine_verdict(limit: QuarantineLimit, quarantined: u64, all: u64) -> Verdict {
    let is_within = limit.allows(quarantined, all);
    Verdict {
        id: "max_quarantine".into(),
        rule: "max_quarantine".into(),
        columns: Vec::new(),
        filter: None,
        severity: Severity::Stop,
        status: if is_within { Status::Pass } else { Status::Fail },
        observed: quarantined.into(),
        observed_text: format!("{quarantined} of {all} rows quarantined"),
        expected: limit.to_string(),
        n_evaluated: all,
        n_failed: quarantined,
        n_null: 0,
        exactness: Exactness::Exact,
        answered_from: AnsweredFrom::Scan,
        baseline: None,
        samples: Vec::new(),
        groups: Vec::new(),
        dimension: "volume".into(),
        tags: Vec::new(),
        owner: None,
        description: None,
        on_row: OnRow::Keep,
    }
}
