//! Power sums of a column of numbers: count, Σx, Σx², Σx³, Σx⁴, all exact.
//!
//! Every power is added together with its rounding errors (two-product), so central moments computed from
//! the sums lose nothing to cancellation. Whole numbers and decimals are taken in their own unit; the
//! scale is applied when the moments are read.

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::error_free::{moderate_product, two_product};
use super::exact_sum::{BLOCK, ExactSum};
use super::values::{floats, for_whole_type, present_only};
use crate::literal::Family;
use crate::mask::RowSet;

/// Fourth powers of numbers below this are far from the range of floats.
const MODERATE: f64 = 1e70;

/// Power sums up to an order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    /// Finite values.
    pub finite: u64,
    /// NaN values.
    pub nan: u64,
    /// Values of +∞.
    pub positive_infinite: u64,
    /// Values of −∞.
    pub negative_infinite: u64,
    /// Σx, Σx², Σx³, Σx⁴ as far as the order goes.
    pub sums: Vec<ExactSum>,
    /// Whether a power was beyond the range of floats.
    pub overflow: bool,
}

impl Moments {
    /// Nothing added yet; `order` is 1, 2 or 4.
    pub fn new(order: u8) -> Self {
        Self { sums: vec![ExactSum::default(); usize::from(order)], ..Self::default() }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.finite + self.nan + self.positive_infinite + self.negative_infinite
    }

    /// Adds a float.
    #[inline]
    pub fn add(&mut self, x: f64) {
        if !x.is_finite() {
            self.add_unusual(x);
            return;
        }
        self.finite += 1;
        match self.sums.as_mut_slice() {
            [sum] => sum.add(x),
            [sum, squares] => {
                sum.add(x);
                let (square, error) = two_product(x, x);
                self.overflow |= !square.is_finite();
                squares.add(square);
                squares.add(error);
            }
            sums => self.overflow |= !add_powers(sums, &[x]),
        }
    }

    /// Adds floats, faster than one by one.
    pub fn add_all(&mut self, values: &[f64]) {
        for block in values.chunks(BLOCK) {
            if block.iter().all(|value| value.abs() < MODERATE) {
                self.add_moderate(block);
            } else {
                for value in block {
                    self.add(*value);
                }
            }
        }
    }

    /// Adds a block of numbers whose powers are finite.
    fn add_moderate(&mut self, block: &[f64]) {
        self.finite += block.len() as u64;
        let square = |x: f64| moderate_product(x, x);
        for (at, sum) in self.sums.iter_mut().enumerate() {
            match at {
                0 => sum.add_all(block),
                1 => add_terms(sum, block, square),
                2 => {
                    add_terms(sum, block, |x| moderate_product(square(x).0, x));
                    add_terms(sum, block, |x| moderate_product(square(x).1, x));
                }
                _ => {
                    add_terms(sum, block, |x| moderate_product(square(x).0, square(x).0));
                    add_terms(sum, block, |x| moderate_product(2.0 * square(x).0, square(x).1));
                    add_terms(sum, block, |x| moderate_product(square(x).1, square(x).1));
                }
            }
        }
    }

    #[cold]
    fn add_unusual(&mut self, x: f64) {
        if x.is_nan() {
            self.nan += 1;
        } else if x > 0.0 {
            self.positive_infinite += 1;
        } else {
            self.negative_infinite += 1;
        }
    }

    /// Adds a whole number.
    #[inline]
    pub fn add_whole(&mut self, x: i128) {
        if x.unsigned_abs() <= 1 << 53 {
            self.add(x as f64);
            return;
        }
        self.finite += 1;
        let mut rest = ExactSum::default();
        rest.add_whole(x);
        self.overflow |= !add_powers(&mut self.sums, &rest.components(3));
    }

    /// Adds the rows of a column that are in the set, which must hold no null.
    pub(crate) fn add_column(&mut self, column: &ArrayRef, rows: &RowSet) -> Result<(), ArrowError> {
        if Family::of(column.data_type()) == Family::Float {
            self.add_all(&present_only(&floats(column)?, rows));
            return Ok(());
        }
        for_whole_type!(column.data_type(), T => { self.add_whole_column::<T>(column, rows); Ok(()) })
    }

    /// Small whole numbers are added up in integers; larger ones one by one.
    fn add_whole_column<T: ArrowPrimitiveType>(&mut self, column: &ArrayRef, rows: &RowSet)
    where
        T::Native: Into<i128> + Ord,
    {
        let values = column.as_primitive::<T>().values();
        let wide = |value: T::Native| -> i128 { value.into() };
        let mut largest = 0_u128;
        rows.for_each_range(|range| {
            let stretch = values.get(range).unwrap_or_default();
            for end in [stretch.iter().min(), stretch.iter().max()].into_iter().flatten() {
                largest = largest.max(wide(*end).unsigned_abs());
            }
        });
        let order = self.sums.len();
        let integers_hold = match order {
            1 => largest <= 1 << 62,
            2 => largest <= 1 << 31,
            _ => largest <= 1 << 23,
        };
        if !integers_hold {
            rows.for_each(values, |value| self.add_whole(wide(value)));
            return;
        }
        let mut powers = [0_i128; 4];
        match order {
            1 => rows.for_each(values, |value| powers[0] += wide(value)),
            2 => rows.for_each(values, |value| {
                let x = wide(value) as i64;
                powers[0] += i128::from(x);
                powers[1] += i128::from(x * x);
            }),
            _ => rows.for_each(values, |value| {
                let x = wide(value) as i64;
                let square = x * x;
                powers[0] += i128::from(x);
                powers[1] += i128::from(square);
                powers[2] += i128::from(square) * i128::from(x);
                powers[3] += i128::from(square) * i128::from(square);
            }),
        }
        self.finite += rows.count() as u64;
        for (sum, power) in self.sums.iter_mut().zip(powers) {
            sum.add_whole(power);
        }
    }

    /// Adds another column part.
    pub fn merge(&mut self, other: &Self) {
        self.finite += other.finite;
        self.nan += other.nan;
        self.positive_infinite += other.positive_infinite;
        self.negative_infinite += other.negative_infinite;
        self.overflow |= other.overflow;
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.merge(theirs);
        }
    }

    /// What the values that are not finite make of a sum or a mean.
    fn unusual(&self) -> Option<f64> {
        match (self.nan, self.positive_infinite, self.negative_infinite) {
            (0, 0, 0) => None,
            (0, _, 0) => Some(f64::INFINITY),
            (0, 0, _) => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    /// Σx, by IEEE rules where values are not finite.
    pub fn sum(&self) -> f64 {
        self.unusual().unwrap_or_else(|| self.sums.first().map_or(0.0, ExactSum::to_f64))
    }

    /// The arithmetic mean; NaN of nothing.
    pub fn mean(&self) -> f64 {
        self.unusual().unwrap_or_else(|| self.sum() / self.finite as f64)
    }

    /// Σ(x − mean)² ÷ (n − ddof); NaN where values are not finite.
    pub fn variance(&self, ddof: u64) -> f64 {
        if self.unusual().is_some() {
            return f64::NAN;
        }
        let n = self.finite as f64;
        // n·Σx² − (Σx)², which is n · Σ(x − mean)².
        self.central(2) / n / (n - ddof as f64)
    }

    /// Population skewness m₃ ÷ m₂^1.5; NaN where all values are equal.
    pub fn skewness(&self) -> f64 {
        if self.unusual().is_some() {
            return f64::NAN;
        }
        // With S_k = n^(k−1)·Σ(x − mean)^k: m₃ ÷ m₂^1.5 = S₃ ÷ (S₂^1.5).
        self.central(3) / self.central(2).powf(1.5)
    }

    /// Population excess kurtosis m₄ ÷ m₂² − 3; NaN where all values are equal.
    pub fn kurtosis(&self) -> f64 {
        if self.unusual().is_some() {
            return f64::NAN;
        }
        self.central(4) / self.central(2).powi(2) - 3.0
    }

    /// `n^k · m_k` for the k-th central moment `m_k`, from exact power sums: the binomial expansion of
    /// Σ(n·x − Σx)^k ÷ n.
    fn central(&self, k: usize) -> f64 {
        let parts = |power: usize| self.sums.get(power - 1).map(|sum| sum.components(6)).unwrap_or_default();
        let n = [self.finite as f64];
        let s1 = parts(1);
        let s1_squared = ExactSum::product(&s1, &s1);
        let mut total = ExactSum::default();
        match k {
            2 => {
                total.add_product(&n, &parts(2));
                total.add_product(&[-1.0], &s1_squared);
            }
            3 => {
                let n_squared = ExactSum::product(&n, &n);
                total.add_product(&n_squared, &parts(3));
                total.add_product(&ExactSum::product(&[-3.0], &ExactSum::product(&n, &s1)), &parts(2));
                total.add_product(&ExactSum::product(&[2.0], &s1), &s1_squared);
            }
            _ => {
                let n_squared = ExactSum::product(&n, &n);
                total.add_product(&ExactSum::product(&n_squared, &n), &parts(4));
                total
                    .add_product(&ExactSum::product(&[-4.0], &ExactSum::product(&n_squared, &s1)), &parts(3));
                total.add_product(&ExactSum::product(&[6.0], &ExactSum::product(&n, &s1_squared)), &parts(2));
                total.add_product(&ExactSum::product(&[-3.0], &s1_squared), &s1_squared);
            }
        }
        total.to_f64()
    }
}

/// Adds a product and its rounding error for every number of a block.
fn add_terms(sum: &mut ExactSum, block: &[f64], term: impl Fn(f64) -> (f64, f64)) {
    let (mut products, mut errors) = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
    for ((value, product), error) in block.iter().zip(&mut products).zip(&mut errors) {
        (*product, *error) = term(*value);
    }
    sum.add_all(products.get(..block.len()).unwrap_or_default());
    sum.add_all(errors.get(..block.len()).unwrap_or_default());
}

/// Adds x, x², x³, x⁴ of a number given as a sum of few floats; false where a power overflowed.
fn add_powers(sums: &mut [ExactSum], x: &[f64]) -> bool {
    let mut power: Vec<f64> = Vec::new();
    let mut finite = true;
    if let [single] = x {
        return add_powers_of_float(sums, *single);
    }
    for sum in sums {
        power = if power.is_empty() { x.to_vec() } else { ExactSum::product(&power, x) };
        for part in &power {
            finite &= part.is_finite();
            sum.add(*part);
        }
    }
    finite
}

/// The powers of one float by two-products alone, without allocating.
#[inline]
fn add_powers_of_float(sums: &mut [ExactSum], x: f64) -> bool {
    let (square, error) = two_product(x, x);
    let mut finite = square.is_finite();
    for (at, sum) in sums.iter_mut().enumerate() {
        let mut add = |a: f64, b: f64| {
            let (product, error) = two_product(a, b);
            finite &= product.is_finite();
            sum.add(product);
            sum.add(error);
        };
        match at {
            0 => sum.add(x),
            1 => {
                sum.add(square);
                sum.add(error);
            }
            2 => {
                add(square, x);
                add(error, x);
            }
            _ => {
                add(square, square);
                add(2.0 * square, error);
                add(error, error);
            }
        }
    }
    finite
}
