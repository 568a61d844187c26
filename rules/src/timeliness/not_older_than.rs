//! `not_older_than`: no date or timestamp is older than an age.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::age::{Age, age_text};
use crate::moment::Moment;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::time_limit::{self, Side};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "not_older_than",
    aliases: &[],
    dimension: "timeliness",
    summary: "No date or timestamp is older than an age.",
    definition: "value ≥ now − `age`, where now is the run's clock unless `now` says otherwise. A date counts from its \
                 midnight in UTC; a timestamp without a time zone is taken as UTC; times in the future pass. Unlike \
                 `freshness`, which wants the latest value to be recent, every value has to be. Null is not evaluated \
                 (see `nulls`). Where nothing is evaluated the check is skipped. Footers answer it when no row can fail \
                 and the check itself sets `now`.",
    example: Example {
        yaml: "not_older_than: {column: updated_at, age: 2d}",
        params: r#"{"column": "updated_at", "age": "2d"}"#,
        input: "updated_at:timestamp\n2024-01-01T00:00:00\n2023-12-31T23:59:59\n\n2024-01-02T00:00:00\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<NotOlderThan>,
    schema: schema_of::<NotOlderThan>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotOlderThan {
    /// The greatest age, such as 36h.
    age: Age,
    /// The time that counts, in place of the run's clock.
    now: Option<Moment>,
}

impl Rule for NotOlderThan {
    fn expected(&self) -> String {
        format!("at most {} old", age_text(self.age.0))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        time_limit::bind(site, Side::After, -self.age.0, self.now)
    }
}
