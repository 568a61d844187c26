//! The types of an NDJSON file's columns, from the objects at its beginning.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use serde_json::Value;

use super::fault::Fault;
use super::ndjson::Lines;

/// The columns of the lines, in order of first appearance. Text stays text, whatever it looks like.
pub(super) fn columns(lines: &Lines<'_>) -> Result<Fields, Fault> {
    let mut fields: Vec<Field> = Vec::new();
    for (line, text) in lines.iter() {
        let object: serde_json::Map<String, Value> =
            serde_json::from_str(text).map_err(|error| Fault::new(line, error.to_string()))?;
        for (key, value) in &object {
            let seen = data_type(value);
            match fields.iter_mut().find(|field| field.name() == key) {
                None => {
                    let seen = seen.ok_or_else(|| mixed(line, key))?;
                    fields.push(Field::new(key, seen, true));
                }
                Some(field) => {
                    let joined = seen.and_then(|seen| joined(field.data_type(), &seen));
                    *field = Field::new(key, joined.ok_or_else(|| mixed(line, key))?, true);
                }
            }
        }
    }
    Ok(fields.into())
}

fn mixed(line: u64, key: &str) -> Fault {
    Fault::new(line, format!("the values of \"{key}\" are of kinds that make no column together"))
        .in_column(key)
        .hint("all values of a key are objects, or all are arrays of one kind, or all are plain values")
}

/// The type of one value; none of an array whose items have no type in common.
fn data_type(value: &Value) -> Option<DataType> {
    Some(match value {
        Value::Null => DataType::Null,
        Value::Bool(_) => DataType::Boolean,
        Value::Number(number) if number.is_i64() => DataType::Int64,
        // Its digits are kept.
        Value::Number(number) if number.is_u64() => DataType::Utf8View,
        Value::Number(_) => DataType::Float64,
        Value::String(_) => DataType::Utf8View,
        Value::Array(items) => {
            let mut all = DataType::Null;
            for item in items {
                all = joined(&all, &data_type(item)?)?;
            }
            list(all)
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| Some(Field::new(key, data_type(value)?, true)));
            DataType::Struct(fields.collect::<Option<_>>()?)
        }
    })
}

fn list(item: DataType) -> DataType {
    DataType::LargeList(Arc::new(Field::new("item", item, true)))
}

/// The type that values of both have in common: of plain values that differ, text; none of a plain value
/// and an object, say.
pub(in crate::scan) fn joined(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as D;
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (D::Null, other) | (other, D::Null) => Some(other.clone()),
        (D::LargeList(a), D::LargeList(b)) => joined(a.data_type(), b.data_type()).map(list),
        (D::Struct(a), D::Struct(b)) => {
            let mut fields: Vec<Field> = a.iter().map(|field| field.as_ref().clone()).collect();
            for field in b {
                match fields.iter_mut().find(|known| known.name() == field.name()) {
                    Some(known) => {
                        let joined = joined(known.data_type(), field.data_type())?;
                        *known = Field::new(field.name(), joined, true);
                    }
                    None => fields.push(field.as_ref().clone()),
                }
            }
            Some(D::Struct(fields.into()))
        }
        (a, b) if a.is_nested() || b.is_nested() => None,
        (D::Int64, D::Float64) | (D::Float64, D::Int64) => Some(D::Float64),
        (D::Date32, D::Timestamp(unit, None)) | (D::Timestamp(unit, None), D::Date32) => {
            Some(D::Timestamp(*unit, None))
        }
        (D::Timestamp(a, zone), D::Timestamp(b, other)) if zone == other => {
            Some(D::Timestamp((*a).max(*b), zone.clone()))
        }
        _ => Some(D::Utf8View),
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::Piece;
    use super::*;

    fn inferred(text: &str) -> Result<Vec<(String, DataType)>, Fault> {
        let lines = Lines::cut(Piece { bytes: text.as_bytes(), line: 1, ended: true }, usize::MAX)?;
        let fields = columns(&lines)?;
        Ok(fields.iter().map(|field| (field.name().clone(), field.data_type().clone())).collect())
    }

    fn one(values: &[&str]) -> DataType {
        let lines: Vec<String> = values.iter().map(|value| format!("{{\"x\": {value}}}")).collect();
        inferred(&lines.join("\n")).unwrap().remove(0).1
    }

    #[test]
    fn each_type_is_known_by_its_values() {
        assert_eq!(one(&["1", "-2"]), DataType::Int64);
        assert_eq!(one(&["1", "2.5"]), DataType::Float64);
        assert_eq!(one(&["true"]), DataType::Boolean);
        assert_eq!(one(&["null"]), DataType::Null);
        assert_eq!(one(&["\"2024-02-29\""]), DataType::Utf8View);
        assert_eq!(one(&["1", "\"a\""]), DataType::Utf8View);
        assert_eq!(one(&["18446744073709551615"]), DataType::Utf8View);
        assert_eq!(one(&["[]", "[1]", "[2.5]", "null"]), list(DataType::Float64));
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_first_appear() {
        let names: Vec<String> =
            inferred("{\"b\":1}\n{\"a\":1,\"b\":2}\n").unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn objects_are_joined_key_by_key() {
        let DataType::Struct(fields) = one(&["{\"a\":1}", "{\"b\":\"x\",\"a\":2.5}"]) else {
            panic!("a struct")
        };
        let types: Vec<(&str, &DataType)> =
            fields.iter().map(|field| (field.name().as_str(), field.data_type())).collect();
        assert_eq!(types, [("a", &DataType::Float64), ("b", &DataType::Utf8View)]);
    }

    #[test]
    fn kinds_that_make_no_column_are_told_with_their_line() {
        let fault = inferred("{\"x\":1}\n\n{\"x\":{\"a\":1}}\n").unwrap_err();
        assert_eq!((fault.line, fault.column.as_deref()), (3, Some("x")));
        assert!(inferred("{\"x\":[1,[2]]}\n").is_err());
    }
}
