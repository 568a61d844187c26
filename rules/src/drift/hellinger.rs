//! `hellinger`: the Hellinger distance of a column from its baseline is small.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::aligned::Aligned;
use crate::distance::shares::hellinger;
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "hellinger",
    aliases: &[],
    dimension: "drift",
    summary: "The Hellinger distance from the baseline is small.",
    definition: "√(½·Σ(√pᵢ − √qᵢ)²), from 0 to 1, between the shares of bins now and in the baseline. The \
                 bins: for numbers and times the deciles of the baseline with one bin under and one over them, \
                 one of NaN and one of null (a value that fills several deciles has its own); for other \
                 columns the 200 most frequent values of the baseline, one of all others and one of null. \
                 Without values, or with fewer than `min_history` points in the `baseline` (`{last: 7}`), the \
                 check is skipped.",
    example: Example {
        yaml: "hellinger: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBasel\nZug\n\n---\nBern\nBern\nBasel\nBasel\n---\nBern\nBasel\n\n",
        status: "fail",
        observed: "0.352363",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<Hellinger>>,
    schema: schema_of::<Drift<Hellinger>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct Hellinger {}

impl Distance for Hellinger {
    const NAME: &'static str = "hellinger";
    const WORDS: &'static str = "Hellinger distance";
    const FAIL: f64 = 0.1;
    const OF: Of = Of::Comparable;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let Some(aligned) = Aligned::of(now, before) else { return Found::new(f64::NAN) };
        let (p, q) = aligned.shares();
        Found::new(hellinger(&p, &q)).bound(aligned.bound).detail("largest", aligned.largest())
    }
}
