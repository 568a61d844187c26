//! How the values of a column are spread, as bars beside those of a baseline.

use lockgate_engine::report::Distribution;
use serde::Serialize;

/// The plane that bars are drawn on.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;

/// A distribution, ready to be drawn: bars for this run, and the outline of the baseline over them.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Chart {
    on: String,
    column: String,
    bars: Vec<Bar>,
    /// The outline of the baseline as the path of an SVG; empty where there is none.
    baseline: String,
    first: String,
    last: String,
}

/// The share of a bin.
#[derive(Debug, PartialEq, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    title: String,
}

/// The chart of a distribution; none where it has no bins or no values. Shares are compared, not counts, so
/// that a longer baseline is no taller.
pub(super) fn chart(distribution: &Distribution) -> Option<Chart> {
    let Distribution { on, column, bins, current, baseline } = distribution;
    let (now, before) = (shares(current)?, shares(baseline).unwrap_or_default());
    let (first, last) = (bins.first()?.clone(), bins.last()?.clone());
    let most = now.iter().chain(&before).copied().fold(0.0, f64::max);
    let width = WIDTH / bins.len() as f64;
    let height = |share: f64| tenth(share / most * (HEIGHT - 4.0));
    let bars = bins.iter().zip(&now).enumerate().map(|(at, (bin, share))| Bar {
        x: tenth(at as f64 * width + width * 0.08),
        y: tenth(HEIGHT - height(*share)),
        width: tenth(width * 0.84),
        height: height(*share),
        title: match before.get(at) {
            Some(before) => format!("{bin}: {:.1} %, baseline {:.1} %", share * 100.0, before * 100.0),
            None => format!("{bin}: {:.1} %", share * 100.0),
        },
    });
    let step = |(at, share): (usize, &f64)| {
        format!(
            "{}{} {}H{}",
            if at == 0 { "M" } else { "L" },
            tenth(at as f64 * width),
            tenth(HEIGHT - height(*share)),
            tenth((at + 1) as f64 * width)
        )
    };
    Some(Chart {
        on: on.clone(),
        column: column.clone(),
        bars: bars.collect(),
        baseline: before.iter().take(bins.len()).enumerate().map(step).collect(),
        first,
        last,
    })
}

/// Counts as shares of their sum; none of nothing.
fn shares(counts: &[u64]) -> Option<Vec<f64>> {
    let sum: u64 = counts.iter().sum();
    (sum > 0).then(|| counts.iter().map(|count| *count as f64 / sum as f64).collect())
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(current: &[u64], baseline: &[u64]) -> Distribution {
        Distribution {
            on: "clean".into(),
            column: "price".into(),
            bins: vec!["under 1".into(), "1 to 2".into()],
            current: current.to_vec(),
            baseline: baseline.to_vec(),
        }
    }

    #[test]
    fn shares_are_compared_not_counts() {
        let chart = chart(&distribution(&[1, 3], &[500, 500])).expect("a chart");
        assert_eq!(chart.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [30.7, 92.0]);
        assert_eq!(chart.bars[0].title, "under 1: 25.0 %, baseline 50.0 %");
        assert_eq!(chart.baseline, "M0 34.7H160L160 34.7H320");
    }

    #[test]
    fn without_a_baseline_there_are_bars_alone() {
        let chart = chart(&distribution(&[1, 1], &[])).expect("a chart");
        assert_eq!((chart.baseline.as_str(), chart.bars.len()), ("", 2));
        assert_eq!(chart.bars[1].title, "1 to 2: 50.0 %");
    }

    #[test]
    fn nothing_makes_no_chart() {
        assert_eq!(chart(&distribution(&[0, 0], &[1, 1])), None);
        let none = Distribution { bins: Vec::new(), ..distribution(&[1], &[1]) };
        assert_eq!(chart(&none), None);
    }
}
