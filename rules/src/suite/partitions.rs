//! Checks that follow the history, for each partition that a run wrote: judged by itself as of its own time, so
//! that a run of three days is not taken for one day of thrice the rows.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::grouping::{SHOWN_GROUPS, severity};
use crate::measure::{Accumulated, Accumulator, Readings};
use crate::rule::Judge;
use crate::verdict::{GroupVerdict, Outcome, Status};

/// The outcome of a judge over all partitions together where there are not several, or where a measure it
/// needs does not tell them apart; else the worst of its outcomes over each, with the newest of several that
/// are as bad.
pub(super) fn by_partition(judge: &dyn Judge, measures: &[usize], readings: &Readings<'_>) -> Outcome {
    let needed = || measures.iter().filter_map(|at| readings.at(*at));
    if measures.is_empty() || needed().any(|all| all.partitions().is_none()) {
        return judge.judge(readings);
    }
    // A partition none of whose rows are in a check's scope is known of other checks.
    let mut names: BTreeSet<&str> =
        readings.measures.iter().filter_map(Accumulated::partitions).flatten().collect();
    if names.iter().all(|name| name.is_empty()) {
        return judge.judge(readings);
    }
    names.extend(readings.history.times.keys().map(String::as_str));
    let time = |name: &str| readings.history.times.get(name).copied();
    if let (1, Some(only)) = (names.len(), names.first()) {
        return judge.judge(&Readings { time: time(only), ..*readings });
    }
    let of_partition = |name: &str| Partition::judged(name, time(name), judge, measures, readings);
    let mut partitions: Vec<Partition> = names.into_iter().map(of_partition).collect();
    partitions.sort_by(|a, b| (a.time, &a.name).cmp(&(b.time, &b.name)));
    // Of equal ones `min_by_key` gives the first.
    let worst = partitions.iter().rev().min_by_key(|partition| severity(partition.outcome.status));
    let Some(worst) = worst else { return judge.judge(readings) };
    let pair_nulls = needed().filter(|all| matches!(all.accumulator, Accumulator::PairSums(_)));
    let pair_nulls = pair_nulls.map(|all| all.nulls).sum();
    summary(worst, &partitions, pair_nulls)
}

/// A partition with the outcome over it.
struct Partition {
    name: String,
    time: Option<DateTime<Utc>>,
    outcome: Outcome,
}

impl Partition {
    fn judged(
        name: &str,
        time: Option<DateTime<Utc>>,
        judge: &dyn Judge,
        needed: &[usize],
        readings: &Readings<'_>,
    ) -> Self {
        let nothing = || Accumulated { rows: 0, nulls: 0, accumulator: Accumulator::Rows };
        let of_partition = |(at, all): (usize, &Accumulated)| {
            if needed.contains(&at) { all.of_partition(name) } else { nothing() }
        };
        let measures: Vec<Accumulated> = readings.measures.iter().enumerate().map(of_partition).collect();
        let outcome = judge.judge(&Readings { measures: &measures, time, ..*readings });
        Self { name: name.to_owned(), time, outcome }
    }

    fn shown(&self) -> GroupVerdict {
        let Outcome { status, observed, text, n_evaluated, n_failed, n_null, .. } = self.outcome.clone();
        let group = Map::from_iter([("partition".to_owned(), Value::from(self.name.as_str()))]);
        GroupVerdict { group, status, observed, observed_text: text, n_evaluated, n_failed, n_null }
    }
}

/// The worst outcome, with its partition named, and how the others came out.
fn summary(worst: &Partition, partitions: &[Partition], pair_nulls: u64) -> Outcome {
    let Outcome { status, observed, text, .. } = worst.outcome.clone();
    let judged = partitions.iter().filter(|partition| partition.outcome.status != Status::Skipped).count();
    let as_bad = partitions.iter().filter(|partition| partition.outcome.status == status).count();
    let rest = match status {
        Status::Pass => format!("; all {judged} partitions pass"),
        Status::Fail if as_bad == 1 => format!("; 1 of {judged} partitions fails"),
        Status::Fail => format!("; {as_bad} of {judged} partitions fail"),
        Status::Warn if as_bad == 1 => format!("; 1 of {judged} partitions is near the limit"),
        Status::Warn => format!("; {as_bad} of {judged} partitions are near the limit"),
        Status::Error | Status::Skipped => String::new(),
    };
    let observed = match observed {
        Value::Object(mut map) => {
            map.insert("partition".into(), worst.name.clone().into());
            Value::Object(map)
        }
        Value::Null => Value::Null,
        other => json!({"value": other, "partition": worst.name}),
    };
    let sum = |count: fn(&Outcome) -> u64| partitions.iter().map(|one| count(&one.outcome)).sum::<u64>();
    let mut shown: Vec<GroupVerdict> = partitions.iter().map(Partition::shown).collect();
    shown.sort_by_key(|partition| severity(partition.status));
    shown.truncate(SHOWN_GROUPS);
    Outcome {
        observed,
        text: format!("{}: {text}{rest}", worst.name),
        n_evaluated: sum(|outcome| outcome.n_evaluated),
        n_failed: sum(|outcome| outcome.n_failed),
        n_null: sum(|outcome| outcome.n_null) + pair_nulls,
        groups: shown,
        ..worst.outcome.clone()
    }
}
