//! How values are spread.

use lockgate_rules::ColumnProfile;
use serde::Serialize;

use super::column::without_nan;

/// Bins of a histogram.
const BINS: usize = 16;

/// As many values, evenly spaced by rank, stand for all.
const READINGS: u32 = 512;

/// Shares of the values in bins of equal width between the smallest and the largest value, as far as the
/// quantiles tell.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Histogram {
    /// The share of the values in each bin.
    pub(crate) shares: Vec<f64>,
}

impl Histogram {
    /// Of a column; none where values have no order, are all the same, or are infinite.
    pub(super) fn of(profile: &ColumnProfile) -> Option<Self> {
        let (low, high) = profile.range()?;
        let width = (high - low) / BINS as f64;
        if !(width.is_finite() && width > 0.0) {
            return None;
        }
        let profile = without_nan(profile);
        let mut shares = vec![0.0; BINS];
        for at in 0..READINGS {
            let value = profile.quantile((f64::from(at) + 0.5) / f64::from(READINGS))?;
            let bin = (((value - low) / width) as usize).min(BINS - 1);
            shares[bin] += 1.0 / f64::from(READINGS);
        }
        Some(Self { shares })
    }
}
