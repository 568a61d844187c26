//! `wasserstein`: the Wasserstein distance of a column from its baseline is small.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::distance::samples::{deviation, wasserstein};
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "wasserstein",
    aliases: &[],
    dimension: "drift",
    summary: "The Wasserstein distance from the baseline, in its standard deviations, is small.",
    definition: "∫|F − G| ÷ max(σ, 0.001) between the distribution functions of the values now and in the \
                 baseline, where σ is the population's standard deviation of the baseline: by how many of \
                 these values have moved on average (Evidently's normed distance). Null and NaN are left out; \
                 an infinite value makes it infinite unless the baseline has as many. Where quantiles are \
                 sketched, exactness reports the bound of their ranks. Without values, or with fewer than \
                 `min_history` points in the `baseline` (`{last: 7}`), the check is skipped.",
    example: Example {
        yaml: "wasserstein: {column: price, baseline: {last: 7}}",
        params: r#"{"column": "price", "baseline": {"last": 7}}"#,
        input: "price:float64\n2\n3\n4\n5\n\n---\n1\n2\n3\n---\n4\n\n",
        status: "fail",
        observed: "0.894427",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<Wasserstein>>,
    schema: schema_of::<Drift<Wasserstein>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct Wasserstein {}

impl Distance for Wasserstein {
    const NAME: &'static str = "wasserstein";
    const WORDS: &'static str = "normed Wasserstein distance";
    const FAIL: f64 = 0.1;
    const OF: Of = Of::Ordered;

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let (Some(a), Some(b)) = (&now.quantiles, &before.quantiles) else { return Found::new(f64::NAN) };
        let (bound, a, b) = (a.bound() + b.bound(), a.weighted(), b.weighted());
        let moved = wasserstein(&a, &b);
        let unit = deviation(&b).max(SMALLEST_DEVIATION);
        let distance = if unit.is_finite() { moved / unit } else { moved };
        Found::new(distance).bound(bound).detail("moved", moved).detail("deviation", unit)
    }
}

/// A baseline that varies less is taken to vary by this.
const SMALLEST_DEVIATION: f64 = 0.001;
