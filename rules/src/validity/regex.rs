//! `regex`: texts match given patterns.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::pattern::{Match, Mode, OneOrMany, PatternTest, bind, compile};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "regex",
    aliases: &[],
    dimension: "validity",
    summary: "Every text matches a regular expression.",
    definition: "Patterns are of the Rust regex dialect: Unicode aware, linear in time, without look-around and \
                 back-references. `mode: full` (default) has to match the whole text, `search` any part of it. Of \
                 several patterns `match: any` (default) needs one, `all` every one. Null is not \
                 evaluated (see `nulls`); an empty text is. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "regex: {column: code, pattern: '[A-Z]{2}\\d+'}",
        params: r#"{"column": "code", "pattern": "[A-Z]{2}\\d+"}"#,
        input: "code:utf8\nAB1\nab1\n\nAB12\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Matches>,
    schema: schema_of::<Matches>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Matches {
    /// The pattern, or several.
    pattern: OneOrMany,
    /// Whether one pattern has to match or every one.
    #[serde(default, rename = "match")]
    matching: Match,
    /// Whether the whole text has to match or any part of it.
    #[serde(default)]
    mode: Mode,
}

impl Matches {
    fn test(&self) -> Result<PatternTest, ParamError> {
        compile(self.pattern.as_slice(), self.matching, self.mode, false)
    }
}

impl Rule for Matches {
    fn validate(&self) -> Result<(), ParamError> {
        self.test().map(|_| ())
    }

    fn expected(&self) -> String {
        format!("matching {}", self.pattern.as_slice().join(" or "))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        bind(site, self.test())
    }
}
