//! `constant`: all values of a column are equal.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::measure::{Accumulator, RELATIVE_ERROR, Readings, What};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::grouped;
use crate::uniqueness::unique::key_columns;
use crate::verdict::{Exactness, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "constant",
    aliases: &[],
    dimension: "distribution",
    summary: "All values of the column are equal.",
    definition: "Passes where there is one distinct value; with `negate: true` where there are several, for columns that \
                 must not be frozen. Nulls are left out (Evidently counts a column of one value and nulls as constant \
                 too). NaN is one value, -0.0 is 0.0. Shows the number of distinct values, an estimate beyond 16,384, \
                 which does not change the answer. Without values the check is skipped.",
    example: Example {
        yaml: "constant: currency",
        params: r#""currency""#,
        input: "currency:utf8\nCHF\nCHF\n\nEUR\n",
        status: "fail",
        observed: "2 distinct values",
    },
    cost: Cost::Sketch,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Constant>,
    schema: schema_of::<Constant>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Constant {
    /// Whether it has to have several distinct values instead.
    #[serde(default)]
    negate: bool,
}

impl Rule for Constant {
    fn expected(&self) -> String {
        if self.negate { "several distinct values".into() } else { "one distinct value".into() }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let columns = key_columns(site)?;
        let measure = site.measure(What::Distinct, &columns);
        Ok(Bound::Whole(Box::new(Judged { negate: self.negate, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    negate: bool,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Distinct(distinct))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("values were not counted");
        };
        if all.present() == 0 {
            return Outcome::skipped("no values in scope").counts(0, all.nulls);
        }
        let (count, exact) = distinct.count();
        let status = if (count <= 1.0) == self.negate { Status::Fail } else { Status::Pass };
        let plural = if count <= 1.0 { "" } else { "s" };
        let text = format!("{} distinct value{plural}", grouped(count as i128));
        let exactness = if exact { Exactness::Exact } else { Exactness::Approx { bound: RELATIVE_ERROR } };
        Outcome::new(status, json!(count as u64), text).counts(all.present(), all.nulls).exactness(exactness)
    }
}
