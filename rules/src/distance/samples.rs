//! Distances between two samples of numbers, given as ascending values with the number of each.

/// The largest distance between the two distribution functions (Kolmogorov and Smirnov), and the value at
/// which it is reached; 0 where a sample is empty.
pub(crate) fn kolmogorov_smirnov(a: &[(f64, u64)], b: &[(f64, u64)]) -> (f64, f64) {
    let mut largest = (0.0, f64::NAN);
    walk(a, b, |value, f, g, _| {
        let distance = (f - g).abs();
        if distance > largest.0 {
            largest = (distance, value);
        }
    });
    largest
}

/// ∫|F − G|, the Wasserstein distance of order 1; 0 where a sample is empty.
pub(crate) fn wasserstein(a: &[(f64, u64)], b: &[(f64, u64)]) -> f64 {
    let mut area = 0.0;
    walk(a, b, |_, f, g, width| {
        let height = (f - g).abs();
        if height > 0.0 && width > 0.0 {
            area += height * width;
        }
    });
    area
}

/// The population's standard deviation of a sample.
pub(crate) fn deviation(sample: &[(f64, u64)]) -> f64 {
    let count = total(sample) as f64;
    let mean = sample.iter().map(|(value, number)| value * *number as f64).sum::<f64>() / count;
    let squares = sample.iter().map(|(value, number)| (value - mean).powi(2) * *number as f64).sum::<f64>();
    (squares / count).sqrt()
}

/// The number of values of a sample.
pub(crate) fn total(sample: &[(f64, u64)]) -> u64 {
    sample.iter().map(|(_, number)| number).sum()
}

/// Visits every value of either sample with both distribution functions there, and the way to the next
/// value.
fn walk(a: &[(f64, u64)], b: &[(f64, u64)], mut visit: impl FnMut(f64, f64, f64, f64)) {
    let (of_a, of_b) = (total(a) as f64, total(b) as f64);
    if of_a == 0.0 || of_b == 0.0 {
        return;
    }
    let (mut at_a, mut at_b) = (0, 0);
    let (mut below_a, mut below_b) = (0_u64, 0_u64);
    let next = |at_a: usize, at_b: usize| match (a.get(at_a), b.get(at_b)) {
        (Some((left, _)), Some((right, _))) => Some(left.min(*right)),
        (left, right) => left.or(right).map(|(value, _)| *value),
    };
    while let Some(value) = next(at_a, at_b) {
        while let Some((_, number)) = a.get(at_a).filter(|(next, _)| *next <= value) {
            below_a += number;
            at_a += 1;
        }
        while let Some((_, number)) = b.get(at_b).filter(|(next, _)| *next <= value) {
            below_b += number;
            at_b += 1;
        }
        let width = next(at_a, at_b).map_or(0.0, |next| next - value);
        visit(value, below_a as f64 / of_a, below_b as f64 / of_b, width);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "distances of a sample to itself are exactly zero")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Distance = fn(&[(f64, u64)], &[(f64, u64)]) -> f64;

    fn sample(values: &[f64]) -> Vec<(f64, u64)> {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values.into_iter().map(|value| (value, 1)).collect()
    }

    #[test]
    fn distances_agree_with_scipy() {
        let a = sample(&[1.0, 2.5, 2.5, 4.0, 7.0, -3.0]);
        let b = sample(&[2.0, 2.5, 5.0, 9.0]);
        // scipy 1.17: ks_2samp(a, b).statistic, wasserstein_distance(a, b), numpy.std(b).
        assert!((kolmogorov_smirnov(&a, &b).0 - 0.333_333_333_333_333_3).abs() < 1e-12);
        assert!((wasserstein(&a, &b) - 2.291_666_666_666_667).abs() < 1e-12);
        assert!((deviation(&b) - 2.769_814_975_770_042_3).abs() < 1e-12);
        assert_eq!(kolmogorov_smirnov(&a, &a).0, 0.0);
    }

    #[test]
    fn weights_stand_for_repeated_values() {
        let (once, twice) = (sample(&[1.0, 1.0, 2.0]), vec![(1.0, 2), (2.0, 1)]);
        let other = sample(&[0.0, 3.0]);
        assert_eq!(kolmogorov_smirnov(&once, &other), kolmogorov_smirnov(&twice, &other));
        assert_eq!(wasserstein(&once, &other), wasserstein(&twice, &other));
    }

    #[test]
    fn infinities_are_far_but_not_from_themselves() {
        let infinite = sample(&[1.0, f64::INFINITY]);
        assert_eq!(wasserstein(&infinite, &infinite), 0.0);
        assert_eq!(wasserstein(&infinite, &sample(&[1.0, 2.0])), f64::INFINITY);
        assert_eq!(kolmogorov_smirnov(&infinite, &[]).0, 0.0);
    }

    proptest! {
        #[test]
        fn both_are_metrics(
            a in prop::collection::vec(-9.0..9.0_f64, 1..30),
            b in prop::collection::vec(-9.0..9.0_f64, 1..30),
            c in prop::collection::vec(-9.0..9.0_f64, 1..30),
            by in -5.0..5.0_f64,
        ) {
            let (x, y, z) = (sample(&a), sample(&b), sample(&c));
            let metrics: [Distance; 2] =
                [|a, b| kolmogorov_smirnov(a, b).0, wasserstein];
            for metric in metrics {
                prop_assert!((metric(&x, &y) - metric(&y, &x)).abs() < 1e-9);
                prop_assert!(metric(&x, &x) == 0.0);
                prop_assert!(metric(&x, &y) <= metric(&x, &z) + metric(&z, &y) + 1e-9);
            }
            prop_assert!((0.0..=1.0).contains(&kolmogorov_smirnov(&x, &y).0));
            let moved: Vec<f64> = a.iter().map(|value| value + by).collect();
            prop_assert!((wasserstein(&x, &sample(&moved)) - by.abs()).abs() < 1e-9);
        }
    }
}
