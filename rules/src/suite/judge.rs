//! Judging: what the state and the proofs say about each check.

use arrow::array::{Array, ArrayRef, new_null_array};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::partitions::by_partition;
use super::state::{Part, State, Tally};
use super::{BoundCheck, JudgeContext, SampleColumn, Suite, Way};
use crate::check::{Nulls, OnRow};
use crate::literal::Family;
use crate::measure::Readings;
use crate::passing::{Fared, Wanted};
use crate::proofs::{ColumnProof, Proofs};
use crate::rule::{RowTest, Rows};
use crate::sample::{REDACTED, Sample};
use crate::scalar::Limits;
use crate::verdict::{AnsweredFrom, Outcome, Status, Verdict};

impl Suite {
    /// For each check where its answer comes from, if that is not (only) the rows: no batch need be looked
    /// at for it, or less of it.
    pub fn answered(&self, proofs: &Proofs) -> Vec<Option<AnsweredFrom>> {
        let from = |at| match self.proven(at, proofs, DateTime::UNIX_EPOCH) {
            Some(outcome) => Some(outcome.answered_from),
            None => self.eased(at, proofs).map(|_| AnsweredFrom::Plan),
        };
        (0..self.shown).map(from).collect()
    }

    /// Leaves out of measuring what proofs answer; judge with the same proofs.
    pub fn rely_on(&mut self, proofs: &Proofs) {
        let proven = |at| self.proven(at, proofs, DateTime::UNIX_EPOCH).is_some();
        let needs = |at| if proven(at) { None } else { Some(self.needs(at, proofs)) };
        let needs: Vec<Option<Vec<usize>>> = (0..self.checks.len()).map(needs).collect();
        for (at, measure) in self.measures.iter_mut().enumerate() {
            measure.measured = measure.profiled || needs.iter().flatten().any(|needed| needed.contains(&at));
        }
        for (check, needs) in self.checks.iter_mut().zip(needs) {
            check.measured = needs.is_some();
        }
    }

    /// The measures a check needs where it is not proven.
    fn needs(&self, at: usize, proofs: &Proofs) -> Vec<usize> {
        let all = || self.checks.get(at).map(|check| check.measures.clone()).unwrap_or_default();
        self.eased(at, proofs).unwrap_or_else(all)
    }

    /// The measures that a check and its parts asked for.
    pub(super) fn measures_of(&self, at: usize) -> Vec<usize> {
        match self.checks.get(at) {
            Some(BoundCheck { way: Way::Parts(_, parts), .. }) => {
                parts.iter().flat_map(|part| self.measures_of(*part)).collect()
            }
            Some(check) => check.measures.clone(),
            None => Vec::new(),
        }
    }

    /// The measures that suffice for a check with what the plan proves. Rows may leave without harm, but a
    /// value that is nulled out may repeat another.
    fn eased(&self, at: usize, proofs: &Proofs) -> Option<Vec<usize>> {
        let check = self.checks.get(at)?;
        let Way::Whole(judge) = &check.way else { return None };
        let touches = |other: &BoundCheck| {
            other.check.envelope.on_row == OnRow::NullOut
                && other.check.columns.iter().any(|column| check.check.columns.contains(column))
        };
        judge.eased(proofs).filter(|_| !self.checks.iter().any(touches))
    }

    /// One verdict for each check.
    pub fn judge(&self, state: &State, context: &JudgeContext<'_>) -> Vec<Verdict> {
        let fits = state.belongs_to(
            self.checks.len(),
            self.groupings.len(),
            self.measures.iter().map(|planned| &planned.spec),
        );
        let part = fits.then(|| state.part());
        (0..self.shown).map(|at| self.verdict(at, part, context)).collect()
    }

    /// The verdict of one check on a part of this suite.
    pub(super) fn verdict(&self, at: usize, part: Option<&Part>, context: &JudgeContext<'_>) -> Verdict {
        let check = &self.checks[at];
        let mut outcome = self.outcome(at, part, context);
        if outcome.answered_from == AnsweredFrom::Scan {
            outcome.answered_from = context.source;
        }
        check.verdict(outcome)
    }

    fn outcome(&self, at: usize, part: Option<&Part>, context: &JudgeContext<'_>) -> Outcome {
        let check = &self.checks[at];
        if let Some(outcome) = self.proven(at, context.proofs, context.now) {
            return outcome;
        }
        let Some(part) = part else { return Outcome::error("the state was measured by another suite") };
        let eased = self.eased(at, context.proofs).is_some();
        let measured = |measure: &usize| self.measures.get(*measure).is_some_and(|m| m.measured);
        if !check.measured || !self.needs(at, context.proofs).iter().all(measured) {
            return Outcome::error("what was proven is no longer");
        }
        let nothing = Proofs::default();
        match &check.way {
            Way::Rows(_) => match part.tallies.get(at) {
                Some(tally) => judge_rows(check, tally).samples(tally.samples.iter().cloned()),
                None => Outcome::error("the state holds no tally of the check"),
            },
            Way::Whole(judge) => {
                let proofs = if eased { context.proofs } else { &nothing };
                let (measures, now, history) = (&part.measures, context.now, context.history);
                let readings = Readings { measures, now, proofs, history, time: None };
                let follows = check.check.rule.baseline().is_some() && history.is_of_partitions();
                if follows {
                    by_partition(judge.as_ref(), &check.measures, &readings)
                } else {
                    judge.judge(&readings)
                }
            }
            Way::Parts(together, parts) => {
                let parts: Vec<Verdict> =
                    parts.iter().map(|at| self.verdict(*at, Some(part), context)).collect();
                together.combine(&parts)
            }
            Way::Groups { grouping, check: inner } => {
                match (self.groupings.get(*grouping), part.groupings.get(*grouping)) {
                    (Some(grouping), Some(groups)) => {
                        grouping.judge(*inner, groups, check.check.envelope.samples.rows, context)
                    }
                    _ => Outcome::error("the state holds no groups of the check"),
                }
            }
        }
    }

    /// What proofs say about a check. Never for a check with `where`; for whole-table rules only where no
    /// other check may take rows or values out.
    fn proven(&self, at: usize, proofs: &Proofs, now: DateTime<Utc>) -> Option<Outcome> {
        let check = self.checks.get(at)?;
        if check.filter.is_some() {
            return None;
        }
        match &check.way {
            Way::Parts(..) | Way::Groups { .. } => None,
            Way::Rows(test) => self.rows_proven(check, test.as_ref(), proofs),
            Way::Whole(judge) => {
                let outcome = judge.prove(proofs, now)?;
                let independent = outcome.answered_from == AnsweredFrom::Plan && check.measures.is_empty();
                (independent || !self.may_alter(proofs)).then_some(outcome)
            }
        }
    }

    /// Whether some check may take rows or values out, as far as proofs do not exclude it.
    fn may_alter(&self, proofs: &Proofs) -> bool {
        self.checks.iter().any(|check| {
            let harmless = || match &check.way {
                Way::Rows(test) => {
                    check.filter.is_none() && self.rows_proven(check, test.as_ref(), proofs).is_some()
                }
                Way::Whole(_) | Way::Parts(..) | Way::Groups { .. } => true,
            };
            check.alters_rows() && !harmless()
        })
    }

    /// Only a proof that no row fails answers a row check, as failing rows are wanted for what they are; or that so
    /// few fail that it passes and shows none of them.
    fn rows_proven(&self, check: &BoundCheck, test: &dyn RowTest, proofs: &Proofs) -> Option<Outcome> {
        let names: Vec<&str> =
            check.columns.iter().filter_map(|at| self.columns.get(*at)).map(String::as_str).collect();
        let rows = proofs.rows?;
        let first = names.first()?;
        let nulls = proofs.nulls(first)?;
        let about_one = check.check.columns.len() == 1;
        let all_null = about_one && nulls == rows && !test.tests_nulls();
        // A row that is kept apart would name this check among its reasons.
        let needs_no_row = || {
            !test.shows_what_passes()
                && !check.alters_rows()
                && self.checks.iter().all(|other| other.check.envelope.on_row != OnRow::Quarantine)
        };
        let known = if all_null { Some(0) } else { test.known_to_fail(proofs, &names) };
        let (failed, from) = match known {
            Some(failed) if failed == 0 || needs_no_row() => (failed, AnsweredFrom::Footer),
            _ if check.is_of_values() && listed_pass(test, proofs.columns.get(*first)?) => {
                (0, AnsweredFrom::Dictionary)
            }
            _ => return None,
        };
        let policy = check.check.envelope.nulls.unwrap_or(test.default_nulls());
        let evaluated = match policy {
            _ if test.tests_nulls() => rows,
            Nulls::Skip => rows - nulls.min(rows),
            Nulls::Pass => rows,
            Nulls::Fail if nulls == 0 => rows,
            Nulls::Fail => return None,
        };
        let tally = Tally { evaluated, failed, nulls, ..Tally::default() };
        let outcome = judge_rows(check, &tally).from(from);
        (failed == 0 || outcome.status == Status::Pass).then_some(outcome)
    }
}

/// Whether all texts that a column may hold are known, and every one passes. Texts pass at any time.
fn listed_pass(test: &dyn RowTest, known: &ColumnProof) -> bool {
    let (Some(values), Some(nulls)) = (&known.values, known.nulls) else { return false };
    let outcome = |values: ArrayRef| {
        test.test(&Rows { columns: &[values], predicates: &[], now: DateTime::UNIX_EPOCH })
    };
    let all_pass =
        || outcome(ArrayRef::clone(values)).is_ok_and(|passes| passes.true_count() == passes.len());
    // Rows without a value are counted as such only if the test says nothing about them.
    let skips_null = || outcome(new_null_array(values.data_type(), 1)).is_ok_and(|passes| passes.is_null(0));
    let are_texts = Family::of(values.data_type()) == Family::Text;
    are_texts && (nulls == 0 || (!test.tests_nulls() && skips_null())) && all_pass()
}

/// Judges how the rows fared by `mostly` and `warn`.
fn judge_rows(check: &BoundCheck, tally: &Tally) -> Outcome {
    if let Some(error) = &tally.error {
        return Outcome::error(format!("the rule failed: {error}"));
    }
    let Tally { evaluated, failed, nulls, .. } = *tally;
    Fared { evaluated, failed, nulls }.judge(check.wanted())
}

impl BoundCheck {
    fn expected(&self) -> String {
        let wanted = self.check.rule.expected();
        let is_of_rows = self.check.def.row_rule();
        let percent = |share: f64| {
            let percent = format!("{:.4}", share * 100.0);
            percent.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let mostly = self.wanted().mostly;
        let wanted = if is_of_rows && mostly < 1.0 {
            format!("{wanted} in at least {} % of rows", percent(mostly))
        } else {
            wanted
        };
        match &self.check.envelope.warn {
            None => wanted,
            Some(Value::Number(warn)) => match warn.as_f64() {
                Some(share) if is_of_rows => format!("{wanted}; warns below {} %", percent(share)),
                _ => format!("{wanted}; warns above {warn}"),
            },
            Some(_) => format!("{wanted}; warns unless {}", Limits::warn_of(&self.check.envelope).text()),
        }
    }

    /// Whether it tests the values of one column, each by itself, and nothing else decides how a value fares.
    pub(super) fn is_of_values(&self) -> bool {
        let is_per_value = matches!(&self.way, Way::Rows(test) if test.per_value());
        is_per_value && self.filter.is_none() && self.columns.len() == 1 && self.check.references().is_empty()
    }

    fn wanted(&self) -> Wanted {
        Wanted::of(&self.check.envelope, self.check.rule.mostly())
    }

    /// The samples that a report shows. Those of groups are as the checks of the groups show them.
    fn shown_samples(&self, status: Status, rows: Vec<Sample>) -> Vec<Sample> {
        match &self.way {
            Way::Groups { .. } => rows,
            Way::Rows(test) if status == Status::Pass && !test.shows_what_passes() => Vec::new(),
            _ if self.samples.is_empty() => Vec::new(),
            _ => rows.into_iter().take(self.check.envelope.samples.rows).map(|row| self.shown(row)).collect(),
        }
    }

    /// A row with the columns the check shows, in their order, as far as the row is shown by them.
    fn shown(&self, row: Sample) -> Sample {
        let Sample { origin, occurs, mut values } = row;
        let value = |column: &SampleColumn| {
            let value = values.remove(&column.name).filter(|_| !column.redact);
            let value = if column.redact { Some(REDACTED.into()) } else { value };
            value.map(|value| (column.name.clone(), value))
        };
        Sample { origin, occurs, values: self.samples.iter().filter_map(value).collect() }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        let envelope = &self.check.envelope;
        Verdict {
            id: self.id.clone(),
            rule: self.check.def.name.to_owned(),
            columns: self.check.columns.clone(),
            filter: envelope.filter.clone(),
            severity: envelope.severity,
            status: outcome.status,
            observed: outcome.observed,
            observed_text: outcome.text,
            expected: self.expected(),
            n_evaluated: outcome.n_evaluated,
            n_failed: outcome.n_failed,
            n_null: outcome.n_null,
            exactness: outcome.exactness,
            answered_from: outcome.answered_from,
            baseline: outcome.baseline,
            samples: self.shown_samples(outcome.status, outcome.samples),
            groups: outcome.groups,
            dimension: envelope.dimension.clone().unwrap_or_else(|| self.check.def.dimension.to_owned()),
            tags: envelope.tags.clone(),
            owner: envelope.owner.clone(),
            description: envelope.description.clone(),
            on_row: envelope.on_row,
        }
    }
}
