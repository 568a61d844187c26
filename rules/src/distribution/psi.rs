//! `psi`: a column's distribution is close to a reference, by the population stability index.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::check::{ParamError, Share};
use crate::literal::{Family, type_name};
use crate::measure::{Accumulator, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::short;
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "psi",
    aliases: &[],
    dimension: "distribution",
    summary: "The population stability index against a reference distribution is small.",
    definition: "Σ(aᵢ − eᵢ)·ln(aᵢ ÷ eᵢ) over bins. The edges e₀ < … < e_k of `bins` make k bins that include their lower \
                 edge (the last both), one under and one over them; `reference` gives the shares of the k bins, or of \
                 all k + 2 from under to over. Shares are smoothed: 0.5 is added to the count of each of the k + 2 \
                 bins, on the reference's side to share × number of values. Fails above `fail` (0.2), warns above \
                 `warn` (0.1). Nulls are left out; a NaN belongs to no bin and makes the index NaN, which fails. \
                 Without values the check is skipped.",
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
    bins: Vec<f64>,
    /// The share of each bin in the reference.
    reference: Vec<Share>,
    /// The largest index that does not fail.
    #[serde(default = "fail")]
    fail: f64,
}

fn fail() -> f64 {
    0.2
}

impl Rule for Psi {
    fn validate(&self) -> Result<(), ParamError> {
        let (edges, shares) = (self.bins.len(), self.reference.len());
        if edges < 2 || !self.bins.is_sorted_by(|a, b| a < b) {
            return Err(ParamError::new("bins needs at least two edges in ascending order").key("bins"));
        }
        if shares != edges - 1 && shares != edges + 1 {
            let (inner, all) = (edges - 1, edges + 1);
            let message = format!("reference has {shares} shares for {inner} bins");
            return Err(ParamError::new(message)
                .key("reference")
                .hint(format!("give {inner}, or {all} with under and over")));
        }
        let total: f64 = self.reference.iter().map(|share| share.get()).sum();
        if (total - 1.0).abs() > 0.01 {
            return Err(ParamError::new(format!("the shares add up to {total}, not 1")).key("reference"));
        }
        Ok(())
    }

    fn expected(&self) -> String {
        format!("population stability index at most {}", self.fail)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        if !Family::of(&data_type).is_number() {
            let message = format!("column \"{name}\" is of type {}, not a number", type_name(&data_type));
            return Err(Problem::new(message).key("column"));
        }
        let warn =
            site.envelope.warn.as_ref().and_then(serde_json::Value::as_f64).unwrap_or(self.fail.min(0.1));
        let mut reference: Vec<f64> = self.reference.iter().map(|share| share.get()).collect();
        if reference.len() < self.bins.len() {
            reference.insert(0, 0.0);
            reference.push(0.0);
        }
        let measure = site.measure(What::Bins(self.bins.clone()), &[name]);
        Ok(Bound::Whole(Box::new(Judged { reference, warn, fail: self.fail, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    reference: Vec<f64>,
    warn: f64,
    fail: f64,
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
        let index = if bins.nan > 0 { f64::NAN } else { stability_index(&bins.counts, &self.reference) };
        let status = match index {
            index if index <= self.warn.min(self.fail) => Status::Pass,
            index if index <= self.fail => Status::Warn,
            _ => Status::Fail,
        };
        let observed = json!({"psi": index, "counts": bins.counts, "smoothing": SMOOTHING});
        counted(Outcome::new(status, observed, short(index)))
    }
}

/// What is added to the count of every bin.
const SMOOTHING: f64 = 0.5;

/// The population stability index of counts against reference shares.
fn stability_index(counts: &[u64], reference: &[f64]) -> f64 {
    let values = counts.iter().sum::<u64>() as f64;
    let total = values + SMOOTHING * counts.len() as f64;
    let bins = counts.iter().zip(reference);
    bins.map(|(count, share)| {
        let actual = (*count as f64 + SMOOTHING) / total;
        let expected = (share * values + SMOOTHING) / total;
        (actual - expected) * (actual / expected).ln()
    })
    .sum()
}
