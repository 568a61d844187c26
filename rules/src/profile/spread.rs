//! How often the values of a column fall into a few bins, now and before; for charts.

use super::ColumnProfile;
use crate::aligned::Aligned;

/// Values that have bins of their own.
const VALUES: usize = 20;

/// Counts of the same bins now and before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// The bins: a value, or a range in words.
    pub bins: Vec<String>,
    /// Values now.
    pub now: Vec<u64>,
    /// Values before; empty where nothing was.
    pub before: Vec<u64>,
}

/// The bins of a column by the deciles or most frequent values of `before`, or of `now` where there is
/// nothing before that it can be compared with. None for columns whose values have no bins, and of no values.
pub fn spread(now: &ColumnProfile, before: Option<&ColumnProfile>) -> Option<Spread> {
    if now.present() == 0 {
        return None;
    }
    let before = before.filter(|before| before.present() > 0 && before.comparable(now));
    let mut aligned = Aligned::of(now, before.unwrap_or(now))?;
    if now.quantiles.is_none() {
        shorten(&mut aligned);
    }
    let Aligned { bins, now, before: counts, bound: _ } = aligned;
    Some(Spread { bins, now, before: if before.is_some() { counts } else { Vec::new() } })
}

/// Takes all but the most frequent values to the others, which come before the nulls.
fn shorten(aligned: &mut Aligned) {
    let Some(values) = aligned.bins.len().checked_sub(2).filter(|values| *values > VALUES) else { return };
    aligned.bins.drain(VALUES..values);
    for counts in [&mut aligned.now, &mut aligned.before] {
        let rest: u64 = counts.drain(VALUES..values).sum();
        if let Some(others) = counts.get_mut(VALUES) {
            *others += rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;
    use crate::mask::RowSet;
    use crate::profile::Depth;

    fn texts(values: impl IntoIterator<Item = usize>) -> ColumnProfile {
        let values = values.into_iter().map(|value| format!("{value:02}"));
        let column: ArrayRef = Arc::new(values.map(Some).collect::<StringArray>());
        ColumnProfile::of_column(Depth::Drift, &column, &RowSet::all(column.len())).unwrap()
    }

    #[test]
    fn rare_values_are_taken_together() {
        let found = spread(&texts(0..30), Some(&texts(0..25))).unwrap();
        assert_eq!((found.bins.len(), &*found.bins[20], &*found.bins[21]), (22, "other", "null"));
        assert_eq!((found.now[20], found.before[20]), (10, 5));
        assert_eq!((found.now.iter().sum::<u64>(), found.before.iter().sum::<u64>()), (30, 25));
    }

    #[test]
    fn without_anything_before_the_bins_are_its_own() {
        let found = spread(&texts([1, 1, 2]), None).unwrap();
        assert_eq!(found.bins, ["01", "02", "other", "null"]);
        assert_eq!((found.now, found.before), (vec![2, 1, 0, 0], Vec::new()));
        assert_eq!(spread(&texts([]), None), None);
    }
}
