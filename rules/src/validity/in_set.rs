//! `in_set`: values are one of a list.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::literal::Literal;
use crate::mask::with_nulls;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::value_set::ValueSet;
use crate::values::{Values, ValuesFile};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "in_set",
    aliases: &[],
    dimension: "validity",
    summary: "Every value is one of the values listed.",
    definition: "Values are brought to the column's type first; one that no value of the type equals is an error of the \
                 pipeline. NaN equals nothing and fails; -0.0 equals 0.0. Null is not evaluated (see \
                 `nulls`). `case_sensitive: false` compares Unicode lower case, `trim: true` without white space \
                 around. The values may be in a file instead, `values: {file: countries.txt}`: one a line, or a \
                 column of a CSV or Parquet file. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "in_set: {column: ship_mode, values: [AIR, RAIL]}",
        params: r#"{"column": "ship_mode", "values": ["AIR", "RAIL"]}"#,
        input: "ship_mode:utf8\nAIR\nRAIL\n\nBOAT\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<InSet>,
    schema: schema_of::<InSet>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InSet {
    /// The values, or the file they are in.
    values: Values,
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

impl Rule for InSet {
    fn validate(&self) -> Result<(), ParamError> {
        self.values.validate("nothing could pass")
    }

    fn values_file(&self) -> Option<&ValuesFile> {
        self.values.file()
    }

    fn with_values(&self, values: Arc<[Literal]>) -> Option<Arc<dyn Rule>> {
        Some(Arc::new(Self { values: self.values.read(values), ..self.clone() }))
    }

    fn expected(&self) -> String {
        format!("one of {}", self.values.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (_, data_type) = site.column()?;
        let values = self.values.set(data_type, !self.case_sensitive, self.trim)?;
        Ok(Bound::Rows(Box::new(Listed(values))))
    }
}

#[derive(Debug)]
struct Listed(ValueSet);

impl RowTest for Listed {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        Ok(with_nulls(self.0.contains(column)?, column))
    }

    fn per_value(&self) -> bool {
        true
    }
}
