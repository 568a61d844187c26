//! Exact sums of floating-point numbers: the same bits whatever the order and however the rows were split.
//!
//! A sum is one wide fixed-point number that covers the whole range of `f64`, in digits of 32 bits held in
//! 64-bit integers, so that carries are rare (R. M. Neal, "Fast exact summation using small and large
//! superaccumulators", 2015, arXiv:1505.05571). Adding is three integer additions; the one rounding
//! happens when the sum is read.

use serde::{Deserialize, Serialize};

use super::error_free::two_product;

/// 2098 bits from the least subnormal to the greatest float, and headroom for 2^60 terms.
const DIGITS: usize = 69;
/// Each addition adds less than 2^32 to a digit of 63 bits.
const ADDS_BETWEEN_CARRIES: u32 = 1 << 30;
/// Numbers that are cut and added up together.
pub(crate) const BLOCK: usize = 1024;
/// Sums that are carried side by side.
const LANES: usize = 8;
/// Biased exponents of a block's largest number for which the cuts are ordinary floats.
const CUTTABLE: std::ops::Range<i32> = 150..2000;
const MASK: u128 = 0xffff_ffff;

/// An exact sum of finite floats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct ExactSum {
    digits: Box<[i64; DIGITS]>,
    adds: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self { digits: Box::new([0; DIGITS]), adds: 0 }
    }
}

impl ExactSum {
    /// Adds a finite number; others are ignored, as they are counted elsewhere.
    #[inline]
    pub fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let exponent = (bits >> 52) & 0x7ff;
        if exponent == 0x7ff {
            return;
        }
        let implicit = u64::from(exponent != 0) << 52;
        let mantissa = (bits & 0x000f_ffff_ffff_ffff) | implicit;
        let place = exponent.saturating_sub(1);
        self.add_at(u128::from(mantissa) << (place & 31), (place >> 5) as usize, (bits as i64) >> 63);
    }

    /// Adds finite numbers, faster than one by one.
    ///
    /// Within a block every number is cut at two places relative to the block's largest, such that the
    /// upper and the middle parts each add up in a float without rounding (as in Demmel and Nguyen,
    /// "Fast reproducible floating-point summation", ARITH 2013); what lies below is added one by one.
    pub fn add_all(&mut self, values: &[f64]) {
        values.chunks(BLOCK).for_each(|block| self.add_block(block));
    }

    fn add_block(&mut self, block: &[f64]) {
        let largest = block.iter().fold(0_u64, |max, value| max.max(value.to_bits() & !(1 << 63)));
        let exponent = (largest >> 52) as i32;
        if !CUTTABLE.contains(&exponent) {
            for value in block {
                self.add(*value);
            }
            return;
        }
        // All numbers are below 2^e in magnitude; 1024 upper parts add up to less than 2^(e + 11).
        let e = exponent - 1022;
        let cut = |e: i32| 1.5 * f64::from_bits(((e + 10 + 1023) as u64) << 52);
        let (first, second) = (cut(e), cut(e - 42));
        let split = |value: f64| {
            let upper = (value + first) - first;
            let rest = value - upper;
            let middle = (rest + second) - second;
            (upper, middle, rest - middle)
        };
        let mut sums = [[0.0_f64; LANES]; 2];
        let mut below = false;
        let mut lanes = block.chunks_exact(LANES);
        for chunk in &mut lanes {
            for (lane, value) in chunk.iter().enumerate() {
                let (upper, middle, rest) = split(*value);
                sums[0][lane] += upper;
                sums[1][lane] += middle;
                below |= rest != 0.0;
            }
        }
        sums.iter().flatten().for_each(|sum| self.add(*sum));
        lanes.remainder().iter().for_each(|value| self.add(*value));
        if below {
            let whole = block.len() / LANES * LANES;
            for value in block.iter().take(whole) {
                let (_, _, rest) = split(*value);
                if rest != 0.0 {
                    self.add(rest);
                }
            }
        }
    }

    /// Adds a whole number.
    pub fn add_whole(&mut self, value: i128) {
        // The unit is 2^-1074, which is digit 33, bit 18.
        let sign = (value >> 127) as i64;
        let magnitude = value.unsigned_abs();
        self.add_at((magnitude & 0xffff_ffff_ffff_ffff) << 18, 33, sign);
        self.add_at((magnitude >> 64) << 18, 35, sign);
    }

    #[inline]
    fn add_at(&mut self, shifted: u128, at: usize, sign: i64) {
        if self.adds >= ADDS_BETWEEN_CARRIES {
            self.carry();
        }
        self.adds += 1;
        let parts = [shifted & MASK, (shifted >> 32) & MASK, shifted >> 64];
        if let Some(digits) = self.digits.get_mut(at..at + 3) {
            for (digit, part) in digits.iter_mut().zip(parts) {
                *digit += (part as i64 ^ sign) - sign;
            }
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        if self.adds.saturating_add(other.adds) >= ADDS_BETWEEN_CARRIES {
            self.carry();
        }
        if self.adds.saturating_add(other.adds) >= ADDS_BETWEEN_CARRIES {
            let mut other = other.clone();
            other.carry();
            return self.merge(&other);
        }
        for (mine, theirs) in self.digits.iter_mut().zip(other.digits.iter()) {
            *mine += theirs;
        }
        self.adds += other.adds.max(1);
    }

    /// Brings every digit but the last into 0 … 2^32 − 1, which makes the representation unique.
    fn carry(&mut self) {
        let mut carry = 0;
        let last = DIGITS - 1;
        for digit in self.digits.iter_mut().take(last) {
            let total = *digit + carry;
            *digit = total & 0xffff_ffff;
            carry = total >> 32;
        }
        self.digits[last] += carry;
        self.adds = 1;
    }

    /// The sum without its sign, in canonical digits.
    fn magnitude(&self) -> (bool, Self) {
        let mut sum = self.clone();
        sum.carry();
        let negative = sum.digits[DIGITS - 1] < 0;
        if negative {
            sum.digits.iter_mut().for_each(|digit| *digit = -*digit);
            sum.carry();
        }
        (negative, sum)
    }

    /// The highest 64 bits of the magnitude, the place of their lowest bit above 2^-1074, and whether
    /// anything lies below.
    fn leading(&self) -> Option<(u64, i32, bool)> {
        let top = self.digits.iter().rposition(|digit| *digit != 0)?;
        let digit = |at: Option<usize>| at.and_then(|at| self.digits.get(at)).map_or(0, |d| *d as u128);
        let high = digit(Some(top)) << 64 | digit(top.checked_sub(1)) << 32 | digit(top.checked_sub(2));
        let shift = 128 - high.leading_zeros() as i32 - 64;
        let place = top as i32 * 32 - 64 + shift;
        let kept = if shift >= 0 { (high >> shift) as u64 } else { (high as u64) << -shift };
        let lost_here = shift > 0 && high & ((1_u128 << shift) - 1) != 0;
        let lost_below = self.digits.iter().take(top.saturating_sub(2)).any(|digit| *digit != 0);
        Some((kept, place, lost_here || lost_below))
    }

    /// The sum, correctly rounded; infinite where it is beyond the range of floats.
    pub fn to_f64(&self) -> f64 {
        let (negative, sum) = self.magnitude();
        let Some((kept, place, sticky)) = sum.leading() else { return 0.0 };
        let value = scale((kept | u64::from(sticky)) as f64, place - 1074);
        if negative { -value } else { value }
    }

    /// The sum as a whole number; None where it is none, or does not fit.
    pub fn to_whole(&self) -> Option<i128> {
        let (negative, sum) = self.magnitude();
        let below = |at: usize| sum.digits.get(..at).unwrap_or_default().iter().any(|digit| *digit != 0);
        let fraction = sum.digits.get(33)? & ((1 << 18) - 1);
        if below(33) || fraction != 0 || sum.digits.iter().skip(37).any(|digit| *digit != 0) {
            return None;
        }
        let mut whole = (*sum.digits.get(33)? as u128) >> 18;
        for (at, digit) in sum.digits.iter().enumerate().skip(34).take(3) {
            whole |= (*digit as u128) << ((at - 33) * 32 - 18);
        }
        let whole = i128::try_from(whole).ok()?;
        Some(if negative { -whole } else { whole })
    }

    /// The sum as numbers that do not overlap, largest first: `count` of them carry `53 · count` bits.
    pub fn components(&self, count: usize) -> Vec<f64> {
        let mut rest = self.clone();
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let (negative, sum) = rest.magnitude();
            let Some((kept, place, _)) = sum.leading() else { break };
            let value = scale((kept & !0x7ff) as f64, place - 1074);
            let part = if negative { -value } else { value };
            if !part.is_finite() {
                return vec![part];
            }
            rest.add(-part);
            parts.push(part);
        }
        parts
    }

    /// Adds the product of two sums of few components, exactly as far as no term underflows.
    pub fn add_product(&mut self, left: &[f64], right: &[f64]) {
        for a in left {
            for b in right {
                let (product, error) = two_product(*a, *b);
                self.add(product);
                self.add(error);
            }
        }
    }

    /// The product of two sums of few components.
    pub fn product(left: &[f64], right: &[f64]) -> Vec<f64> {
        let mut sum = Self::default();
        sum.add_product(left, right);
        sum.components(6)
    }
}

/// `value · 2^power` without overflow or underflow on the way.
fn scale(value: f64, power: i32) -> f64 {
    let two_to = |power: i32| f64::from_bits(((power + 1023) as u64) << 52);
    let mut value = value;
    let mut rest = power;
    while rest < -1000 {
        value *= two_to(-500);
        rest += 500;
    }
    while rest > 1000 {
        value *= two_to(500);
        rest -= 500;
    }
    value * two_to(rest)
}

/// The digits that are not zero, and where they begin.
#[derive(Serialize, Deserialize)]
struct Stored {
    at: usize,
    digits: Vec<i64>,
}

impl From<ExactSum> for Stored {
    fn from(mut sum: ExactSum) -> Self {
        sum.carry();
        let at = sum.digits.iter().position(|digit| *digit != 0).unwrap_or(0);
        let end = sum.digits.iter().rposition(|digit| *digit != 0).map_or(at, |last| last + 1);
        Self { at, digits: sum.digits.get(at..end).unwrap_or_default().to_vec() }
    }
}

impl From<Stored> for ExactSum {
    fn from(stored: Stored) -> Self {
        let mut sum = Self { adds: 1, ..Self::default() };
        for (digit, value) in sum.digits.iter_mut().skip(stored.at).zip(stored.digits) {
            *digit = value;
        }
        sum
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact sums are compared exactly")]
mod tests {
    use proptest::prelude::*;
    use xsum::{Xsum, XsumSmall};

    use super::*;

    fn sum_of(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        for value in values {
            sum.add(*value);
        }
        sum
    }

    proptest! {
        #[test]
        fn a_sum_agrees_with_neals_implementation(values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 0..60)) {
            let mut other = XsumSmall::new();
            other.add_list(&values);
            prop_assert_eq!(sum_of(&values).to_f64(), other.sum());
        }

        #[test]
        fn a_sum_does_not_depend_on_order_or_split(values in prop::collection::vec(-1e18..1e18_f64, 1..80), at in 0..80_usize) {
            let at = at.min(values.len());
            let mut split = sum_of(&values[at..]);
            split.merge(&sum_of(&values[..at]));
            let text = serde_json::to_string(&split).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&sum_of(&values)).unwrap());
            let back: ExactSum = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(back.to_f64(), split.to_f64());
        }

        #[test]
        fn blocks_add_up_as_single_numbers_do(
            values in prop::collection::vec(prop_oneof![
                prop::num::f64::NORMAL, -1e9..1e9_f64, -1e-3..1e-3_f64, prop::num::f64::SUBNORMAL, Just(0.0)
            ], 0..300)
        ) {
            let mut blocks = ExactSum::default();
            blocks.add_all(&values);
            let text = |sum: &ExactSum| serde_json::to_string(sum).unwrap();
            prop_assert_eq!(text(&blocks), text(&sum_of(&values)));
        }

        #[test]
        fn components_add_up_to_the_sum(values in prop::collection::vec(-1e30..1e30_f64, 1..20)) {
            let mut sum = sum_of(&values);
            for part in sum.clone().components(40) {
                sum.add(-part);
            }
            prop_assert_eq!(sum.to_f64(), 0.0);
        }

        #[test]
        fn whole_numbers_are_added_exactly(values in prop::collection::vec(any::<i64>(), 1..20)) {
            let mut sum = ExactSum::default();
            for value in &values {
                sum.add_whole(i128::from(*value));
            }
            let exact: i128 = values.iter().map(|value| i128::from(*value)).sum();
            prop_assert_eq!(sum.to_f64(), exact as f64);
            prop_assert_eq!(sum.to_whole(), Some(exact));
        }
    }

    #[test]
    fn a_full_block_of_the_largest_adds_up() {
        for value in [f64::from_bits(0x4000_0000_0000_0000 - 1), 1.0, 1e-30, -1e290] {
            let values = vec![value; 5000];
            let mut blocks = ExactSum::default();
            blocks.add_all(&values);
            assert_eq!(blocks.to_f64(), sum_of(&values).to_f64());
        }
    }

    #[test]
    fn extremes_do_not_overflow_on_the_way() {
        assert_eq!(sum_of(&[f64::MAX, f64::MAX, -f64::MAX]).to_f64(), f64::MAX);
        assert_eq!(sum_of(&[f64::MAX, f64::MAX]).to_f64(), f64::INFINITY);
        assert_eq!(sum_of(&[5e-324, 5e-324]).to_f64(), 1e-323);
        assert_eq!(sum_of(&[1e308, 1.0, -1e308]).to_f64(), 1.0);
        assert_eq!(sum_of(&[]).to_f64(), 0.0);
    }
}
