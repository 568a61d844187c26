//! `primary_key`: the columns are unique and never null.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::unique::key_columns;
use crate::measure::{Accumulator, Readings, What, unreadable};
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::grouped;
use crate::verdict::{AnsweredFrom, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "primary_key",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The columns are unique and none of them is ever null.",
    definition: "Fails with the number of rows beyond the first of each key and the number of rows with a null in their \
                 key. Exact, as `unique`; NaN equals NaN. Without rows the check is skipped. Samples are the first \
                 rows that repeat a key, with how often it occurs, then the first with a null in it. Where a step \
                 has made the columns unique, only nulls are counted.",
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
        let keys = site.measure(What::Groups(false), &columns);
        let nulls = site.measure(What::NullRows, &columns);
        Ok(Bound::Whole(Box::new(Identifies { columns, keys, nulls })))
    }
}

#[derive(Debug)]
struct Identifies {
    columns: Vec<String>,
    /// The measure of every key without a null.
    keys: usize,
    /// The measure of the others.
    nulls: usize,
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
        let Some((all, Accumulator::NullRows(without_key))) =
            readings.at(self.nulls).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the null keys were not counted");
        };
        if readings.proofs.proves_unique(&self.columns) {
            return outcome(all.rows, 0, all.nulls).samples(without_key.first()).from(AnsweredFrom::Plan);
        }
        let Some(Accumulator::Groups(groups)) = readings.at(self.keys).map(|all| &all.accumulator) else {
            return Outcome::error("the keys were not counted");
        };
        let (counts, examples) = match groups.survey() {
            Ok(survey) => survey,
            Err(error) => return Outcome::error(unreadable(&error)),
        };
        let samples = examples.repeats().chain(without_key.first());
        outcome(all.rows, counts.extra_rows(), all.nulls).samples(samples)
    }

    fn eased(&self, proofs: &Proofs) -> Option<Vec<usize>> {
        proofs.proves_unique(&self.columns).then(|| vec![self.nulls])
    }
}
