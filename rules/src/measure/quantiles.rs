//! Quantiles of a column: exact up to a number of values, then a deterministic sketch that knows its bound.
//!
//! The sketch is the compactor hierarchy of Manku, Rajagopalan and Lindsay (SIGMOD 1998) with the levels of
//! KLL (Karnin, Lang and Liberty, FOCS 2016), but with alternating instead of random choices: the same
//! parts merged in the same order give the same bytes. Every compaction of a level whose items stand for
//! `w` values moves ranks by at most `w`; the sum of these is the bound that is reported.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex};
use super::values::{floats, present_only};
use crate::mask::RowSet;

/// Up to so many values are all kept, so that quantiles are exact.
pub const EXACT_VALUES: u64 = 100_000;
/// Items a level holds before every other one is promoted.
const LEVEL_ITEMS: usize = 4096;

/// Quantile state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Quantiles {
    levels: Vec<Level>,
    /// Values that are not NaN.
    pub count: u64,
    /// Values that are NaN.
    pub nan: u64,
    /// Largest possible error of a rank.
    error: u64,
}

/// One level of a sketch as it is stored: values that each stand for `2^level` values, in ascending order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct QuantileLevel {
    pub(crate) values: Vec<f64>,
    /// Whether the next compaction keeps the values at odd places.
    pub(crate) odd: bool,
}

/// Items that each stand for `2^level` values, sorted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "StoredLevel", into = "StoredLevel")]
struct Level {
    items: Vec<u64>,
    odd: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredLevel {
    items: String,
    odd: bool,
}

impl From<Level> for StoredLevel {
    fn from(level: Level) -> Self {
        Self { items: to_hex(level.items.iter().flat_map(|item| item.to_be_bytes())), odd: level.odd }
    }
}

impl TryFrom<StoredLevel> for Level {
    type Error = &'static str;

    fn try_from(stored: StoredLevel) -> Result<Self, Self::Error> {
        let bytes = from_hex(&stored.items).ok_or("a quantile level is not hexadecimal")?;
        let items =
            bytes.chunks_exact(8).map(|chunk| chunk.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)));
        Ok(Self { items: items.collect(), odd: stored.odd })
    }
}

/// How a quantile between two values is read, as in numpy's `method`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// In proportion between the two (Hyndman and Fan's type 7).
    #[default]
    Linear,
    /// The smaller of the two.
    Lower,
    /// The larger of the two.
    Higher,
    /// The nearer of the two; the even position where both are.
    Nearest,
    /// Their mean.
    Midpoint,
}

impl Quantiles {
    /// The state of the rows of a column that are in the set, which must hold no null.
    pub(crate) fn of_column(column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        Ok(Self::of(present_only(&floats(column)?, rows).iter().copied()))
    }

    /// The state of a batch's values.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut nan = 0;
        let mut items = Vec::with_capacity(values.size_hint().0);
        for value in values {
            if value.is_nan() {
                nan += 1;
            } else {
                items.push(to_key(value + 0.0));
            }
        }
        items.sort_unstable();
        let count = items.len() as u64;
        Self { levels: vec![Level { items, odd: false }], count, nan, error: 0 }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        self.merge_within(other, EXACT_VALUES);
    }

    /// Adds another part, exactly up to so many values; beyond, levels hold a quarter of that at most.
    pub(crate) fn merge_within(&mut self, other: Self, exact_values: u64) {
        self.count += other.count;
        self.nan += other.nan;
        self.error += other.error;
        for (at, level) in other.levels.into_iter().enumerate() {
            match self.levels.get_mut(at) {
                Some(mine) => mine.items = merge_sorted(&mine.items, &level.items),
                None => self.levels.push(level),
            }
        }
        self.keep_within(exact_values);
    }

    /// Many parts together; None of none.
    pub(crate) fn together<'a>(mut parts: impl Iterator<Item = &'a Self>, exact_values: u64) -> Option<Self> {
        let mut all = parts.next()?.clone();
        let mut several = false;
        for part in parts {
            several = true;
            all.count += part.count;
            all.nan += part.nan;
            all.error += part.error;
            for (at, level) in part.levels.iter().enumerate() {
                match all.levels.get_mut(at) {
                    Some(mine) => mine.items.extend_from_slice(&level.items),
                    None => all.levels.push(level.clone()),
                }
            }
        }
        if several {
            all.levels.iter_mut().for_each(|level| level.items.sort_unstable());
            all.keep_within(exact_values);
        }
        Some(all)
    }

    /// Compacts levels that hold too much, if there are more values than are all kept.
    fn keep_within(&mut self, exact_values: u64) {
        if self.count <= exact_values {
            return;
        }
        let room = LEVEL_ITEMS.min(exact_values as usize / 4);
        let mut at = 0;
        while let Some(level) = self.levels.get(at) {
            if level.items.len() > room {
                self.promote(at);
            }
            at += 1;
        }
    }

    /// Compacts the lowest levels until no more than so many values are held.
    pub(crate) fn shorten(&mut self, values: usize) {
        let held = |levels: &[Level]| levels.iter().map(|level| level.items.len()).sum::<usize>();
        while held(&self.levels) > values
            && let Some(at) = self.levels.iter().position(|level| level.items.len() > 1)
        {
            self.promote(at);
        }
    }

    /// Moves every other item of a level to the next one.
    fn promote(&mut self, at: usize) {
        let Some(level) = self.levels.get_mut(at) else { return };
        let even = level.items.len() & !1;
        let rest = level.items.split_off(even);
        let promoted: Vec<u64> =
            level.items.iter().skip(usize::from(level.odd)).step_by(2).copied().collect();
        level.items = rest;
        level.odd = !level.odd;
        self.error += 1 << at;
        match self.levels.get_mut(at + 1) {
            Some(next) => next.items = merge_sorted(&next.items, &promoted),
            None => self.levels.push(Level { items: promoted, odd: false }),
        }
    }

    /// The levels as they are stored.
    pub(crate) fn levels(&self) -> impl Iterator<Item = QuantileLevel> + '_ {
        self.levels.iter().map(|level| QuantileLevel {
            values: level.items.iter().map(|key| from_key(*key)).collect(),
            odd: level.odd,
        })
    }

    /// What was stored.
    pub(crate) fn from_levels(levels: Vec<QuantileLevel>, count: u64, nan: u64, error: u64) -> Self {
        let level = |stored: QuantileLevel| Level {
            items: stored.values.into_iter().map(|value| to_key(value + 0.0)).collect(),
            odd: stored.odd,
        };
        Self { levels: levels.into_iter().map(level).collect(), count, nan, error }
    }

    /// Largest possible error of a rank.
    pub(crate) fn error(&self) -> u64 {
        self.error
    }

    /// Whether every value is held.
    pub fn is_exact(&self) -> bool {
        self.levels.len() <= 1
    }

    /// Largest possible error of a rank as a share of the values.
    pub fn bound(&self) -> f64 {
        if self.is_exact() { 0.0 } else { self.error as f64 / self.count as f64 }
    }

    /// The same with values that are NaN left out.
    #[must_use]
    pub(crate) fn without_nan(&self) -> Self {
        Self { nan: 0, ..self.clone() }
    }

    /// The `q`-quantile; NaN where there is a NaN among the values or there are none.
    pub fn quantile(&self, q: f64, interpolation: Interpolation) -> f64 {
        if self.nan > 0 || self.count == 0 {
            return f64::NAN;
        }
        weighted_quantile(&self.weighted(), self.is_exact(), q, interpolation)
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.count.min(EXACT_VALUES) as usize * size_of::<u64>()
    }

    /// The smallest value, the nine deciles and the largest, NaN aside; empty where there are none.
    pub(crate) fn deciles(&self) -> Vec<f64> {
        if self.count == 0 {
            return Vec::new();
        }
        let (weighted, exact) = (self.weighted(), self.is_exact());
        let decile = |at| weighted_quantile(&weighted, exact, f64::from(at) / 10.0, Interpolation::Higher);
        (0..=10).map(decile).collect()
    }

    /// The median of the distances from the median, unscaled.
    pub fn mad(&self) -> f64 {
        let median = self.quantile(0.5, Interpolation::Linear);
        if median.is_nan() {
            return f64::NAN;
        }
        weighted_quantile(&self.distances(median), self.is_exact(), 0.5, Interpolation::Linear)
    }

    /// How far values are from one, ascending.
    fn distances(&self, from: f64) -> Vec<(f64, u64)> {
        let mut distances: Vec<(f64, u64)> =
            self.weighted().into_iter().map(|(value, weight)| ((value - from).abs(), weight)).collect();
        distances.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        distances
    }

    /// The `q`-quantile, and between which values it is.
    pub(crate) fn quantile_within(&self, q: f64) -> Within {
        let at = self.quantile(q, Interpolation::Linear);
        if self.is_exact() {
            return Within::exactly(at);
        }
        let (least, most) = around(&self.weighted(), q, self.error);
        Within { at, least, most }
    }

    /// The median of the distances from the median, and between which values it is. Distances from a median that
    /// is off by so much are off by that at most, and the rank of one comes of two ranks of values.
    pub(crate) fn mad_within(&self) -> Within {
        let at = self.mad();
        if self.is_exact() || at.is_nan() {
            return Within::exactly(at);
        }
        let median = self.quantile_within(0.5);
        let off = (median.at - median.least).max(median.most - median.at);
        let (least, most) = around(&self.distances(median.at), 0.5, 2 * self.error);
        Within { at, least: (least - off).max(0.0), most: most + off }
    }

    /// Values (NaN aside) with the number of values each stands for, sorted.
    pub(crate) fn weighted(&self) -> Vec<(f64, u64)> {
        let mut all: Vec<(u64, u64)> = self
            .levels
            .iter()
            .enumerate()
            .flat_map(|(at, level)| level.items.iter().map(move |item| (*item, 1 << at)))
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(key, weight)| (from_key(key), weight)).collect()
    }
}

/// A figure, and between which values it is where ranks may be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Within {
    pub(crate) at: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Within {
    pub(crate) fn exactly(at: f64) -> Self {
        Self { at, least: at, most: at }
    }
}

/// The values between which a quantile is where ranks are off by `error` at most.
fn around(values: &[(f64, u64)], q: f64, error: u64) -> (f64, f64) {
    let place = q * (values.iter().map(|(_, weight)| weight).sum::<u64>().saturating_sub(1)) as f64;
    let at = |rank: u64| {
        let mut passed = 0;
        let found = values.iter().find(|(_, weight)| {
            passed += weight;
            passed > rank
        });
        found.map(|(value, _)| *value)
    };
    let least = (place.floor() as u64).checked_sub(error).and_then(at);
    let most = at((place.ceil() as u64).saturating_add(error));
    (least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY))
}

fn weighted_quantile(values: &[(f64, u64)], exact: bool, q: f64, interpolation: Interpolation) -> f64 {
    let total: u64 = values.iter().map(|(_, weight)| weight).sum();
    let place = q * (total.saturating_sub(1)) as f64;
    let at = |rank: u64| {
        let mut passed = 0;
        for (value, weight) in values {
            passed += weight;
            if passed > rank {
                return *value;
            }
        }
        values.last().map_or(f64::NAN, |(value, _)| *value)
    };
    if !exact {
        return at(place.round() as u64);
    }
    let (low, high) = (place.floor(), place.ceil());
    let ends = || (at(low as u64), at(high as u64));
    match interpolation {
        Interpolation::Lower => at(low as u64),
        Interpolation::Higher => at(high as u64),
        Interpolation::Nearest => at(place.round_ties_even() as u64),
        Interpolation::Midpoint | Interpolation::Linear => {
            let (below, above) = ends();
            let share =
                if interpolation == Interpolation::Midpoint && low < high { 0.5 } else { place - low };
            between(below, above, share)
        }
    }
}

/// What lies at a share of the way from one value to the next.
fn between(below: f64, above: f64, share: f64) -> f64 {
    match share {
        share if share <= 0.0 || below >= above || below.is_infinite() => below,
        _ if above.is_infinite() => above,
        share => below + (above - below) * share,
    }
}

fn merge_sorted(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (l.peek(), r.peek()) {
        if a <= b {
            merged.push(**a);
            l.next();
        } else {
            merged.push(**b);
            r.next();
        }
    }
    merged.extend(l);
    merged.extend(r);
    merged
}

/// An integer that orders as the float does.
pub(super) fn to_key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The float that orders as the integer does.
pub(super) fn from_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}
