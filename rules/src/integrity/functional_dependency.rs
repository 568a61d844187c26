//! `functional_dependency`: some columns determine others.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::check::{ParamError, Share};
use crate::measure::{Accumulator, Dependency as Dependents, MOST_DETERMINANTS, MOST_OTHERS, Readings, What};
use crate::monotone::need_key;
use crate::pattern::OneOrMany;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{grouped, percent};
use crate::uniqueness::unique::key_columns;
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "functional_dependency",
    aliases: &[],
    dimension: "integrity",
    summary: "Each value of the columns goes with one value of those they determine.",
    definition: "Judged by g₃ of Kivinen and Mannila (Theoretical Computer Science 149, 1995): the share of rows that would \
                 have to go so that the dependency holds, 1 − Σ (rows with the most common dependent of each \
                 determinant) ÷ rows. Passes where 1 − g₃ is at least `mostly` (1). Exact, but for \
                 more than 1,048,576 pairs against the dependency, which are not counted: it then fails where so many \
                 rows are too many, and is an error where they might not be. More than 10,000,000 determinants are an \
                 error. A row with a null on either side is left out: whether null is a value of its own is left to \
                 `not_null`. NaN equals NaN, -0.0 equals 0.0. Without rows the check is skipped.",
    example: Example {
        yaml: "functional_dependency: {columns: [zip], determines: city, mostly: 0.9}",
        params: r#"{"columns": ["zip"], "determines": "city", "mostly": 0.9}"#,
        input: "zip:int64,city:utf8\n3000,Bern\n3000,Bern\n3000,Berne\n8000,Zürich\n,Basel\n4000,\n",
        status: "fail",
        observed: "1 of 4 rows (25 %) against the dependency, in 1 of 2 keys",
    },
    cost: Cost::Frequencies,
    shape: Shape::Whole,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<Dependency>,
    schema: schema_of::<Dependency>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Dependency {
    /// The column or columns that are determined.
    determines: OneOrMany,
    /// The share of rows in which the dependency has to hold (1).
    mostly: Option<Share>,
}

impl Dependency {
    fn mostly(&self) -> f64 {
        self.mostly.map_or(1.0, Share::get)
    }
}

impl Rule for Dependency {
    fn validate(&self) -> Result<(), ParamError> {
        if self.determines.as_slice().is_empty() {
            return Err(ParamError::new("determines names no column").key("determines"));
        }
        Ok(())
    }

    fn other_columns(&self) -> Vec<&str> {
        self.determines.as_slice().iter().map(String::as_str).collect()
    }

    fn expected(&self) -> String {
        let what = format!("determines {}", self.determines.as_slice().join(", "));
        match self.mostly {
            None => what,
            Some(share) => format!("{what} in at least {} of rows", share.get()),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let mut columns = key_columns(site)?;
        let left = columns.len();
        for name in self.determines.as_slice() {
            need_key(name, site.other(name)?, "determines")?;
            if columns.contains(name) {
                let message = format!("column \"{name}\" determines itself");
                return Err(Problem::new(message).key("determines").hint("name it on one side"));
            }
            columns.push(name.clone());
        }
        let measure = site.measure(What::Dependency(left), &columns);
        Ok(Bound::Whole(Box::new(Judged { mostly: self.mostly(), measure })))
    }
}

#[derive(Debug)]
struct Judged {
    mostly: f64,
    measure: usize,
}

impl Judged {
    fn outcome(&self, found: &Dependents, rows: u64) -> Outcome {
        let count = |count: u64| grouped(i128::from(count));
        let Some(found) = found.torn() else {
            let most = count(MOST_DETERMINANTS as u64);
            return Outcome::error(format!(
                "there are more than {most} determinants, which are not held; take fewer rows with `where`"
            ));
        };
        let least = MOST_OTHERS as u64 + 1;
        let against = found.kept.map_or(least, |kept| rows - kept.min(rows));
        let holds = (rows - against.min(rows)) as f64 / rows as f64;
        let status = if holds >= self.mostly { Status::Pass } else { Status::Fail };
        let (torn, keys, all) = (count(found.torn), count(found.keys), count(rows));
        let text = match found.kept {
            None if status == Status::Pass => {
                return Outcome::error(format!(
                    "more than {} pairs are against the dependency, which are not counted; take fewer rows with \
                     `where`",
                    count(MOST_OTHERS as u64)
                ));
            }
            None => format!(
                "more than {} of {all} rows against the dependency, in {torn} of {keys} keys",
                count(MOST_OTHERS as u64)
            ),
            Some(_) if against == 0 => format!("holds in all {all} rows"),
            Some(_) => {
                let (some, share) = (count(against), percent(against, rows));
                format!("{some} of {all} rows ({share}) against the dependency, in {torn} of {keys} keys")
            }
        };
        let error = found.kept.map(|_| against as f64 / rows as f64);
        let observed = json!({"g3": error, "keys": found.keys, "keys_with_several": found.torn});
        Outcome::new(status, observed, text).failed(against)
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Dependency(found))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the rows were not counted");
        };
        let outcome = if all.present() == 0 {
            Outcome::skipped("no rows in scope")
        } else {
            self.outcome(found, all.present())
        };
        outcome.counts(all.present(), all.nulls)
    }
}
