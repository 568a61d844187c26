//! `new_categories`: few values are of a kind the baseline never had.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};
use crate::scalar::percent;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "new_categories",
    aliases: &[],
    dimension: "drift",
    summary: "Values that the baseline never had are rare.",
    definition: "The share of the values now that the baseline has never seen, with the largest of them. Of a \
                 baseline with more distinct values than are stored (200 a point) it is not known whether it \
                 had a rare one: then only values count whose share now is above what an unseen one can have \
                 had at most, which exactness reports. Null is no category; columns of floats have none. \
                 Without values, or with fewer than `min_history` points in the `baseline` (`{last: 7}`), the \
                 check is skipped.",
    example: Example {
        yaml: "new_categories: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBasel\nZug\n\n---\nBern\nBern\nBasel\nBasel\n---\nBern\nBasel\n\n",
        status: "fail",
        observed: "25 % of values are new: Zug",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<NewCategories>>,
    schema: schema_of::<Drift<NewCategories>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct NewCategories {}

impl Distance for NewCategories {
    const NAME: &'static str = "new_categories";
    const WORDS: &'static str = "share of new categories";
    const FAIL: f64 = 0.01;
    const OF: Of = Of::Listed;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let (Some(listed), Some(known)) = (&now.frequent, &before.frequent) else {
            return Found::new(f64::NAN);
        };
        let unseen = known.absent as f64 / known.total as f64;
        let share = |count: u64| count as f64 / listed.total as f64;
        let mut fresh = listed.most();
        fresh.retain(|(value, count)| known.count(value).is_none() && share(*count) > unseen);
        let count: u64 = fresh.iter().map(|(_, count)| count).sum();
        let named: Vec<&str> = fresh.iter().take(NAMED).map(|(value, _)| *value).collect();
        let text = match (fresh.len(), named.join(", ")) {
            (0, _) => "no new categories".to_owned(),
            (all, names) => {
                let more = if all > NAMED { ", …" } else { "" };
                format!("{} of values are new: {names}{more}", percent(count, listed.total))
            }
        };
        let largest =
            fresh.iter().take(NAMED).map(|(value, count)| json!({"value": value, "now": share(*count)}));
        Found::new(share(count))
            .text(text)
            .bound(unseen)
            .detail("categories", fresh.len())
            .detail("largest", largest.collect::<Vec<_>>())
    }
}

/// New categories that reports name.
const NAMED: usize = 5;
