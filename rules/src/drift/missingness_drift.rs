//! `missingness_drift`: the share of nulls is as in the baseline.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};
use crate::scalar::percent;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "missingness_drift",
    aliases: &[],
    dimension: "drift",
    summary: "The share of nulls is close to that of the baseline.",
    definition: "|2·asin√p − 2·asin√q|, Cohen's h of the shares p now and q in the baseline of rows where the \
                 column is null; 0.2 is a small effect. NaN is not null. Without rows, or with fewer than \
                 `min_history` points in the `baseline` (`{last: 7}`), the check is skipped.",
    example: Example {
        yaml: "missingness_drift: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBasel\nZug\n\n---\nBern\nBern\nBasel\nBasel\n---\nBern\nBasel\n\n",
        status: "pass",
        observed: "0.152102 (20 % after 14.29 %)",
    },
    cost: Cost::Aggregate,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<MissingnessDrift>>,
    schema: schema_of::<Drift<MissingnessDrift>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct MissingnessDrift {}

impl Distance for MissingnessDrift {
    const NAME: &'static str = "missingness_drift";
    const WORDS: &'static str = "Cohen's h of the share of nulls";
    const FAIL: f64 = 0.2;
    const OF: Of = Of::Any;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let share = |profile: &ColumnProfile| profile.nulls as f64 / profile.rows as f64;
        let angle = |share: f64| 2.0 * share.sqrt().asin();
        let h = (angle(share(now)) - angle(share(before))).abs();
        let text = |profile: &ColumnProfile| percent(profile.nulls, profile.rows);
        let found = Found::new(h).detail("null_ratio", share(now)).detail("null_ratio_before", share(before));
        found.text(format!("{} ({} after {})", crate::scalar::short(h), text(now), text(before)))
    }
}
