//! Rows that reports show.

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::literal::{Family, whole_text};
use crate::measure::whole_value;
use crate::scalar::grouped;
use crate::verdict::{Outcome, Status};

/// A failing row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// Where the row came from, as the caller numbers origins.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<u64>,
    /// How often its key occurs, for rules about keys.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub occurs: Option<u64>,
    /// Column values.
    pub values: Map<String, Value>,
}

/// What stands for a value that is not shown.
pub(crate) const REDACTED: &str = "(redacted)";

/// Texts of sample rows are cut after so many characters.
const SAMPLE_CHARACTERS: usize = 1_000;

/// Whether reports may show the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disclosure {
    Shown,
    Redacted,
}

impl Disclosure {
    /// A value in words, or what stands for it.
    pub(crate) fn text(self, value: impl Into<String>) -> String {
        match self {
            Self::Shown => value.into(),
            Self::Redacted => REDACTED.to_owned(),
        }
    }

    /// A value for machines, or what stands for it.
    pub(crate) fn value(self, value: impl Into<Value>) -> Value {
        match self {
            Self::Shown => value.into(),
            Self::Redacted => REDACTED.into(),
        }
    }

    /// An outcome whose observed figure is a value.
    pub(crate) fn outcome(self, outcome: Outcome) -> Outcome {
        match self {
            Self::Redacted if matches!(outcome.status, Status::Pass | Status::Warn | Status::Fail) => {
                Outcome { observed: REDACTED.into(), text: REDACTED.into(), ..outcome }
            }
            Self::Shown | Self::Redacted => outcome,
        }
    }
}

/// What is kept of the rows of a batch that a report may show.
#[derive(Debug, Clone)]
pub(crate) struct Keep {
    /// So many rows.
    pub(crate) rows: usize,
    /// The columns shown.
    pub(crate) columns: Vec<(String, ArrayRef)>,
    /// Where each row came from.
    pub(crate) origins: Option<UInt64Array>,
}

impl Keep {
    /// A row of the batch.
    pub(crate) fn sample(&self, row: usize) -> Sample {
        let columns = self.columns.iter().map(|(name, array)| (name.as_str(), array));
        sample(columns, self.origins.as_ref(), row)
    }
}

/// A row of a batch, given the columns to show.
pub(crate) fn sample<'a>(
    columns: impl Iterator<Item = (&'a str, &'a ArrayRef)>,
    origins: Option<&UInt64Array>,
    row: usize,
) -> Sample {
    let origin = origins.filter(|origins| origins.is_valid(row)).map(|origins| origins.value(row));
    let values = columns.map(|(name, array)| (name.to_owned(), cut(json_value(array, row)))).collect();
    Sample { origin, occurs: None, values }
}

/// A value, or the beginning of a long text and how long it is.
fn cut(value: Value) -> Value {
    let long = value.as_str().and_then(|text| Some((text, text.char_indices().nth(SAMPLE_CHARACTERS)?.0)));
    let Some((text, end)) = long else { return value };
    let characters = grouped(text.chars().count() as i128);
    format!("{}… ({characters} characters)", &text[..end]).into()
}

/// The values of a key, in words.
pub(crate) fn in_words<'v>(key: impl IntoIterator<Item = &'v Value>) -> String {
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    key.into_iter().map(value).collect::<Vec<_>>().join(", ")
}

/// One value as JSON; what JSON has no form for is a text.
pub(crate) fn json_value(array: &ArrayRef, row: usize) -> Value {
    if array.logical_nulls().is_some_and(|nulls: NullBuffer| nulls.is_null(row)) {
        return Value::Null;
    }
    match (Family::of(array.data_type()), array.data_type()) {
        (Family::Bool, DataType::Boolean) => return Value::Bool(array.as_boolean().value(row)),
        (Family::Whole, DataType::Dictionary(..) | DataType::Decimal128(..)) => {}
        (Family::Whole, _) => {
            if let Some(value) = whole_value(array, row) {
                return i64::try_from(value).map_or_else(|_| Value::from(value.to_string()), Value::from);
            }
        }
        (Family::Time, data_type) => {
            if let Some(value) = whole_value(array, row) {
                return Value::from(whole_text(value, data_type));
            }
        }
        (Family::Float, DataType::Float64) => {
            let value = array.as_primitive::<Float64Type>().value(row);
            return Number::from_f64(value).map_or_else(|| Value::from(value.to_string()), Value::Number);
        }
        _ => {}
    }
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options).map(|formatter| formatter.value(row).to_string());
    text.map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_how_long_it_is() {
        let long = "ü".repeat(2_500);
        let shown = cut(long.as_str().into());
        assert_eq!(shown.as_str().unwrap(), format!("{}… (2,500 characters)", "ü".repeat(1_000)));
        for whole in [Value::from("ü".repeat(1_000)), Value::Null, 5.into()] {
            assert_eq!(cut(whole.clone()), whole);
        }
    }
}
