//! What is known of one column's values.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::Depth;
use super::distinct::DistinctCount;
use super::frequent::Frequent;
use super::texts::{self, Lengths};
use crate::keys::{KeyKind, hash_rows};
use crate::literal::{Family, plain, type_name, whole_text};
use crate::mask::RowSet;
use crate::measure::{Accumulated, Accumulator, Extremes, Interpolation, Moments, Quantiles, What};
use crate::sample::REDACTED;
use crate::scalar::short;

/// Of fewer rows all may well differ by chance.
const FEW_ROWS: u64 = 20;

/// Distinct values from this share of the rows on identify them; a sketch's error is smaller than the rest.
const NEARLY_ALL: f64 = 0.95;

/// A column's values in summary, mergeable. Columns of types that cannot be compared (structs, lists)
/// have their rows and nulls alone, and so does a profile of no column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column's type, as pipeline files spell it; empty where the profile is of no column.
    #[serde(rename = "type")]
    pub data_type: String,
    /// What its values are; None where they cannot be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<KeyKind>,
    /// How much is known.
    pub depth: Depth,
    /// Whether its values are not to be shown; frequent ones are then named by hashes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// Rows in scope.
    pub rows: u64,
    /// Of these, rows where it is null.
    pub nulls: u64,
    /// Smallest and largest value of numbers and times, in the column's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extremes: Option<Extremes>,
    /// Power sums of numbers, in the column's own unit, up to the depth's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moments: Option<Moments>,
    /// Quantiles of numbers (with decimals at their place) and of times (in the column's unit).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::stored_quantiles")]
    pub quantiles: Option<Quantiles>,
    /// Distinct values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<DistinctCount>,
    /// Frequent values; of floats only in a full profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequent: Option<Frequent>,
    /// Lengths of texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Lengths>,
    /// Shapes of texts, such as `AA-999`; only in a full profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapes: Option<Frequent>,
}

impl ColumnProfile {
    /// The profile of no column: rows, and nothing else.
    pub(crate) fn of_rows(depth: Depth, rows: u64) -> Self {
        Self {
            data_type: String::new(),
            kind: None,
            depth,
            redacted: false,
            rows,
            nulls: 0,
            extremes: None,
            moments: None,
            quantiles: None,
            distinct: None,
            frequent: None,
            lengths: None,
            shapes: None,
        }
    }

    /// The profile of a column's rows (no dictionary) that are in the set.
    pub(crate) fn of_column(depth: Depth, column: &ArrayRef, scope: &RowSet) -> Result<Self, ArrowError> {
        let data_type = column.data_type();
        let present = scope.and_valid(column.logical_nulls().as_ref());
        let mut all = Self::of_rows(depth, scope.count() as u64);
        all.data_type = type_name(data_type);
        all.nulls = (scope.count() - present.count()) as u64;
        // No measure takes half-precision floats.
        let kind = KeyKind::of(data_type).filter(|_| !matches!(plain(data_type), DataType::Float16));
        all.kind = kind;
        let Some(kind) = kind else { return Ok(all) };
        let family = Family::of(data_type);
        if family.is_number() {
            let mut moments = Moments::new(depth.moments());
            moments.add_column(column, &present)?;
            all.moments = Some(moments);
        }
        if family.is_number() || family == Family::Time {
            let empty = Accumulated::new(&What::Extremes, std::slice::from_ref(data_type));
            if let Accumulator::Extremes(mut extremes) = empty.accumulator {
                extremes.add_column(column, &present)?;
                all.extremes = Some(extremes);
            }
            all.quantiles = Some(Quantiles::of_column(column, &present)?);
        }
        let hashes = hash_rows(std::slice::from_ref(column), &present, false)?;
        all.distinct = Some(DistinctCount::of(&hashes));
        if kind != KeyKind::Float || depth == Depth::Full {
            all.frequent = Some(Frequent::of_column(column, &present, &hashes));
        }
        if family == Family::Text {
            let (lengths, shapes) = texts::of_column(column, &present, depth == Depth::Full)?;
            (all.lengths, all.shapes) = (Some(lengths), shapes);
        }
        Ok(all)
    }

    /// Adds the profile of other rows of the column. Where its type has changed, what cannot be added up
    /// is no longer known; of two depths the lesser remains.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.depth = self.depth.min(other.depth);
        self.redacted |= other.redacted;
        let same = self.kind == other.kind;
        let comparable = self.comparable(&other);
        if self.kind.is_none() {
            self.kind = other.kind.filter(|_| self.data_type.is_empty());
        }
        if self.data_type.is_empty() {
            self.data_type = other.data_type;
        }
        let exact_quantiles = self.depth.exact_quantiles();
        combine(&mut self.extremes, other.extremes, same, Extremes::merge);
        combine(&mut self.moments, other.moments.as_ref(), same, merge_moments);
        combine(&mut self.quantiles, other.quantiles, comparable, |mine, theirs| {
            mine.merge_within(theirs, exact_quantiles);
        });
        combine(&mut self.distinct, other.distinct, same, DistinctCount::merge);
        combine(&mut self.frequent, other.frequent, same, Frequent::merge);
        combine(&mut self.lengths, other.lengths.as_ref(), same, Lengths::merge);
        combine(&mut self.shapes, other.shapes, same, Frequent::merge);
    }

    /// The profiles of several sets of rows together, without their distinct values and shapes; None of
    /// none. The same as merging them one by one, but in one go.
    pub fn together<'a>(profiles: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let profiles: Vec<&Self> = profiles.collect();
        let first = *profiles.first()?;
        let same = profiles.iter().all(|profile| profile.kind == first.kind);
        let comparable = profiles.iter().all(|profile| profile.comparable(first));
        let mut all = Self::of_rows(first.depth, 0);
        (all.data_type, all.kind) = (first.data_type.clone(), first.kind);
        (all.extremes, all.moments, all.lengths) =
            (first.extremes, first.moments.clone(), first.lengths.clone());
        for (at, profile) in profiles.iter().enumerate() {
            all.rows += profile.rows;
            all.nulls += profile.nulls;
            all.depth = all.depth.min(profile.depth);
            all.redacted |= profile.redacted;
            if at > 0 {
                combine(&mut all.extremes, profile.extremes, same, Extremes::merge);
                combine(&mut all.moments, profile.moments.as_ref(), same, merge_moments);
                combine(&mut all.lengths, profile.lengths.as_ref(), same, Lengths::merge);
            }
        }
        let quantiles: Option<Vec<&Quantiles>> = profiles.iter().map(|p| p.quantiles.as_ref()).collect();
        if let Some(quantiles) = quantiles.filter(|_| comparable) {
            all.quantiles = Quantiles::together(quantiles.into_iter(), all.depth.exact_quantiles());
        }
        let frequent: Option<Vec<&Frequent>> = profiles.iter().map(|p| p.frequent.as_ref()).collect();
        all.frequent = frequent.filter(|_| same).map(|lists| Frequent::together(&lists));
        Some(all)
    }

    /// Names no value, but frequent ones by their hashes.
    pub(crate) fn redact(&mut self) {
        self.redacted = true;
        if let Some(frequent) = &mut self.frequent {
            frequent.redact();
        }
    }

    /// A number of the column's quantiles in words.
    pub fn shown(&self, value: f64) -> String {
        match self.kind {
            _ if self.redacted => REDACTED.to_owned(),
            Some(KeyKind::Time(_)) => whole_text(value as i128, &self.whole_type()),
            _ => short(value),
        }
    }

    /// Whether distributions of the two can be compared: both are numbers, or both of the same kind.
    pub fn comparable(&self, other: &Self) -> bool {
        KeyKind::share_a_scale(self.kind, other.kind)
    }

    /// The profile within the room that is kept for it when stored: fewer quantiles and frequent values,
    /// and a smaller sketch of the distinct ones. What is left says by how much it may be wrong.
    #[must_use]
    pub fn compacted(mut self) -> Self {
        if let Some(quantiles) = &mut self.quantiles {
            quantiles.shorten(self.depth.stored_quantiles());
        }
        if let Some(frequent) = &mut self.frequent {
            frequent.shorten(self.depth.stored_values());
        }
        if let Some(shapes) = &mut self.shapes {
            shapes.shorten(self.depth.stored_values());
        }
        self.distinct = self.distinct.map(|distinct| distinct.compacted(self.depth));
        self
    }

    /// Whether nearly every row has a value of its own that is no measurement: ids, names of files, times of
    /// writing. Such a column differs from every other delivery of it.
    pub fn identifies_rows(&self) -> bool {
        let is_measured =
            matches!(self.kind, None | Some(KeyKind::Float | KeyKind::Decimal(_) | KeyKind::Bool));
        let distinct = self.distinct.as_ref().map_or(0.0, |distinct| distinct.count().0);
        !is_measured && self.present() >= FEW_ROWS && distinct >= NEARLY_ALL * self.present() as f64
    }

    /// Values that are not null.
    pub fn present(&self) -> u64 {
        self.rows - self.nulls.min(self.rows)
    }

    /// Values that are NaN.
    pub fn nan(&self) -> u64 {
        self.quantiles.as_ref().map_or(0, |quantiles| quantiles.nan)
    }

    /// What one unit of the power sums and extremes is worth.
    fn unit(&self) -> f64 {
        match self.kind {
            Some(KeyKind::Decimal(scale)) => 10_f64.powi(-i32::from(scale)),
            _ => 1.0,
        }
    }

    /// The smallest and the largest value as floats; None without values or for texts.
    pub fn range(&self) -> Option<(f64, f64)> {
        match self.extremes? {
            Extremes::Whole(range) => {
                range.map(|(low, high)| (low as f64 * self.unit(), high as f64 * self.unit()))
            }
            Extremes::Float { range, .. } => range,
        }
    }

    /// The smallest and the largest value in words: numbers with all their digits, dates, timestamps.
    pub fn range_text(&self) -> Option<(String, String)> {
        match self.extremes? {
            Extremes::Whole(range) => {
                let data_type = self.whole_type();
                range.map(|(low, high)| (whole_text(low, &data_type), whole_text(high, &data_type)))
            }
            Extremes::Float { range, .. } => range.map(|(low, high)| (low.to_string(), high.to_string())),
        }
    }

    /// A type whose whole numbers mean what the column's do.
    fn whole_type(&self) -> DataType {
        let zone = || self.data_type.contains(", ").then(|| "UTC".into());
        match self.kind {
            Some(KeyKind::Decimal(scale)) => DataType::Decimal128(38, scale),
            Some(KeyKind::Time(_)) if self.data_type == "date" => match self.kind {
                Some(KeyKind::Time(1_000_000)) => DataType::Date64,
                _ => DataType::Date32,
            },
            Some(KeyKind::Time(1_000_000_000)) => DataType::Timestamp(TimeUnit::Second, zone()),
            Some(KeyKind::Time(1_000_000)) => DataType::Timestamp(TimeUnit::Millisecond, zone()),
            Some(KeyKind::Time(1_000)) => DataType::Timestamp(TimeUnit::Microsecond, zone()),
            Some(KeyKind::Time(_)) => DataType::Timestamp(TimeUnit::Nanosecond, zone()),
            _ => DataType::Int64,
        }
    }

    /// The sum of the values; None for what is no number.
    pub fn sum(&self) -> Option<f64> {
        Some(self.moments.as_ref()?.sum() * self.unit())
    }

    /// The mean; None without values.
    pub fn mean(&self) -> Option<f64> {
        let moments = self.moments.as_ref().filter(|moments| moments.count() > 0)?;
        Some(moments.mean() * self.unit())
    }

    /// The sample's standard deviation; None with fewer than two values.
    pub fn stddev(&self) -> Option<f64> {
        let known = |moments: &&Moments| moments.count() > 1 && moments.sums.len() > 1 && !moments.overflow;
        let moments = self.moments.as_ref().filter(known)?;
        let variance = moments.variance(1);
        // NaN stays what it is.
        Some(if variance < 0.0 { 0.0 } else { variance.sqrt() * self.unit() })
    }

    /// A quantile of numbers (of times in the column's unit); None without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let quantiles = self.quantiles.as_ref().filter(|quantiles| quantiles.count > 0)?;
        Some(quantiles.quantile(q, Interpolation::Linear))
    }
}

/// Merges two parts of a profile; what only one side knows, or what cannot be added, is not known of both.
fn combine<T, U>(mine: &mut Option<T>, theirs: Option<U>, fits: bool, merge: impl FnOnce(&mut T, U)) {
    match (mine.as_mut(), theirs) {
        (Some(mine), Some(theirs)) if fits => merge(mine, theirs),
        _ => *mine = None,
    }
}

/// Merges power sums; of two orders the lower remains.
fn merge_moments(mine: &mut Moments, theirs: &Moments) {
    mine.sums.truncate(theirs.sums.len());
    mine.merge(theirs);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;

    fn identifies_rows(column: &ArrayRef) -> bool {
        let rows = RowSet::all(column.len());
        ColumnProfile::of_column(Depth::Drift, column, &rows).unwrap().identifies_rows()
    }

    #[test]
    fn ids_identify_rows_and_measurements_do_not() {
        let numbers =
            |values: std::ops::Range<i64>| Arc::new(Int64Array::from_iter_values(values)) as ArrayRef;
        let texts = (0..100).map(|n| format!("file {n}"));
        let identify = [numbers(0..50_000), Arc::new(StringArray::from_iter_values(texts))];
        let measure: [ArrayRef; 4] = [
            numbers(0..5),
            Arc::new(Int64Array::from_iter_values((0..1_000).map(|n| n % 500))),
            Arc::new(Float64Array::from_iter_values((0..1_000).map(f64::from))),
            Arc::new(Int64Array::new_null(100)),
        ];
        assert!(identify.iter().all(identifies_rows));
        assert!(!measure.iter().any(identifies_rows));
    }
}
