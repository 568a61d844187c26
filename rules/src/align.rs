//! Columns of two datasets brought to where their values can be compared.
//!
//! Integers of every width, decimals of every scale, and dates and timestamps of every unit are whole
//! numbers of some unit: the coarser of a pair counts in the unit of the finer one. A timestamp counts from
//! 1970 in UTC, with or without a zone.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use crate::keys::KeyKind;
use crate::literal::{Family, plain};
use crate::measure::{floats, for_whole_type, unpacked};

/// How a column is brought to meet its counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// The two hold values of one kind.
    AsIs,
    /// With so many decimal places more.
    Places(u8),
    /// In a unit so many times as fine.
    Finer(u64),
    /// As floats.
    Float,
}

/// How two columns come to hold values of one kind; None where no value of one equals any of the other.
/// Whole numbers meet floats as floats.
pub(crate) fn align(here: &DataType, there: &DataType) -> Option<(Align, Align)> {
    match (KeyKind::of(here)?, KeyKind::of(there)?) {
        (KeyKind::Float, KeyKind::Integer | KeyKind::Decimal(_))
        | (KeyKind::Integer | KeyKind::Decimal(_), KeyKind::Float) => Some((Align::Float, Align::Float)),
        _ => align_keys(here, there),
    }
}

/// The same for keys, which floats and whole numbers do not share.
pub(crate) fn align_keys(here: &DataType, there: &DataType) -> Option<(Align, Align)> {
    let places = |a: i8, b: i8| {
        let most = a.max(b);
        let more = |scale: i8| Align::Places((i16::from(most) - i16::from(scale)) as u8);
        (more(a), more(b))
    };
    Some(match (KeyKind::of(here)?, KeyKind::of(there)?) {
        // The upper half of the one and the lower half of the other would look the same in 64 bits.
        (KeyKind::Integer, KeyKind::Integer) if is_u64(here) != is_u64(there) => places(0, 0),
        (a, b) if a == b => (Align::AsIs, Align::AsIs),
        (KeyKind::Integer, KeyKind::Decimal(b)) => places(0, b),
        (KeyKind::Decimal(a), KeyKind::Integer) => places(a, 0),
        (KeyKind::Decimal(a), KeyKind::Decimal(b)) => places(a, b),
        (KeyKind::Time(a), KeyKind::Time(b)) => {
            let finest = a.min(b);
            (Align::Finer((a / finest) as u64), Align::Finer((b / finest) as u64))
        }
        _ => return None,
    })
}

/// A column of integers as one of `there` holds them, where one of the two is of unsigned 64 bits and the
/// other is not, whose upper and lower halves look the same: what `there` has no integer for becomes null.
/// Every other column stays as it is.
pub(crate) fn as_held(column: &ArrayRef, there: &DataType) -> Result<ArrayRef, ArrowError> {
    let here = column.data_type();
    let both = (KeyKind::of(here), KeyKind::of(there)) == (Some(KeyKind::Integer), Some(KeyKind::Integer));
    match (is_u64(here), is_u64(there)) {
        (true, false) if both => cast(column, &DataType::Int64),
        (false, true) if both => cast(column, &DataType::UInt64),
        _ => Ok(ArrayRef::clone(column)),
    }
}

fn is_u64(data_type: &DataType) -> bool {
    matches!(plain(data_type), DataType::UInt64)
}

impl Align {
    /// The column such that equal values have equal hashes on both sides. What is beyond 128 bits in the
    /// finer unit equals nothing there.
    pub(crate) fn apply(self, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let column = unpacked(column)?;
        let factor = match self {
            Self::AsIs => return Ok(column),
            Self::Float => {
                return Ok(Arc::new(Float64Array::new(floats(&column)?, column.nulls().cloned())));
            }
            Self::Places(places) => 10_i128.checked_pow(u32::from(places)).unwrap_or(i128::MAX),
            Self::Finer(times) => i128::from(times),
        };
        for_whole_type!(column.data_type(), T => Ok(scaled::<T>(&column, factor)))
    }

    /// The column such that both sides have one type: 128-bit integers, floats, texts, or true and false.
    pub(crate) fn comparable(self, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let column = self.apply(column)?;
        match Family::of(column.data_type()) {
            Family::Text => cast(&column, &DataType::Utf8View),
            Family::Float => Self::Float.apply(&column),
            Family::Whole | Family::Time if self == Self::AsIs => Self::Places(0).apply(&column),
            _ => Ok(column),
        }
    }
}

fn scaled<T: ArrowPrimitiveType>(column: &ArrayRef, factor: i128) -> ArrayRef
where
    T::Native: Into<i128>,
{
    let array = column.as_primitive::<T>();
    let times = |value: &T::Native| {
        let wide: i128 = (*value).into();
        wide.saturating_mul(factor)
    };
    let values: Vec<i128> = array.values().iter().map(times).collect();
    Arc::new(Decimal128Array::new(values.into(), array.nulls().cloned()))
}
