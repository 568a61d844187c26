//! Measuring a batch: row tests first, then the measures over what they leave.

use std::cell::OnceCell;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::nullif;
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};

use super::state::{Part, Tally};
use super::{Batch, BoundCheck, Measured, NulledOut, PlannedMeasure, Quarantined, RuleError, Suite, Way};
use crate::check::{Nulls, OnRow};
use crate::dictionary::Dictionary;
use crate::literal::Family;
use crate::mask::{RowSet, truths};
use crate::measure::{Accumulated, Partitions, unpacked};
use crate::proofs::{ColumnProof, Proofs};
use crate::rule::{RowTest, Rows};
use crate::sample::{Keep, Sample, sample};

/// So many looks at the values of a text column cost more than finding its distinct ones: a look takes 0.7 to 1 ms
/// of 100,000 rows, finding them 1 to 2 (`benches/suite.rs`).
const WORTH_A_DICTIONARY: usize = 3;

/// So many tests of the values of a column of numbers cost more than finding its least and its greatest: each is one
/// pass.
const WORTH_EXTREMES: usize = 2;

/// How many look at nothing of a column but which values it has.
#[derive(Debug, Clone, Copy, Default)]
struct Looks {
    tests: usize,
    measures: usize,
}

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

    /// For each column, what looks at nothing but which values it has.
    fn looks(&self) -> Vec<Looks> {
        let mut looks = vec![Looks::default(); self.columns.len()];
        for check in self.checks.iter().filter(|check| check.measured) {
            if let (Way::Rows(test), [column]) = (&check.way, check.columns.as_slice())
                && test.per_value()
            {
                looks[*column].tests += 1;
            }
        }
        for planned in self.measures.iter().filter(|planned| planned.measured) {
            if let [column] = planned.columns.as_slice()
                && planned.spec.what.is_of_values()
            {
                looks[*column].measures += 1;
            }
        }
        looks
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
    dictionaries: Vec<OnceCell<Option<Dictionary>>>,
    /// What each column's least and greatest value show, under its name.
    extremes: Vec<OnceCell<Proofs>>,
    looks: Vec<Looks>,
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
        let dictionaries = raw.iter().map(|_| OnceCell::new()).collect();
        let scopes = batch.predicates.iter().map(RowSet::truths).collect();
        let &Batch { predicates, origins, now, partitions, .. } = batch;
        let extremes = raw.iter().map(|_| OnceCell::new()).collect();
        let looks = suite.looks();
        Ok(Self {
            raw,
            plain,
            dictionaries,
            extremes,
            looks,
            predicates,
            scopes,
            origins,
            now,
            partitions,
            len,
        })
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

    /// A column as its distinct values: where it comes so, or where enough look at them to make up for finding
    /// them, which is done once a batch.
    fn dictionary(&self, column: usize) -> Result<Option<&Dictionary>, ArrowError> {
        if let Some(known) = self.dictionaries[column].get() {
            return Ok(known.as_ref());
        }
        let Looks { tests, measures } = self.looks[column];
        let dictionary = match self.raw(column).as_any_dictionary_opt() {
            Some(coded) => Dictionary::of_coded(coded)?,
            None if tests + measures >= WORTH_A_DICTIONARY => Dictionary::of_texts(self.raw(column))?,
            None => None,
        };
        Ok(self.dictionaries[column].get_or_init(|| dictionary).as_ref())
    }

    /// Whether the least and the greatest value of a check's one column show that no row fails, nulls aside.
    fn within_extremes(&self, check: &BoundCheck, test: &dyn RowTest) -> Result<bool, ArrowError> {
        let ([column], [name]) = (check.columns.as_slice(), check.check.columns.as_slice()) else {
            return Ok(false);
        };
        let has_extremes =
            matches!(Family::of(self.raw(*column).data_type()), Family::Whole | Family::Float | Family::Time);
        if !has_extremes || !test.per_value() || self.looks[*column].tests < WORTH_EXTREMES {
            return Ok(false);
        }
        let extremes = match self.extremes[*column].get() {
            Some(known) => known,
            None => {
                let of_column = ColumnProof::of_rows(&self.plain(*column)?);
                let columns = of_column.map(|proof| (name.clone(), proof)).into_iter().collect();
                self.extremes[*column].get_or_init(|| Proofs { columns, ..Proofs::default() })
            }
        };
        Ok(test.known_to_fail(extremes, &[name]) == Some(0))
    }

    fn scope(&self, filter: Option<usize>) -> RowSet {
        filter.and_then(|at| self.scopes.get(at)).cloned().unwrap_or_else(|| RowSet::all(self.len))
    }

    /// How the rows fare under a check, and which fail, if any.
    fn tally(&self, check: &BoundCheck, test: &dyn RowTest) -> (Tally, Option<BooleanBuffer>) {
        self.fare(check, test)
            .unwrap_or_else(|error| (Tally { error: Some(error.to_string()), ..Tally::default() }, None))
    }

    fn fare(
        &self,
        check: &BoundCheck,
        test: &dyn RowTest,
    ) -> Result<(Tally, Option<BooleanBuffer>), ArrowError> {
        let limit = check.check.envelope.samples.rows;
        let policy = check.check.envelope.nulls.unwrap_or(test.default_nulls());
        if !test.tests_nulls() && policy != Nulls::Fail && self.within_extremes(check, test)? {
            let scope = self.scope(check.filter);
            let known = self.present(check, &scope).count();
            let evaluated = if policy == Nulls::Skip { known } else { scope.count() };
            let nulls = (scope.count() - known) as u64;
            return Ok((Tally { evaluated: evaluated as u64, nulls, limit, ..Tally::default() }, None));
        }
        let outcome = match self.test(check, test)? {
            Tested::Values(dictionary, outcomes) => {
                let tally = tally_of_values(dictionary, &outcomes, policy, test.tests_nulls());
                if check.filter.is_none() && tally.failed == 0 {
                    return Ok((Tally { limit, ..tally }, None));
                }
                dictionary.spread(&outcomes)
            }
            Tested::Rows(outcome) => outcome,
        };
        let scope = self.scope(check.filter);
        let passed = truths(&outcome);
        let known = scope.and_valid(outcome.nulls());
        let nulls = if test.tests_nulls() {
            scope.count() - self.present(check, &scope).count()
        } else {
            scope.count() - known.count()
        };
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
            limit,
            ..Tally::default()
        };
        if n_failed == 0 {
            return Ok((tally, None));
        }
        let failed = &evaluated.to_mask() & &!&passed;
        tally.samples = failed.set_indices().take(tally.limit).map(|row| self.sample(check, row)).collect();
        Ok((tally, Some(failed)))
    }

    /// The rows of a scope where no column of the check is null.
    fn present(&self, check: &BoundCheck, scope: &RowSet) -> RowSet {
        let nulls = check.columns.iter().map(|column| self.raw(*column).logical_nulls());
        nulls.fold(scope.clone(), |rows, nulls| rows.and_valid(nulls.as_ref()))
    }

    fn test(&self, check: &BoundCheck, test: &dyn RowTest) -> Result<Tested<'_>, ArrowError> {
        if test.per_value()
            && let [column] = check.columns.as_slice()
            && let Some(dictionary) = self.dictionary(*column)?
        {
            let values = std::slice::from_ref(dictionary.values());
            let outcomes = test.test(&Rows { columns: values, predicates: &[], now: self.now })?;
            return Ok(Tested::Values(dictionary, outcomes));
        }
        let columns =
            check.columns.iter().map(|column| self.plain(*column)).collect::<Result<Vec<_>, _>>()?;
        let predicates: Vec<&BooleanArray> =
            check.predicates.iter().filter_map(|at| self.predicates.get(*at)).collect();
        test.test(&Rows { columns: &columns, predicates: &predicates, now: self.now }).map(Tested::Rows)
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
        let nulled = |name: &String| null_out.iter().find(|nulled| &nulled.column == name);
        let scope = self.scope(planned.filter).and(staying);
        if planned.spec.what.is_of_values()
            && let ([column], [name]) = (planned.columns.as_slice(), planned.spec.columns.as_slice())
            && nulled(name).is_none()
            // Of floats, values that are equal may be written differently.
            && Family::of(self.raw(*column).data_type()) == Family::Text
            && let Some(dictionary) = self.dictionary(*column)?
        {
            let counts = dictionary.counts(&scope);
            let all = Accumulated::of_values(&planned.spec.what, dictionary.values(), &counts)?;
            return Ok(if planned.redacted { all.redacted() } else { all });
        }
        let mut columns = Vec::with_capacity(planned.columns.len());
        for (column, name) in planned.columns.iter().zip(&planned.spec.columns) {
            let array = self.plain(*column)?;
            columns.push(match nulled(name) {
                Some(nulled) => nullif(&array, &nulled.rows)?,
                None => array,
            });
        }
        let keep = self.keep(planned);
        let all = Accumulated::of_batch(&planned.spec.what, &columns, &scope, keep, self.partitions)?;
        Ok(if planned.redacted { all.redacted() } else { all })
    }
}

/// What a test says.
enum Tested<'a> {
    /// Of the distinct values of its column.
    Values(&'a Dictionary, BooleanArray),
    /// Of every row.
    Rows(BooleanArray),
}

/// How all rows fare, by the outcomes of their values.
fn tally_of_values(
    dictionary: &Dictionary,
    outcomes: &BooleanArray,
    policy: Nulls,
    tests_nulls: bool,
) -> Tally {
    let mut tally = Tally::default();
    for (at, rows) in dictionary.row_counts().iter().enumerate() {
        let known = outcomes.is_valid(at);
        let is_null = if tests_nulls { dictionary.values().is_null(at) } else { !known };
        let failed = if known { !outcomes.value(at) } else { policy == Nulls::Fail };
        tally.nulls += if is_null { *rows } else { 0 };
        tally.evaluated += if known || policy != Nulls::Skip { *rows } else { 0 };
        tally.failed += if failed { *rows } else { 0 };
    }
    tally
}
