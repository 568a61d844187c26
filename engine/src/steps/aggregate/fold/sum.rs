//! `sum(x)`: exact for whole numbers and decimals, compensated for floats. No values give null.

use polars::prelude::{
    ChunkedArray, Column, DataType, Float64Chunked, Int64Chunked, Int128Chunked, IntoColumn, PlSmallStr,
};

use super::{Argument, Fold, Result, each, unexpected, validity};
use crate::error::Error;

/// Type of the sum of values of `input`.
pub(super) fn output(input: &DataType) -> DataType {
    match input {
        DataType::Float32 | DataType::Float64 => DataType::Float64,
        DataType::Decimal(_, scale) => DataType::Decimal(38, *scale),
        DataType::Duration(unit) => DataType::Duration(*unit),
        _ => DataType::Int64,
    }
}

pub(super) fn sum(input: &DataType) -> Box<dyn Fold> {
    match input {
        DataType::Float32 | DataType::Float64 => Box::<FloatSum>::default(),
        _ => Box::new(ExactSum { totals: Totals::default(), output: output(input) }),
    }
}

/// Exact totals with the number of values.
#[derive(Default)]
pub(super) struct Totals {
    pub sums: Vec<i128>,
    pub counts: Vec<u64>,
}

impl Totals {
    pub(super) fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, 0);
        self.counts.resize(groups, 0);
    }

    /// Adds a batch.
    pub(super) fn add(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Self { sums, counts } = self;
        match argument {
            Argument::Int(array) => each(groups, array, |group, value| {
                sums[group] += i128::from(value);
                counts[group] += 1;
            }),
            Argument::Wide(array) => {
                let mut overflow = false;
                each(groups, array, |group, value| {
                    let (sum, over) = sums[group].overflowing_add(value);
                    overflow |= over;
                    sums[group] = sum;
                    counts[group] += 1;
                });
                if overflow {
                    return Err(too_great());
                }
            }
            _ => return Err(unexpected()),
        }
        Ok(())
    }
}

/// The sum of whole numbers, decimals, booleans or durations.
struct ExactSum {
    totals: Totals,
    output: DataType,
}

impl Fold for ExactSum {
    fn grow(&mut self, groups: usize) {
        self.totals.grow(groups);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        self.totals.add(groups, argument)
    }

    fn finish(&mut self) -> Result<Column> {
        let Totals { sums, counts } = std::mem::take(&mut self.totals);
        let valid = validity(&counts.iter().map(|count| *count > 0).collect::<Vec<_>>());
        if let DataType::Decimal(precision, scale) = self.output {
            const LIMIT: u128 = 10u128.pow(38);
            if sums.iter().any(|sum| sum.unsigned_abs() >= LIMIT) {
                return Err(too_great());
            }
            let sums: Int128Chunked = ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, sums, valid);
            return Ok(sums.into_decimal_unchecked(precision, scale).into_column());
        }
        let sums = sums.into_iter().map(i64::try_from).collect::<Result<Vec<i64>, _>>();
        let sums = sums.map_err(|_| too_great())?;
        let sums: Int64Chunked = ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, sums, valid);
        sums.into_column()
            .cast(&self.output)
            .map_err(|e| Error::defect("cannot give a sum its type").because(e))
    }
}

fn too_great() -> Error {
    Error::wrong("a sum is too great for its type").hint("sum a `double` instead: `sum(cast(x as double))`")
}

/// Neumaier's compensated sum.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    pub(super) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        let (greater, lesser) =
            if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
        self.lost += (greater - sum) + lesser;
        self.sum = sum;
    }

    pub(super) fn total(self) -> f64 {
        // With an infinity or NaN among the values, what was lost is NaN.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// The sum of floats.
#[derive(Default)]
struct FloatSum {
    sums: Vec<Compensated>,
    seen: Vec<bool>,
}

impl Fold for FloatSum {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, Compensated::default());
        self.seen.resize(groups, false);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Float(array) = argument else { return Err(unexpected()) };
        let Self { sums, seen } = self;
        each(groups, array, |group, value| {
            sums[group].add(value);
            seen[group] = true;
        });
        Ok(())
    }

    fn finish(&mut self) -> Result<Column> {
        let sums = std::mem::take(&mut self.sums).into_iter().map(Compensated::total).collect();
        let sums: Float64Chunked =
            ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, sums, validity(&self.seen));
        Ok(sums.into_column())
    }
}
