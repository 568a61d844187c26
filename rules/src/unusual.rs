//! Whether the newest of a series of figures is unusual; what `metric_anomaly` and `dimension_anomaly`
//! share.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::baseline::{Baseline, History, Point};
use crate::check::ParamError;
use crate::distance::anomaly::{Method, Usual};
use crate::followed::{Direction, Seasonality};
use crate::thresholds::Thresholds;
use crate::verdict::Status;

/// What is unusual.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct Unusual {
    /// How what is usual is derived from earlier figures.
    #[serde(default)]
    pub(crate) method: Method,
    /// The newest so many earlier figures tell what is usual (28).
    #[serde(default = "window")]
    pub(crate) window: usize,
    /// With fewer earlier figures than this (7) the check is skipped.
    #[serde(default = "min_history")]
    pub(crate) min_history: usize,
    /// Which earlier points are comparable with now; for `holt_winters` the length of the season.
    #[serde(default)]
    pub(crate) seasonality: Seasonality,
    /// In which direction a figure is unusual.
    #[serde(default)]
    pub(crate) direction: Direction,
    /// Only the last of so many unusual figures in a row fails.
    #[serde(default = "one")]
    pub(crate) consecutive: usize,
    /// The largest score that does not fail: 3.5 for `mad`, 1.5 for `iqr`, else 3.
    pub(crate) fail: Option<f64>,
}

fn window() -> usize {
    28
}

fn min_history() -> usize {
    7
}

fn one() -> usize {
    1
}

/// How unusual a figure is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored {
    pub(crate) usual: Usual,
    /// The size of the score as far as its direction matters.
    pub(crate) score: f64,
    pub(crate) status: Status,
    /// So many figures in a row were unusual, this one included.
    pub(crate) in_a_row: usize,
}

impl Unusual {
    pub(crate) fn validate(&self) -> Result<(), ParamError> {
        let season = self.season();
        if self.consecutive == 0 {
            return Err(ParamError::new("consecutive is at least 1").key("consecutive"));
        }
        if self.min_history > self.window {
            let message = format!("min_history {} is above window {}", self.min_history, self.window);
            return Err(ParamError::new(message).key("min_history"));
        }
        if let Some(period) = season
            && self.seasonality == Seasonality::Dom
        {
            let message = format!("months are no season of {period} points");
            return Err(ParamError::new(message)
                .key("seasonality")
                .hint("use dow or hour, or another method"));
        }
        match season {
            Some(period) if self.window < 2 * period => {
                let message = format!("window {} is less than two seasons of {period}", self.window);
                Err(ParamError::new(message).key("window"))
            }
            _ => Ok(()),
        }
    }

    /// The largest score that does not fail.
    pub(crate) fn fail(&self) -> f64 {
        self.fail.unwrap_or(self.method.threshold())
    }

    /// The length of a season, where the method carries seasons forward.
    fn season(&self) -> Option<usize> {
        self.seasonality.period().filter(|_| self.method == Method::HoltWinters)
    }

    /// Which points are compared.
    fn comparable(&self) -> Seasonality {
        if self.season().is_some() { Seasonality::None } else { self.seasonality }
    }

    /// So many points at most.
    fn points(&self) -> usize {
        self.window.saturating_add(self.consecutive - 1)
    }

    /// How much history is needed at most.
    pub(crate) fn baseline(&self) -> Baseline {
        self.comparable().baseline(self.points())
    }

    /// The points that tell what is usual and whether it was already unusual before, oldest first.
    pub(crate) fn select<'a>(
        &self,
        history: &'a History,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Vec<&'a Point> {
        self.comparable().select(history, now, self.points())
    }

    /// In words, such as `3.5 median absolute deviations from the last 28`.
    pub(crate) fn text(&self) -> String {
        let unit = match self.method {
            Method::Zscore => "standard deviations from the mean",
            Method::Mad => "scaled median deviations from the median",
            Method::Iqr => "quartile distances outside the quartiles",
            Method::Ewma => "typical misses from the moving average",
            Method::HoltWinters => "typical misses from the forecast",
        };
        let season = match self.seasonality {
            Seasonality::None => "",
            Seasonality::Dow => " by weekday",
            Seasonality::Dom => " by day of the month",
            Seasonality::Hour => " by hour",
        };
        let row =
            if self.consecutive > 1 { format!(", {} in a row", self.consecutive) } else { String::new() };
        let (fail, window, direction) = (self.fail(), self.window, self.direction.text());
        format!("at most {fail} {unit}{direction} of the last {window} published{season}{row}")
    }

    /// How unusual the last of the figures is; None where there are too few before it. A change no larger
    /// than `small` of a usual figure is none.
    pub(crate) fn score(
        &self,
        figures: &[f64],
        thresholds: Thresholds,
        small: impl Fn(f64) -> f64,
    ) -> Option<Scored> {
        let scored = self.score_last(figures, thresholds, &small)?;
        if scored.status != Status::Fail || self.consecutive < 2 {
            return Some(scored);
        }
        let mut in_a_row = 1;
        while in_a_row < self.consecutive
            && let Some(earlier) = figures.get(..figures.len() - in_a_row)
            && let Some(before) = self.score_last(earlier, thresholds, &small)
            && before.status == Status::Fail
        {
            in_a_row += 1;
        }
        let status = if in_a_row < self.consecutive { Status::Pass } else { Status::Fail };
        Some(Scored { status, in_a_row, ..scored })
    }

    fn score_last(
        &self,
        figures: &[f64],
        thresholds: Thresholds,
        small: impl Fn(f64) -> f64,
    ) -> Option<Scored> {
        let (now, earlier) = figures.split_last()?;
        let from = earlier.len().saturating_sub(self.window);
        let earlier = earlier.get(from..)?;
        if earlier.len() < self.min_history {
            return None;
        }
        let usual = self.method.usual(earlier, self.season())?;
        let within = usual.distance(*now).abs() <= small(usual.centre());
        let score = if within { 0.0 } else { self.direction.size(usual.score(*now)) };
        let status = thresholds.status(score);
        Some(Scored { usual, score, status, in_a_row: 1 })
    }
}
