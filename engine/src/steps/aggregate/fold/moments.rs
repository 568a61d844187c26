//! `variance(x)`, `stddev(x)` and `skewness(x)`: Welford's update. Fewer values than the divisor needs
//! give null.

use polars::prelude::{ChunkedArray, Column, Float64Chunked, IntoColumn, PlSmallStr};

use super::{Argument, Fold, Result, each, unexpected, validity};

/// Count, mean and sum of squared differences from it.
#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    count: u64,
    mean: f64,
    squares: f64,
}

pub(super) struct Moments {
    groups: Vec<Moment>,
    ddof: u8,
    root: bool,
}

impl Moments {
    /// The variance with divisor n − `ddof`, or its root.
    pub(super) fn new(ddof: u8, root: bool) -> Self {
        Self { groups: Vec::new(), ddof, root }
    }

    fn result(&self, moment: Moment) -> f64 {
        let variance = moment.squares / (moment.count as f64 - f64::from(self.ddof));
        if self.root { variance.sqrt() } else { variance }
    }
}

impl Fold for Moments {
    fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Moment::default());
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Float(array) = argument else { return Err(unexpected()) };
        let moments = &mut self.groups;
        each(groups, array, |group, value| {
            let moment = &mut moments[group];
            moment.count += 1;
            let before = value - moment.mean;
            moment.mean += before / moment.count as f64;
            moment.squares += before * (value - moment.mean);
        });
        Ok(())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.groups.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        let enough: Vec<bool> =
            self.groups.iter().map(|moment| moment.count > u64::from(self.ddof)).collect();
        let values = self.groups.iter().map(|moment| self.result(*moment)).collect();
        let values: Float64Chunked =
            ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, values, validity(&enough));
        Ok(values.into_column())
    }
}

/// Moments up to the third.
#[derive(Debug, Clone, Copy, Default)]
struct Third {
    second: Moment,
    cubes: f64,
}

/// The third central moment over the deviation cubed, of the values as the whole.
#[derive(Default)]
pub(super) struct Skewness(Vec<Third>);

impl Fold for Skewness {
    fn grow(&mut self, groups: usize) {
        self.0.resize(groups, Third::default());
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Float(array) = argument else { return Err(unexpected()) };
        let moments = &mut self.0;
        each(groups, array, |group, value| {
            let Third { second, cubes } = &mut moments[group];
            // Pébay (2008), Formulas for Robust, One-Pass Parallel Computation of Covariances.
            let before = second.count as f64;
            second.count += 1;
            let count = second.count as f64;
            let step = (value - second.mean) / count;
            let product = (value - second.mean) * step * before;
            *cubes += product * step * (count - 2.0) - 3.0 * step * second.squares;
            second.mean += step;
            second.squares += product;
        });
        Ok(())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    fn finish(&mut self) -> Result<Column> {
        let skewness = |Third { second, cubes }: &Third| {
            let count = second.count as f64;
            (cubes / count) / (second.squares / count).powf(1.5)
        };
        let seen: Vec<bool> = self.0.iter().map(|third| third.second.count > 0).collect();
        let values = self.0.iter().map(skewness).collect();
        let values: Float64Chunked =
            ChunkedArray::from_vec_validity(PlSmallStr::EMPTY, values, validity(&seen));
        Ok(values.into_column())
    }
}
