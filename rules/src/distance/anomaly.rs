//! How unusual a figure is after the figures before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How what is usual is derived from earlier figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// Mean and standard deviation of the sample.
    Zscore,
    /// Median, and the median distance from it × 1.4826 (the mean distance × 1.2533 where that is zero).
    #[default]
    Mad,
    /// The quartiles, and the distance between them.
    Iqr,
    /// An average that weighs recent figures more, and how far it was off.
    Ewma,
    /// Level, trend and season carried forward, and how far they were off.
    HoltWinters,
}

/// What is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usual {
    /// The lowest and the highest figure that are not unusual at all.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// What a unit of the score is.
    pub(crate) spread: f64,
}

/// Weight of the newest figure in a moving average.
const LAMBDA: f64 = 0.3;
/// Weights of the newest figure in level, trend and season.
const SMOOTHING: (f64, f64, f64) = (0.3, 0.1, 0.3);

impl Method {
    /// The largest score that is not unusual where a check does not say.
    pub(crate) fn threshold(self) -> f64 {
        match self {
            Self::Zscore | Self::Ewma | Self::HoltWinters => 3.0,
            Self::Mad => 3.5,
            Self::Iqr => 1.5,
        }
    }

    /// What is usual after these figures, oldest first; with a period, seasons are so long. None where
    /// there are too few.
    pub(crate) fn usual(self, figures: &[f64], period: Option<usize>) -> Option<Usual> {
        let around = |centre: f64, spread: f64| Usual { low: centre, high: centre, spread };
        match self {
            Self::Zscore => (figures.len() > 1).then(|| around(mean(figures), deviation(figures))),
            Self::Mad => {
                let centre = quantile(&sorted(figures), 0.5)?;
                let distances: Vec<f64> = figures.iter().map(|figure| (figure - centre).abs()).collect();
                let spread = quantile(&sorted(&distances), 0.5)? * 1.4826;
                Some(around(centre, if spread > 0.0 { spread } else { mean(&distances) * 1.2533 }))
            }
            Self::Iqr => {
                let sorted = sorted(figures);
                let (low, high) = (quantile(&sorted, 0.25)?, quantile(&sorted, 0.75)?);
                Some(Usual { low, high, spread: high - low })
            }
            Self::Ewma => {
                let (first, rest) = figures.split_first()?;
                let mut level = *first;
                let mut misses = Vec::with_capacity(rest.len());
                for figure in rest {
                    misses.push(figure - level);
                    level += LAMBDA * (figure - level);
                }
                (!misses.is_empty()).then(|| around(level, root_mean_square(&misses)))
            }
            Self::HoltWinters => holt_winters(figures, period.unwrap_or(1)),
        }
    }
}

impl Usual {
    /// How far a figure is from what is usual, in units of the spread, with its sign; infinite where nothing
    /// ever varied.
    pub(crate) fn score(&self, figure: f64) -> f64 {
        let distance = self.distance(figure);
        if distance == 0.0 { 0.0 } else { distance / self.spread }
    }

    /// How far a figure is from what is usual, with its sign.
    pub(crate) fn distance(&self, figure: f64) -> f64 {
        if figure < self.low {
            figure - self.low
        } else if figure > self.high {
            figure - self.high
        } else if figure.is_nan() {
            figure
        } else {
            0.0
        }
    }

    /// The middle of what is usual.
    pub(crate) fn centre(&self) -> f64 {
        f64::midpoint(self.low, self.high)
    }
}

/// Additive smoothing of level, trend and season (Holt 1957, Winters 1960), one step ahead.
fn holt_winters(figures: &[f64], period: usize) -> Option<Usual> {
    let start = if period > 1 { period } else { 2 };
    if figures.len() <= start {
        return None;
    }
    let first = figures.get(..start)?;
    let (mut level, mut trend) = (mean(first), 0.0);
    let mut season: Vec<f64> = if period > 1 {
        // The trend between the first two seasons, as far as there is a second.
        if let Some(second) = figures.get(period..2 * period) {
            trend = (mean(second) - level) / period as f64;
        }
        let middle = (period as f64 - 1.0) / 2.0;
        let on_trend = |at: usize| level + trend * (at as f64 - middle);
        let season = first.iter().enumerate().map(|(at, figure)| figure - on_trend(at)).collect();
        level += trend * middle;
        season
    } else {
        trend = first.last()? - first.first()?;
        level = *first.last()?;
        vec![0.0]
    };
    let (alpha, beta, gamma) = SMOOTHING;
    let mut misses = Vec::with_capacity(figures.len() - start);
    for (at, figure) in figures.iter().enumerate().skip(start) {
        let of_season = season.get_mut(at % period)?;
        misses.push(figure - (level + trend + *of_season));
        let before = level;
        level = alpha * (figure - *of_season) + (1.0 - alpha) * (level + trend);
        trend = beta * (level - before) + (1.0 - beta) * trend;
        if period > 1 {
            *of_season = gamma * (figure - level) + (1.0 - gamma) * *of_season;
        }
    }
    let centre = level + trend + season.get(figures.len() % period)?;
    Some(Usual { low: centre, high: centre, spread: root_mean_square(&misses) })
}

fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}

/// The sample's standard deviation; zero where all are equal.
fn deviation(figures: &[f64]) -> f64 {
    if figures.windows(2).all(|pair| pair.first() == pair.last()) {
        return 0.0;
    }
    let mean = mean(figures);
    let squares: f64 = figures.iter().map(|figure| (figure - mean).powi(2)).sum();
    (squares / (figures.len() as f64 - 1.0)).sqrt()
}

fn root_mean_square(misses: &[f64]) -> f64 {
    (misses.iter().map(|miss| miss * miss).sum::<f64>() / misses.len() as f64).sqrt()
}

fn sorted(figures: &[f64]) -> Vec<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A quantile in proportion between two figures, as numpy's.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * (place - place.floor()))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "a figure among usual ones scores exactly zero")]
mod tests {
    use super::*;

    const FIGURES: [f64; 8] = [10.0, 12.0, 11.0, 13.0, 9.0, 12.0, 11.0, 14.0];

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn scores_agree_with_numpy() {
        // numpy 2: (20 - mean) / std(ddof=1); (20 - median) / scipy.stats.median_abs_deviation(scale=
        // 'normal') with 1.4826; (20 - q3) / (q3 - q1); pandas' ewm(alpha=0.3, adjust=False).
        close(Method::Zscore.usual(&FIGURES, None).unwrap().score(20.0), 5.300_681_297_929_75);
        close(Method::Mad.usual(&FIGURES, None).unwrap().score(20.0), 5.733_171_455_551_06);
        close(Method::Iqr.usual(&FIGURES, None).unwrap().score(20.0), 5.166_666_666_666_667);
        let ewma = Method::Ewma.usual(&FIGURES, None).unwrap();
        close(ewma.low, 11.938_200_399_999_998);
        close(ewma.score(20.0), 4.219_387_385_826_505);
    }

    #[test]
    fn figures_among_the_usual_do_not_score() {
        assert_eq!(Method::Iqr.usual(&FIGURES, None).unwrap().score(11.5), 0.0);
        assert!(Method::Mad.usual(&FIGURES, None).unwrap().score(9.0) < 0.0);
        assert!(Method::Zscore.usual(&FIGURES, None).unwrap().score(f64::NAN).is_nan());
    }

    #[test]
    fn what_never_varied_makes_any_change_infinite() {
        for method in [Method::Zscore, Method::Mad, Method::Iqr, Method::Ewma, Method::HoltWinters] {
            let usual = method.usual(&[5.0; 10], None).unwrap();
            assert_eq!(usual.score(5.0), 0.0, "{method:?}");
            assert_eq!(usual.score(5.1), f64::INFINITY, "{method:?}");
        }
        // Most are equal: the mean distance speaks where the median one is zero.
        let mostly = Method::Mad.usual(&[5.0, 5.0, 5.0, 5.0, 6.0], None).unwrap();
        close(mostly.score(6.0), 1.0 / (0.2 * 1.2533));
    }

    #[test]
    fn a_trend_and_a_season_are_carried_forward() {
        let trend: Vec<f64> = (0..20).map(|at| 100.0 + 5.0 * f64::from(at)).collect();
        let usual = Method::HoltWinters.usual(&trend, None).unwrap();
        close(usual.centre(), 200.0);
        let week = |at: usize| 50.0 + 2.0 * at as f64 + [0.0, 1.0, 2.0, 3.0, 2.0, -20.0, -25.0][at % 7];
        let weeks: Vec<f64> = (0..70).map(week).collect();
        let usual = Method::HoltWinters.usual(&weeks, Some(7)).unwrap();
        assert!((usual.centre() - week(70)).abs() < 0.5, "{usual:?}");
        assert!(Method::Zscore.usual(&weeks, None).unwrap().distance(week(70)).abs() > 50.0);
    }

    #[test]
    fn too_few_figures_say_nothing() {
        for method in [Method::Zscore, Method::Mad, Method::Iqr, Method::Ewma, Method::HoltWinters] {
            assert_eq!(method.usual(&[], None), None, "{method:?}");
        }
        assert_eq!(Method::HoltWinters.usual(&FIGURES, Some(8)), None);
    }
}
