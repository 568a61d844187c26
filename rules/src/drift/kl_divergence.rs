//! `kl_divergence`: the Kullback-Leibler divergence of a column from its baseline is small.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::aligned::{Aligned, SMOOTHING};
use crate::distance::shares::kl_divergence;
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "kl_divergence",
    aliases: &[],
    dimension: "drift",
    summary: "The Kullback-Leibler divergence from the baseline is small.",
    definition: "Σpᵢ·ln(pᵢ ÷ qᵢ) in nats between the shares p now and q in the baseline. A bin that only one \
                 side has would make it infinite, so that 0.5 is added to the count of every bin. The bins: \
                 for numbers and times the deciles of the baseline with one bin under and one over them, one \
                 of NaN and one of null (a value that fills several deciles has its own); for other columns \
                 the 200 most frequent values of the baseline, one of all others and one of null. Without \
                 values, or with fewer than `min_history` points in the `baseline` (`{last: 7}`), the check is \
                 skipped.",
    example: Example {
        yaml: "kl_divergence: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBasel\nZug\n\n---\nBern\nBern\nBasel\nBasel\n---\nBern\nBasel\n\n",
        status: "fail",
        observed: "0.184999",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<KlDivergence>>,
    schema: schema_of::<Drift<KlDivergence>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct KlDivergence {}

impl Distance for KlDivergence {
    const NAME: &'static str = "kl_divergence";
    const WORDS: &'static str = "Kullback-Leibler divergence";
    const FAIL: f64 = 0.1;
    const OF: Of = Of::Comparable;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let Some(aligned) = Aligned::of(now, before) else { return Found::new(f64::NAN) };
        let (p, q) = aligned.smoothed();
        let found =
            Found::new(kl_divergence(&p, &q)).bound(aligned.bound).detail("largest", aligned.largest());
        found.detail("smoothing", SMOOTHING)
    }
}
