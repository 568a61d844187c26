//! How the values of a column are spread, as bars beside those of a baseline.

use lockgate_engine::report::Distribution;
use serde::Serialize;

use crate::page::Bars;

/// A distribution, ready to be drawn: bars for this run, and the outline of the baseline over them.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Chart {
    on: String,
    column: String,
    drawn: Bars,
    first: String,
    last: String,
}

/// The chart of a distribution; none where it has no bins or no values. Shares are compared, not counts, so
/// that a longer baseline is no taller.
pub(super) fn chart(distribution: &Distribution) -> Option<Chart> {
    let Distribution { on, column, bins, current, baseline } = distribution;
    let (now, before) = (shares(current)?, shares(baseline).unwrap_or_default());
    let (first, last) = (bins.first()?.clone(), bins.last()?.clone());
    let title = |at: usize| {
        let (bin, share) = (bins.get(at).map_or("", String::as_str), now[at] * 100.0);
        match before.get(at) {
            Some(before) => format!("{bin}: {share:.1} %, baseline {:.1} %", before * 100.0),
            None => format!("{bin}: {share:.1} %"),
        }
    };
    let drawn = Bars::of(&now, &before, title)?;
    Some(Chart { on: on.clone(), column: column.clone(), drawn, first, last })
}

/// Counts as shares of their sum; none of nothing.
fn shares(counts: &[u64]) -> Option<Vec<f64>> {
    let sum: u64 = counts.iter().sum();
    (sum > 0).then(|| counts.iter().map(|count| *count as f64 / sum as f64).collect())
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

    fn drawn(chart: Option<Chart>) -> String {
        serde_json::to_string(&chart.expect("a chart")).expect("a chart is JSON")
    }

    #[test]
    fn shares_are_compared_not_counts() {
        let text = drawn(chart(&distribution(&[1, 3], &[500, 500])));
        assert!(text.contains("under 1: 25.0 %, baseline 50.0 %") && text.contains("M0 34.7H160"), "{text}");
    }

    #[test]
    fn without_a_baseline_there_are_bars_alone() {
        let text = drawn(chart(&distribution(&[1, 1], &[])));
        assert!(text.contains("1 to 2: 50.0 %\"") && text.contains("\"outline\":\"\""), "{text}");
    }

    #[test]
    fn nothing_makes_no_chart() {
        assert_eq!(chart(&distribution(&[0, 0], &[1, 1])), None);
        let none = Distribution { bins: Vec::new(), ..distribution(&[1], &[1]) };
        assert_eq!(chart(&none), None);
    }
}
