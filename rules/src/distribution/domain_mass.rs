//! `domain_mass`: the share of values that come from a set lies within limits.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::frequency::ShareOf;
use crate::keys::hash_points;
use crate::literal::Literal;
use crate::measure::{Accumulator, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Limits, judge};
use crate::uniqueness::unique::key_columns;
use crate::values::{Values, ValuesFile};
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "domain_mass",
    aliases: &[],
    dimension: "distribution",
    summary: "The share of values that come from a domain is within limits.",
    definition: "Rows whose value is among `values` ÷ rows with a value, at least `min` as TFDV's `min_domain_mass` (and at \
                 most `max`, which TFDV has not). Unlike `in_set` with `mostly` it is one figure that may have a milder \
                 `warn`, and no row fails. Values are brought to the column's type first, and may be in a file, as for \
                 `in_set`. Nulls are left out. NaN is one value, -0.0 is 0.0. Without values the check is skipped.",
    example: Example {
        yaml: "domain_mass: {column: city, values: [Bern, Basel], min: 0.9, warn: {min: 0.95}}",
        params: r#"{"column": "city", "values": ["Bern", "Basel"], "min": 0.9, "warn": {"min": 0.95}}"#,
        input: "city:utf8\nBern\nBasel\n\nParis\nBern\n",
        status: "fail",
        observed: "0.75",
    },
    cost: Cost::Aggregate,
    shape: Shape::Scalar,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<DomainMass>,
    schema: schema_of::<DomainMass>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DomainMass {
    /// The values of the domain, or the file they are in.
    values: Values,
    /// Smallest share that passes.
    min: Option<Literal>,
    /// Largest share that passes.
    max: Option<Literal>,
}

impl DomainMass {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }
}

impl Rule for DomainMass {
    fn validate(&self) -> Result<(), ParamError> {
        self.values.validate("nothing comes from it")?;
        self.limits().validate()
    }

    fn values_file(&self) -> Option<&ValuesFile> {
        self.values.file()
    }

    fn with_values(&self, values: Arc<[Literal]>) -> Option<Arc<dyn Rule>> {
        Some(Arc::new(Self { values: self.values.read(values), ..self.clone() }))
    }

    fn expected(&self) -> String {
        format!("share of {} {}", self.values.text(), self.limits().text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        self.limits().fit(None, "")?;
        warn.fit(None, "warn.")?;
        let columns = key_columns(site)?;
        let (_, data_type) = site.column()?;
        let points = self.values.points(&self.values.literals(data_type)?, data_type)?;
        let measure = site.measure(What::DeclaredValues(hash_points(&points, data_type)), &columns);
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
        let Some((all, Accumulator::DeclaredValues(found))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("values were not counted");
        };
        if all.present() == 0 {
            return Outcome::skipped("no values in scope").counts(0, all.nulls);
        }
        let inside = all.present() - found.other_rows;
        judge(&ShareOf(inside, all.present()).figure(), &self.limits, &self.warn)
            .counts(all.present(), all.nulls)
            .failed(found.other_rows)
    }
}
