//! Shares as bars side by side.

use serde::Serialize;

/// The plane that bars are drawn on.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;

/// Bars over a plane, and the outline of what they are compared with.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Bars {
    bars: Vec<Bar>,
    /// The outline as the path of an SVG; empty where there is nothing to compare with.
    outline: String,
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

impl Bars {
    /// A bar for each of `shares`, the largest share as high as the plane, and the outline of `others`.
    /// `title` says in words what the bar at a position shows. None of nothing.
    pub(crate) fn of(shares: &[f64], others: &[f64], title: impl Fn(usize) -> String) -> Option<Self> {
        let most = shares.iter().chain(others).copied().fold(0.0, f64::max);
        if most <= 0.0 {
            return None;
        }
        let width = WIDTH / shares.len() as f64;
        let bar = |(at, share): (usize, &f64)| Bar {
            x: tenth(at as f64 * width + width * 0.08),
            y: tenth(HEIGHT - height(*share, most)),
            width: tenth(width * 0.84),
            height: height(*share, most),
            title: title(at),
        };
        Some(Self {
            bars: shares.iter().enumerate().map(bar).collect(),
            outline: outline(&others[..others.len().min(shares.len())], most),
        })
    }
}

/// The outline of bars for `shares`, as the path of an SVG; none of nothing.
pub(crate) fn silhouette(shares: &[f64]) -> Option<String> {
    let most = shares.iter().copied().fold(0.0, f64::max);
    (most > 0.0).then(|| format!("{}V{HEIGHT}H0Z", outline(shares, most)))
}

fn outline(shares: &[f64], most: f64) -> String {
    let width = WIDTH / shares.len() as f64;
    let step = |(at, share): (usize, &f64)| {
        format!(
            "{}{} {}H{}",
            if at == 0 { "M" } else { "L" },
            tenth(at as f64 * width),
            tenth(HEIGHT - height(*share, most)),
            tenth((at + 1) as f64 * width)
        )
    };
    shares.iter().enumerate().map(step).collect()
}

/// The height of a share where the largest is `most`. One that is not nothing is seen.
fn height(share: f64, most: f64) -> f64 {
    if share > 0.0 { tenth(share / most * (HEIGHT - 4.0)).max(0.8) } else { 0.0 }
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(shares: &[f64], others: &[f64]) -> Option<Bars> {
        Bars::of(shares, others, |at| format!("bin {at}"))
    }

    #[test]
    fn the_largest_share_of_either_is_as_high_as_the_plane() {
        let drawn = bars(&[0.25, 0.75], &[0.5, 0.5]).expect("bars");
        assert_eq!(drawn.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [30.7, 92.0]);
        assert_eq!((drawn.bars[0].title.as_str(), drawn.bars[1].x), ("bin 0", 172.8));
        assert_eq!(drawn.outline, "M0 34.7H160L160 34.7H320");
    }

    #[test]
    fn a_small_share_is_not_drawn_as_nothing() {
        let drawn = bars(&[1e-9, 0.0, 1.0], &[]).expect("bars");
        assert_eq!(drawn.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [0.8, 0.0, 92.0]);
        assert_eq!(drawn.outline, "");
        assert_eq!(silhouette(&[1.0, 0.0]).as_deref(), Some("M0 4H160L160 96H320V96H0Z"));
    }

    #[test]
    fn nothing_makes_no_bars() {
        assert_eq!(bars(&[], &[]), None);
        assert_eq!(bars(&[0.0], &[0.0]), None);
        assert_eq!(silhouette(&[]), None);
    }
}
