//! Two profiles of a column side by side: every distance that the rules of drift know, at once.

use serde::Serialize;

use super::ColumnProfile;
use crate::against::Distance;
use crate::distribution::psi::OfBaseline;
use crate::drift::jensen_shannon::JensenShannon;
use crate::drift::ks::Ks;
use crate::drift::missingness_drift::MissingnessDrift;
use crate::drift::new_categories::NewCategories;
use crate::drift::wasserstein::Wasserstein;

/// How far a column is from what it was. A distance that is not defined for the column, or of no values, is
/// None. Distances may be infinite, which JSON writes as null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What is known now.
    pub now: Figures,
    /// What was known before.
    pub before: Figures,
    /// Cohen's h of the share of nulls.
    pub missingness_drift: Option<f64>,
    /// The population stability index.
    pub psi: Option<f64>,
    /// The Jensen-Shannon distance.
    pub jensen_shannon: Option<f64>,
    /// The Kolmogorov-Smirnov distance of numbers and times.
    pub ks: Option<f64>,
    /// The Wasserstein distance of numbers and times, in standard deviations of what was before.
    pub wasserstein: Option<f64>,
    /// The share of values that were never seen before.
    pub new_categories: Option<f64>,
    /// The distances above what their rules allow where a check does not say, the farthest above first.
    pub above: Vec<Above>,
    /// The largest distance in multiples of what its rule allows.
    pub excess: f64,
}

/// A distance that is larger than its rule allows where a check does not say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Above {
    /// The rule.
    pub rule: &'static str,
    /// The distance.
    pub value: f64,
    /// The largest that does not fail.
    pub fail: f64,
}

/// The plain figures of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Its type; empty where the column is only known by its rows.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Rows.
    pub rows: u64,
    /// Nulls as a share of the rows; None without rows.
    pub null_ratio: Option<f64>,
    /// Mean of numbers.
    pub mean: Option<f64>,
    /// Standard deviation of the sample of numbers.
    pub stddev: Option<f64>,
}

impl Figures {
    fn of(profile: &ColumnProfile) -> Self {
        let null_ratio = (profile.rows > 0).then(|| profile.nulls as f64 / profile.rows as f64);
        Self {
            data_type: profile.data_type.clone(),
            rows: profile.rows,
            null_ratio,
            mean: profile.mean(),
            stddev: profile.stddev(),
        }
    }
}

/// Compares a column now with the same column before, by the definitions and thresholds of the catalogue.
pub fn compare(now: &ColumnProfile, before: &ColumnProfile) -> Comparison {
    let rows = now.rows > 0 && before.rows > 0;
    let values = now.present() > 0 && before.present() > 0 && now.comparable(before);
    let mut all = Seen { now, before, found: Vec::new() };
    let missingness_drift = all.see(rows, &MissingnessDrift {});
    let psi = all.see(values, &OfBaseline);
    let jensen_shannon = all.see(values, &JensenShannon {});
    let ks = all.see(values, &Ks { robust: false, alpha: None });
    let wasserstein = all.see(values, &Wasserstein {});
    let new_categories = all.see(values, &NewCategories {});
    let mut found = all.found;
    found.sort_by(|a, b| b.excess().total_cmp(&a.excess()));
    let excess = found.first().map_or(0.0, Above::excess);
    found.retain(|above| above.value > above.fail);
    Comparison {
        now: Figures::of(now),
        before: Figures::of(before),
        missingness_drift,
        psi,
        jensen_shannon,
        ks,
        wasserstein,
        new_categories,
        above: found,
        excess,
    }
}

impl Above {
    fn excess(&self) -> f64 {
        self.value / self.fail
    }
}

/// The distances of two profiles found so far.
struct Seen<'a> {
    now: &'a ColumnProfile,
    before: &'a ColumnProfile,
    found: Vec<Above>,
}

impl Seen<'_> {
    /// One more distance, if it is defined.
    fn see<D: Distance>(&mut self, defined: bool, distance: &D) -> Option<f64> {
        let value = defined.then(|| distance.between(self.now, self.before).value)?;
        if value.is_nan() {
            return None;
        }
        self.found.push(Above { rule: D::NAME, value, fail: D::FAIL });
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, StringArray};

    use super::*;
    use crate::mask::RowSet;
    use crate::profile::Depth;

    #[expect(clippy::needless_pass_by_value, reason = "columns are made in place")]
    fn profile(column: ArrayRef) -> ColumnProfile {
        let rows = RowSet::all(column.len());
        ColumnProfile::of_column(Depth::Drift, &column, &rows).unwrap()
    }

    fn texts(values: &[Option<&str>]) -> ColumnProfile {
        profile(Arc::new(StringArray::from(values.to_vec())))
    }

    fn floats(values: &[f64]) -> ColumnProfile {
        profile(Arc::new(Float64Array::from(values.to_vec())))
    }

    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn distances_are_those_that_the_rules_document() {
        // The examples of the catalogue: ks 0.5, wasserstein 0.894427; jensen_shannon 0.366719,
        // missingness_drift 0.152102, new_categories 25 %.
        let numbers = compare(&floats(&[2.0, 3.0, 4.0, 5.0]), &floats(&[1.0, 2.0, 3.0, 4.0]));
        assert_eq!((numbers.new_categories, numbers.missingness_drift), (None, Some(0.0)));
        close(numbers.wasserstein, 0.894_427);
        let cities = compare(
            &texts(&[Some("Bern"), Some("Bern"), Some("Basel"), Some("Zug"), None]),
            &texts(&[
                Some("Bern"),
                Some("Bern"),
                Some("Basel"),
                Some("Basel"),
                Some("Bern"),
                Some("Basel"),
                None,
            ]),
        );
        close(cities.jensen_shannon, 0.366_719);
        close(cities.missingness_drift, 0.152_102);
        close(cities.new_categories, 0.25);
        assert_eq!((cities.ks, cities.wasserstein), (None, None));
        assert_eq!(cities.above[0].rule, "new_categories");
        close(Some(cities.excess), 25.0);
    }

    #[test]
    fn the_same_has_not_drifted() {
        let column = floats(&[1.0, 2.0, f64::NAN, f64::INFINITY]);
        let same = compare(&column, &column);
        assert_eq!((same.above.len(), same.ks, same.psi), (0, Some(0.0), Some(0.0)));
    }

    #[test]
    fn null_empty_and_another_type_have_no_distribution() {
        let (empty, null, number) = (texts(&[]), texts(&[None, None]), floats(&[1.0]));
        for (now, before) in
            [(&empty, &number), (&null, &number), (&number, &null), (&texts(&[Some("1")]), &number)]
        {
            let found = compare(now, before);
            assert_eq!(
                (found.psi, found.jensen_shannon, found.ks, found.new_categories),
                (None, None, None, None)
            );
        }
        assert_eq!(compare(&null, &number).above[0].rule, "missingness_drift");
        assert_eq!(compare(&empty, &number).missingness_drift, None);
    }
}
