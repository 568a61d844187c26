//! The type of a partition column, from the texts of its values.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};

use crate::error::{Error, Result};

/// The type that all `values` have: whole number (if written without leading zeros), date, timestamp
/// in UTC, else text. Without any value, text.
pub(super) fn infer<'a>(values: &(impl Iterator<Item = &'a str> + Clone)) -> DataType {
    let candidates =
        [DataType::Int64, DataType::Date32, DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))];
    if values.clone().next().is_none() {
        return DataType::Utf8View;
    }
    candidates
        .into_iter()
        .find(|candidate| {
            values.clone().all(|value| shaped(value, candidate) && typed(Some(value), candidate).is_ok())
        })
        .unwrap_or(DataType::Utf8View)
}

/// The value as an array of one.
pub(super) fn typed(value: Option<&str>, data_type: &DataType) -> Result<ArrayRef> {
    let text: ArrayRef = Arc::new(StringArray::from(vec![value]));
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(&text, data_type, &strict).map_err(|error| {
        Error::wrong(format!("partition value \"{}\" is not a {data_type}", value.unwrap_or_default()))
            .because(error)
    })
}

/// Whether `value` is written so that writing the typed value gives the same text, where that is known.
fn shaped(value: &str, data_type: &DataType) -> bool {
    match data_type {
        DataType::Int64 => value.parse::<i64>().is_ok_and(|number| number.to_string() == value),
        DataType::Date32 => value.len() == 10 && value.as_bytes().get(4) == Some(&b'-'),
        DataType::Timestamp(..) => {
            value.len() >= 19 && value.as_bytes().get(10).is_some_and(|t| b"T ".contains(t))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(values: &[&str]) -> DataType {
        infer(&values.iter().copied())
    }

    #[test]
    fn types_are_inferred_only_where_all_values_agree() {
        assert_eq!(inferred(&["1", "20"]), DataType::Int64);
        assert_eq!(inferred(&["01", "20"]), DataType::Utf8View);
        assert_eq!(inferred(&["2013-01-01", "2013-12-31"]), DataType::Date32);
        assert_eq!(inferred(&["2013-01-01", "later"]), DataType::Utf8View);
        assert_eq!(
            inferred(&["2013-01-01T00:00:00.000Z"]),
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
        );
        assert_eq!(inferred(&[]), DataType::Utf8View);
    }

    #[test]
    fn the_null_partition_is_null_of_the_type() {
        assert_eq!(typed(None, &DataType::Date32).unwrap().null_count(), 1);
    }
}
