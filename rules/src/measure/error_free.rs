//! Products of floats with what rounding took from them.

/// Below this, Veltkamp's splitting cannot overflow.
const SPLITTABLE: f64 = 1e290;

/// The product and its rounding error (Dekker 1971, with Veltkamp's splitting).
#[inline]
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    if a.abs() > SPLITTABLE || b.abs() > SPLITTABLE {
        return (product, a.mul_add(b, -product));
    }
    moderate_product(a, b)
}

/// [`two_product`] of numbers below 1e290 in magnitude, without a branch.
#[inline]
pub(crate) fn moderate_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let split = |x: f64| {
        let c = 134_217_729.0 * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the error is compared exactly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_error_of_a_product_is_exact(a in -1e100..1e100_f64, b in -1e100..1e100_f64) {
            let (product, error) = two_product(a, b);
            prop_assert_eq!(error, a.mul_add(b, -product));
        }
    }
}
