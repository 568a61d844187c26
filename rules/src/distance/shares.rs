//! Distances between two distributions given as shares of the same bins.
//!
//! Each takes the shares now and those before, in the same order and adding up to 1.

/// Σ(pᵢ − qᵢ)·ln(pᵢ ÷ qᵢ), the population stability index; infinite where only one of two shares is zero.
pub(crate) fn stability_index(p: &[f64], q: &[f64]) -> f64 {
    pairs(p, q).map(|(p, q)| if p + q == 0.0 { 0.0 } else { (p - q) * (p / q).ln() }).sum()
}

/// Σpᵢ·ln(pᵢ ÷ qᵢ), the Kullback-Leibler divergence of p from q in nats.
pub(crate) fn kl_divergence(p: &[f64], q: &[f64]) -> f64 {
    let terms = pairs(p, q).map(|(p, q)| if p == 0.0 { 0.0 } else { p * (p / q).ln() });
    terms.sum::<f64>().max(0.0)
}

/// The square root of the Jensen-Shannon divergence with logarithms to base 2, from 0 to 1.
pub(crate) fn jensen_shannon(p: &[f64], q: &[f64]) -> f64 {
    let to_middle = |p: f64, q: f64| if p == 0.0 { 0.0 } else { p * (2.0 * p / (p + q)).log2() };
    let sum: f64 = pairs(p, q).map(|(p, q)| to_middle(p, q) + to_middle(q, p)).sum();
    (sum / 2.0).clamp(0.0, 1.0).sqrt()
}

/// √(½·Σ(√pᵢ − √qᵢ)²), from 0 to 1.
pub(crate) fn hellinger(p: &[f64], q: &[f64]) -> f64 {
    let sum: f64 = pairs(p, q).map(|(p, q)| (p.sqrt() - q.sqrt()).powi(2)).sum();
    (sum / 2.0).min(1.0).sqrt()
}

/// ½·Σ|pᵢ − qᵢ|, from 0 to 1.
pub(crate) fn total_variation(p: &[f64], q: &[f64]) -> f64 {
    (pairs(p, q).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0).min(1.0)
}

/// The largest |pᵢ − qᵢ| and the first bin that has it.
pub(crate) fn largest_difference(p: &[f64], q: &[f64]) -> (f64, usize) {
    let differences = pairs(p, q).map(|(p, q)| (p - q).abs()).enumerate();
    differences.fold(
        (0.0, 0),
        |(most, at), (bin, difference)| {
            if difference > most { (difference, bin) } else { (most, at) }
        },
    )
}

fn pairs<'a>(p: &'a [f64], q: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    p.iter().copied().zip(q.iter().copied())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Distance = fn(&[f64], &[f64]) -> f64;

    const P: [f64; 4] = [0.1, 0.4, 0.2, 0.3];
    const Q: [f64; 4] = [0.25, 0.25, 0.4, 0.1];

    #[test]
    fn distances_agree_with_scipy() {
        // scipy 1.17: entropy(p, q), jensenshannon(p, q, base=2), entropy(p, q) + entropy(q, p), and the
        // formulas of the others in numpy.
        for (found, expected) in [
            (kl_divergence(&P, &Q), 0.287_326_628_999_322_54),
            (jensen_shannon(&P, &Q), 0.314_336_807_990_619_36),
            (stability_index(&P, &Q), 0.566_296_048_013_594_6),
            (hellinger(&P, &Q), 0.263_838_127_917_926_9),
            (total_variation(&P, &Q), 0.35),
            (largest_difference(&P, &Q).0, 0.2),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(largest_difference(&P, &Q).1, 2);
    }

    #[test]
    fn distributions_apart_are_as_far_as_can_be() {
        let (p, q) = ([1.0, 0.0], [0.0, 1.0]);
        assert!((jensen_shannon(&p, &q) - 1.0).abs() < 1e-15);
        assert!((hellinger(&p, &q) - 1.0).abs() < 1e-15);
        assert!((total_variation(&p, &q) - 1.0).abs() < 1e-15);
        assert_eq!((kl_divergence(&p, &q), stability_index(&p, &q)), (f64::INFINITY, f64::INFINITY));
    }

    fn distribution() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![0.01..1.0_f64, Just(0.0)], 6).prop_map(|mut weights| {
            weights[0] += 0.01;
            let total: f64 = weights.iter().sum();
            weights.into_iter().map(|weight| weight / total).collect()
        })
    }

    proptest! {
        #[test]
        fn metrics_are_symmetric_in_range_and_obey_the_triangle(
            p in distribution(), q in distribution(), r in distribution()
        ) {
            let metrics: [Distance; 4] =
                [jensen_shannon, hellinger, total_variation, |p, q| largest_difference(p, q).0];
            for metric in metrics {
                let (pq, qp) = (metric(&p, &q), metric(&q, &p));
                prop_assert!((pq - qp).abs() < 1e-9);
                prop_assert!((0.0..=1.0).contains(&pq));
                prop_assert!(metric(&p, &p) < 1e-7);
                prop_assert!(pq <= metric(&p, &r) + metric(&r, &q) + 1e-7);
            }
            // Hellinger and total variation bound each other.
            let (h, v) = (hellinger(&p, &q), total_variation(&p, &q));
            prop_assert!(h * h <= v + 1e-12 && v <= h * 2_f64.sqrt() + 1e-12);
        }

        #[test]
        fn divergences_are_never_negative_and_zero_only_at_home(p in distribution(), q in distribution()) {
            prop_assert!(kl_divergence(&p, &q) >= 0.0 && stability_index(&p, &q) >= 0.0);
            prop_assert!(kl_divergence(&p, &p).abs() < 1e-12 && stability_index(&p, &p).abs() < 1e-12);
            let both = kl_divergence(&p, &q) + kl_divergence(&q, &p);
            let index = stability_index(&p, &q);
            prop_assert!(index.is_infinite() == both.is_infinite());
            prop_assert!(index.is_infinite() || (index - both).abs() < 1e-9);
        }
    }
}
