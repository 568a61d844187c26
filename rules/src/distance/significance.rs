//! How likely a distance is by chance.

/// Pearson's statistic of two rows of counts, its degrees of freedom and Cramér's V.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Contingency {
    pub(crate) statistic: f64,
    pub(crate) freedom: usize,
    pub(crate) cramers_v: f64,
}

/// Compares two rows of counts. Bins of which fewer than 5 would be expected in a row are taken together,
/// as Cochran (1954) advises, and with the smallest other bin where that does not suffice. None where
/// fewer than two bins remain.
pub(crate) fn contingency(a: &[u64], b: &[u64]) -> Option<Contingency> {
    let mut bins: Vec<(f64, f64)> = a.iter().zip(b).map(|(a, b)| (*a as f64, *b as f64)).collect();
    bins.retain(|(a, b)| a + b > 0.0);
    let (of_a, of_b) =
        bins.iter().fold((0.0, 0.0), |(sum_a, sum_b): (f64, f64), (a, b)| (sum_a + a, sum_b + b));
    let all = of_a + of_b;
    if of_a == 0.0 || of_b == 0.0 {
        return None;
    }
    let smaller = of_a.min(of_b) / all;
    let expected = |bin: &(f64, f64)| (bin.0 + bin.1) * smaller;
    let together =
        |bins: Vec<(f64, f64)>| bins.into_iter().reduce(|(a, b), (more_a, more_b)| (a + more_a, b + more_b));
    let (mut kept, small): (Vec<_>, Vec<_>) = bins.into_iter().partition(|bin| expected(bin) >= 5.0);
    if let Some(mut pooled) = together(small) {
        kept.sort_by(|a, b| expected(b).total_cmp(&expected(a)));
        if expected(&pooled) < 5.0
            && let Some(smallest) = kept.pop()
        {
            pooled = (pooled.0 + smallest.0, pooled.1 + smallest.1);
        }
        kept.push(pooled);
    }
    if kept.len() < 2 {
        return None;
    }
    let statistic: f64 = kept
        .iter()
        .map(|(a, b)| {
            let (in_a, in_b) = ((a + b) * of_a / all, (a + b) * of_b / all);
            (a - in_a).powi(2) / in_a + (b - in_b).powi(2) / in_b
        })
        .sum();
    let cramers_v = (statistic / all).min(1.0).sqrt();
    Some(Contingency { statistic, freedom: kept.len() - 1, cramers_v })
}

/// The probability that a χ² variable of so many degrees of freedom is at least so large.
pub(crate) fn chi_square_tail(statistic: f64, freedom: usize) -> f64 {
    upper_gamma(freedom as f64 / 2.0, statistic / 2.0)
}

/// The probability of a Kolmogorov-Smirnov distance at least so large between samples of so many values
/// of one distribution, by Kolmogorov's limit.
pub(crate) fn kolmogorov_tail(distance: f64, a: u64, b: u64) -> f64 {
    let (a, b) = (a as f64, b as f64);
    let x = distance * (a * b / (a + b)).sqrt();
    if x < 0.2 {
        return 1.0;
    }
    let terms = (1..=100).map(|k| {
        let k = f64::from(k);
        let sign = if k % 2.0 == 0.0 { -1.0 } else { 1.0 };
        sign * (-2.0 * k * k * x * x).exp()
    });
    (2.0 * terms.sum::<f64>()).clamp(0.0, 1.0)
}

/// The distance that two samples of one distribution exceed with this probability.
pub(crate) fn kolmogorov_margin(alpha: f64, a: u64, b: u64) -> f64 {
    let (a, b) = (a as f64, b as f64);
    (-(alpha / 2.0).ln() / 2.0).sqrt() * ((a + b) / (a * b)).sqrt()
}

/// Which of several findings stand when no more than a share `alpha` of those that stand may be by chance
/// (Benjamini and Hochberg 1995).
pub(crate) fn benjamini_hochberg(probabilities: &[f64], alpha: f64) -> Vec<bool> {
    let mut sorted = probabilities.to_vec();
    sorted.sort_by(f64::total_cmp);
    let of = sorted.len() as f64;
    let stands = |(at, p): &(usize, &f64)| **p <= (*at as f64 + 1.0) / of * alpha;
    let limit = sorted.iter().enumerate().filter(stands).map(|(_, p)| *p).next_back();
    probabilities.iter().map(|p| limit.is_some_and(|limit| *p <= limit)).collect()
}

/// The regularised upper incomplete gamma function Q(a, x), by its series or continued fraction (Press et
/// al., Numerical Recipes, 6.2).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 || !x.is_finite() {
        return if x == f64::INFINITY { 0.0 } else { 1.0 };
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..10_000 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return (1.0 - sum * scale).clamp(0.0, 1.0);
    }
    scale * gamma_fraction(a, x)
}

/// The continued fraction of the upper incomplete gamma function by Lentz's method.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut partial = x + 1.0 - a;
    let (mut upper, mut lower) = (1.0 / TINY, 1.0 / partial);
    let mut fraction = lower;
    for step in 1..10_000 {
        let step = f64::from(step);
        let numerator = -step * (step - a);
        partial += 2.0;
        lower = 1.0 / floor(numerator * lower + partial, TINY);
        upper = floor(partial + numerator / upper, TINY);
        let factor = lower * upper;
        fraction *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// A number that is at least so far from zero.
fn floor(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// ln Γ(x) for x > 0 by Lanczos' approximation.
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let terms = COEFFICIENTS.iter().enumerate().map(|(at, c)| c / (x + at as f64 + 1.0));
    let sum = 0.999_999_999_999_809_9 + terms.sum::<f64>();
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1e-3), "{found} {expected}");
    }

    #[test]
    fn contingencies_agree_with_scipy() {
        // scipy 1.17: chi2_contingency([[30, 20, 50], [20, 40, 90]], correction=False).
        let found = contingency(&[30, 20, 50], &[20, 40, 90]).unwrap();
        close(found.statistic, 10.515_873_015_873_018);
        assert_eq!(found.freedom, 2);
        close(found.cramers_v, 0.205_093_861_593_886);
        close(chi_square_tail(found.statistic, 2), 0.005_206_036_257_174_018);
    }

    #[test]
    fn rare_bins_are_taken_together() {
        let pooled = contingency(&[30, 20, 1, 2, 0], &[20, 40, 2, 0, 0]);
        // The rare ones have fewer than 5 together, so that they join the smallest other.
        assert_eq!(pooled, contingency(&[33, 20], &[22, 40]));
        assert_eq!(contingency(&[1, 2], &[2, 1]), None);
        assert_eq!(contingency(&[0, 0], &[2, 1]), None);
    }

    #[test]
    fn tails_agree_with_scipy() {
        // scipy 1.17: chi2.sf(x, k).
        for (x, k, expected) in [
            (0.5, 1, 0.479_500_122_186_953_37),
            (3.84, 1, 0.050_043_521_248_705_19),
            (10.0, 12, 0.615_960_654_833_063),
            (30.0, 12, 0.002_792_429_332_700_914_5),
            (250.0, 200, 0.009_379_131_668_826_098),
            (0.1, 9, 0.999_999_974_369_674_6),
        ] {
            close(chi_square_tail(x, k), expected);
        }
        // scipy 1.17: kstwobign.sf(d · √(n·m ÷ (n + m))).
        for (d, n, m, expected) in [
            (0.1, 100, 100, 0.699_374_199_131_015_4),
            (0.1, 1000, 500, 0.002_545_267_597_433_428),
            (0.3, 50, 20, 0.152_784_340_126_804_64),
        ] {
            close(kolmogorov_tail(d, n, m), expected);
        }
        assert!((kolmogorov_tail(kolmogorov_margin(0.05, 500, 700), 500, 700) - 0.05).abs() < 1e-3);
    }

    #[test]
    fn fewer_findings_stand_when_there_are_many() {
        let p = [0.01, 0.04, 0.03, 0.5, 0.001];
        // statsmodels' fdr_bh by hand: 0.001 ≤ 0.01, 0.01 ≤ 0.02, 0.03 ≤ 0.03, 0.04 ≤ 0.04, 0.5 > 0.05.
        assert_eq!(benjamini_hochberg(&p, 0.05), [true, true, true, false, true]);
        assert_eq!(benjamini_hochberg(&[0.04, 0.5], 0.05), [false, false]);
        assert_eq!(benjamini_hochberg(&[], 0.05), [false; 0]);
    }
}
