//! `entropy`: the entropy of a column's values lies within limits.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::frequency::bind_counts;
use crate::literal::Literal;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::Limits;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "entropy",
    aliases: &[],
    dimension: "distribution",
    summary: "The Shannon entropy of the values is within limits.",
    definition: "−Σ pᵢ·ln pᵢ over the shares of distinct values: the plug-in estimate, not corrected for its bias. In nats \
                 by default, as Deequ and scipy and so that it compares with `mutual_information`; `base: 2` gives bits. \
                 `normalised: true` divides by the logarithm of the number of distinct values (Pielou's evenness, from 0 \
                 to 1, in which the base cancels; 0 of a single value). Exact but for the rounding of floats. Nulls are \
                 left out. NaN is one value, -0.0 is 0.0. Beyond 4,194,304 distinct values they are not counted and the \
                 check is an error. Without values it is skipped.",
    example: Example {
        yaml: "entropy: {column: city, min: 0.5, base: 2}",
        params: r#"{"column": "city", "min": 0.5, "base": 2}"#,
        input: "city:utf8\na\nb\n\na\nc\n",
        status: "pass",
        observed: "1.5",
    },
    cost: Cost::Frequencies,
    shape: Shape::Scalar,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Entropy>,
    schema: schema_of::<Entropy>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Entropy {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
    /// The base of the logarithm, such as 2 for bits; e where absent.
    base: Option<f64>,
    /// Whether it is divided by the largest it could be for as many distinct values.
    #[serde(default)]
    normalised: bool,
}

impl Entropy {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }

    fn figure(&self, counts: &[u64], values: u64) -> f64 {
        let nats = nats(counts, values);
        if self.normalised {
            return if counts.len() > 1 { nats / (counts.len() as f64).ln() } else { 0.0 };
        }
        self.base.map_or(nats, |base| nats / base.ln())
    }
}

/// −Σ p·ln p of counts in a given order.
pub(super) fn nats(counts: &[u64], values: u64) -> f64 {
    let share = |count: &u64| *count as f64 / values as f64;
    // Of one value 0, not -0.
    0.0 - counts.iter().map(share).map(|p| p * p.ln()).sum::<f64>()
}

impl Rule for Entropy {
    fn validate(&self) -> Result<(), ParamError> {
        if self.base.is_some_and(|base| !(base.is_finite() && base > 1.0)) {
            return Err(ParamError::new("base has to be above 1").key("base").hint("2 gives bits"));
        }
        if self.base.is_some() && self.normalised {
            return Err(ParamError::new("a normalised entropy has no base").key("base").hint("leave it out"));
        }
        self.limits().validate()
    }

    fn expected(&self) -> String {
        let what = if self.normalised { "normalised entropy" } else { "entropy" };
        let base = match self.base {
            Some(2.0) => " (bits)".into(),
            Some(base) => format!(" (base {base})"),
            None if self.normalised => String::new(),
            None => " (nats)".into(),
        };
        format!("{what}{base} {}", self.limits().text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let rule = self.clone();
        bind_counts(site, self.limits(), move |counts, values| rule.figure(counts, values))
    }
}
