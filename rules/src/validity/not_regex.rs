//! `not_regex`: texts match none of given patterns.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::pattern::{Match, Mode, OneOrMany, PatternTest, bind, compile};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "not_regex",
    aliases: &[],
    dimension: "validity",
    summary: "Every text matches no pattern.",
    definition: "Patterns are of the Rust regex dialect: Unicode aware, linear in time, without look-around and \
                 back-references. `mode: full` (default) has to match the whole text, `search` any part of it. Of \
                 several patterns `match: any` (default) needs one, `all` every one; a row fails where that holds. Null is not \
                 evaluated (see `nulls`); an empty text is. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "not_regex: {column: code, pattern: '[A-Z]{2}\\d+'}",
        params: r#"{"column": "code", "pattern": "[A-Z]{2}\\d+"}"#,
        input: "code:utf8\nAB1\nab1\n\nAB12\n",
        status: "fail",
        observed: "2 of 3 fail (66.67 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<MatchesNot>,
    schema: schema_of::<MatchesNot>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MatchesNot {
    /// The pattern, or several.
    pattern: OneOrMany,
    /// Whether one pattern has to match or every one.
    #[serde(default, rename = "match")]
    matching: Match,
    /// Whether the whole text has to match or any part of it.
    #[serde(default)]
    mode: Mode,
}

impl MatchesNot {
    fn test(&self) -> Result<PatternTest, ParamError> {
        compile(self.pattern.as_slice(), self.matching, self.mode, true)
    }
}

impl Rule for MatchesNot {
    fn validate(&self) -> Result<(), ParamError> {
        self.test().map(|_| ())
    }

    fn expected(&self) -> String {
        format!("not matching {}", self.pattern.as_slice().join(" or "))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        bind(site, self.test())
    }
}
