//! `psi`: a column's distribution is close to a reference, by the population stability index.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::against::{self, Columns as Of, Distance, Found};
use crate::aligned::{Aligned, SMOOTHING};
use crate::baseline::Baseline;
use crate::check::{ParamError, Share};
use crate::compared_with::ComparedWith;
use crate::distance::shares::stability_index;
use crate::literal::{Family, type_name};
use crate::measure::{Accumulator, Readings, What};
use crate::profile::ColumnProfile;
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "psi",
    aliases: &[],
    dimension: "distribution",
    summary: "The population stability index against a reference distribution is small.",
    definition: "Σ(aᵢ − eᵢ)·ln(aᵢ ÷ eᵢ) over bins. Against what was published before (`baseline`, `{last: 7}` where \
                 nothing is said): the deciles of the baseline with one bin under and one over them, one of NaN and \
                 one of null for numbers and times (a value that fills several deciles has its own); the 200 most \
                 frequent values, one of all others and one of null for other columns; 0.5 is added to the count of \
                 every bin on either side; with fewer than `min_history` points the check is skipped. Or against \
                 `bins` and `reference`: the edges e₀ < … < e_k of `bins` make k bins that include their lower edge \
                 (the last both), one under and one over them; `reference` gives the shares of the k bins, or of all \
                 k + 2 from under to over; 0.5 is added to the count of each of the k + 2 bins, on the reference's \
                 side to share × number of values; nulls are left out, and a NaN belongs to no bin and makes the \
                 index NaN, which fails. Fails above `fail` (0.2), warns above `warn` (0.1). Without values the check \
                 is skipped.",
    example: Example {
        yaml: "psi: {column: price, bins: [0, 10, 20], reference: [0.5, 0.5]}",
        params: r#"{"column": "price", "bins": [0, 10, 20], "reference": [0.5, 0.5]}"#,
        input: "price:float64\n1\n2\n3\n15\n\n",
        status: "warn",
        observed: "0.141216",
    },
    cost: Cost::Aggregate,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Psi>,
    schema: schema_of::<Psi>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Psi {
    /// The edges of the bins, ascending.
    bins: Option<Vec<f64>>,
    /// The share of each bin in the reference.
    reference: Option<Vec<Share>>,
    /// What the column is compared with in place of bins and a reference: what was published before, or another
    /// dataset.
    baseline: Option<ComparedWith>,
    /// With fewer points in the baseline than this (1) the check is skipped.
    min_history: Option<usize>,
    /// The largest index that does not fail.
    #[serde(default = "fail")]
    fail: f64,
}

fn fail() -> f64 {
    FAIL
}

const FAIL: f64 = 0.2;
const WARN: f64 = 0.1;

/// The index against what was published before.
#[derive(Debug, Clone)]
pub(crate) struct OfBaseline;

impl Distance for OfBaseline {
    const NAME: &'static str = "psi";
    const WORDS: &'static str = "population stability index";
    const FAIL: f64 = FAIL;
    const WARN: f64 = WARN;
    const OF: Of = Of::Comparable;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let Some(aligned) = Aligned::of(now, before) else { return Found::new(f64::NAN) };
        let (p, q) = aligned.smoothed();
        let found =
            Found::new(stability_index(&p, &q)).bound(aligned.bound).detail("largest", aligned.largest());
        found.detail("smoothing", SMOOTHING)
    }
}

impl Psi {
    /// The bins and shares of a reference that was given.
    fn given(&self) -> Option<(&[f64], &[Share])> {
        self.bins.as_deref().zip(self.reference.as_deref())
    }

    /// What the column is compared with where that was not given.
    fn compared_with(&self) -> Option<ComparedWith> {
        self.given().is_none().then(|| self.baseline.clone().unwrap_or_default())
    }

    fn min_history(&self) -> usize {
        self.min_history.unwrap_or(1)
    }
}

impl Rule for Psi {
    fn validate(&self) -> Result<(), ParamError> {
        let Some((bins, reference)) = self.given() else {
            return match (&self.bins, &self.reference) {
                (Some(_), None) => Err(ParamError::new("\"reference\" is missing").key("reference")),
                (None, Some(_)) => Err(ParamError::new("\"bins\" is missing").key("bins")),
                _ => self.baseline.as_ref().map_or(Ok(()), |baseline| baseline.validate(self.min_history())),
            };
        };
        if self.baseline.is_some() || self.min_history.is_some() {
            let key = if self.baseline.is_some() { "baseline" } else { "min_history" };
            return Err(ParamError::new(format!("{key} does not go with bins and reference")).key(key));
        }
        let (edges, shares) = (bins.len(), reference.len());
        if edges < 2 || !bins.is_sorted_by(|a, b| a < b) {
            return Err(ParamError::new("bins needs at least two edges in ascending order").key("bins"));
        }
        if shares != edges - 1 && shares != edges + 1 {
            let (inner, all) = (edges - 1, edges + 1);
            let message = format!("reference has {shares} shares for {inner} bins");
            return Err(ParamError::new(message)
                .key("reference")
                .hint(format!("give {inner}, or {all} with under and over")));
        }
        let total: f64 = reference.iter().map(|share| share.get()).sum();
        if (total - 1.0).abs() > 0.01 {
            return Err(ParamError::new(format!("the shares add up to {total}, not 1")).key("reference"));
        }
        Ok(())
    }

    fn baseline(&self) -> Option<Baseline> {
        self.compared_with()?.history()
    }

    fn baseline_rows(&self, columns: OtherColumns) -> Option<Reference> {
        self.baseline.as_ref()?.rows(columns)
    }

    fn expected(&self) -> String {
        match self.compared_with() {
            Some(baseline) => against::expected::<OfBaseline>(self.fail, &baseline),
            None => format!("population stability index at most {}", self.fail),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let Some((bins, reference)) = self.given() else {
            let baseline = self.baseline.clone().unwrap_or_default();
            return against::bind(site, OfBaseline, (&baseline, self.min_history()), self.fail);
        };
        let (name, data_type) = site.column()?.clone();
        if !Family::of(&data_type).is_number() {
            let message = format!("column \"{name}\" is of type {}, not a number", type_name(&data_type));
            return Err(Problem::new(message).key("column"));
        }
        let thresholds = Thresholds::warning_above(WARN, site.envelope, self.fail);
        let mut reference: Vec<f64> = reference.iter().map(|share| share.get()).collect();
        if reference.len() < bins.len() {
            reference.insert(0, 0.0);
            reference.push(0.0);
        }
        let measure = site.measure(What::Bins(bins.to_vec()), &[name]);
        Ok(Bound::Whole(Box::new(Judged { reference, thresholds, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    reference: Vec<f64>,
    thresholds: Thresholds,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else { return Outcome::error("the bins were not counted") };
        let Accumulator::Bins(bins) = &all.accumulator else {
            return Outcome::error("the bins were not counted");
        };
        let counted = |outcome: Outcome| outcome.counts(all.present(), all.nulls);
        if all.present() == 0 {
            return counted(Outcome::skipped("no values in scope"));
        }
        let index = if bins.nan > 0 { f64::NAN } else { index_of(&bins.counts, &self.reference) };
        let observed = json!({"psi": index, "counts": bins.counts, "smoothing": SMOOTHING});
        counted(Outcome::new(self.thresholds.status(index), observed, short(index)))
    }
}

/// The population stability index of counts against reference shares.
fn index_of(counts: &[u64], reference: &[f64]) -> f64 {
    let values = counts.iter().sum::<u64>() as f64;
    let total = values + SMOOTHING * counts.len() as f64;
    let smoothed = |count: f64| (count + SMOOTHING) / total;
    let actual: Vec<f64> = counts.iter().map(|count| smoothed(*count as f64)).collect();
    let expected: Vec<f64> = reference.iter().map(|share| smoothed(share * values)).collect();
    stability_index(&actual, &expected)
}
