//! Checks that are judged for each group of rows: a suite of their own, with a part for each group.

use std::borrow::Cow;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take;
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use serde_json::{Map, Value, json};

use super::bind::Binding;
use super::group_parts::{GroupParts, MOST_BYTES, MOST_GROUPS, with_counts};
use super::state::Part;
use super::{Batch, BindError, JudgeContext, NulledOut, RuleError, Suite};
use crate::check::Check;
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::measure::{unpacked, unreadable};
use crate::profile::redacted;
use crate::proofs::Proofs;
use crate::sample::{in_words, json_value};
use crate::scalar::grouped;
use crate::verdict::{Exactness, GroupVerdict, Outcome, Status, Verdict};

/// So many groups (or partitions) are shown in a verdict, those that fail first.
pub(super) const SHOWN_GROUPS: usize = 100;

/// So many groups are named in words.
const NAMED_GROUPS: usize = 3;

/// Checks over the same groups.
#[derive(Debug)]
pub(super) struct Grouping {
    names: Vec<String>,
    /// Whether groups are told apart by the hashes of their values in each.
    redacted: Vec<bool>,
    suite: Suite,
    /// The columns it reads, those of the keys included, among those of the suite around it.
    columns: Vec<usize>,
    /// Its conditions among those of the suite around it.
    predicates: Vec<usize>,
}

/// Checks over the same groups before they are bound, each with its position in the list of checks.
pub(super) struct Unbound {
    pub(super) names: Vec<String>,
    pub(super) checks: Vec<(Check, usize)>,
}

impl Unbound {
    pub(super) fn bind(self, around: &mut Binding<'_>) -> Result<Grouping, Vec<BindError>> {
        let (checks, positions): (Vec<Check>, Vec<usize>) = self.checks.into_iter().unzip();
        let redacted = around.redacted.clone();
        let suite = Suite::bind_redacting(checks, around.schema, around.references, &[], redacted);
        let suite = suite.map_err(|wrong| {
            let outer = |error: BindError| BindError { check: positions[error.check], ..error };
            wrong.into_iter().map(outer).collect::<Vec<_>>()
        })?;
        let columns = suite.columns().iter().chain(&self.names).map(|name| around.column(name)).collect();
        let predicates = suite.predicates().iter().map(|text| around.predicate(text)).collect();
        let redacted = self.names.iter().map(|name| around.redacted.contains(name)).collect();
        Ok(Grouping { names: self.names, redacted, suite, columns, predicates })
    }
}

impl Grouping {
    /// Whether it reads a column of the suite around it.
    pub(super) fn reads(&self, column: usize) -> bool {
        self.columns.contains(&column)
    }

    /// What each group of a batch gives, where some rows and values are gone already for whole-table rules.
    pub(super) fn measure(
        &self,
        batch: &Batch<'_>,
        staying: Option<&BooleanBuffer>,
        nulled: &[NulledOut],
    ) -> Result<GroupParts, RuleError> {
        let mut parts = GroupParts::default();
        for (key, rows) in self.groups(batch.record)? {
            if parts.groups.len() == MOST_GROUPS {
                return Ok(GroupParts::TOO_MUCH);
            }
            let failed = |error| RuleError::Measure(self.names.join(", "), error);
            let group = Group::of(self, batch, &rows, staying, nulled).map_err(failed)?;
            parts.groups.insert(key, group.measure(&self.suite)?);
        }
        Ok(parts)
    }

    /// The groups of a batch with the places of their rows.
    fn groups(&self, record: &RecordBatch) -> Result<Vec<(String, UInt32Array)>, RuleError> {
        let keys = self.names.iter().map(|name| {
            let column = record.column_by_name(name).ok_or_else(|| RuleError::MissingColumn(name.clone()))?;
            unpacked(column).map_err(|error| RuleError::Measure(name.clone(), error))
        });
        let keys: Vec<ArrayRef> = keys.collect::<Result<_, _>>()?;
        let hashes = hash_rows(&keys, &RowSet::all(record.num_rows()), true)
            .map_err(|error| RuleError::Measure(self.names.join(", "), error))?;
        let mut places: HashMap<u128, usize> = HashMap::new();
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for (row, hash) in hashes.into_iter().enumerate() {
            let place = *places.entry(hash).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::new());
            }
            groups[place].push(row as u32);
        }
        let key = |rows: &[u32]| {
            let first = rows.first().map_or(0, |row| *row as usize);
            let value = |(column, redact): (&ArrayRef, &bool)| match json_value(column, first) {
                Value::Null => Value::Null,
                value if *redact => redacted(&in_words([&value])).into(),
                value => value,
            };
            Value::Array(keys.iter().zip(&self.redacted).map(value).collect()).to_string()
        };
        Ok(groups.into_iter().map(|rows| (key(&rows), UInt32Array::from(rows))).collect())
    }

    /// The outcome of a check over all groups, with so many samples.
    pub(super) fn judge(
        &self,
        check: usize,
        parts: &GroupParts,
        samples: usize,
        context: &JudgeContext<'_>,
    ) -> Outcome {
        if parts.overflow {
            let (most, names) = (grouped(MOST_GROUPS as i128), self.names.join(", "));
            let mebibytes = grouped(MOST_BYTES as i128 >> 20);
            // Which of the two it was first would depend on how the rows were split.
            return Outcome::error(format!(
                "there are more than {most} groups of {names}, or their keys and values take more than {mebibytes} \
                 MiB; take fewer rows with `where`"
            ));
        }
        let counted = match parts.counted(&self.suite.measures_of(check)) {
            Ok(counted) => counted,
            Err(error) => return Outcome::error(unreadable(&error)),
        };
        // What is known of all rows says nothing of a group.
        let nothing = Proofs::default();
        let context = &JudgeContext { proofs: &nothing, ..*context };
        let judged = |(key, part): (&String, &Part)| {
            let values: Vec<Value> = serde_json::from_str(key).unwrap_or_default();
            let group: Map<String, Value> = self.names.iter().cloned().zip(values).collect();
            let part = if counted.is_empty() {
                Cow::Borrowed(part)
            } else {
                Cow::Owned(with_counts(part, key, &counted))
            };
            (group, self.suite.verdict(check, Some(&part), context))
        };
        let mut groups: Vec<(Map<String, Value>, Verdict)> = parts.groups.iter().map(judged).collect();
        groups.sort_by_key(|(_, verdict)| severity(verdict.status));
        summary(groups, samples)
    }
}

/// The rows of one group of a batch.
struct Group {
    record: RecordBatch,
    predicates: Vec<BooleanArray>,
    origins: Option<arrow::array::UInt64Array>,
    now: DateTime<Utc>,
    staying: Option<BooleanBuffer>,
    nulled: Vec<NulledOut>,
}

impl Group {
    fn of(
        grouping: &Grouping,
        batch: &Batch<'_>,
        rows: &UInt32Array,
        staying: Option<&BooleanBuffer>,
        nulled: &[NulledOut],
    ) -> Result<Self, ArrowError> {
        let schema = batch.record.schema();
        let wanted = grouping.suite.columns().iter().filter_map(|name| schema.index_of(name).ok());
        // Arrow keeps the number of rows of a batch only where it has a column.
        let mut wanted: Vec<usize> = wanted.collect();
        if let (true, Some(name)) = (wanted.is_empty(), grouping.names.first()) {
            wanted.push(schema.index_of(name)?);
        }
        let taken = |mask: &BooleanArray| Ok(take(mask, rows, None)?.as_boolean().clone());
        let columns = wanted.iter().map(|at| take(batch.record.column(*at), rows, None));
        let record = RecordBatch::try_new(
            std::sync::Arc::new(schema.project(&wanted)?),
            columns.collect::<Result<Vec<_>, _>>()?,
        )?;
        let predicates = grouping.predicates.iter().filter_map(|at| batch.predicates.get(*at)).map(taken);
        let nulled = nulled.iter().map(|nulled| -> Result<_, ArrowError> {
            Ok(NulledOut { column: nulled.column.clone(), rows: taken(&nulled.rows)? })
        });
        let staying = staying.map(|staying| taken(&BooleanArray::new(staying.clone(), None))).transpose()?;
        let origins = batch.origins.map(|origins| take(origins, rows, None)).transpose()?;
        Ok(Self {
            record,
            predicates: predicates.collect::<Result<_, ArrowError>>()?,
            origins: origins.map(|origins| origins.as_primitive().clone()),
            now: batch.now,
            staying: staying.map(|staying| staying.values().clone()),
            nulled: nulled.collect::<Result<_, _>>()?,
        })
    }

    fn measure(&self, suite: &Suite) -> Result<Part, RuleError> {
        let batch = Batch {
            record: &self.record,
            predicates: &self.predicates,
            origins: self.origins.as_ref(),
            now: self.now,
            partitions: None,
        };
        Ok(suite.measure_after(&batch, self.staying.as_ref(), &self.nulled)?.part)
    }
}

/// The order in which groups and partitions are shown.
pub(super) fn severity(status: Status) -> u8 {
    match status {
        Status::Error => 0,
        Status::Fail => 1,
        Status::Warn => 2,
        Status::Pass => 3,
        Status::Skipped => 4,
    }
}

/// The outcome of all groups, given with those that fail first.
fn summary(groups: Vec<(Map<String, Value>, Verdict)>, samples: usize) -> Outcome {
    let judged: Vec<&(Map<String, Value>, Verdict)> =
        groups.iter().filter(|(_, verdict)| verdict.status != Status::Skipped).collect();
    let Some((worst_group, worst)) = judged.first() else {
        return Outcome::skipped(if groups.is_empty() {
            "no groups in scope"
        } else {
            "nothing in any group"
        });
    };
    if worst.status == Status::Error {
        return Outcome::error(format!("{}: {}", in_words(worst_group.values()), worst.observed_text));
    }
    let as_bad = judged.iter().take_while(|(_, verdict)| verdict.status == worst.status).count();
    let all = grouped(judged.len() as i128);
    let text = if worst.status == Status::Pass {
        format!("all {all} groups pass")
    } else {
        let verb = if worst.status == Status::Fail { "fail" } else { "are near the limit" };
        let shown = judged.iter().take(as_bad.min(NAMED_GROUPS));
        let shown: Vec<String> = shown
            .map(|(group, verdict)| format!("{}: {}", in_words(group.values()), verdict.observed_text))
            .collect();
        let more = if as_bad > NAMED_GROUPS { "; …" } else { "" };
        format!("{} of {all} groups {verb}: {}{more}", grouped(as_bad as i128), shown.join("; "))
    };
    let total = |count: fn(&Verdict) -> u64| judged.iter().map(|(_, verdict)| count(verdict)).sum::<u64>();
    let failed = judged.iter().filter(|(_, verdict)| verdict.status == Status::Fail).count();
    let observed = json!({"groups": judged.len(), "failed": failed});
    let approx = judged.iter().map(|(_, verdict)| verdict.exactness).find(|e| *e != Exactness::Exact);
    let rows = judged.iter().flat_map(|(_, verdict)| &verdict.samples).take(samples).cloned();
    let mut outcome = Outcome::new(worst.status, observed, text)
        .counts(total(|verdict| verdict.n_evaluated), total(|verdict| verdict.n_null))
        .failed(total(|verdict| verdict.n_failed))
        .exactness(approx.unwrap_or(Exactness::Exact))
        .samples(rows);
    outcome.groups = groups.into_iter().take(SHOWN_GROUPS).map(shown).collect();
    outcome
}

fn shown((group, verdict): (Map<String, Value>, Verdict)) -> GroupVerdict {
    GroupVerdict {
        group,
        status: verdict.status,
        observed: verdict.observed,
        observed_text: verdict.observed_text,
        n_evaluated: verdict.n_evaluated,
        n_failed: verdict.n_failed,
        n_null: verdict.n_null,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use serde_json::json;

    use super::*;
    use crate::baseline::NO_HISTORY;
    use crate::proofs::Proofs;
    use crate::reference::References;
    use crate::room::{Room, Small};
    use crate::verdict::AnsweredFrom;

    /// The outcome of a check of `id` in groups of `shop`, whose rows come in batches of so many.
    fn outcome(rule: &str, rows: &[(i64, i64)], batch: usize) -> Verdict {
        outcome_within(None, rule, rows, batch)
    }

    /// The same where keys are put away that there is no room for.
    fn outcome_within(room: Option<Arc<dyn Room>>, rule: &str, rows: &[(i64, i64)], batch: usize) -> Verdict {
        let record = |rows: &[(i64, i64)]| {
            let (shops, ids): (Vec<i64>, Vec<i64>) = rows.iter().copied().unzip();
            let columns: [(_, ArrayRef); 2] =
                [("shop", Arc::new(Int64Array::from(shops))), ("id", Arc::new(Int64Array::from(ids)))];
            RecordBatch::try_from_iter(columns).unwrap()
        };
        let params = json!({"column": "id", "group_by": "shop"});
        let checks = Check::parse(rule, &params).unwrap();
        let suite = Suite::bind(checks, &record(&[]).schema(), References::default()).unwrap();
        let now = DateTime::UNIX_EPOCH;
        let start = suite.start();
        let mut state = room.map_or(start.clone(), |room| start.within(room));
        for rows in rows.chunks(batch) {
            let batch =
                Batch { record: &record(rows), predicates: &[], origins: None, now, partitions: None };
            state.merge(suite.measure(&batch).unwrap().part).unwrap();
        }
        let (proofs, source) = (&Proofs::default(), AnsweredFrom::Scan);
        suite.judge(&state, &JudgeContext { now, proofs, source, history: &NO_HISTORY }).remove(0)
    }

    #[test]
    fn more_groups_or_keys_than_are_held_are_an_error_whatever_the_split() {
        let most = MOST_BYTES as i64 / 16;
        let keys = |count: i64, groups: i64| (0..count).map(|id| (id % groups, id)).collect::<Vec<_>>();
        for (rows, expected) in [
            (keys(most / 2, 2), Status::Pass),
            (keys(most + 1, 2), Status::Error),
            (keys(1_000, MOST_GROUPS as i64), Status::Pass),
            (keys(1_000, MOST_GROUPS as i64 + 1), Status::Error),
        ] {
            for batch in [1_000, rows.len()] {
                let found = outcome("unique", &rows, batch);
                assert_eq!(found.status, expected, "{} {batch}: {}", rows.len(), found.observed_text);
            }
        }
    }

    #[test]
    fn keys_of_groups_beyond_what_is_held_are_put_away() {
        let most = MOST_BYTES as i64 / 16;
        let keys = |count: i64, groups: i64| (0..count).map(|id| (id % groups, id)).collect::<Vec<_>>();
        let mut twice = keys(3 * most, 3);
        twice.push((1, 1));
        for (rows, status) in [(keys(3 * most, 10), Status::Pass), (twice, Status::Fail)] {
            // Bytes beyond all bounds are room, and none are.
            for bytes in [u64::MAX, 0] {
                let small = Small::of(bytes);
                let room: Arc<dyn Room> = Arc::<Small>::clone(&small);
                let found = outcome_within(Some(room), "unique", &rows, 20_000);
                assert_eq!((found.status, found.n_evaluated), (status, rows.len() as u64), "{bytes}");
                // One place for each of 256 partitions, however many groups there are.
                let batches = rows.len().div_ceil(20_000);
                let most_times = if bytes == 0 { batches } else { 4 };
                assert!((1..=most_times).contains(&(small.times() / 256)), "{bytes}: {}", small.times());
                assert_eq!(small.times() % 256, 0);
            }
        }
        let groups = keys(1_000, MOST_GROUPS as i64 + 1);
        assert_eq!(outcome_within(Some(Small::of(0)), "unique", &groups, 100).status, Status::Error);
    }

    #[test]
    fn keys_that_repeat_are_held_once() {
        let rows: Vec<(i64, i64)> = (0..MOST_BYTES as i64 / 4).map(|row| (row % 2, row % 1_000)).collect();
        assert_eq!(outcome("unique", &rows, 1_000).status, Status::Fail);
    }
}
