//! `most_common_in_set`: the most common value is one of a set.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::check::ParamError;
use crate::frequency::{counted, too_many_values};
use crate::keys::hash_points;
use crate::literal::Literal;
use crate::measure::{Frequencies, MostCommon, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::percent;
use crate::uniqueness::unique::key_columns;
use crate::values::{Values, ValuesFile};
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "most_common_in_set",
    aliases: &[],
    dimension: "distribution",
    summary: "The most common value is one of a set.",
    definition: "Where several values are equally common each of them has to be in `values`; with `ties_okay: true` one is \
                 enough (both as Great Expectations). Values are brought to the column's type first, and may be in a \
                 file, as for `in_set`. Exact. Nulls are left out. NaN is one value, -0.0 is 0.0. Beyond 4,194,304 \
                 distinct values they are not counted and the check is an error. Without values it is skipped.",
    example: Example {
        yaml: "most_common_in_set: {column: ship_mode, values: [RAIL, TRUCK]}",
        params: r#"{"column": "ship_mode", "values": ["RAIL", "TRUCK"]}"#,
        input: "ship_mode:utf8\nAIR\nRAIL\n\nAIR\n\n\n",
        status: "fail",
        observed: "AIR (66.67 %)",
    },
    cost: Cost::Frequencies,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<MostCommonInSet>,
    schema: schema_of::<MostCommonInSet>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MostCommonInSet {
    /// The values the most common one may be, or the file they are in.
    values: Values,
    /// Whether one of several equally common values is enough.
    #[serde(default)]
    ties_okay: bool,
}

impl Rule for MostCommonInSet {
    fn validate(&self) -> Result<(), ParamError> {
        self.values.validate("no value can be among them")
    }

    fn values_file(&self) -> Option<&ValuesFile> {
        self.values.file()
    }

    fn with_values(&self, values: Arc<[Literal]>) -> Option<Arc<dyn Rule>> {
        Some(Arc::new(Self { values: self.values.read(values), ..self.clone() }))
    }

    fn expected(&self) -> String {
        format!("most common value among {}", self.values.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let columns = key_columns(site)?;
        let (_, data_type) = site.column()?;
        let points = self.values.points(&self.values.literals(data_type)?, data_type)?;
        let set = hash_points(&points, data_type);
        let measure = site.measure(What::Frequencies, &columns);
        Ok(Bound::Whole(Box::new(Judged { set, ties_okay: self.ties_okay, measure })))
    }
}

/// So many of equally common values are shown.
const SHOWN: usize = 8;

#[derive(Debug)]
struct Judged {
    /// The hashes of the values of the set.
    set: Vec<u128>,
    ties_okay: bool,
    measure: usize,
}

impl Judged {
    fn outcome(&self, values: &Frequencies, present: u64) -> Option<Outcome> {
        let (counts, common) = (values.counts()?, values.most_common()?);
        let among = |value: &MostCommon| self.set.contains(&value.hash);
        let passes = if self.ties_okay { common.iter().any(among) } else { common.iter().all(among) };
        let name = |value: &MostCommon| value.name.clone().unwrap_or_else(|| "(not kept)".into());
        let names: Vec<String> = common.iter().take(SHOWN).map(name).collect();
        let more = if common.len() > SHOWN { ", …" } else { "" };
        let count = counts.first().copied().unwrap_or_default();
        let each = if common.len() > 1 { " each" } else { "" };
        let text = format!("{}{more} ({}{each})", names.join(", "), percent(count, present));
        let status = if passes { Status::Pass } else { Status::Fail };
        let observed = json!({"values": names, "equally_common": common.len(), "count": count});
        Some(Outcome::new(status, observed, text))
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let (all, values) = match counted(readings, self.measure) {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        self.outcome(values, all.present()).unwrap_or_else(too_many_values).counts(all.present(), all.nulls)
    }
}
