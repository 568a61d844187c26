//! Soda's checks that judge by earlier figures: change over time, and anomalies.

use serde_json::{Value, json};

use super::args::Args;
use super::bounds::Bounds;
use super::draft::Draft;

/// Figures that Lockgate follows, by the name of Soda's metric.
const FOLLOWED: &[(&str, &str)] = &[
    ("row_count", "row_count"),
    ("missing_count", "null_count"),
    ("avg", "mean"),
    ("min", "min"),
    ("max", "max"),
    ("sum", "sum"),
    ("stddev", "stddev"),
    ("stddev_samp", "stddev"),
    ("avg_length", "avg_length"),
];

/// What a figure is compared with, and how.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    baseline: Value,
    is_percent: bool,
}

/// `percent avg last 7 for row_count < 5`, of which the metric and its limits are given back.
pub(super) fn change(text: &str) -> Result<(Change, &str), String> {
    let (how, metric) = text
        .split_once(" for ")
        .or_else(|| Some(("", text.strip_prefix("for ")?)))
        .ok_or("it says no metric")?;
    let words: Vec<&str> = how.split_whitespace().collect();
    let is_percent = words.contains(&"percent");
    let rest: Vec<&str> = words.into_iter().filter(|word| *word != "percent").collect();
    let baseline = match rest.as_slice() {
        [] => json!("previous"),
        ["avg", "last", points] => {
            let points: u64 =
                points.parse().map_err(|_| format!("`last {points}` is not a number of points"))?;
            json!({ "last": points })
        }
        ["same", "day", "last", "week"] => json!({ "same_weekday": 1 }),
        other => return Err(format!("`{}` is nothing that `change` compares with", other.join(" "))),
    };
    Ok((Change { baseline, is_percent }, metric))
}

impl Change {
    /// The checks that the figure changed within `bounds`, which are on what it grew by.
    pub(super) fn within(
        &self,
        metric: &str,
        columns: &[String],
        bounds: &Bounds,
    ) -> Result<Vec<Draft>, String> {
        let limit = |value: Option<&Value>| {
            value.map(|value| value.as_f64().ok_or("its limit is not a number")).transpose()
        };
        let (fall, growth) = (limit(bounds.min.as_ref())?.map(|min| -min), limit(bounds.max.as_ref())?);
        if fall.is_some_and(|fall| fall < 0.0) || growth.is_some_and(|growth| growth < 0.0) {
            return Err("it wants the figure to change, and `change` only says by how much it may".into());
        }
        let one = |direction: Option<&str>, fail: f64| {
            let draft = followed("change", metric, columns)?;
            let draft = draft.with("baseline", self.baseline.clone());
            let draft = draft.with("as", if self.is_percent { "percent" } else { "absolute" });
            let draft = draft.maybe("direction", direction).with("fail", whole(fail));
            let strict = bounds.strict_min || bounds.strict_max;
            Ok(if strict { draft.but("a change exactly at the limit passes") } else { draft })
        };
        match (fall, growth) {
            (None, None) => Err("it has no limit".into()),
            (Some(fall), Some(growth)) if fall.total_cmp(&growth).is_eq() || fall + growth == 0.0 => {
                Ok(vec![one(None, growth)?])
            }
            (fall, growth) => {
                let sides = [("down", fall), ("up", growth)];
                sides.into_iter().filter_map(|(side, limit)| Some(one(Some(side), limit?))).collect()
            }
        }
    }
}

/// The check that a figure is not unusual.
pub(super) fn anomaly(metric: &str, columns: &[String], args: &mut Args<'_>) -> Result<Draft, String> {
    let draft = followed("metric_anomaly", metric, columns)?;
    let direction = match args.text("alert_directionality")? {
        None | Some("upper_and_lower_bounds") => None,
        Some("upper_bound") => Some("up"),
        Some("lower_bound") => Some("down"),
        Some(other) => return Err(format!("the direction {other} is not known")),
    };
    let tuned = ["severity_level_parameters", "training_dataset_parameters", "model"];
    let is_tuned = tuned.map(|key| args.take(key).is_some()).contains(&true);
    let draft = draft.maybe("direction", direction).but(
        "what is usual comes from the median of the last figures that were published, not from Soda's model",
    );
    Ok(if is_tuned { draft.but("how Soda's model is trained and tuned is left out") } else { draft })
}

fn followed(rule: &'static str, metric: &str, columns: &[String]) -> Result<Draft, String> {
    let known = FOLLOWED.iter().find(|(theirs, _)| *theirs == metric);
    let (_, ours) = known.ok_or_else(|| format!("the metric {metric} is not followed over runs"))?;
    match (columns, *ours) {
        ([], "row_count") => Ok(Draft::new(rule).with("metric", *ours)),
        ([column], figure) if figure != "row_count" => Ok(Draft::on(rule, column).with("metric", figure)),
        _ => Err(format!("{metric} is not about one column")),
    }
}

fn whole(limit: f64) -> Value {
    if limit.fract() == 0.0 && limit.abs() < 1e15 { json!(limit as i64) } else { json!(limit) }
}
