//! `missing`: nothing stands for a value that is not there.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::{ParamError, Share};
use crate::literal::{Family, Literal};
use crate::mask::{pack, test_texts};
use crate::matcher::Matcher;
use crate::measure::floats;
use crate::pattern::whole;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::value_set::ValueSet;
use crate::values::points;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "missing",
    aliases: &[],
    dimension: "completeness",
    summary: "No value is missing: null, NaN, blank, or one of the values that stand for missing.",
    definition: "A row fails when its value is null, NaN (unless `nan: false`), a text of nothing but white space \
                 (unless `blank: false`), one of `values`, or a text that `regex` matches as a whole. At most a share \
                 `max` of the rows may fail; `mostly` says the same the other way round. Without rows the check is \
                 skipped.",
    example: Example {
        yaml: "missing: {column: city, values: [N/A, '?'], max: 0.5}",
        params: r#"{"column": "city", "values": ["N/A", "?"], "max": 0.5}"#,
        input: "city:utf8\nBern\nN/A\n\"  \"\nBasel\n",
        status: "pass",
        observed: "2 of 4 fail (50 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Missing>,
    schema: schema_of::<Missing>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Missing {
    /// Values that stand for missing.
    values: Vec<Literal>,
    /// A pattern that texts standing for missing match as a whole.
    regex: Option<String>,
    /// Whether a text of nothing but white space is missing.
    blank: bool,
    /// Whether NaN is missing.
    nan: bool,
    /// The largest share of rows that may be missing.
    max: Option<Share>,
}

impl Default for Missing {
    fn default() -> Self {
        Self { values: Vec::new(), regex: None, blank: true, nan: true, max: None }
    }
}

impl Rule for Missing {
    fn validate(&self) -> Result<(), ParamError> {
        self.pattern().map(|_| ())
    }

    fn mostly(&self) -> Option<f64> {
        self.max.map(|max| 1.0 - max.get())
    }

    fn expected(&self) -> String {
        "not missing".into()
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?;
        let family = Family::of(data_type);
        if self.regex.is_some() && family != Family::Text {
            return Err(Problem::new(format!("column \"{name}\" holds no texts")).key("regex"));
        }
        let pattern = self.pattern().map_err(|error| Problem::new(error.message).key("regex"))?;
        let values = match self.values.as_slice() {
            [] => None,
            values => {
                let points = points(values, data_type);
                let points = points.map_err(|(at, problem)| problem.key(format!("values.{at}")))?;
                Some(ValueSet::new(points, data_type, false, false))
            }
        };
        Ok(Bound::Rows(Box::new(NotMissing { values, pattern, blank: self.blank, nan: self.nan })))
    }
}

impl Missing {
    fn pattern(&self) -> Result<Option<Matcher>, ParamError> {
        whole(self.regex.as_ref(), "regex")
    }
}

#[derive(Debug)]
struct NotMissing {
    values: Option<ValueSet>,
    pattern: Option<Matcher>,
    blank: bool,
    nan: bool,
}

impl RowTest for NotMissing {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        let mut missing = BooleanBuffer::new_unset(column.len());
        if let Some(values) = &self.values {
            missing = &missing | &values.contains(column)?;
        }
        match (Family::of(column.data_type()), column.data_type()) {
            (Family::Text, _) if self.blank || self.pattern.is_some() => {
                let stands_for_missing = |text: &str| {
                    (self.blank && text.trim().is_empty())
                        || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
                };
                missing = &missing | test_texts(column, stands_for_missing)?.values();
            }
            (Family::Float, DataType::Float32 | DataType::Float64) if self.nan => {
                missing = &missing | &pack(&floats(column)?, f64::is_nan);
            }
            _ => {}
        }
        let present = column.nulls().map(NullBuffer::inner).map(|valid| valid & &!&missing);
        Ok(BooleanArray::new(present.unwrap_or_else(|| !&missing), None))
    }

    fn per_value(&self) -> bool {
        true
    }

    fn tests_nulls(&self) -> bool {
        true
    }
}
