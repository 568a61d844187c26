//! `length`: how long texts or lists are.

use arrow::array::{Array, AsArray, BooleanArray, OffsetSizeTrait};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::literal::{Family, type_name};
use crate::mask::{test_texts, with_nulls};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "length",
    aliases: &[],
    dimension: "validity",
    summary: "The length of every text or list is within limits.",
    definition: "Texts are measured in Unicode characters (scalar values), or with `unit: bytes` in bytes of UTF-8; \
                 lists in elements. Null is not evaluated (see `nulls`); an empty text has length 0. Where nothing is \
                 evaluated the check is skipped.",
    example: Example {
        yaml: "length: {column: name, min: 1, max: 4}",
        params: r#"{"column": "name", "min": 1, "max": 4}"#,
        input: "name:utf8\nBern\nZürich\n\nBâle\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Length>,
    schema: schema_of::<Length>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Length {
    /// Smallest length that passes.
    min: Option<usize>,
    /// Largest length that passes.
    max: Option<usize>,
    /// The one length that passes.
    equals: Option<usize>,
    /// What texts are measured in.
    #[serde(default)]
    unit: Unit,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// Unicode scalar values.
    #[default]
    Chars,
    /// Bytes of UTF-8.
    Bytes,
}

impl Rule for Length {
    fn validate(&self) -> Result<(), ParamError> {
        match (self.min, self.max, self.equals) {
            (None, None, None) => Err(ParamError::new("neither min, max nor equals is given").key("min")),
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(ParamError::new("equals stands beside min or max").key("equals").hint("keep one"))
            }
            (Some(min), Some(max), None) if min > max => {
                Err(ParamError::new(format!("min {min} is above max {max}")).key("min"))
            }
            _ => Ok(()),
        }
    }

    fn expected(&self) -> String {
        let unit = if self.unit == Unit::Bytes { " bytes" } else { "" };
        match (self.min, self.max, self.equals) {
            (_, _, Some(length)) => format!("length {length}{unit}"),
            (Some(min), Some(max), None) => format!("length between {min} and {max}{unit}"),
            (Some(min), None, None) => format!("length at least {min}{unit}"),
            (None, Some(max), None) => format!("length at most {max}{unit}"),
            (None, None, None) => "any length".into(),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?;
        match Family::of(data_type) {
            Family::Text => {}
            Family::List if self.unit == Unit::Chars => {}
            Family::List => return Err(Problem::new("a list has no length in bytes").key("unit")),
            _ => {
                let message =
                    format!("column \"{name}\" is of type {}, which has no length", type_name(data_type));
                return Err(Problem::new(message).key("column"));
            }
        }
        Ok(Bound::Rows(Box::new(self.clone())))
    }
}

impl Length {
    fn fits(&self, length: usize) -> bool {
        let (min, max) = (self.equals.or(self.min), self.equals.or(self.max));
        min.is_none_or(|min| length >= min) && max.is_none_or(|max| length <= max)
    }

    fn lists<O: OffsetSizeTrait>(&self, column: &dyn Array) -> BooleanBuffer {
        let list = column.as_list::<O>();
        BooleanBuffer::collect_bool(list.len(), |row| self.fits(list.value_length(row).as_usize()))
    }
}

impl RowTest for Length {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        match column.data_type() {
            DataType::List(_) => Ok(with_nulls(self.lists::<i32>(column), column)),
            DataType::LargeList(_) => Ok(with_nulls(self.lists::<i64>(column), column)),
            _ if self.unit == Unit::Bytes => test_texts(column, |text| self.fits(text.len())),
            _ => test_texts(column, |text| self.fits(characters(text))),
        }
    }

    fn per_value(&self) -> bool {
        true
    }
}

/// Unicode scalar values: the bytes that do not continue one.
fn characters(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}
