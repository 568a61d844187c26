//! Canonical key bytes and their 128-bit hashes: equal keys hash equally whatever their column's layout.
//!
//! Integers of every width are the same eight bytes; texts are the same whether plain, viewed or from a
//! dictionary; NaN equals NaN and -0.0 equals 0.0. Texts enter as their own 128-bit hash, so that every
//! key has a fixed width. Decimals, dates and timestamps count in their own unit, and only columns of the
//! same unit share keys (see [`KeyKind`]).

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::literal::{Family, Point, nanos_per_unit, plain, scale_of};
use crate::mask::{RowSet, for_each_text};

/// What a key column's bytes mean; only columns of the same kind can share keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Integers of any width.
    Integer,
    /// Decimals of a scale.
    Decimal(i8),
    /// Floats of any width.
    Float,
    /// Texts.
    Text,
    /// True or false.
    Bool,
    /// Dates and timestamps of a unit, in nanoseconds.
    Time(i64),
}

impl KeyKind {
    /// The kind of a column's keys; None where it can be no key.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match Family::of(data_type) {
            Family::Whole if matches!(plain(data_type), DataType::Decimal128(..)) => {
                Self::Decimal(scale_of(data_type) as i8)
            }
            Family::Whole => Self::Integer,
            Family::Float => Self::Float,
            Family::Text => Self::Text,
            Family::Bool => Self::Bool,
            Family::Time => Self::Time(nanos_per_unit(data_type) as i64),
            Family::List | Family::Other => return None,
        })
    }

    /// Whether keys are numbers.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_) | Self::Float)
    }

    /// Whether values of two columns of these kinds are on one scale: both are numbers, or both of one kind.
    pub(crate) fn share_a_scale(a: Option<Self>, b: Option<Self>) -> bool {
        a == b || a.zip(b).is_some_and(|(a, b)| a.is_number() && b.is_number())
    }
}

/// One column's part of the keys of a batch, row by row (rows outside the set are arbitrary).
enum Pieces {
    Eight(Vec<u64>),
    Sixteen(Vec<u128>),
}

/// The hashes of the keys of the rows of a set, in row order. With `nulls_equal`, rows with null keys are
/// hashed too and nulls equal each other; without, the set must not hold such rows.
pub(crate) fn hash_rows(
    columns: &[ArrayRef],
    rows: &RowSet,
    nulls_equal: bool,
) -> Result<Vec<u128>, ArrowError> {
    let with_nulls = nulls_equal && columns.iter().any(|column| column.null_count() > 0);
    let mut hashes = Vec::with_capacity(rows.count());
    if let ([column], false) = (columns, nulls_equal) {
        match pieces(column, rows)? {
            Pieces::Eight(values) => {
                rows.for_each(&values, |value| hashes.push(xxh3_128(&value.to_le_bytes())));
            }
            Pieces::Sixteen(values) if Family::of(column.data_type()) == Family::Text => {
                rows.for_each(&values, |value| hashes.push(value));
            }
            Pieces::Sixteen(values) => {
                rows.for_each(&values, |value| hashes.push(xxh3_128(&value.to_le_bytes())));
            }
        }
        return Ok(hashes);
    }
    let mask_bytes = if nulls_equal { columns.len() } else { 0 };
    let mut all = Vec::with_capacity(columns.len());
    for column in columns {
        let present = if with_nulls { rows.and_valid(column.nulls()) } else { rows.clone() };
        all.push(pieces(column, &present)?);
    }
    let width: usize = mask_bytes
        + all.iter().map(|piece| if matches!(piece, Pieces::Eight(_)) { 8 } else { 16 }).sum::<usize>();
    let mut bytes = vec![0_u8; width * rows.count()];
    let mut offset = mask_bytes;
    for (at, (column, piece)) in columns.iter().zip(&all).enumerate() {
        let nulls = column.nulls().filter(|_| with_nulls).map(arrow::buffer::NullBuffer::inner);
        offset += fill(&mut bytes, width, offset, rows, piece, nulls, at);
    }
    hashes.extend(bytes.chunks_exact(width.max(1)).map(xxh3_128));
    Ok(hashes)
}

/// The hashes that keys of one column have which equal these values of its type.
pub(crate) fn hash_points(points: &[Point], data_type: &DataType) -> Vec<u128> {
    let decimal = matches!(plain(data_type), DataType::Decimal128(..));
    let unsigned = plain(data_type).is_unsigned_integer();
    let fits = |whole: i128| {
        if unsigned { u64::try_from(whole).is_ok() } else { i64::try_from(whole).is_ok() }
    };
    let hash = |point: &Point| match point {
        // What no integer of the type is must not come to equal one by losing its upper half.
        Point::Whole(at) if decimal || !fits(at.floor) => xxh3_128(&(at.floor as u128).to_le_bytes()),
        Point::Whole(at) => xxh3_128(&(at.floor as u64).to_le_bytes()),
        Point::Float(value) => xxh3_128(&float_bits(*value).to_le_bytes()),
        Point::Text(text) => xxh3_128(text.as_bytes()),
        Point::Bool(value) => xxh3_128(&u64::from(*value).to_le_bytes()),
    };
    points.iter().map(hash).collect()
}

/// The bits by which floats are equal: one NaN, no -0.0.
fn float_bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

/// Writes one column's pieces into the rows' key bytes; null rows get a mark instead. Returns its width.
fn fill(
    bytes: &mut [u8],
    width: usize,
    offset: usize,
    rows: &RowSet,
    piece: &Pieces,
    valid: Option<&BooleanBuffer>,
    mark_at: usize,
) -> usize {
    let mut keys = bytes.chunks_exact_mut(width);
    let mut write = |row: usize, value: &[u8]| {
        let Some(key) = keys.next() else { return };
        if valid.is_some_and(|valid| !valid.value(row)) {
            key[mark_at] = 1;
        } else {
            key[offset..offset + value.len()].copy_from_slice(value);
        }
    };
    match piece {
        Pieces::Eight(values) => {
            rows.for_each_range(|range| range.for_each(|row| write(row, &values[row].to_le_bytes())));
            8
        }
        Pieces::Sixteen(values) => {
            rows.for_each_range(|range| range.for_each(|row| write(row, &values[row].to_le_bytes())));
            16
        }
    }
}

fn pieces(column: &ArrayRef, rows: &RowSet) -> Result<Pieces, ArrowError> {
    fn eight<T: ArrowPrimitiveType>(column: &ArrayRef) -> Pieces
    where
        T::Native: Into<i128>,
    {
        let values = column.as_primitive::<T>().values();
        Pieces::Eight(
            values
                .iter()
                .map(|value| {
                    let wide: i128 = (*value).into();
                    wide as u64
                })
                .collect(),
        )
    }
    match column.data_type() {
        DataType::Float64 => Ok(Pieces::Eight(
            column.as_primitive::<Float64Type>().values().iter().map(|v| float_bits(*v)).collect(),
        )),
        DataType::Float32 => Ok(Pieces::Eight(
            column.as_primitive::<Float32Type>().values().iter().map(|v| float_bits(f64::from(*v))).collect(),
        )),
        DataType::Boolean => Ok(Pieces::Eight(column.as_boolean().values().iter().map(u64::from).collect())),
        DataType::Decimal128(..) => Ok(Pieces::Sixteen(
            column
                .as_primitive::<arrow::datatypes::Decimal128Type>()
                .values()
                .iter()
                .map(|v| *v as u128)
                .collect(),
        )),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let mut hashes = vec![0_u128; column.len()];
            let mut wanted = Vec::with_capacity(rows.count());
            for_each_text(column, rows, |text| wanted.push(xxh3_128(text.as_bytes())))?;
            let mut next = wanted.into_iter();
            rows.for_each_range(|range| {
                for (slot, hash) in hashes[range].iter_mut().zip(&mut next) {
                    *slot = hash;
                }
            });
            Ok(Pieces::Sixteen(hashes))
        }
        other => crate::measure::for_whole_type!(other, T => Ok(eight::<T>(column))),
    }
}
