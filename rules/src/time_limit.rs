//! Dates and timestamps up to or from a time that the clock sets; what `not_in_future` and
//! `not_older_than` share.

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::comparison::whole_within;
use crate::literal::{Family, nanos_per_unit, plain, type_name};
use crate::moment::{Moment, nanos};
use crate::proofs::Proofs;
use crate::rule::{Bound, Problem, RowTest, Rows, Site};

/// Which side of the limit passes; the limit itself does on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// Binds the limit that lies `offset` nanoseconds after `now`, or after the run's clock.
pub(crate) fn bind(site: &Site<'_>, side: Side, offset: i128, now: Option<Moment>) -> Result<Bound, Problem> {
    let (name, data_type) = site.column()?;
    if Family::of(data_type) != Family::Time {
        let shown = type_name(data_type);
        let misfit = Problem::new(format!("column \"{name}\" is of type {shown}, not a date or timestamp"));
        return Err(misfit.key("column").hint("parse it into a timestamp first"));
    }
    Ok(Bound::Rows(Box::new(Limit { side, offset, now, data_type: plain(data_type).clone() })))
}

#[derive(Debug)]
struct Limit {
    side: Side,
    offset: i128,
    now: Option<Moment>,
    data_type: DataType,
}

impl Limit {
    /// The values that pass, in the unit of the column, as an inclusive range.
    fn range(&self, now: i128) -> (i128, i128) {
        let (limit, unit) = (now + self.offset, nanos_per_unit(&self.data_type));
        match self.side {
            Side::Before => (i128::MIN, limit.div_euclid(unit)),
            Side::After => (-(-limit).div_euclid(unit), i128::MAX),
        }
    }
}

impl RowTest for Limit {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let now = self.now.map_or(rows.now, |now| now.0);
        let (low, high) = self.range(nanos(now));
        whole_within(rows.first()?, low, high, false)
    }

    fn per_value(&self) -> bool {
        true
    }

    /// Only where the check sets the clock: proofs of rows hold at any time.
    fn known_to_fail(&self, proofs: &Proofs, columns: &[&str]) -> Option<u64> {
        let (low, high) = self.range(nanos(self.now?.0));
        proofs.columns.get(*columns.first()?)?.is_within(low, high).then_some(0)
    }
}
