//! Fences outside which values count as outliers, and how many values are outside.
//!
//! Fences from a sketch are off by as much as its ranks may be. Both ends of what that leaves open are carried
//! along, so that the number of values outside is known to be between two others.

use crate::measure::{Quantiles, Within};

/// Makes the median absolute deviation of a normal distribution its standard deviation.
const MAD_SCALE: f64 = 1.4826;

/// The fences, or that there is no spread to place them by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fences {
    Between(Within, Within),
    NoSpread,
}

/// How many values are outside of fences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outside {
    pub(crate) count: u64,
    /// At least so many, and at most.
    pub(crate) between: (u64, u64),
}

impl Fences {
    /// So many standard deviations from the mean.
    pub(crate) fn by_deviation(mean: f64, deviation: f64, threshold: f64) -> Self {
        let (mean, deviation) = (Within::exactly(mean), Within::exactly(deviation));
        Self::beyond(mean, mean, deviation, threshold)
    }

    /// So many scaled median absolute deviations from the median.
    pub(crate) fn by_mad(values: &Quantiles, threshold: f64) -> Self {
        let median = values.quantile_within(0.5);
        Self::beyond(median, median, values.mad_within(), threshold * MAD_SCALE)
    }

    /// So many interquartile ranges beyond the quartiles.
    pub(crate) fn by_quartiles(values: &Quantiles, k: f64) -> Self {
        let (low, high) = (values.quantile_within(0.25), values.quantile_within(0.75));
        Self::beyond(low, high, spread(low, high), k)
    }

    /// Two quantiles.
    pub(crate) fn by_quantiles(values: &Quantiles, lower: f64, upper: f64) -> Self {
        let (low, high) = (values.quantile_within(lower), values.quantile_within(upper));
        Self::beyond(low, high, spread(low, high), 0.0)
    }

    /// So many times a spread below `low` and above `high`.
    fn beyond(low: Within, high: Within, spread: Within, times: f64) -> Self {
        if spread.most == 0.0 {
            return Self::NoSpread;
        }
        // A sketch that sees no spread says no more than that it is small.
        let spread = if spread.at == 0.0 { Within { at: spread.most / 2.0, ..spread } } else { spread };
        // Nothing times a spread that may be infinite is nothing.
        let reach = |spread: f64| if times == 0.0 && !spread.is_nan() { 0.0 } else { times * spread };
        let (at, least, most) = (reach(spread.at), reach(spread.least), reach(spread.most));
        Self::Between(
            Within { at: low.at - at, least: low.least - most, most: low.most - least },
            Within { at: high.at + at, least: high.least + least, most: high.most + most },
        )
    }
}

/// What lies between two quantiles.
fn spread(low: Within, high: Within) -> Within {
    Within { at: high.at - low.at, least: (high.least - low.most).max(0.0), most: high.most - low.least }
}

impl Outside {
    /// Counts values, NaN aside, whose smallest and largest may be known.
    pub(crate) fn of(values: &Quantiles, range: Option<(f64, f64)>, low: Within, high: Within) -> Self {
        let weighted = values.weighted();
        let error = if values.is_exact() { 0 } else { values.error() };
        let all = values.count;
        let count = |outside: &dyn Fn(f64) -> bool| {
            weighted.iter().filter(|(value, _)| outside(*value)).map(|(_, weight)| weight).sum::<u64>()
        };
        let side = |at: u64, least: u64, most: u64| Self {
            count: at,
            between: (least.saturating_sub(error), most.saturating_add(error).min(all)),
        };
        let (smallest, largest) = range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let below = |fence: f64| count(&|value| value < fence);
        let above = |fence: f64| count(&|value| value > fence);
        let under = if smallest >= low.most {
            Self::default()
        } else {
            side(below(low.at), below(low.least), below(low.most))
        };
        let over = if largest <= high.least {
            Self::default()
        } else {
            side(above(high.at), above(high.most), above(high.least))
        };
        let (least, most) = (under.between.0 + over.between.0, under.between.1 + over.between.1);
        Self { count: (under.count + over.count).min(all), between: (least, most.min(all)) }
    }

    /// By how many values the count may be wrong.
    pub(crate) fn error(self) -> u64 {
        let (least, most) = self.between;
        (most.saturating_sub(self.count)).max(self.count.saturating_sub(least))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values sketched in parts, with hardly any of them kept.
    fn sketched(values: &[f64], kept: u64) -> Quantiles {
        let mut all = Quantiles::default();
        for part in values.chunks(64) {
            all.merge_within(Quantiles::of(part.iter().copied()), kept);
        }
        all
    }

    fn fences(values: &Quantiles) -> [(&'static str, Fences); 4] {
        [
            ("mad", Fences::by_mad(values, 1.0)),
            ("quartiles", Fences::by_quartiles(values, 0.2)),
            ("no reach", Fences::by_quartiles(values, 0.0)),
            ("quantiles", Fences::by_quantiles(values, 0.05, 0.9)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_sketched_leaves_open_what_is_exact(
            before in prop::collection::vec(-50..50_i32, 300..2_000),
            now in prop::collection::vec(-80..80_i32, 300..2_000),
        ) {
            let floats = |values: &[i32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
            let (before, now) = (floats(&before), floats(&now));
            let exact = [Quantiles::of(before.iter().copied()), Quantiles::of(now.iter().copied())];
            let rough = [sketched(&before, 128), sketched(&now, 128)];
            prop_assert!(rough.iter().all(|sketch| !sketch.is_exact()));
            for ((name, sharp), (_, vague)) in fences(&exact[0]).into_iter().zip(fences(&rough[0])) {
                let (Fences::Between(low, high), Fences::Between(from, to)) = (sharp, vague) else { continue };
                for (fence, within) in [(low, from), (high, to)] {
                    prop_assert!(within.least <= fence.at && fence.at <= within.most, "{name} {fence:?} {within:?}");
                    prop_assert!(within.least <= within.at && within.at <= within.most, "{name} {within:?}");
                }
                let range = now.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(*value), high.max(*value))
                });
                let truth = Outside::of(&exact[1], None, low, high);
                prop_assert_eq!(truth.error(), 0);
                for range in [None, Some(range)] {
                    let found = Outside::of(&rough[1], range, from, to);
                    let (least, most) = found.between;
                    prop_assert!(least <= truth.count && truth.count <= most, "{name} {truth:?} {found:?}");
                    prop_assert!(truth.count.abs_diff(found.count) <= found.error(), "{name} {found:?}");
                }
            }
        }
    }
}
