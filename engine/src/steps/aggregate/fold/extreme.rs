//! `min(x)`, `max(x)`, and with them `bool_and(x)` and `bool_or(x)`. NaN counts only if there is nothing
//! else. No values give null.

use polars::prelude::{
    BinaryChunked, ChunkedArray, Column, DataType, Float64Chunked, Int64Chunked, Int128Chunked, IntoColumn,
    PlSmallStr, PolarsResult,
};
use polars_arrow::array::{Array, BinaryViewArray};

use super::{Argument, Fold, Result, TEXT_BYTES, each, unexpected, validity};
use crate::error::Error;
use crate::steps::aggregate::argument::Form;

/// Which extreme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Least,
    Greatest,
}

pub(super) fn extreme(input: &DataType, side: Side) -> Box<dyn Fold> {
    let output = input.clone();
    match Form::ordered(input) {
        Form::Bytes => Box::new(Bytes { best: Vec::new(), side, output }),
        Form::Float => Box::new(Extreme { best: Best::Float(Vec::new()), seen: Vec::new(), side, output }),
        Form::Wide => Box::new(Extreme { best: Best::Wide(Vec::new()), seen: Vec::new(), side, output }),
        _ => Box::new(Extreme { best: Best::Int(Vec::new()), seen: Vec::new(), side, output }),
    }
}

enum Best {
    Int(Vec<i64>),
    Wide(Vec<i128>),
    Float(Vec<f64>),
}

/// Extremes of values of a fixed width.
struct Extreme {
    best: Best,
    seen: Vec<bool>,
    side: Side,
    output: DataType,
}

impl Fold for Extreme {
    fn grow(&mut self, groups: usize) {
        self.seen.resize(groups, false);
        match &mut self.best {
            Best::Int(best) => best.resize(groups, 0),
            Best::Wide(best) => best.resize(groups, 0),
            Best::Float(best) => best.resize(groups, 0.0),
        }
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Self { best, seen, side, .. } = self;
        let greatest = *side == Side::Greatest;
        match (best, argument) {
            (Best::Int(best), Argument::Int(array)) => {
                each(groups, array, |group, value| update(best, seen, group, value, greatest));
            }
            (Best::Wide(best), Argument::Wide(array)) => {
                each(groups, array, |group, value| update(best, seen, group, value, greatest));
            }
            (Best::Float(best), Argument::Float(array)) => each(groups, array, |group, value| {
                let held = &mut best[group];
                if !seen[group] || held.is_nan() || if greatest { value > *held } else { value < *held } {
                    *held = value;
                    seen[group] = true;
                }
            }),
            _ => return Err(unexpected()),
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        let best = match &self.best {
            Best::Int(best) => size_of_val(best.as_slice()),
            Best::Wide(best) => size_of_val(best.as_slice()),
            Best::Float(best) => size_of_val(best.as_slice()),
        };
        best + self.seen.len()
    }

    fn finish(&mut self) -> Result<Column> {
        let valid = validity(&self.seen);
        let name = PlSmallStr::EMPTY;
        let column = match std::mem::replace(&mut self.best, Best::Int(Vec::new())) {
            Best::Int(best) => {
                let best: Int64Chunked = ChunkedArray::from_vec_validity(name, best, valid);
                best.into_column()
            }
            Best::Wide(best) => {
                let best: Int128Chunked = ChunkedArray::from_vec_validity(name, best, valid);
                match self.output {
                    DataType::Decimal(precision, scale) => {
                        best.into_decimal_unchecked(precision, scale).into_column()
                    }
                    _ => best.into_column(),
                }
            }
            Best::Float(best) => {
                let best: Float64Chunked = ChunkedArray::from_vec_validity(name, best, valid);
                best.into_column()
            }
        };
        typed(&column, &self.output).map_err(|e| Error::defect("cannot give an extreme its type").because(e))
    }
}

fn update<T: Copy + PartialOrd>(best: &mut [T], seen: &mut [bool], group: usize, value: T, greatest: bool) {
    if !seen[group] || if greatest { value > best[group] } else { value < best[group] } {
        best[group] = value;
        seen[group] = true;
    }
}

fn typed(column: &Column, output: &DataType) -> PolarsResult<Column> {
    if column.dtype() == output {
        return Ok(column.clone());
    }
    column.cast(&output.to_physical())?.cast(output)
}

/// Extremes of text and binary.
struct Bytes {
    best: Vec<Option<Box<[u8]>>>,
    side: Side,
    output: DataType,
}

impl Bytes {
    fn take(&mut self, group: usize, array: &BinaryViewArray, row: usize) {
        let value = array.value(row);
        let better = match (&self.best[group], self.side) {
            (None, _) => true,
            (Some(best), Side::Least) => value < &**best,
            (Some(best), Side::Greatest) => value > &**best,
        };
        if better {
            self.best[group] = Some(value.into());
        }
    }
}

impl Fold for Bytes {
    fn grow(&mut self, groups: usize) {
        self.best.resize(groups, None);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Bytes(array) = argument else { return Err(unexpected()) };
        for (row, group) in groups.iter().enumerate() {
            if array.is_valid(row) {
                self.take(*group as usize, array, row);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.best.len() * TEXT_BYTES
    }

    fn finish(&mut self) -> Result<Column> {
        let best: BinaryChunked = std::mem::take(&mut self.best).iter().map(Option::as_deref).collect();
        let column = best.into_column();
        column.cast(&self.output).map_err(|e| Error::defect("cannot give an extreme its type").because(e))
    }
}
