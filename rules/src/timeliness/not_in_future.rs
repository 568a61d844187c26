//! `not_in_future`: no date or timestamp lies in the future.

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
    name: "not_in_future",
    aliases: &[],
    dimension: "timeliness",
    summary: "No date or timestamp lies in the future.",
    definition: "value ≤ now + `offset`, where now is the run's clock unless `now` says otherwise; `offset` (0s by default) \
                 forgives clocks that are ahead. A date counts from its midnight in UTC, so that today's is not in the \
                 future but that of places where it is tomorrow already is; a timestamp without a time zone is taken as \
                 UTC. Null is not evaluated (see `nulls`). Where nothing is evaluated the check is skipped. Footers \
                 answer it when no row can fail and the check itself sets `now`.",
    example: Example {
        yaml: "not_in_future: {column: created_at, offset: 5m}",
        params: r#"{"column": "created_at", "offset": "5m"}"#,
        input: "created_at:timestamp\n2024-01-03T00:04:00\n2024-01-03T00:06:00\n\n2023-12-31T00:00:00\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<NotInFuture>,
    schema: schema_of::<NotInFuture>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotInFuture {
    /// How far ahead of the clock a time may be, such as 5m.
    #[serde(default)]
    offset: Age,
    /// The time that counts, in place of the run's clock.
    now: Option<Moment>,
}

impl Rule for NotInFuture {
    fn expected(&self) -> String {
        match self.offset.0 {
            0 => "not in the future".into(),
            offset => format!("at most {} in the future", age_text(offset)),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        time_limit::bind(site, Side::Before, self.offset.0, self.now)
    }
}
