//! `dimension_anomaly`: no category's share is more unusual than its history lets expect.

use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::baseline::{Baseline, Compared, Point};
use crate::check::{ParamError, Share};
use crate::followed::Followed;
use crate::measure::Readings;
use crate::profile::{ColumnProfile, Frequent, Metric};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::unusual::{Scored, Unusual};
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "dimension_anomaly",
    aliases: &[],
    dimension: "drift",
    summary: "No category's share is unusual in the light of its history.",
    definition: "What `metric_anomaly` says of a figure, for the share of each of the `max_groups` (20) categories that \
                 are most frequent now or in the history: the share of the values that are not null, 0 where the \
                 category does not occur. The most unusual one is reported. A change of at most `ignore_small_change` \
                 (0.01) of all values is none. Null is no category; columns of floats have none. Without values, or \
                 with fewer than `min_history` (7) earlier points that have some, the check is skipped. It takes no `baseline`.",
    example: Example {
        yaml: "dimension_anomaly: {column: city, method: zscore, min_history: 3}",
        params: r#"{"column": "city", "method": "zscore", "min_history": 3}"#,
        input: "city:utf8\nBern\nBern\nZug\nBern\n\n---\nBern\nZug\n---\nBern\nZug\nZug\n---\nBern\nZug\nBasel\nBern\n",
        status: "fail",
        observed: "Bern: share 0.75 where 0.444444 is usual (score 3.17543)",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<DimensionAnomaly>,
    schema: schema_of::<DimensionAnomaly>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct DimensionAnomaly {
    /// So many categories are followed (20).
    max_groups: Option<usize>,
    #[serde(flatten)]
    unusual: Unusual,
    /// A change of this share of all values is none (0.01).
    ignore_small_change: Option<Share>,
}

impl Rule for DimensionAnomaly {
    fn validate(&self) -> Result<(), ParamError> {
        if self.max_groups == Some(0) {
            return Err(ParamError::new("max_groups is at least 1").key("max_groups"));
        }
        self.unusual.validate()
    }

    fn baseline(&self) -> Option<Baseline> {
        Some(self.unusual.baseline())
    }

    fn expected(&self) -> String {
        format!("share of each category {}", self.unusual.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let followed = Followed::bind(site, &Metric::TopRatio).map_err(|problem| problem.key("column"))?;
        let thresholds = Thresholds::of(site.envelope, self.unusual.fail());
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), followed, thresholds })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: DimensionAnomaly,
    followed: Followed,
    thresholds: Thresholds,
}

/// A category with how unusual its share is.
struct Category<'a> {
    name: &'a str,
    now: f64,
    scored: Scored,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let (unusual, profile) = (&self.rule.unusual, self.followed.now(readings));
        let counted = |outcome: Outcome| outcome.counts(profile.present(), profile.nulls);
        let Some(now) = listed(&profile) else { return counted(Outcome::skipped("no values in scope")) };
        let selected = unusual.select(readings.history, readings.as_of());
        let known: Vec<(&Point, &Frequent)> = selected
            .into_iter()
            .filter_map(|point| Some((point, listed(self.followed.at(point)?)?)))
            .collect();
        if known.len() < unusual.min_history {
            let (have, wanted) = (known.len(), unusual.min_history);
            return counted(Outcome::skipped(format!("no baseline yet: {have} of {wanted} earlier points")));
        }
        let (points, mut lists): (Vec<&Point>, Vec<&Frequent>) = known.into_iter().unzip();
        lists.push(now);
        let mut categories = self.categories(&lists);
        categories.sort_by(|a, b| {
            rank(b.scored.status).cmp(&rank(a.scored.status)).then(b.scored.score.total_cmp(&a.scored.score))
        });
        let Some(worst) = categories.first() else {
            return counted(Outcome::skipped("no baseline yet: too few earlier points for the method"));
        };
        let usual = worst.scored.usual.centre();
        let (share, score) = (short(worst.now), short(worst.scored.score));
        let text = format!("{}: share {share} where {} is usual (score {score})", worst.name, short(usual));
        let shown =
            categories.iter().filter(|category| category.scored.score > 0.0).take(5).map(|category| {
                let Category { name, now, scored } = category;
                json!({"category": name, "now": now, "usual": scored.usual.centre(), "score": scored.score})
            });
        let observed = json!({"score": worst.scored.score, "categories": shown.collect::<Vec<_>>()});
        counted(Outcome::new(worst.scored.status, observed, text)).against(Compared::with(&points))
    }
}

impl Judged {
    /// How unusual the share of each category is that is followed; the last list is that of now.
    fn categories<'a>(&self, lists: &[&'a Frequent]) -> Vec<Category<'a>> {
        let small = self.rule.ignore_small_change.map_or(0.01, Share::get);
        let share = |list: &Frequent, name: &str| list.count(name).unwrap_or(0) as f64 / list.total as f64;
        let mut shares: HashMap<&str, f64> = HashMap::new();
        for list in lists {
            for (name, count) in &list.values {
                let most = shares.entry(name).or_default();
                *most = most.max(*count as f64 / list.total as f64);
            }
        }
        let mut names: Vec<(&str, f64)> = shares.into_iter().collect();
        names.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        names.truncate(self.rule.max_groups.unwrap_or(20));
        let score = |(name, _): (&'a str, f64)| {
            let figures: Vec<f64> = lists.iter().map(|list| share(list, name)).collect();
            let scored = self.rule.unusual.score(&figures, self.thresholds, |_| small)?;
            Some(Category { name, now: *figures.last()?, scored })
        };
        names.into_iter().filter_map(score).collect()
    }
}

/// The listed values of a column that has some.
fn listed(profile: &ColumnProfile) -> Option<&Frequent> {
    profile.frequent.as_ref().filter(|frequent| frequent.total > 0)
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Fail => 2,
        Status::Warn => 1,
        Status::Pass | Status::Error | Status::Skipped => 0,
    }
}
