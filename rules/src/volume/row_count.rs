//! `row_count`: how many rows there are.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use crate::check::ParamError;
use crate::literal::Literal;
use crate::measure::{Readings, What};
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, judge};
use crate::verdict::{AnsweredFrom, Outcome};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "row_count",
    aliases: &[],
    dimension: "volume",
    summary: "The number of rows is within limits.",
    definition: "The rows in scope, nulls or not, after other checks of the suite have taken rows out. No rows are a number of \
                 rows too: the check has an answer for an empty dataset. Footers answer it where there is no \
                 `where`.",
    example: Example {
        yaml: "row_count: {min: 3}",
        params: r#"{"min": 3}"#,
        input: "id:int64\n1\n2\n",
        status: "fail",
        observed: "2",
    },
    cost: Cost::Footer,
    shape: Shape::Scalar,
    columns: Columns::None,
    short: Some("equals"),
    answers_empty: true,
    parse: parse_params::<RowCount>,
    schema: schema_of::<RowCount>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RowCount {
    /// Smallest number of rows.
    min: Option<u64>,
    /// Largest number of rows.
    max: Option<u64>,
    /// The one number of rows.
    equals: Option<u64>,
}

impl RowCount {
    fn limits(&self) -> Limits {
        let literal = |count: Option<u64>| count.map(|count| Literal::Number(Number::from(count)));
        Limits { min: literal(self.equals.or(self.min)), max: literal(self.equals.or(self.max)) }
    }
}

impl Rule for RowCount {
    fn validate(&self) -> Result<(), ParamError> {
        if self.equals.is_some() && (self.min.is_some() || self.max.is_some()) {
            return Err(ParamError::new("equals stands beside min or max").key("equals").hint("keep one"));
        }
        self.limits().validate()
    }

    fn expected(&self) -> String {
        let is_one = matches!(
            (self.equals, self.min, self.max),
            (Some(1), ..) | (None, Some(1), None) | (None, None, Some(1))
        );
        format!("{} {}", self.limits().text(), if is_one { "row" } else { "rows" })
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        warn.fit(None, "warn.")?;
        let measure = site.measure(What::Rows, &[]);
        Ok(Bound::Whole(Box::new(Counted { limits: self.limits(), warn, measure })))
    }
}

#[derive(Debug)]
struct Counted {
    limits: Limits,
    warn: Limits,
    measure: usize,
}

impl Counted {
    fn outcome(&self, rows: u64) -> Outcome {
        judge(&Figure::count(rows), &self.limits, &self.warn).counts(rows, 0)
    }
}

impl Judge for Counted {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        readings
            .at(self.measure)
            .map_or_else(|| Outcome::error("rows were not counted"), |all| self.outcome(all.rows))
    }

    fn prove(&self, proofs: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        Some(self.outcome(proofs.rows?).from(AnsweredFrom::Footer))
    }
}
