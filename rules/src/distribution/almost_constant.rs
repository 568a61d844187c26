//! `almost_constant`: the share of the most common value lies within limits.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::frequency::{ShareOf, too_many_values};
use crate::literal::Literal;
use crate::measure::{Accumulator, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Limits, judge};
use crate::uniqueness::unique::key_columns;
use crate::verdict::Outcome;

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
        let warn = Limits::warn_of(site.envelope);
        self.limits().fit(None, "")?;
        warn.fit(None, "warn.")?;
        let columns = key_columns(site)?;
        let measure = site.measure(What::Frequencies, &columns);
        Ok(Bound::Whole(Box::new(Judged { limits: self.limits(), warn, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    limits: Limits,
    warn: Limits,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Frequencies(values))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("values were not counted");
        };
        if all.present() == 0 {
            return Outcome::skipped("no values in scope").counts(0, all.nulls);
        }
        let Some(counts) = values.counts() else { return too_many_values() };
        let most = counts.first().copied().unwrap_or_default();
        judge(&ShareOf(most, all.present()).figure(), &self.limits, &self.warn)
            .counts(all.present(), all.nulls)
    }
}
