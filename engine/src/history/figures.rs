//! A figure over time, from stored states alone.

use chrono::{DateTime, Utc};
use lockgate_rules::Point;
use lockgate_rules::profile::Figure;
use serde::Serialize;

use super::states::Past;
use crate::error::Result;

/// A figure at a point of the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureAt {
    /// The time the point stands for.
    pub time: DateTime<Utc>,
    /// Its partition; empty where a run is a point of its own.
    pub key: String,
    /// The run that published it.
    pub run_id: String,
    /// The figure; none where the state does not tell it.
    pub value: Option<f64>,
}

/// A figure of a source or table over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// The source or table.
    pub on: String,
    /// The figure in words.
    pub figure: String,
    /// The points, oldest first.
    pub points: Vec<FigureAt>,
}

/// A figure at the newest `limit` points of `of`.
pub fn figures(past: &Past, of: &str, figure: &Figure, limit: usize) -> Result<Figures> {
    let mut points = past.newest(of, limit)?.points;
    points.drain(..points.len().saturating_sub(limit));
    let at = |point: Point| FigureAt {
        value: figure.of(&point.profile),
        time: point.time,
        key: point.key,
        run_id: point.run_id,
    };
    Ok(Figures { on: of.to_owned(), figure: figure.text(), points: points.into_iter().map(at).collect() })
}
