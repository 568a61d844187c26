//! Σx, Σy, Σx², Σy², Σxy of two columns over the rows where both are present; exact.

use serde::{Deserialize, Serialize};

use super::error_free::{moderate_product, two_product};
use super::exact_sum::{BLOCK, ExactSum};

/// Products of numbers below this are far from the range of floats.
const MODERATE: f64 = 1e140;

/// Sums for a correlation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CoMoments {
    /// Rows where both values are finite.
    pub finite: u64,
    /// Rows where one is not.
    pub unusual: u64,
    x: ExactSum,
    y: ExactSum,
    xx: ExactSum,
    yy: ExactSum,
    xy: ExactSum,
}

impl CoMoments {
    /// Adds a row.
    #[inline]
    pub fn add(&mut self, x: f64, y: f64) {
        if !(x.is_finite() && y.is_finite()) {
            self.unusual += 1;
            return;
        }
        self.finite += 1;
        self.x.add(x);
        self.y.add(y);
        for (sum, (product, error)) in [
            (&mut self.xx, two_product(x, x)),
            (&mut self.yy, two_product(y, y)),
            (&mut self.xy, two_product(x, y)),
        ] {
            if !product.is_finite() {
                self.unusual += 1;
            }
            sum.add(product);
            sum.add(error);
        }
    }

    /// Adds rows, faster than one by one.
    pub fn add_all(&mut self, x: &[f64], y: &[f64]) {
        for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
            let moderate = |values: &[f64]| values.iter().all(|value| value.abs() < MODERATE);
            if !(moderate(x) && moderate(y)) {
                x.iter().zip(y).for_each(|(x, y)| self.add(*x, *y));
                continue;
            }
            self.finite += x.len() as u64;
            self.x.add_all(x);
            self.y.add_all(y);
            add_products(&mut self.xx, x, x);
            add_products(&mut self.yy, y, y);
            add_products(&mut self.xy, x, y);
        }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.finite += other.finite;
        self.unusual += other.unusual;
        self.x.merge(&other.x);
        self.y.merge(&other.y);
        self.xx.merge(&other.xx);
        self.yy.merge(&other.yy);
        self.xy.merge(&other.xy);
    }

    /// Pearson's correlation; NaN where a column is constant or values are not finite.
    pub fn correlation(&self) -> f64 {
        if self.unusual > 0 {
            return f64::NAN;
        }
        let n = [self.finite as f64];
        let spread = |products: &ExactSum, a: &ExactSum, b: &ExactSum| {
            let mut total = ExactSum::default();
            total.add_product(&n, &products.components(6));
            let minus: Vec<f64> = a.components(6).iter().map(|part| -part).collect();
            total.add_product(&minus, &b.components(6));
            total.to_f64()
        };
        let xy = spread(&self.xy, &self.x, &self.y);
        let xx = spread(&self.xx, &self.x, &self.x);
        let yy = spread(&self.yy, &self.y, &self.y);
        (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)
    }
}

fn add_products(sum: &mut ExactSum, x: &[f64], y: &[f64]) {
    let (mut products, mut errors) = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
    for (((x, y), product), error) in x.iter().zip(y).zip(&mut products).zip(&mut errors) {
        (*product, *error) = moderate_product(*x, *y);
    }
    sum.add_all(products.get(..x.len()).unwrap_or_default());
    sum.add_all(errors.get(..x.len()).unwrap_or_default());
}
