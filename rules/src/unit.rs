//! Whole numbers of several columns, brought to one unit.

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::literal::{Family, nanos_per_unit, plain, scale_of};
use crate::measure::for_whole_type;

/// What the whole numbers of several columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// `10^-scale`, for integers and decimals.
    Decimal(i32),
    /// So many nanoseconds, for dates and timestamps.
    Time(i128),
}

impl Unit {
    /// The finest unit of columns of which all are numbers or all are times. None where they are neither,
    /// or where decimals lie further apart than a number has digits.
    pub(crate) fn finest(types: &[&DataType]) -> Option<Self> {
        let all = |family| types.iter().all(|data_type| Family::of(data_type) == family);
        let unit = if all(Family::Whole) {
            Self::Decimal(types.iter().map(|data_type| scale_of(data_type)).max()?)
        } else if all(Family::Time) {
            Self::Time(types.iter().map(|data_type| nanos_per_unit(data_type)).min()?)
        } else {
            return None;
        };
        types.iter().all(|data_type| unit.factor(data_type).is_some()).then_some(unit)
    }

    /// What the values of a column are multiplied by.
    pub(crate) fn factor(self, data_type: &DataType) -> Option<i128> {
        match self {
            Self::Decimal(scale) => 10_i128.checked_pow(u32::try_from(scale - scale_of(data_type)).ok()?),
            Self::Time(nanos) => Some(nanos_per_unit(data_type) / nanos),
        }
    }
}

/// The values of a column in a unit; null slots hold any number. A number too large for 38 digits stays at
/// the limit, which is beyond all that the column of the finest unit can hold.
pub(crate) fn wholes(column: &ArrayRef, unit: Unit) -> Result<Vec<i128>, ArrowError> {
    fn scaled<T: ArrowPrimitiveType>(column: &ArrayRef, factor: i128) -> Vec<i128>
    where
        T::Native: Into<i128>,
    {
        let values = column.as_primitive::<T>().values().iter();
        if factor == 1 {
            return values.map(|value| (*value).into()).collect();
        }
        values.map(|value| Into::<i128>::into(*value).saturating_mul(factor)).collect()
    }
    let data_type = plain(column.data_type());
    let coarse = || ArrowError::InvalidArgumentError(format!("{data_type} is not counted in {unit:?}"));
    let factor = unit.factor(data_type).ok_or_else(coarse)?;
    for_whole_type!(data_type, T => Ok(scaled::<T>(column, factor)))
}
