//! `not_in_set`: values are none of a list.

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::literal::Literal;
use crate::mask::with_nulls;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::value_set::{ValueSet, shown};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "not_in_set",
    aliases: &[],
    dimension: "validity",
    summary: "Every value is none of the values listed.",
    definition: "Values are brought to the column's type first; one that no value of the type equals is an error of the \
                 pipeline. NaN equals nothing and passes; -0.0 equals 0.0. Null is not evaluated (see \
                 `nulls`). `case_sensitive: false` compares Unicode lower case, `trim: true` without white space \
                 around. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "not_in_set: {column: ship_mode, values: [AIR, RAIL]}",
        params: r#"{"column": "ship_mode", "values": ["AIR", "RAIL"]}"#,
        input: "ship_mode:utf8\nAIR\nRAIL\n\nBOAT\n",
        status: "fail",
        observed: "2 of 3 fail (66.67 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<NotInSet>,
    schema: schema_of::<NotInSet>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotInSet {
    /// The values.
    values: Vec<Literal>,
    /// Whether upper and lower case differ.
    #[serde(default = "yes")]
    case_sensitive: bool,
    /// Whether white space around a text is left out of account.
    #[serde(default)]
    trim: bool,
}

fn yes() -> bool {
    true
}

impl Rule for NotInSet {
    fn expected(&self) -> String {
        format!("none of {}", shown(&self.values))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (_, data_type) = site.column()?;
        let values = ValueSet::new(&self.values, data_type, !self.case_sensitive, self.trim)?;
        Ok(Bound::Rows(Box::new(Unlisted(values))))
    }
}

#[derive(Debug)]
struct Unlisted(ValueSet);

impl RowTest for Unlisted {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        Ok(with_nulls(!&self.0.contains(column)?, column))
    }

    fn per_value(&self) -> bool {
        true
    }
}
