//! `metric_anomaly`: a figure is no more unusual than its history lets expect.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::baseline::{Baseline, Compared, Point};
use crate::check::{ParamError, Share};
use crate::followed::Followed;
use crate::measure::Readings;
use crate::profile::Metric;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::unusual::Unusual;
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "metric_anomaly",
    aliases: &[],
    dimension: "drift",
    summary: "A figure of the dataset or of a column is not unusual in the light of its history.",
    definition: "How far the figure `metric` (row_count where nothing is said) is from what its last `window` (28) \
                 published figures let expect, in units of how much these vary. `mad`: from the median, in 1.4826 × \
                 the median distance from it (1.2533 × the mean distance where that is zero); `zscore`: from the mean, \
                 in standard deviations of the sample; `iqr`: outside the quartiles (numpy's linear ones), in their \
                 distance; `ewma`: from the average with weight 0.3 for the newest figure, in the root mean square of \
                 what it missed; `holt_winters`: from the additive forecast of level, trend and season with weights \
                 0.3, 0.1 and 0.3, in the same. Fails above `fail` (3.5 for `mad`, 1.5 for `iqr`, else 3). With \
                 `seasonality` only points of the same weekday, day of the month or hour as what is judged count, all \
                 in UTC; for `holt_winters` it is a season of 7 or 24 points. A change of at most \
                 `ignore_small_change` (0.01) of what is usual is none; with `consecutive` only the last of so many \
                 unusual figures in a row fails. Only what was published counts, never a run that failed nor the one \
                 that is judged. A figure of no rows is only known of counts; where it is not known now (only nulls, \
                 say), or with fewer than `min_history` (7) earlier figures, the check is skipped. NaN fails. Quantiles are \
                 those of the states, now and before, and estimates beyond 256 values. It takes no \
                 `baseline`, as one dataset is no series: `change` compares with one. Where \
                 partitions stand for times, each that a run writes is judged by itself, and the worst counts.",
    example: Example {
        yaml: "metric_anomaly: {column: price, metric: mean, method: zscore, min_history: 3}",
        params: r#"{"column": "price", "metric": "mean", "method": "zscore", "min_history": 3}"#,
        input: "price:float64\n9\n7\n\n---\n1\n2\n---\n2\n2\n---\n1\n3\n---\n2\n4\n",
        status: "fail",
        observed: "8 where 2.125 is usual (score 9.33795)",
    },
    cost: Cost::Aggregate,
    shape: Shape::Distance,
    columns: Columns::OneOrNone,
    short: None,
    answers_empty: true,
    parse: parse_params::<MetricAnomaly>,
    schema: schema_of::<MetricAnomaly>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct MetricAnomaly {
    /// The figure.
    #[serde(default = "rows")]
    metric: Metric,
    #[serde(flatten)]
    unusual: Unusual,
    /// A change of this share of what is usual is none (0.01).
    ignore_small_change: Option<Share>,
}

fn rows() -> Metric {
    Metric::RowCount
}

impl Rule for MetricAnomaly {
    fn validate(&self) -> Result<(), ParamError> {
        self.unusual.validate()
    }

    fn baseline(&self) -> Option<Baseline> {
        Some(self.unusual.baseline())
    }

    fn figure(&self) -> Option<String> {
        Some(self.metric.name())
    }

    fn expected(&self) -> String {
        format!("{} {}", self.metric.name(), self.unusual.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let followed = Followed::bind(site, &self.metric)?;
        let thresholds = Thresholds::of(site.envelope, self.unusual.fail());
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), followed, thresholds })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: MetricAnomaly,
    followed: Followed,
    thresholds: Thresholds,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let (unusual, profile) = (&self.rule.unusual, self.followed.now_stored(readings));
        let counted = |outcome: Outcome| outcome.counts(profile.rows, profile.nulls);
        let selected = unusual.select(readings.history, readings.as_of());
        let known: Vec<(&Point, f64)> = selected
            .into_iter()
            .filter_map(|point| Some((point, self.followed.figure(point)?)))
            .filter(|(_, figure)| figure.is_finite())
            .collect();
        if known.len() < unusual.min_history {
            let (have, wanted) = (known.len(), unusual.min_history);
            let why = format!("no baseline yet: {have} of {wanted} earlier figures");
            return counted(Outcome::skipped(why));
        }
        let Some(now) = self.followed.metric.of(&profile) else {
            return counted(Outcome::skipped("no values in scope"));
        };
        let (points, mut figures): (Vec<&Point>, Vec<f64>) = known.into_iter().unzip();
        figures.push(now);
        let share = self.rule.ignore_small_change.map_or(0.01, Share::get);
        let Some(found) = unusual.score(&figures, self.thresholds, |usual| share * usual.abs()) else {
            return counted(Outcome::skipped("no baseline yet: too few earlier figures for the method"));
        };
        let usual = found.usual.centre();
        let row = match unusual.consecutive {
            1 => String::new(),
            wanted => format!(", {} of {wanted} in a row", found.in_a_row),
        };
        let disclosure = self.followed.disclosure;
        let text = |figure: f64| disclosure.text(short(figure));
        let text =
            format!("{} where {} is usual (score {}{row})", text(now), text(usual), short(found.score));
        let (now, usual) = (disclosure.value(json!(now)), disclosure.value(json!(usual)));
        let observed =
            json!({"score": found.score, "now": now, "usual": usual, "spread": found.usual.spread});
        let outcome = Outcome::new(found.status, observed, text);
        counted(outcome)
            .exactness(self.followed.exactness(&profile, &points))
            .against(Compared::with(&points))
    }
}
