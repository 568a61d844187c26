//! `distinct_values`: which values occur at all.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::ParamError;
use crate::keys::hash_points;
use crate::literal::Literal;
use crate::measure::{Accumulator, DeclaredValues, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::uniqueness::unique::key_columns;
use crate::values::{Values, ValuesFile};
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "distinct_values",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The values that occur are among those declared, contain them, or are exactly these.",
    definition: "The set of distinct values against `values`: with `relation: subset` none occurs that is not declared, \
                 with `superset` every declared one occurs, with `equal` (the default) both. Values are brought to \
                 the column's type first; one that no value of the type equals is an error of the pipeline. NaN is \
                 one value, -0.0 is 0.0, nulls are left out. The values may be in a file, as for `in_set`. Shows the \
                 declared values that do not occur and the first eight others. Without values the check is skipped.",
    example: Example {
        yaml: "distinct_values: {column: ship_mode, values: [AIR, RAIL]}",
        params: r#"{"column": "ship_mode", "values": ["AIR", "RAIL"]}"#,
        input: "ship_mode:utf8\nAIR\nBOAT\n\nAIR\n",
        status: "fail",
        observed: "absent: RAIL; not declared: BOAT (1 row)",
    },
    cost: Cost::Aggregate,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<DistinctValues>,
    schema: schema_of::<DistinctValues>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DistinctValues {
    /// The values declared, or the file they are in.
    values: Values,
    /// What the values that occur have to be to those declared.
    #[serde(default)]
    relation: Relation,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Relation {
    /// None occurs that is not declared.
    Subset,
    /// Every declared one occurs.
    Superset,
    /// Exactly the declared ones occur.
    #[default]
    Equal,
}

impl Rule for DistinctValues {
    fn validate(&self) -> Result<(), ParamError> {
        self.values.validate("there is nothing to compare with")
    }

    fn values_file(&self) -> Option<&ValuesFile> {
        self.values.file()
    }

    fn with_values(&self, values: Arc<[Literal]>) -> Option<Arc<dyn Rule>> {
        Some(Arc::new(Self { values: self.values.read(values), ..self.clone() }))
    }

    fn expected(&self) -> String {
        let relation = match self.relation {
            Relation::Subset => "nothing but",
            Relation::Superset => "all of",
            Relation::Equal => "exactly",
        };
        format!("{relation} {}", self.values.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let columns = key_columns(site)?;
        let (_, data_type) = site.column()?;
        let declared = self.values.literals(data_type)?;
        let points = self.values.points(&declared, data_type)?;
        let shown = declared.iter().map(ToString::to_string).collect();
        let measure = site.measure(What::DeclaredValues(hash_points(&points, data_type)), &columns);
        Ok(Bound::Whole(Box::new(Compared { relation: self.relation, declared: shown, measure })))
    }
}

#[derive(Debug)]
struct Compared {
    relation: Relation,
    declared: Vec<String>,
    measure: usize,
}

impl Compared {
    fn outcome(&self, found: &DeclaredValues) -> Outcome {
        let wanted = self.relation != Relation::Subset;
        let counted = self.declared.iter().zip(&found.counts);
        let absent = counted.filter(|(_, count)| wanted && **count == 0).map(|(value, _)| value.as_str());
        let absent: Vec<&str> = absent.collect();
        let others = if self.relation == Relation::Superset { 0 } else { found.other_rows };
        let (first, all) = found.others();
        let first: Vec<&Value> = first.take(if others == 0 { 0 } else { usize::MAX }).collect();
        let mut text = Vec::new();
        if !absent.is_empty() {
            text.push(format!("absent: {}", some(&absent)));
        }
        if others > 0 {
            let names =
                first.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let names: Vec<String> = names.chain((!all).then(|| "…".to_owned())).collect();
            let rows = if others == 1 { "row" } else { "rows" };
            let count = crate::scalar::grouped(i128::from(others));
            text.push(format!("not declared: {} ({count} {rows})", names.join(", ")));
        }
        let status = if text.is_empty() { Status::Pass } else { Status::Fail };
        let shown = if text.is_empty() { "as declared".into() } else { text.join("; ") };
        let observed = json!({"absent": absent, "not_declared": first, "rows_not_declared": others});
        Outcome::new(status, observed, shown).failed(others)
    }
}

/// A few values, in words.
fn some(values: &[&str]) -> String {
    let more = values.len().saturating_sub(8);
    let shown = values.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

impl Judge for Compared {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else {
            return Outcome::error("the values were not counted");
        };
        let Accumulator::DeclaredValues(found) = &all.accumulator else {
            return Outcome::error("the values were not counted");
        };
        let outcome =
            if all.present() == 0 { Outcome::skipped("no values in scope") } else { self.outcome(found) };
        outcome.counts(all.present(), all.nulls)
    }
}
