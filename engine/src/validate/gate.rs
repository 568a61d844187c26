//! The decision: what the verdicts of a run mean for its outputs.

use lockgate_rules::Verdict;

/// Whether the gate opens, and what it takes notice of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// Everything is published; these checks only alert.
    Publish {
        /// Ids of the checks that alert.
        alerts: Vec<String>,
    },
    /// Nothing is published because of these checks.
    Withhold {
        /// Ids of the checks that close the gate.
        stops: Vec<String>,
    },
}

/// One verdict that closes the gate is enough.
pub fn rule<'v>(verdicts: &(impl Iterator<Item = &'v Verdict> + Clone)) -> Ruling {
    let ids = |wanted: fn(&Verdict) -> bool| -> Vec<String> {
        verdicts.clone().filter(|verdict| wanted(verdict)).map(|verdict| verdict.id.clone()).collect()
    };
    let stops = ids(Verdict::closes_gate);
    if stops.is_empty() {
        Ruling::Publish { alerts: ids(Verdict::alerts) }
    } else {
        Ruling::Withhold { stops }
    }
}
