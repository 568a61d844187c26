//! `quantile(x, q)` and `median(x)`: exact, by keeping all values: 12 bytes each.

use polars::prelude::{ChunkedArray, Column, Float64Chunked, IntoColumn, PlSmallStr};

use super::{Argument, Fold, Result, each, unexpected, validity};

pub(super) struct Quantile {
    q: f64,
    groups: usize,
    values: Vec<f64>,
    owners: Vec<u32>,
}

impl Quantile {
    pub(super) fn new(q: f64) -> Self {
        Self { q, groups: 0, values: Vec::new(), owners: Vec::new() }
    }

    /// Values sorted by group, and where each group's begin.
    fn by_group(&self) -> (Vec<f64>, Vec<usize>) {
        let mut starts = vec![0usize; self.groups + 1];
        self.owners.iter().for_each(|owner| starts[*owner as usize + 1] += 1);
        for group in 0..self.groups {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0.0; self.values.len()];
        for (owner, value) in self.owners.iter().zip(&self.values) {
            sorted[next[*owner as usize]] = *value;
            next[*owner as usize] += 1;
        }
        (sorted, starts)
    }
}

impl Fold for Quantile {
    fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Float(array) = argument else { return Err(unexpected()) };
        each(groups, array, |group, value| {
            self.values.push(value);
            self.owners.push(group as u32);
        });
        Ok(())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice()) + size_of_val(self.owners.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        let (mut values, starts) = self.by_group();
        let seen: Vec<bool> = starts.windows(2).map(|group| group[1] > group[0]).collect();
        let quantiles =
            starts.windows(2).map(|group| quantile(&mut values[group[0]..group[1]], self.q)).collect();
        let quantiles: Float64Chunked =
            ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, quantiles, validity(&seen));
        (self.values, self.owners) = Default::default();
        Ok(quantiles.into_column())
    }
}

/// The value at `q` of the way through the sorted values, between two neighbours in proportion. NaN is
/// greater than every number.
fn quantile(values: &mut [f64], q: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    for value in values.iter_mut().filter(|value| value.is_nan()) {
        *value = f64::NAN;
    }
    let place = q * last as f64;
    let below = place.floor() as usize;
    let (_, low, rest) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let share = place - below as f64;
    let high = rest.iter().copied().min_by(f64::total_cmp).filter(|_| share > 0.0).unwrap_or(low);
    // The difference of two infinities is no number.
    if high.total_cmp(&low).is_eq() { low } else { low + (high - low) * share }
}
