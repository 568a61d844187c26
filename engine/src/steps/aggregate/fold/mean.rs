//! `avg(x)`: the sum as `sum` computes it, divided by the number of values. No values give null.

use polars::prelude::{ChunkedArray, Column, DataType, Float64Chunked, IntoColumn, PlSmallStr};

use super::sum::{Compensated, Totals};
use super::{Argument, Fold, Result, each, unexpected, validity};

pub(super) fn mean(input: &DataType) -> Box<dyn Fold> {
    match input {
        DataType::Float32 | DataType::Float64 => Box::<FloatMean>::default(),
        DataType::Decimal(_, scale) => {
            Box::new(ExactMean { totals: Totals::default(), unit: 10f64.powi(*scale as i32) })
        }
        _ => Box::new(ExactMean { totals: Totals::default(), unit: 1.0 }),
    }
}

/// The mean of whole numbers, decimals or booleans.
struct ExactMean {
    totals: Totals,
    /// How many units of the total make one.
    unit: f64,
}

impl Fold for ExactMean {
    fn grow(&mut self, groups: usize) {
        self.totals.grow(groups);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        self.totals.add(groups, argument)
    }

    fn finish(&mut self) -> Result<Column> {
        let Totals { sums, counts } = std::mem::take(&mut self.totals);
        let means = sums.iter().zip(&counts).map(|(sum, count)| *sum as f64 / self.unit / *count as f64);
        Ok(column(means.collect(), &counts))
    }
}

/// The mean of floats.
#[derive(Default)]
struct FloatMean {
    sums: Vec<Compensated>,
    counts: Vec<u64>,
}

impl Fold for FloatMean {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, Compensated::default());
        self.counts.resize(groups, 0);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Float(array) = argument else { return Err(unexpected()) };
        let Self { sums, counts } = self;
        each(groups, array, |group, value| {
            sums[group].add(value);
            counts[group] += 1;
        });
        Ok(())
    }

    fn finish(&mut self) -> Result<Column> {
        let means = self.sums.iter().zip(&self.counts).map(|(sum, count)| sum.total() / *count as f64);
        Ok(column(means.collect(), &self.counts))
    }
}

fn column(means: Vec<f64>, counts: &[u64]) -> Column {
    let seen: Vec<bool> = counts.iter().map(|count| *count > 0).collect();
    let means: Float64Chunked = ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, means, validity(&seen));
    means.into_column()
}
