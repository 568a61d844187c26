//! `primary_key`: the columns are unique and never null.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::unique::key_columns;
use crate::measure::{Accumulator, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::grouped;
use crate::verdict::{AnsweredFrom, Outcome, Proofs, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "primary_key",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The columns are unique and none of them is ever null.",
    definition: "Fails with the number of rows beyond the first of each key and the number of rows with a null in their \
                 key. Exact, as `unique`; NaN equals NaN. Without rows the check is skipped. Samples are the first \
                 rows that repeat a key, with how often it occurs, then the first with a null in it. A step that makes \
                 the columns unique, with footers or a step that show no nulls, answers it.",
    example: Example {
        yaml: "primary_key: id",
        params: r#""id""#,
        input: "id:int64\n1\n2\n2\n\n",
        status: "fail",
        observed: "1 extra row, 1 null key",
    },
    cost: Cost::Groups,
    shape: Shape::Whole,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<PrimaryKey>,
    schema: schema_of::<PrimaryKey>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PrimaryKey {}

impl Rule for PrimaryKey {
    fn expected(&self) -> String {
        "unique and not null".into()
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let columns = key_columns(site)?;
        let measure = site.measure(What::Groups(false), &columns);
        Ok(Bound::Whole(Box::new(Identifies { columns, measure })))
    }
}

#[derive(Debug)]
struct Identifies {
    columns: Vec<String>,
    measure: usize,
}

fn outcome(rows: u64, extra: u64, nulls: u64) -> Outcome {
    if rows == 0 {
        return Outcome::skipped("no rows in scope");
    }
    let status = if extra + nulls == 0 { Status::Pass } else { Status::Fail };
    let text = |count: u64, what: &str| {
        format!("{} {what}{}", grouped(i128::from(count)), if count == 1 { "" } else { "s" })
    };
    let text = format!("{}, {}", text(extra, "extra row"), text(nulls, "null key"));
    Outcome::new(status, json!({"extra_rows": extra, "null_keys": nulls}), text)
        .counts(rows, nulls)
        .failed(extra + nulls)
}

impl Judge for Identifies {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        match readings.at(self.measure).map(|all| (all, &all.accumulator)) {
            Some((all, Accumulator::Groups(groups))) => {
                let (counts, examples) = groups.survey();
                outcome(all.rows, counts.extra_rows(), all.nulls)
                    .samples(examples.repeats().chain(examples.without_key()))
            }
            _ => Outcome::error("the keys were not counted"),
        }
    }

    fn prove(&self, proofs: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        let no_nulls = self.columns.iter().all(|column| proofs.nulls(column) == Some(0));
        let rows = proofs.rows.filter(|_| no_nulls && proofs.proves_unique(&self.columns))?;
        Some(outcome(rows, 0, 0).from(AnsweredFrom::Plan))
    }
}
