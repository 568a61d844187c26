//! `ks`: the Kolmogorov-Smirnov distance of a column from its baseline is small.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::check::{ParamError, Share};
use crate::distance::samples::{kolmogorov_smirnov, total};
use crate::distance::significance::kolmogorov_margin;
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "ks",
    aliases: &[],
    dimension: "drift",
    summary: "The Kolmogorov-Smirnov distance from the baseline is small.",
    definition: "sup|F − G| between the distribution functions of the values now and in the baseline, from 0 \
                 to 1; an effect size, not a p-value, so that many rows raise no alarm by themselves. With \
                 `robust`, what samples of these sizes n and m exceed by chance with probability `alpha` \
                 (0.05) is taken off: D − √(−½·ln(α ÷ 2))·√((n + m) ÷ (n·m)), at least 0. Where quantiles are \
                 sketched, the possible errors of ranks on both sides add up to the bound that is reported, \
                 and `interval` says between which figures D lies. Null and NaN are left out. Without values, \
                 or with fewer than `min_history` points in the `baseline` (`{last: 7}`), the check is \
                 skipped.",
    example: Example {
        yaml: "ks: {column: price, baseline: previous}",
        params: r#"{"column": "price", "baseline": "previous"}"#,
        input: "price:float64\n2\n3\n4\n5\n\n---\n1\n2\n3\n---\n4\n\n",
        status: "fail",
        observed: "0.5",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<Ks>>,
    schema: schema_of::<Drift<Ks>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct Ks {
    /// Whether to take off what samples of these sizes differ by chance.
    #[serde(default)]
    pub(crate) robust: bool,
    /// For `robust`: how likely a larger difference by chance is.
    pub(crate) alpha: Option<Share>,
}

impl Distance for Ks {
    const NAME: &'static str = "ks";
    const WORDS: &'static str = "Kolmogorov-Smirnov distance";
    const FAIL: f64 = 0.1;
    const OF: Of = Of::Ordered;

    fn validate(&self) -> Result<(), ParamError> {
        match self.alpha {
            Some(_) if !self.robust => Err(ParamError::new("alpha is for robust").key("alpha")),
            Some(alpha) if alpha.get() == 0.0 => Err(ParamError::new("alpha is above 0").key("alpha")),
            _ => Ok(()),
        }
    }

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let (Some(a), Some(b)) = (&now.quantiles, &before.quantiles) else { return Found::new(f64::NAN) };
        let (bound, a, b) = (a.bound() + b.bound(), a.weighted(), b.weighted());
        let (distance, at) = kolmogorov_smirnov(&a, &b);
        let margin = if self.robust {
            kolmogorov_margin(self.alpha.map_or(0.05, Share::get), total(&a), total(&b))
        } else {
            0.0
        };
        let found = Found::new((distance - margin).max(0.0)).bound(bound).detail("values", total(&a));
        let found = found.detail("values_before", total(&b));
        let found = if distance > 0.0 {
            found.detail("at", if before.redacted { before.shown(at) } else { now.shown(at) })
        } else {
            found
        };
        if bound == 0.0 {
            return found;
        }
        found.detail("interval", json!([(distance - bound).max(0.0), (distance + bound).min(1.0)]))
    }
}
