//! `sum(x)` and `avg(x)`: a total and the number of its values. Exact for whole numbers and decimals,
//! compensated for floats. No values give null.

use polars::prelude::{
    ChunkedArray, Column, DataType, Float64Chunked, Int64Chunked, Int128Chunked, IntoColumn, PlSmallStr,
};
use polars_arrow::bitmap::Bitmap;

use super::{Argument, Fold, Result, each, unexpected, validity};
use crate::error::Error;

/// What is made of a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    Sum,
    Mean,
}

/// Type of the sum of values of `input`.
pub(super) fn sum_type(input: &DataType) -> DataType {
    match input {
        DataType::Float32 | DataType::Float64 => DataType::Float64,
        DataType::Decimal(_, scale) => DataType::Decimal(38, *scale),
        DataType::Duration(unit) => DataType::Duration(*unit),
        _ => DataType::Int64,
    }
}

pub(super) fn total(input: &DataType, figure: Figure) -> Box<dyn Fold> {
    match input {
        DataType::Float32 | DataType::Float64 => {
            Box::new(Floats { sums: Vec::new(), counts: Vec::new(), figure })
        }
        _ => Box::new(Exact { sums: Vec::new(), counts: Vec::new(), figure, sum_type: sum_type(input) }),
    }
}

/// Of whole numbers, decimals, booleans or durations.
struct Exact {
    sums: Vec<i128>,
    counts: Vec<u64>,
    figure: Figure,
    sum_type: DataType,
}

impl Fold for Exact {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, 0);
        self.counts.resize(groups, 0);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Self { sums, counts, .. } = self;
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

    fn bytes(&self) -> usize {
        size_of_val(self.sums.as_slice()) + size_of_val(self.counts.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        let (sums, counts) = (std::mem::take(&mut self.sums), std::mem::take(&mut self.counts));
        match self.figure {
            Figure::Sum => exact_sums(sums, &counts, &self.sum_type),
            Figure::Mean => {
                let places = if let DataType::Decimal(_, scale) = self.sum_type { scale as i32 } else { 0 };
                let unit = 10f64.powi(places);
                let means = sums.iter().zip(&counts).map(|(sum, count)| *sum as f64 / unit / *count as f64);
                Ok(floats(means.collect(), &counts))
            }
        }
    }
}

fn exact_sums(sums: Vec<i128>, counts: &[u64], sum_type: &DataType) -> Result<Column> {
    let valid = valid(counts);
    if let DataType::Decimal(precision, scale) = sum_type {
        const LIMIT: u128 = 10u128.pow(38);
        if sums.iter().any(|sum| sum.unsigned_abs() >= LIMIT) {
            return Err(too_great());
        }
        let sums: Int128Chunked = ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, sums, valid);
        return Ok(sums.into_decimal_unchecked(*precision, *scale).into_column());
    }
    let sums = sums.into_iter().map(i64::try_from).collect::<Result<Vec<i64>, _>>();
    let sums = sums.map_err(|_| too_great())?;
    let sums: Int64Chunked = ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, sums, valid);
    sums.into_column().cast(sum_type).map_err(|e| Error::defect("cannot give a sum its type").because(e))
}

fn too_great() -> Error {
    Error::wrong("a sum is too great for its type").hint("sum a `double` instead: `sum(cast(x as double))`")
}

/// Of floats.
struct Floats {
    sums: Vec<Compensated>,
    counts: Vec<u64>,
    figure: Figure,
}

impl Fold for Floats {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, Compensated::default());
        self.counts.resize(groups, 0);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Float(array) = argument else { return Err(unexpected()) };
        let Self { sums, counts, .. } = self;
        each(groups, array, |group, value| {
            sums[group].add(value);
            counts[group] += 1;
        });
        Ok(())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.sums.as_slice()) + size_of_val(self.counts.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        let figure = |(sum, count): (&Compensated, &u64)| match self.figure {
            Figure::Sum => sum.total(),
            Figure::Mean => sum.total() / *count as f64,
        };
        let figures = self.sums.iter().zip(&self.counts).map(figure).collect();
        Ok(floats(figures, &self.counts))
    }
}

/// Neumaier's compensated sum.
#[derive(Debug, Clone, Copy, Default)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        let (greater, lesser) =
            if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
        self.lost += (greater - sum) + lesser;
        self.sum = sum;
    }

    fn total(self) -> f64 {
        // With an infinity or NaN among the values, what was lost is NaN.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// Figures as a column, null where there were no values.
fn floats(figures: Vec<f64>, counts: &[u64]) -> Column {
    let figures: Float64Chunked = ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, figures, valid(counts));
    figures.into_column()
}

fn valid(counts: &[u64]) -> Option<Bitmap> {
    validity(&counts.iter().map(|count| *count > 0).collect::<Vec<_>>())
}
