//! Measuring a batch: row tests first, then the measures over what they leave.

use std::cell::OnceCell;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::nullif;
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};

use super::state::{Part, Tally};
use super::{Batch, BoundCheck, Measured, NulledOut, PlannedMeasure, Quarantined, RuleError, Suite, Way};
use crate::check::{Nulls, OnRow};
use crate::mask::{RowSet, spread, truths};
use crate::measure::{Accumulated, Partitions, unpacked};
use crate::rule::{RowTest, Rows};
use crate::sample::{Keep, Sample, sample};

impl Suite {
    /// Tests and measures a batch. Batches may be measured in any order and in parallel; their parts are
    /// merged in batch order.
    pub fn measure(&self, batch: &Batch<'_>) -> Result<Measured, RuleError> {
        self.measure_after(batch, None, &[])
    }

    /// The same, where some rows and values are gone already for whole-table rules.
    pub(super) fn measure_after(
        &self,
        batch: &Batch<'_>,
        staying: Option<&BooleanBuffer>,
        nulled: &[NulledOut],
    ) -> Result<Measured, RuleError> {
        let rows = Prepared::new(self, batch)?;
        let mut tallies = Vec::with_capacity(self.checks.len());
        let mut failures: Vec<Option<BooleanBuffer>> = Vec::with_capacity(self.checks.len());
        for check in &self.checks {
            let (tally, failed) = match &check.way {
                Way::Rows(test) if check.measured => rows.tally(check, test.as_ref()),
                Way::Rows(_) | Way::Whole(_) | Way::Parts(..) | Way::Groups { .. } => {
                    (Tally::default(), None)
                }
            };
            tallies.push(tally);
            failures.push(failed);
        }
        let leaving = self.leaving(&failures, rows.len);
        let mut null_out = self.nulled(&failures);
        null_out.extend_from_slice(nulled);
        let quarantined = self.quarantined(&failures, rows.len);
        let mut measures = Vec::with_capacity(self.measures.len());
        let staying = match (leaving.as_ref().map(|leaving| !leaving), staying) {
            (Some(mine), Some(before)) => Some(&mine & before),
            (mine, before) => mine.or_else(|| before.cloned()),
        };
        for planned in &self.measures {
            let accumulated = rows
                .accumulate(planned, staying.as_ref(), &null_out)
                .map_err(|error| RuleError::Measure(planned.spec.columns.join(", "), error))?;
            measures.push(accumulated);
        }
        let groupings = self
            .groupings
            .iter()
            .map(|grouping| grouping.measure(batch, staying.as_ref(), &null_out))
            .collect::<Result<Vec<_>, _>>()?;
        let part = Part { tallies, measures, groupings };
        let keep = staying.map(|staying| BooleanArray::new(staying, None));
        Ok(Measured { part, keep, quarantined, null_out })
    }

    fn failures_of<'a>(
        &'a self,
        failures: &'a [Option<BooleanBuffer>],
        on_row: &'a [OnRow],
    ) -> impl Iterator<Item = (&'a BoundCheck, &'a BooleanBuffer)> {
        let wanted = |check: &BoundCheck| on_row.contains(&check.check.envelope.on_row);
        self.checks.iter().zip(failures).filter_map(move |(check, failed)| {
            failed.as_ref().filter(|_| wanted(check)).map(|failed| (check, failed))
        })
    }

    fn leaving(&self, failures: &[Option<BooleanBuffer>], len: usize) -> Option<BooleanBuffer> {
        let mut failed =
            self.failures_of(failures, &[OnRow::Drop, OnRow::Quarantine]).map(|(_, failed)| failed);
        let first = failed.next()?.clone();
        debug_assert_eq!(first.len(), len, "a mask is as long as its batch");
        Some(failed.fold(first, |all, failed| &all | failed))
    }

    fn nulled(&self, failures: &[Option<BooleanBuffer>]) -> Vec<NulledOut> {
        let mut all: Vec<(String, BooleanBuffer)> = Vec::new();
        for (check, failed) in self.failures_of(failures, &[OnRow::NullOut]) {
            for column in &check.check.columns {
                match all.iter_mut().find(|(name, _)| name == column) {
                    Some((_, rows)) => *rows = &*rows | failed,
                    None => all.push((column.clone(), failed.clone())),
                }
            }
        }
        all.into_iter()
            .map(|(column, rows)| NulledOut { column, rows: BooleanArray::new(rows, None) })
            .collect()
    }

    fn quarantined(&self, failures: &[Option<BooleanBuffer>], len: usize) -> Vec<Quarantined> {
        let mut aside = self.failures_of(failures, &[OnRow::Quarantine]).map(|(_, failed)| failed.clone());
        let Some(first) = aside.next() else { return Vec::new() };
        let aside = aside.fold(first, |all, failed| &all | &failed);
        debug_assert_eq!(aside.len(), len, "a mask is as long as its batch");
        let reasons = |row: usize| {
            let failed = failures
                .iter()
                .take(self.shown)
                .enumerate()
                .filter(|(_, mask)| mask.as_ref().is_some_and(|m| m.value(row)));
            failed.map(|(check, _)| check as u32).collect()
        };
        aside.set_indices().map(|row| Quarantined { row, checks: reasons(row) }).collect()
    }
}

/// A batch with its columns found and its scopes known.
struct Prepared<'a> {
    /// The suite's columns; none where proofs answer for it.
    raw: Vec<Option<&'a ArrayRef>>,
    plain: Vec<OnceCell<ArrayRef>>,
    predicates: &'a [BooleanArray],
    scopes: Vec<RowSet>,
    origins: Option<&'a UInt64Array>,
    now: DateTime<Utc>,
    partitions: Option<Partitions<'a>>,
    len: usize,
}

impl<'a> Prepared<'a> {
    fn new(suite: &Suite, batch: &Batch<'a>) -> Result<Self, RuleError> {
        let len = batch.record.num_rows();
        let find = |(column, name): (usize, &String)| match batch.record.column_by_name(name) {
            None if suite.is_needed(column) => Err(RuleError::MissingColumn(name.clone())),
            found => Ok(found),
        };
        let raw = suite.columns.iter().enumerate().map(find).collect::<Result<Vec<_>, _>>()?;
        let fitting = batch.predicates.iter().filter(|predicate| predicate.len() == len).count();
        if fitting != suite.predicates.len() || batch.predicates.len() != fitting {
            return Err(RuleError::Predicates { wanted: suite.predicates.len(), found: fitting });
        }
        let plain = raw.iter().map(|_| OnceCell::new()).collect();
        let scopes = batch.predicates.iter().map(RowSet::truths).collect();
        let &Batch { predicates, origins, now, partitions, .. } = batch;
        Ok(Self { raw, plain, predicates, scopes, origins, now, partitions, len })
    }

    fn raw(&self, column: usize) -> &'a ArrayRef {
        self.raw[column].expect("a column that is looked at was found when the batch came")
    }

    /// A column without its dictionary, unpacked once a batch.
    fn plain(&self, column: usize) -> Result<ArrayRef, ArrowError> {
        if let Some(known) = self.plain[column].get() {
            return Ok(ArrayRef::clone(known));
        }
        let array = unpacked(self.raw(column))?;
        Ok(ArrayRef::clone(self.plain[column].get_or_init(|| array)))
    }

    fn scope(&self, filter: Option<usize>) -> RowSet {
        filter.and_then(|at| self.scopes.get(at)).cloned().unwrap_or_else(|| RowSet::all(self.len))
    }

    /// How the rows fare under a check, and which fail, if any.
    fn tally(&self, check: &BoundCheck, test: &dyn RowTest) -> (Tally, Option<BooleanBuffer>) {
        let outcome = match self.test(check, test) {
            Ok(outcome) => outcome,
            Err(error) => return (Tally { error: Some(error.to_string()), ..Tally::default() }, None),
        };
        let scope = self.scope(check.filter);
        let passed = truths(&outcome);
        let known = scope.and_valid(outcome.nulls());
        let nulls = if test.tests_nulls() {
            let raw = check.columns.iter().map(|column| self.raw(*column).logical_nulls());
            scope.count() - raw.fold(scope.clone(), |rows, nulls| rows.and_valid(nulls.as_ref())).count()
        } else {
            scope.count() - known.count()
        };
        let policy = check.check.envelope.nulls.unwrap_or(test.default_nulls());
        let evaluated = if policy == Nulls::Skip { known.clone() } else { scope };
        let passed = match (policy, outcome.nulls()) {
            (Nulls::Pass, Some(valid)) => &passed | &!valid.inner(),
            _ => passed,
        };
        let n_failed = evaluated.count() - evaluated.and(Some(&passed)).count();
        let mut tally = Tally {
            evaluated: evaluated.count() as u64,
            failed: n_failed as u64,
            nulls: nulls as u64,
            limit: check.check.envelope.samples.rows,
            ..Tally::default()
        };
        if n_failed == 0 {
            return (tally, None);
        }
        let failed = &evaluated.to_mask() & &!&passed;
        tally.samples = failed.set_indices().take(tally.limit).map(|row| self.sample(check, row)).collect();
        (tally, Some(failed))
    }

    fn test(&self, check: &BoundCheck, test: &dyn RowTest) -> Result<BooleanArray, ArrowError> {
        if test.per_value()
            && let [column] = check.columns.as_slice()
            && let Some(dictionary) = self.raw(*column).as_any_dictionary_opt()
            && dictionary.values().len() <= self.len
        {
            let values = [ArrayRef::clone(dictionary.values())];
            let of_values = test.test(&Rows { columns: &values, predicates: &[], now: self.now })?;
            let null = [new_null_array(dictionary.values().data_type(), 1)];
            let of_null = test.test(&Rows { columns: &null, predicates: &[], now: self.now })?;
            let of_null = (of_null.is_valid(0)).then(|| of_null.value(0));
            return Ok(spread(dictionary, &of_values, of_null));
        }
        let columns =
            check.columns.iter().map(|column| self.plain(*column)).collect::<Result<Vec<_>, _>>()?;
        let predicates: Vec<&BooleanArray> =
            check.predicates.iter().filter_map(|at| self.predicates.get(*at)).collect();
        test.test(&Rows { columns: &columns, predicates: &predicates, now: self.now })
    }

    fn sample(&self, check: &BoundCheck, row: usize) -> Sample {
        let shown = check.samples.iter().filter(|shown| !shown.redact);
        let columns = shown.map(|shown| (shown.name.as_str(), self.raw(shown.column)));
        sample(columns, self.origins, row)
    }

    /// What a measure keeps of the batch for the samples of its checks.
    fn keep(&self, planned: &PlannedMeasure) -> Option<Keep> {
        let columns = planned.shown.iter().filter(|shown| !shown.redact);
        (planned.sample_rows > 0).then(|| Keep {
            rows: planned.sample_rows,
            columns: columns
                .map(|shown| (shown.name.clone(), ArrayRef::clone(self.raw(shown.column))))
                .collect(),
            origins: self.origins.cloned(),
        })
    }

    fn accumulate(
        &self,
        planned: &PlannedMeasure,
        staying: Option<&BooleanBuffer>,
        null_out: &[NulledOut],
    ) -> Result<Accumulated, ArrowError> {
        if !planned.measured {
            return Ok(Accumulated::new(&planned.spec.what, &planned.types));
        }
        let mut columns = Vec::with_capacity(planned.columns.len());
        for (column, name) in planned.columns.iter().zip(&planned.spec.columns) {
            let array = self.plain(*column)?;
            columns.push(match null_out.iter().find(|nulled| &nulled.column == name) {
                Some(nulled) => nullif(&array, &nulled.rows)?,
                None => array,
            });
        }
        let scope = self.scope(planned.filter).and(staying);
        let keep = self.keep(planned);
        let all = Accumulated::of_batch(&planned.spec.what, &columns, &scope, keep, self.partitions)?;
        Ok(if planned.redacted { all.redacted() } else { all })
    }
}
