//! `dataset_drift`: few columns are distributed otherwise than in the baseline.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::aligned::Aligned;
use crate::baseline::{Baseline, Point};
use crate::check::{ParamError, Share};
use crate::compared_with::{Against, ComparedWith, one_point};
use crate::distance::samples::{kolmogorov_smirnov, total};
use crate::distance::significance::{benjamini_hochberg, chi_square_tail, contingency, kolmogorov_tail};
use crate::keys::KeyKind;
use crate::literal::type_name;
use crate::measure::{Readings, What};
use crate::profile::{ColumnProfile, Depth};
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::thresholds::Thresholds;
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "dataset_drift",
    aliases: &[],
    dimension: "drift",
    summary: "Few of the columns are distributed otherwise than in the baseline.",
    definition: "The share of the columns that drifted. A number or a time drifted if its Kolmogorov-Smirnov distance \
                 from the baseline is above `effect` (0.1), any other column if Cramér's V is, and if besides the \
                 difference is significant after Benjamini and Hochberg's procedure at `alpha` (0.05) over all columns: \
                 many columns raise no alarm by chance, and many rows none by themselves. Null is a value like others \
                 for Cramér's V and left out of distances of numbers, as NaN is. A column without values now or in the \
                 baseline is left out; without any column, or with fewer than `min_history` points in the `baseline` \
                 (`{last: 7}`), the check is skipped.",
    example: Example {
        yaml: "dataset_drift: {columns: [price, city], baseline: {last: 7}}",
        params: r#"{"columns": ["price", "city"], "baseline": {"last": 7}}"#,
        input: "price:float64,city:utf8\n5,Bern\n6,Bern\n7,Zug\n8,\n---\n1,Bern\n2,Bern\n3,Zug\n4,\n---\n1,Bern\n2,\n",
        status: "pass",
        observed: "1 of 2 columns drifted: price",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<DatasetDrift>,
    schema: schema_of::<DatasetDrift>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DatasetDrift {
    /// What the columns are compared with: what was published before, or another dataset.
    #[serde(default)]
    baseline: ComparedWith,
    /// With fewer points in the baseline than this (1) the check is skipped.
    #[serde(default = "one_point")]
    min_history: usize,
    /// The largest share of columns that does not fail.
    #[serde(default = "half")]
    fail: f64,
    /// The distance above which a column may have drifted (0.1).
    effect: Option<Share>,
    /// The share of columns held to have drifted that may be so by chance (0.05).
    alpha: Option<Share>,
}

fn half() -> f64 {
    0.5
}

impl Rule for DatasetDrift {
    fn validate(&self) -> Result<(), ParamError> {
        self.baseline.validate(self.min_history)
    }

    fn baseline(&self) -> Option<Baseline> {
        self.baseline.history()
    }

    fn baseline_rows(&self, columns: OtherColumns) -> Option<Reference> {
        self.baseline.rows(columns)
    }

    fn expected(&self) -> String {
        format!("share of drifted columns at most {} against {}", self.fail, self.baseline.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        for (name, data_type) in site.columns {
            if KeyKind::of(data_type).is_none() {
                let shown = type_name(data_type);
                let message = format!("column \"{name}\" is of type {shown}, which has no distribution");
                return Err(Problem::new(message).key("columns"));
            }
        }
        let names: Vec<String> = site.columns.iter().map(|(name, _)| name.clone()).collect();
        let measured: Vec<(What, Vec<String>)> =
            names.iter().map(|name| (What::Profile(Depth::Drift), vec![name.clone()])).collect();
        let against = self.baseline.bind(site, self.min_history, &measured, &|here, there| {
            KeyKind::share_a_scale(KeyKind::of(here), KeyKind::of(there))
        })?;
        let measures = measured.into_iter().map(|(what, columns)| site.measure(what, &columns));
        let columns = names.into_iter().zip(measures).collect();
        let filter = site.envelope.filter.clone();
        let thresholds = Thresholds::of(site.envelope, self.fail);
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), against, columns, filter, thresholds })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: DatasetDrift,
    against: Against,
    columns: Vec<(String, usize)>,
    filter: Option<String>,
    thresholds: Thresholds,
}

/// How far a column is from its baseline, and how likely that is by chance.
struct Distanced<'a> {
    column: &'a str,
    distance: f64,
    p: f64,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let now: Vec<(&str, ColumnProfile)> = self
            .columns
            .iter()
            .filter_map(|(name, measure)| Some((name.as_str(), readings.profile(*measure)?)))
            .filter(|(_, profile)| profile.present() > 0)
            .collect();
        let Some((_, first)) = now.first() else { return Outcome::skipped("no values in scope") };
        let counted = |outcome: Outcome| outcome.counts(first.rows, 0);
        let tells = |point: &Point| {
            self.columns.iter().any(|(name, _)| point.profile.column(name, self.filter.as_deref()).is_some())
        };
        let points = match self.against.points(readings, tells) {
            Ok(points) => points,
            Err(outcome) => return counted(*outcome),
        };
        let compared: Vec<Distanced<'_>> = now
            .iter()
            .filter_map(|(name, now)| {
                let before =
                    points.iter().filter_map(|point| point.profile.column(name, self.filter.as_deref()));
                let before = before.filter(|before| before.present() > 0 && before.comparable(now));
                compare(name, now, &ColumnProfile::together(before)?)
            })
            .collect();
        if compared.is_empty() {
            return counted(Outcome::skipped("no baseline yet: no column has values in it"));
        }
        counted(self.ruling(&compared)).against(self.against.compared(&points, readings))
    }
}

impl Judged {
    fn ruling(&self, compared: &[Distanced<'_>]) -> Outcome {
        let effect = self.rule.effect.map_or(0.1, Share::get);
        let alpha = self.rule.alpha.map_or(0.05, Share::get);
        let significant = benjamini_hochberg(&compared.iter().map(|c| c.p).collect::<Vec<_>>(), alpha);
        let drifted: Vec<&str> = compared
            .iter()
            .zip(significant)
            .filter(|(found, significant)| *significant && found.distance > effect)
            .map(|(found, _)| found.column)
            .collect();
        let share = drifted.len() as f64 / compared.len() as f64;
        let status = self.thresholds.status(share);
        let columns: Vec<_> = compared
            .iter()
            .map(|found| json!({"column": found.column, "distance": found.distance, "p_value": found.p}))
            .collect();
        let names = if drifted.is_empty() { String::new() } else { format!(": {}", drifted.join(", ")) };
        let text = format!("{} of {} columns drifted{names}", drifted.len(), compared.len());
        Outcome::new(status, json!({"dataset_drift": share, "drifted": drifted, "columns": columns}), text)
    }
}

fn compare<'a>(column: &'a str, now: &ColumnProfile, before: &ColumnProfile) -> Option<Distanced<'a>> {
    if let (Some(a), Some(b)) = (&now.quantiles, &before.quantiles) {
        let (a, b) = (a.weighted(), b.weighted());
        let (of_a, of_b) = (total(&a), total(&b));
        if of_a == 0 || of_b == 0 {
            return None;
        }
        let (distance, _) = kolmogorov_smirnov(&a, &b);
        return Some(Distanced { column, distance, p: kolmogorov_tail(distance, of_a, of_b) });
    }
    let aligned = Aligned::of(now, before)?;
    let Some(found) = contingency(&aligned.now, &aligned.before) else {
        return Some(Distanced { column, distance: 0.0, p: 1.0 });
    };
    let p = chi_square_tail(found.statistic, found.freedom);
    Some(Distanced { column, distance: found.cramers_v, p })
}
