//! How values are spread.

use lockgate_rules::{ColumnProfile, KeyKind};
use serde::Serialize;
use serde_json::Value;

use super::column::{told, without_nan};

/// Bins of a histogram, at most.
const BINS: usize = 16;

/// As many values, evenly spaced by rank, stand for all.
const READINGS: u32 = 512;

/// Shares of the values in bins of equal width between the smallest and the largest value, as far as the
/// quantiles tell.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Histogram {
    /// The share of the values in each bin.
    pub(crate) shares: Vec<f64>,
    /// Where the bins begin, and where the last one ends.
    pub(crate) edges: Vec<Value>,
    /// Whether each bin is of one whole number, the one where it begins.
    #[serde(skip)]
    pub(crate) is_of_whole_numbers: bool,
}

impl Histogram {
    /// Of a column; none where values have no order, are all the same, or are infinite.
    pub(super) fn of(profile: &ColumnProfile) -> Option<Self> {
        let (low, high) = profile.range()?;
        // A few whole numbers have a bin each: others would lie between them.
        let is_whole = matches!(profile.kind, Some(KeyKind::Integer)) && high - low < BINS as f64;
        let (bins, width) =
            if is_whole { ((high - low) as usize + 1, 1.0) } else { (BINS, (high - low) / BINS as f64) };
        if !(width.is_finite() && width > 0.0 && high > low) {
            return None;
        }
        let profile = without_nan(profile);
        let mut shares = vec![0.0; bins];
        for at in 0..READINGS {
            let value = profile.quantile((f64::from(at) + 0.5) / f64::from(READINGS))?;
            let bin = (((value - low) / width) as usize).min(bins - 1);
            shares[bin] += 1.0 / f64::from(READINGS);
        }
        let edge = |at: usize| if at == BINS && !is_whole { high } else { low + at as f64 * width };
        let edges = (0..=bins).map(|at| told(&profile, edge(at))).collect();
        Some(Self { shares, edges, is_of_whole_numbers: is_whole })
    }
}
