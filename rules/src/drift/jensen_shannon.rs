//! `jensen_shannon`: the Jensen-Shannon distance of a column from its baseline is small.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::aligned::Aligned;
use crate::distance::shares::jensen_shannon;
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "jensen_shannon",
    aliases: &[],
    dimension: "drift",
    summary: "The Jensen-Shannon distance from the baseline is small.",
    definition: "The square root of the Jensen-Shannon divergence with logarithms to base 2 (Lin 1991; scipy's \
                 `jensenshannon`), from 0 to 1, between the shares of bins now and in the baseline. The bins: \
                 for numbers and times the deciles of the baseline with one bin under and one over them, one \
                 of NaN and one of null (a value that fills several deciles has its own); for other columns \
                 the 200 most frequent values of the baseline, one of all others and one of null. Without \
                 values, or with fewer than `min_history` points in the `baseline` (`{last: 7}`), the check is \
                 skipped.",
    example: Example {
        yaml: "jensen_shannon: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBasel\nZug\n\n---\nBern\nBern\nBasel\nBasel\n---\nBern\nBasel\n\n",
        status: "fail",
        observed: "0.366719",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<JensenShannon>>,
    schema: schema_of::<Drift<JensenShannon>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct JensenShannon {}

impl Distance for JensenShannon {
    const NAME: &'static str = "jensen_shannon";
    const WORDS: &'static str = "Jensen-Shannon distance";
    const FAIL: f64 = 0.1;
    const OF: Of = Of::Comparable;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let Some(aligned) = Aligned::of(now, before) else { return Found::new(f64::NAN) };
        let (p, q) = aligned.shares();
        Found::new(jensen_shannon(&p, &q)).bound(aligned.bound).detail("largest", aligned.largest())
    }
}
