//! Two profiles of a column brought to the same bins.
//!
//! Numbers and times: the deciles of the reference are the edges, from its least to its greatest value, with one bin
//! under and one over them, one of nulls and one of NaN. A value that fills more than a tenth of the reference, so that deciles repeat,
//! has a bin of its own. Everything else: the 200 most frequent values of the reference, one bin of all
//! others and one of nulls.

use crate::profile::{ColumnProfile, Frequent};

/// Values that have bins of their own.
const VALUES: usize = 200;
/// What is added to the count of every bin where a share of zero would be infinitely far.
pub(crate) const SMOOTHING: f64 = 0.5;
/// Bins that reports name.
const NAMED: usize = 5;

/// Counts of the same bins now and in the reference.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aligned {
    pub(crate) bins: Vec<String>,
    pub(crate) now: Vec<u64>,
    pub(crate) before: Vec<u64>,
    /// By how much the shares of bins up to an edge may be wrong, of both together.
    pub(crate) bound: f64,
}

impl Aligned {
    /// The bins of two profiles; None where the values are of a kind that has none.
    pub(crate) fn of(now: &ColumnProfile, before: &ColumnProfile) -> Option<Self> {
        let mut all = if let (Some(_), Some(_)) = (&now.quantiles, &before.quantiles) {
            Self::of_numbers(now, before)?
        } else {
            Self::of_values(now.frequent.as_ref()?, before.frequent.as_ref()?)
        };
        all.push("null", now.nulls, before.nulls);
        Some(all)
    }

    fn of_numbers(now: &ColumnProfile, before: &ColumnProfile) -> Option<Self> {
        let of_now = now.quantiles.as_ref()?;
        let of_before = before.quantiles.as_ref()?;
        let sample = of_before.weighted();
        let mut edges = of_before.deciles();
        // A sample may lack the least and the greatest value, which are known apart from it.
        if let (Some((low, high)), [first, .., last]) = (before.range(), edges.as_mut_slice()) {
            (*first, *last) = (first.min(low), last.max(high));
        }
        let cuts = cuts(&edges);
        let count = |sample: &[(f64, u64)]| {
            let mut counts = vec![0; cuts.len() + 1];
            for (value, number) in sample {
                if let Some(count) = counts.get_mut(cuts.partition_point(|cut| cut.is_below(*value))) {
                    *count += number;
                }
            }
            counts
        };
        let mut all = Self {
            bins: names(&cuts, before, now.redacted || before.redacted),
            now: count(&of_now.weighted()),
            before: count(&sample),
            bound: of_now.bound() + of_before.bound(),
        };
        all.push("NaN", of_now.nan, of_before.nan);
        Some(all)
    }

    fn of_values(now: &Frequent, before: &Frequent) -> Self {
        let bound = now.bound() + before.bound();
        let mut all = Self { bins: Vec::new(), now: Vec::new(), before: Vec::new(), bound };
        for (value, count) in before.most().into_iter().take(VALUES) {
            all.push(value, now.count(value).unwrap_or(0), count);
        }
        let rest = |total: u64, counted: &[u64]| total.saturating_sub(counted.iter().sum());
        let (of_now, of_before) = (rest(now.total, &all.now), rest(before.total, &all.before));
        all.push("other", of_now, of_before);
        all
    }

    fn push(&mut self, bin: &str, now: u64, before: u64) {
        self.bins.push(bin.to_owned());
        self.now.push(now);
        self.before.push(before);
    }

    /// The shares now and before.
    pub(crate) fn shares(&self) -> (Vec<f64>, Vec<f64>) {
        (shares(&self.now, 0.0), shares(&self.before, 0.0))
    }

    /// The shares now and before with 0.5 added to the count of every bin.
    pub(crate) fn smoothed(&self) -> (Vec<f64>, Vec<f64>) {
        (shares(&self.now, SMOOTHING), shares(&self.before, SMOOTHING))
    }

    /// The bins whose shares differ most, for reports.
    pub(crate) fn largest(&self) -> serde_json::Value {
        let (now, before) = self.shares();
        let mut bins: Vec<(&String, f64, f64)> =
            self.bins.iter().zip(now).zip(before).map(|((bin, now), before)| (bin, now, before)).collect();
        bins.sort_by(|a, b| (b.1 - b.2).abs().total_cmp(&(a.1 - a.2).abs()));
        let shown = bins.into_iter().take(NAMED).filter(|(_, now, before)| (now - before).abs() > 0.0);
        shown
            .map(|(bin, now, before)| serde_json::json!({"bin": bin, "now": now, "before": before}))
            .collect()
    }
}

/// Counts as shares of all, with something added to each.
fn shares(counts: &[u64], smoothing: f64) -> Vec<f64> {
    let total = counts.iter().sum::<u64>() as f64 + smoothing * counts.len() as f64;
    counts.iter().map(|count| (*count as f64 + smoothing) / total).collect()
}

/// Where a bin ends: before a value, or after it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cut {
    value: f64,
    after: bool,
}

impl Cut {
    /// Whether a value belongs to a bin beyond the cut.
    fn is_below(&self, value: f64) -> bool {
        if self.after { self.value < value } else { self.value <= value }
    }
}

/// The cuts at deciles in ascending order: before each, and after the last and those that repeat.
fn cuts(deciles: &[f64]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let runs: Vec<&[f64]> = deciles.chunk_by(|a, b| a >= b).collect();
    for (at, run) in runs.iter().enumerate() {
        let Some(value) = run.first().copied() else { continue };
        let (repeats, last) = (run.len() > 1, at + 1 == runs.len());
        if !last || repeats {
            cuts.push(Cut { value, after: false });
        }
        if last || repeats {
            cuts.push(Cut { value, after: true });
        }
    }
    cuts
}

/// What lies between the cuts, in words; by number where values are not shown.
fn names(cuts: &[Cut], profile: &ColumnProfile, redacted: bool) -> Vec<String> {
    if redacted && !cuts.is_empty() {
        let between = (1..cuts.len()).map(|bin| format!("bin {bin}"));
        return std::iter::once("under".into()).chain(between).chain(["over".into()]).collect();
    }
    let shown = |cut: &Cut| profile.shown(cut.value);
    let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else { return vec!["all".into()] };
    let between = cuts.windows(2).map(|pair| match pair {
        [low, high] if low.value >= high.value => format!("exactly {}", shown(low)),
        [low, high] => format!("{} to {}", shown(low), shown(high)),
        _ => String::new(),
    });
    let mut names = vec![format!("under {}", shown(first))];
    names.extend(between);
    names.push(format!("over {}", shown(last)));
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::mask::RowSet;
    use crate::profile::Depth;

    #[expect(clippy::needless_pass_by_value, reason = "columns are made in place")]
    fn profile(column: ArrayRef) -> ColumnProfile {
        let rows = RowSet::all(column.len());
        ColumnProfile::of_column(Depth::Drift, &column, &rows).unwrap()
    }

    fn whole(values: impl IntoIterator<Item = i64>) -> ColumnProfile {
        profile(Arc::new(values.into_iter().collect::<Int64Array>()))
    }

    #[test]
    fn deciles_of_the_reference_hold_a_tenth_each() {
        let aligned = Aligned::of(&whole(-5..205), &whole(0..200)).unwrap();
        assert_eq!(aligned.bins[0], "under 0");
        assert_eq!(aligned.before, [&[0][..], &[20; 10], &[0, 0, 0]].concat());
        assert_eq!((aligned.now[0], aligned.now[11]), (5, 5));
        assert_eq!(aligned.bins[11..], ["over 199", "NaN", "null"]);
    }

    #[test]
    fn a_value_that_fills_deciles_has_its_own_bin() {
        let flags = |ones: i64| whole((0..100).map(|row| i64::from(row < ones)));
        let aligned = Aligned::of(&flags(70), &flags(20)).unwrap();
        let bins = ["under 0", "exactly 0", "0 to 1", "exactly 1", "over 1", "NaN", "null"];
        assert_eq!(aligned.bins, bins);
        assert_eq!(aligned.before, [0, 80, 0, 20, 0, 0, 0]);
        assert_eq!(aligned.now, [0, 30, 0, 70, 0, 0, 0]);
        let constant = Aligned::of(&flags(0), &flags(0)).unwrap();
        assert_eq!(constant.bins[..3], ["under 0", "exactly 0", "over 0"]);
    }

    #[test]
    fn nan_and_infinity_have_places() {
        let floats =
            profile(Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::NAN), None, Some(f64::INFINITY)])));
        let aligned = Aligned::of(&floats, &whole(0..2)).unwrap();
        assert_eq!(aligned.now.iter().sum::<u64>(), 4);
        assert_eq!(aligned.now[aligned.now.len() - 3..], [1, 1, 1]);
    }

    #[test]
    fn the_edges_reach_to_the_extremes_that_a_stored_sample_lacks() {
        let steady = |rows: i64| (0..rows).map(|row| 10 + row % 11);
        let before = whole(steady(399).chain([100, 0])).compacted();
        let now = whole(steady(372).chain(vec![60; 28]));
        let aligned = Aligned::of(&now, &before).unwrap();
        assert_eq!(aligned.bins.first().map(String::as_str), Some("under 0"));
        let over = aligned.bins.iter().position(|bin| bin == "over 100").unwrap();
        assert_eq!((aligned.now[over], aligned.before[over]), (0, 0));
        assert_eq!(aligned.now[over - 1], 28 + (0..372).filter(|row| row % 11 >= 9).count() as u64);
        assert!(aligned.bound > 0.0, "the sample is shortened");
    }

    #[test]
    fn values_that_the_reference_did_not_have_are_others() {
        let texts = |values: &[Option<&str>]| profile(Arc::new(StringArray::from(values.to_vec())));
        let now = texts(&[Some("a"), Some("new"), None, Some("a")]);
        let aligned = Aligned::of(&now, &texts(&[Some("a"), Some("b"), Some("b")])).unwrap();
        assert_eq!(aligned.bins, ["b", "a", "other", "null"]);
        assert_eq!((aligned.now.clone(), aligned.before.clone()), (vec![0, 2, 1, 1], vec![2, 1, 0, 0]));
        let (now, before) = aligned.smoothed();
        assert!((now.iter().sum::<f64>() - 1.0).abs() < 1e-12 && before.iter().all(|share| *share > 0.0));
    }
}
