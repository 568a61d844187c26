//! The type in which key columns of two tables are compared.

use polars::prelude::{DataType, TimeUnit};

use crate::error::{Error, Result};
use crate::spec::Spanned;

/// The type both columns are brought to, or an error that says what to cast.
///
/// A value the common type cannot hold (an unsigned number above 2⁶³ − 1 beside signed ones) has no
/// counterpart on the other side, and matches nothing.
pub(super) fn common(
    here: (&Spanned<String>, &DataType),
    there: (&Spanned<String>, &DataType),
) -> Result<DataType> {
    let found = widened(here.1, there.1);
    found.ok_or_else(|| {
        Error::wrong(format!(
            "column \"{}\" of type {} cannot be joined with \"{}\" of type {}",
            here.0.value, here.1, there.0.value, there.1
        ))
        .at(here.0.span)
        .hint(format!("cast one of them first: `cast: {{{}: …}}`", here.0.value))
    })
}

fn widened(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as D;
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (D::Null, other) | (other, D::Null) => Some(other.clone()),
        (a, b) if a.is_integer() && b.is_integer() => {
            let unsigned = a.is_unsigned_integer() && b.is_unsigned_integer();
            Some(if unsigned { D::UInt64 } else { D::Int64 })
        }
        (D::Float32, D::Float64) | (D::Float64, D::Float32) => Some(D::Float64),
        (D::Decimal(_, a), D::Decimal(_, b)) => Some(D::Decimal(38, *a.max(b))),
        (D::Datetime(a, zone_a), D::Datetime(b, zone_b)) if zone_a == zone_b => {
            Some(D::Datetime(finer(*a, *b), zone_a.clone()))
        }
        (D::Duration(a), D::Duration(b)) => Some(D::Duration(finer(*a, *b))),
        _ => None,
    }
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    match (a, b) {
        (TimeUnit::Nanoseconds, _) | (_, TimeUnit::Nanoseconds) => TimeUnit::Nanoseconds,
        (TimeUnit::Microseconds, _) | (_, TimeUnit::Microseconds) => TimeUnit::Microseconds,
        (TimeUnit::Milliseconds, TimeUnit::Milliseconds) => TimeUnit::Milliseconds,
    }
}
