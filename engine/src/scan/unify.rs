//! One schema for files that differ: missing columns become null, narrower types widen, anything else
//! is an error that names both files.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A file whose schema differs from the one the scan gives its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The file.
    pub object: String,
    /// The column.
    pub column: String,
    /// What is different.
    pub change: Change,
}

/// How a column of a file differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Change {
    /// The file has no such column; its rows hold null.
    Missing,
    /// The file's type is narrower.
    Widened {
        /// The file's type.
        from: String,
        /// The scan's type.
        to: String,
    },
}

/// The columns of all files in order of first appearance, each with its widest type, whatever the order of
/// the files.
pub(super) fn unify<'a>(files: impl IntoIterator<Item = (&'a str, &'a Fields)>) -> Result<Vec<Field>> {
    let mut columns: Vec<(&str, Vec<(DataType, &str)>)> = Vec::new();
    let mut of_name: HashMap<&str, usize> = HashMap::new();
    for (object, fields) in files {
        for field in fields {
            let column = *of_name.entry(field.name()).or_insert(columns.len());
            if column == columns.len() {
                columns.push((field.name(), Vec::new()));
            }
            let seen = normal(field.data_type());
            if columns[column].1.iter().all(|(known, _)| *known != seen) {
                columns[column].1.push((seen, object));
            }
        }
    }
    columns.into_iter().map(|(name, seen)| unified(name, &seen)).collect()
}

/// A column from the different types it has, each with the first file that has it.
fn unified(name: &str, seen: &[(DataType, &str)]) -> Result<Field> {
    let types: Vec<&DataType> = seen.iter().map(|(data_type, _)| data_type).collect();
    let data_type = widest_of(&types).ok_or_else(|| {
        let (first, rest) = seen.split_first().map_or((None, seen), |(first, rest)| (Some(first), rest));
        let unlike = rest.iter().find(|(other, _)| first.is_none_or(|(own, _)| widest(own, other).is_none()));
        let (own, object) = first.cloned().unwrap_or((DataType::Null, ""));
        let (other, second) = unlike.or(rest.last()).cloned().unwrap_or((DataType::Null, ""));
        Error::wrong(format!("column \"{name}\" is {own} in {object} but {other} in {second}"))
            .in_object(second)
            .hint(
                "declare a type that holds both under `schema: columns:`, leave the column out with \
                 `extra_columns: drop`, or read the partitions apart",
            )
    })?;
    let object = seen.first().map_or("", |(_, object)| object);
    let data_type = if data_type == DataType::Null { DataType::Utf8View } else { data_type };
    processable(&data_type).map_err(|why| {
        Error::wrong(format!("column \"{name}\" of {object} cannot be processed: {why}"))
            .in_object(object)
            .hint("leave it out with `schema: columns:` and `extra_columns: drop`, or deliver another type")
    })?;
    Ok(Field::new(name, data_type, true))
}

/// Why values of `data_type` cannot be processed, if they cannot.
fn processable(data_type: &DataType) -> Result<(), String> {
    match data_type {
        DataType::Decimal256(..) => Err(format!("{data_type} has more than 38 digits")),
        DataType::Decimal128(_, scale) if *scale < 0 => Err(format!("{data_type} has a negative scale")),
        DataType::Interval(_) | DataType::Union(..) | DataType::RunEndEncoded(..) => {
            Err(format!("the type {data_type} is not known here"))
        }
        DataType::Timestamp(_, Some(zone)) => zone
            .parse::<arrow::array::timezone::Tz>()
            .map(drop)
            .map_err(|_| format!("unknown time zone \"{zone}\"")),
        DataType::LargeList(item) => processable(item.data_type()),
        DataType::Struct(fields) => fields.iter().try_for_each(|field| processable(field.data_type())),
        _ => Ok(()),
    }
}

/// How a file with `fields` differs from `unified`.
pub(super) fn differences(object: &str, fields: &Fields, unified: &[Field]) -> Vec<Difference> {
    unified
        .iter()
        .filter_map(|field| {
            let change = match fields.find(field.name()) {
                None => Change::Missing,
                Some((_, own)) if normal(own.data_type()) == *field.data_type() => return None,
                Some((_, own)) => Change::Widened {
                    from: normal(own.data_type()).to_string(),
                    to: field.data_type().to_string(),
                },
            };
            Some(Difference { object: object.to_owned(), column: field.name().clone(), change })
        })
        .collect()
}

/// The type in which values of `data_type` are processed.
pub(super) fn normal(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => DataType::BinaryView,
        DataType::Dictionary(_, value) => normal(value),
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Timestamp(TimeUnit::Second, zone) => {
            normal(&DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))
        }
        // A fixed offset says where it was written, not which instant it is.
        DataType::Timestamp(unit, Some(zone)) if zone.starts_with(['+', '-']) => {
            DataType::Timestamp(*unit, Some("UTC".into()))
        }
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Nanosecond),
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal256(p, s) if *p <= 38 => {
            DataType::Decimal128(*p, *s)
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => DataType::LargeList(Arc::new(normal_field(item))),
        DataType::Map(entries, _) => DataType::LargeList(Arc::new(normal_field(entries))),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| normal_field(field)).collect())
        }
        other => other.clone(),
    }
}

fn normal_field(field: &Field) -> Field {
    Field::new(field.name(), normal(field.data_type()), true)
}

/// The type that holds every value of all, or none.
fn widest_of(types: &[&DataType]) -> Option<DataType> {
    use DataType as D;
    const NUMBERS: [DataType; 10] = [
        D::Int8,
        D::UInt8,
        D::Int16,
        D::UInt16,
        D::Int32,
        D::UInt32,
        D::Int64,
        D::UInt64,
        D::Float32,
        D::Float64,
    ];
    let types: Vec<&DataType> = types.iter().copied().filter(|data_type| **data_type != D::Null).collect();
    if types.iter().all(|data_type| NUMBERS.contains(data_type)) && !types.is_empty() {
        // Which numbers hold which is no chain, so that widening them one by one would depend on their order.
        let holds_all = |wide: &&DataType| types.iter().all(|own| widest(own, wide).as_ref() == Some(*wide));
        return NUMBERS.iter().find(holds_all).cloned();
    }
    types.into_iter().try_fold(D::Null, |wide, own| widest(&wide, own))
}

/// The type that holds every value of both, or none.
pub(super) fn widest(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as D;
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (D::Null, other) | (other, D::Null) => Some(other.clone()),
        (a, b) if integer(a).is_some() && integer(b).is_some() => widest_integer(a, b),
        (D::Float32, D::Float64) | (D::Float64, D::Float32) => Some(D::Float64),
        (float, int) | (int, float) if float.is_floating() && integer(int).is_some() => {
            let bits = integer(int).map_or(0, |(_, bits)| bits);
            match (float, bits) {
                (D::Float32, ..=16) => Some(D::Float32),
                (_, ..=32) => Some(D::Float64),
                _ => None,
            }
        }
        (D::Decimal128(p1, s1), D::Decimal128(p2, s2)) => {
            let scale = (*s1).max(*s2);
            let whole = (*p1 as i8 - s1).max(*p2 as i8 - s2);
            let precision = u8::try_from(whole + scale).ok().filter(|precision| *precision <= 38)?;
            Some(D::Decimal128(precision, scale))
        }
        (D::Timestamp(u1, z1), D::Timestamp(u2, z2)) if z1 == z2 => {
            Some(D::Timestamp(finer(*u1, *u2), z1.clone()))
        }
        (D::Duration(u1), D::Duration(u2)) => Some(D::Duration(finer(*u1, *u2))),
        (D::LargeList(i1), D::LargeList(i2)) => {
            let item = widest(i1.data_type(), i2.data_type())?;
            Some(D::LargeList(Arc::new(Field::new(i1.name(), item, true))))
        }
        (D::Struct(f1), D::Struct(f2)) => widest_struct(f1, f2),
        _ => None,
    }
}

fn widest_struct(a: &Fields, b: &Fields) -> Option<DataType> {
    let mut fields: Vec<Field> = a.iter().map(|field| field.as_ref().clone()).collect();
    for field in b {
        match fields.iter_mut().find(|known| known.name() == field.name()) {
            Some(known) => {
                *known = Field::new(field.name(), widest(known.data_type(), field.data_type())?, true);
            }
            None => fields.push(field.as_ref().clone()),
        }
    }
    Some(DataType::Struct(fields.into()))
}

/// Whether an integer type is signed, and its bits.
fn integer(data_type: &DataType) -> Option<(bool, u32)> {
    Some(match data_type {
        DataType::Int8 => (true, 8),
        DataType::Int16 => (true, 16),
        DataType::Int32 => (true, 32),
        DataType::Int64 => (true, 64),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    })
}

fn widest_integer(a: &DataType, b: &DataType) -> Option<DataType> {
    let ((signed_a, bits_a), (signed_b, bits_b)) = (integer(a)?, integer(b)?);
    if signed_a == signed_b {
        return Some(if bits_a >= bits_b { a.clone() } else { b.clone() });
    }
    let unsigned = if signed_a { bits_b } else { bits_a };
    match bits_a.max(bits_b).max(unsigned * 2) {
        16 => Some(DataType::Int16),
        32 => Some(DataType::Int32),
        64 => Some(DataType::Int64),
        _ => None,
    }
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    let rank = |unit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(columns: &[(&str, DataType)]) -> Fields {
        columns.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true)).collect()
    }

    #[test]
    fn a_narrower_integer_widens_and_a_new_column_joins_at_the_end() {
        let old = fields(&[("a", DataType::Int32)]);
        let new = fields(&[("b", DataType::Utf8), ("a", DataType::Int64)]);
        let unified = unify([("old", &old), ("new", &new)]).unwrap();
        assert_eq!(unified[0].data_type(), &DataType::Int64);
        assert_eq!(unified[1].name(), "b");
        let differences = differences("old", &old, &unified);
        assert_eq!(differences[0].change, Change::Widened { from: "Int32".into(), to: "Int64".into() });
        assert_eq!(differences[1].change, Change::Missing);
    }

    #[test]
    fn an_incompatible_type_names_both_files() {
        let (a, b) = (fields(&[("x", DataType::Int64)]), fields(&[("x", DataType::Utf8)]));
        let error = unify([("one.parquet", &a), ("two.parquet", &b)]).unwrap_err();
        assert!(error.message().contains("one.parquet") && error.message().contains("two.parquet"));
    }

    #[test]
    fn widening_never_loses_a_value() {
        assert_eq!(widest(&DataType::Int64, &DataType::Float64), None);
        assert_eq!(widest(&DataType::UInt32, &DataType::Int8), Some(DataType::Int64));
        assert_eq!(widest(&DataType::UInt64, &DataType::Int64), None);
        assert_eq!(
            widest(&DataType::Decimal128(10, 2), &DataType::Decimal128(8, 4)),
            Some(DataType::Decimal128(12, 4))
        );
        assert_eq!(widest(&DataType::Decimal128(38, 0), &DataType::Decimal128(38, 10)), None);
    }

    #[test]
    fn widening_does_not_depend_on_the_order_of_files() {
        use DataType as D;
        let types = [
            D::Null,
            D::Int8,
            D::UInt8,
            D::Int16,
            D::Int32,
            D::UInt64,
            D::Float32,
            D::Float64,
            D::Utf8View,
            D::Date32,
        ];
        for a in &types {
            for b in &types {
                assert_eq!(widest(a, b), widest(b, a), "{a} and {b}");
                for c in &types {
                    let forwards = widest_of(&[a, b, c]);
                    for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
                        assert_eq!(widest_of(&order), forwards, "{order:?}");
                    }
                }
            }
        }
        assert_eq!(widest_of(&[&D::UInt32, &D::Int32, &D::Float64]), Some(D::Float64));
    }
}
