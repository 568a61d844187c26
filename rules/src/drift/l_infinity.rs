//! `l_infinity`: no share of a column's values changed much against its baseline.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::aligned::Aligned;
use crate::distance::shares::largest_difference;
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};
use crate::scalar::short;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "l_infinity",
    aliases: &[],
    dimension: "drift",
    summary: "The largest change of any category's share against the baseline is small.",
    definition: "max|pᵢ − qᵢ| between the shares of bins now and in the baseline, with the bin that has it \
                 (TensorFlow Data Validation's L-infinity distance). The bins: for numbers and times the \
                 deciles of the baseline with one bin under and one over them, one of NaN and one of null (a \
                 value that fills several deciles has its own); for other columns the 200 most frequent values \
                 of the baseline, one of all others and one of null. Without values, or with fewer than \
                 `min_history` points in the `baseline` (`{last: 7}`), the check is skipped.",
    example: Example {
        yaml: "l_infinity: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBasel\nZug\n\n---\nBern\nBern\nBasel\nBasel\n---\nBern\nBasel\n\n",
        status: "fail",
        observed: "0.228571 (Basel)",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<LInfinity>>,
    schema: schema_of::<Drift<LInfinity>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct LInfinity {}

impl Distance for LInfinity {
    const NAME: &'static str = "l_infinity";
    const WORDS: &'static str = "largest change of a share";
    const FAIL: f64 = 0.01;
    const OF: Of = Of::Comparable;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let Some(aligned) = Aligned::of(now, before) else { return Found::new(f64::NAN) };
        let (p, q) = aligned.shares();
        let (largest, at) = largest_difference(&p, &q);
        let found = Found::new(largest).bound(aligned.bound).detail("largest", aligned.largest());
        match aligned.bins.get(at).filter(|_| largest > 0.0) {
            Some(bin) => found.text(format!("{} ({bin})", short(largest))),
            None => found,
        }
    }
}
