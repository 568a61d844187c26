//! The normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// Beyond this the continued fraction converges faster than the series.
const FAR: f64 = 2.5;

/// The share of standard normal values up to `x`; NaN of NaN.
pub(crate) fn cdf(x: f64) -> f64 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let tail = if z < FAR { 0.5 - 0.5 * erf_series(z) } else { 0.5 * erfc_fraction(z) };
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// erf by 7.1.6 of Abramowitz and Stegun, whose terms are all positive.
fn erf_series(z: f64) -> f64 {
    let square = 2.0 * z * z;
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        odd += 2.0;
        term *= square / odd;
        sum += term;
    }
    FRAC_2_SQRT_PI * (-z * z).exp() * sum
}

/// erfc by the continued fraction 7.1.14 of Abramowitz and Stegun, from the inside.
fn erfc_fraction(z: f64) -> f64 {
    let fraction = (1..=60).rev().fold(z, |inner, n| z + f64::from(n) / 2.0 / inner);
    (-z * z).exp() / (std::f64::consts::PI.sqrt() * fraction)
}

#[cfg(test)]
#[expect(clippy::unreadable_literal, reason = "figures as scipy prints them")]
mod tests {
    use super::cdf;

    #[test]
    fn the_normal_distribution_is_that_of_scipy() {
        // scipy 1.17: norm.cdf.
        for (x, expected) in [
            (-9.0, 1.1285884059538324e-19),
            (-6.5, 4.016000583859088e-11),
            (-3.6, 0.00015910859015753364),
            (-3.5, 0.00023262907903552502),
            (-2.0, 0.022750131948179195),
            (-1.0, 0.15865525393145707),
            (-0.25, 0.4012936743170763),
            (0.0, 0.5),
            (1e-09, 0.5000000003989423),
            (0.5, 0.6914624612740131),
            (1.0, 0.8413447460685429),
            (1.96, 0.9750021048517795),
            (3.0, 0.9986501019683699),
            (3.54, 0.9997999364839927),
            (5.0, 0.9999997133484281),
            (8.5, 1.0),
        ] {
            let found = cdf(x);
            assert!((found - expected).abs() <= expected * 1e-12, "{x}: {found} is not {expected}");
        }
        assert!(cdf(f64::NAN).is_nan());
    }
}
