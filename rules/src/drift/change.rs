//! `change`: a figure changed little against what was published before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::baseline::{Baseline, Point};
use crate::check::ParamError;
use crate::compared_with::{Against, ComparedWith, one_point};
use crate::followed::{Direction, Followed};
use crate::measure::Readings;
use crate::profile::Metric;
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "change",
    aliases: &[],
    dimension: "drift",
    summary: "A figure of the dataset or of a column changed little since it was last published.",
    definition: "The figure `metric` (row_count where nothing is said) against its mean over the points of the \
                 `baseline` (the last published): as `percent` 100·|now − before| ÷ |before|, as `ratio` the larger of \
                 now ÷ before and before ÷ now, as `absolute` |now − before|. With `direction` `up` or `down` a change \
                 the other way is none. From zero every relative change is infinite, and so is every ratio to or from \
                 a figure that is not above zero; where the figure before is nearer to zero than `min_base`, the check \
                 is skipped. A figure of no rows is only known of counts; where it is not known now (only nulls, say), \
                 or with fewer than `min_history` points that know it, the check is skipped. NaN fails. Quantiles \
                 are those of the states, now and before, and estimates beyond 256 values. Where partitions \
                 stand for times, each that a run writes is judged by itself, as of its time, and the worst counts.",
    example: Example {
        yaml: "change: {metric: row_count, baseline: previous, fail: 50}",
        params: r#"{"metric": "row_count", "baseline": "previous", "fail": 50}"#,
        input: "id:int64\n1\n2\n3\n\n---\n1\n2\n3\n4\n5\n---\n1\n2\n",
        status: "fail",
        observed: "4 after 2 (+100 %)",
    },
    cost: Cost::Aggregate,
    shape: Shape::Distance,
    columns: Columns::OneOrNone,
    short: None,
    answers_empty: true,
    parse: parse_params::<Change>,
    schema: schema_of::<Change>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The figure.
    #[serde(default = "rows")]
    metric: Metric,
    /// What it is compared with: that of what was published before, or of another dataset.
    #[serde(default = "previous")]
    baseline: ComparedWith,
    /// With fewer points in the baseline than this (1) the check is skipped.
    #[serde(default = "one_point")]
    min_history: usize,
    /// How the change is measured.
    #[serde(default, rename = "as")]
    unit: Unit,
    /// In which direction a change matters.
    #[serde(default)]
    direction: Direction,
    /// The smallest earlier figure, without its sign, that changes are measured from.
    #[serde(default)]
    min_base: f64,
    /// The largest change that does not fail.
    fail: f64,
}

fn rows() -> Metric {
    Metric::RowCount
}

fn previous() -> ComparedWith {
    ComparedWith::History(Baseline::Previous)
}

/// How a change is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// In percent of the earlier figure.
    #[default]
    Percent,
    /// As the quotient of the two.
    Ratio,
    /// As their difference.
    Absolute,
}

impl Rule for Change {
    fn validate(&self) -> Result<(), ParamError> {
        self.baseline.validate(self.min_history)?;
        if self.unit == Unit::Ratio && self.fail < 1.0 {
            let message = format!("a ratio is never below 1, so that fail {} fails always", self.fail);
            return Err(ParamError::new(message).key("fail").hint("2 allows twice as much, and half of it"));
        }
        Ok(())
    }

    fn baseline(&self) -> Option<Baseline> {
        self.baseline.history()
    }

    fn baseline_rows(&self, columns: OtherColumns) -> Option<Reference> {
        self.baseline.rows(columns)
    }

    fn figure(&self) -> Option<String> {
        Some(self.metric.name())
    }

    fn expected(&self) -> String {
        let (metric, fail, direction) = (self.metric.name(), self.fail, self.direction.text());
        let change = match self.unit {
            Unit::Percent => format!("by at most {fail} %"),
            Unit::Ratio => format!("by at most {fail} times"),
            Unit::Absolute => format!("by at most {fail}"),
        };
        format!("{metric} changes {change}{direction} from {}", self.baseline.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let followed = Followed::bind(site, &self.metric)?;
        let against = followed.against(site, &self.baseline, self.min_history)?;
        let thresholds = Thresholds::of(site.envelope, self.fail);
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), followed, against, thresholds })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: Change,
    followed: Followed,
    against: Against,
    thresholds: Thresholds,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let rule = &self.rule;
        let profile = match self.against {
            Against::History { .. } => self.followed.now_stored(readings),
            Against::Dataset(_) => self.followed.now(readings),
        };
        let counted = |outcome: Outcome| outcome.counts(profile.rows, profile.nulls);
        let of = |point: &Point| self.followed.figure(point).is_some();
        let points = match self.against.points(readings, of) {
            Ok(points) => points,
            Err(outcome) => return counted(*outcome),
        };
        let Some(now) = self.followed.metric.of(&profile) else {
            return counted(Outcome::skipped("no values in scope"));
        };
        let compared = self.against.compared(&points, readings);
        let figures: Vec<f64> = points.iter().filter_map(|point| self.followed.figure(point)).collect();
        let before = figures.iter().sum::<f64>() / figures.len() as f64;
        if before.abs() < rule.min_base {
            let before = self.followed.disclosure.text(short(before));
            let why = format!("{before} before is below min_base {}", rule.min_base);
            return counted(Outcome::skipped(why)).against(compared);
        }
        let change = rule.unit.change(now, before, rule.direction);
        let status = self.thresholds.status(change);
        let disclosure = self.followed.disclosure;
        let shown = |figure: f64| disclosure.value(json!(figure));
        let observed = json!({"change": change, "now": shown(now), "before": shown(before)});
        let outcome = Outcome::new(status, observed, rule.unit.text(now, before, disclosure));
        counted(outcome).exactness(self.followed.exactness(&profile, &points)).against(compared)
    }
}

impl Unit {
    /// The size of a change as far as its direction matters.
    fn change(self, now: f64, before: f64, direction: Direction) -> f64 {
        let difference = direction.size(now - before);
        if difference == 0.0 || difference.is_nan() {
            return if self == Self::Ratio { difference + 1.0 } else { difference };
        }
        match self {
            Self::Absolute => difference,
            Self::Percent => 100.0 * difference / before.abs(),
            Self::Ratio if now <= 0.0 || before <= 0.0 => f64::INFINITY,
            Self::Ratio => (now / before).max(before / now),
        }
    }

    fn text(self, now: f64, before: f64, disclosure: Disclosure) -> String {
        let figure = |figure: f64| disclosure.text(short(figure));
        let sign = if now < before { "" } else { "+" };
        let change = match self {
            Self::Absolute => format!("{sign}{}", short(now - before)),
            Self::Percent if before == 0.0 => {
                return format!("{} after {}", figure(now), disclosure.text("0"));
            }
            Self::Percent => format!("{sign}{} %", short(100.0 * (now - before) / before.abs())),
            Self::Ratio => format!("× {}", short(now / before)),
        };
        format!("{} after {} ({change})", figure(now), figure(before))
    }
}
