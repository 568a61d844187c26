//! Comparing the values of two columns of the same row.
//!
//! Whole numbers, decimals, dates and timestamps are compared exactly, whatever their widths, scales and
//! units. Where one of two numbers is a float, both are compared as 64-bit floats and as IEEE numbers: NaN
//! is equal to nothing, -0.0 equals 0.0. A timestamp without a time zone is taken as UTC.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float32Type};
use arrow::error::ArrowError;

use crate::comparison::Op;
use crate::literal::{Family, plain, type_name};
use crate::mask::pack_pairs;
use crate::measure::floats;
use crate::rule::Problem;
use crate::unit::{Unit, wholes};

/// What the values of two columns are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Common {
    /// As values of the type both have, which is neither float nor text.
    Same,
    /// As whole numbers of the finest unit.
    Whole(Unit),
    /// As floats of 32 bits.
    Single,
    /// As floats of 64 bits.
    Double,
    /// As texts, in whatever layouts.
    Text,
}

impl Common {
    /// What two columns, given by name and type, are compared as.
    pub(crate) fn of(left: (&str, &DataType), right: (&str, &DataType)) -> Result<Self, Problem> {
        let unlike = || {
            let (a, b) = (type_name(left.1), type_name(right.1));
            Problem::new(format!("\"{}\" ({a}) and \"{}\" ({b}) cannot be compared", left.0, right.0))
                .hint("cast one of them first")
        };
        Self::of_types(plain(left.1), plain(right.1)).ok_or_else(unlike)
    }

    fn of_types(left: &DataType, right: &DataType) -> Option<Self> {
        match (Family::of(left), Family::of(right)) {
            (Family::List | Family::Other, _) | (_, Family::List | Family::Other) => None,
            (Family::Float, Family::Float) if left == right && left == &DataType::Float32 => {
                Some(Self::Single)
            }
            (Family::Float, Family::Whole | Family::Float) | (Family::Whole, Family::Float) => {
                Some(Self::Double)
            }
            (Family::Text, Family::Text) => Some(Self::Text),
            _ if left == right => Some(Self::Same),
            (Family::Whole, Family::Whole) | (Family::Time, Family::Time) => {
                Unit::finest(&[left, right]).map(Self::Whole)
            }
            _ => None,
        }
    }
}

/// Compares two columns row by row; null where either is.
pub(crate) fn compare_columns(
    left: &ArrayRef,
    right: &ArrayRef,
    op: Op,
    common: Common,
) -> Result<BooleanArray, ArrowError> {
    let mask = match common {
        Common::Same => return compare_like(left, right, op),
        Common::Text if left.data_type() == right.data_type() => return compare_like(left, right, op),
        Common::Text => {
            let text = |array| cast(array, &DataType::Utf8View);
            return compare_like(&text(left)?, &text(right)?, op);
        }
        Common::Whole(unit) => compare(&wholes(left, unit)?, &wholes(right, unit)?, op),
        Common::Single => {
            let values = |array: &ArrayRef| array.as_primitive::<Float32Type>().values().clone();
            compare(&values(left), &values(right), op)
        }
        Common::Double => compare(&floats(left)?, &floats(right)?, op),
    };
    Ok(BooleanArray::new(mask, NullBuffer::union(left.nulls(), right.nulls())))
}

fn compare_like(left: &ArrayRef, right: &ArrayRef, op: Op) -> Result<BooleanArray, ArrowError> {
    match op {
        Op::Gt => cmp::gt(left, right),
        Op::Ge => cmp::gt_eq(left, right),
        Op::Lt => cmp::lt(left, right),
        Op::Le => cmp::lt_eq(left, right),
        Op::Eq => cmp::eq(left, right),
        Op::Ne => cmp::neq(left, right),
    }
}

/// Arrow's own kernels order NaN and -0.0; these compare floats as IEEE does.
fn compare<T: Copy + PartialOrd>(left: &[T], right: &[T], op: Op) -> BooleanBuffer {
    match op {
        Op::Gt => pack_pairs(left, right, |a, b| a > b),
        Op::Ge => pack_pairs(left, right, |a, b| a >= b),
        Op::Lt => pack_pairs(left, right, |a, b| a < b),
        Op::Le => pack_pairs(left, right, |a, b| a <= b),
        Op::Eq => pack_pairs(left, right, |a, b| a == b),
        Op::Ne => pack_pairs(left, right, |a, b| a != b),
    }
}
