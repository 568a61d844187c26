//! `almost_constant`: the share of the most common value lies within limits.

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
    name: "almost_constant",
    aliases: &["most_common_share"],
    dimension: "distribution",
    summary: "The share of the most common value is within limits.",
    definition: "Rows with the most common value ÷ rows with a value. `min: 0.95` asks for a column that is almost \
                 constant (Evidently's bound), `max: 0.95` for one that is not; there is no default, as peers ask for \
                 either. Exact. Nulls are left out. NaN is one value, -0.0 is 0.0. Beyond 4,194,304 distinct values \
                 they are not counted and the check is an error. Without values it is skipped.",
    example: Example {
        yaml: "almost_constant: {column: currency, max: 0.95}",
        params: r#"{"column": "currency", "max": 0.95}"#,
        input: "currency:utf8\nCHF\nCHF\n\nCHF\nEUR\n",
        status: "pass",
        observed: "0.75",
    },
    cost: Cost::Frequencies,
    shape: Shape::Scalar,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<AlmostConstant>,
    schema: schema_of::<AlmostConstant>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AlmostConstant {
    /// Smallest share that passes.
    min: Option<Literal>,
    /// Largest share that passes.
    max: Option<Literal>,
}

impl AlmostConstant {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }
}

impl Rule for AlmostConstant {
    fn validate(&self) -> Result<(), ParamError> {
        self.limits().validate()
    }

    fn expected(&self) -> String {
        format!("share of the most common value {}", self.limits().text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let share =
            |counts: &[u64], values: u64| counts.first().map_or(0.0, |most| *most as f64 / values as f64);
        bind_counts(site, self.limits(), share)
    }
}
