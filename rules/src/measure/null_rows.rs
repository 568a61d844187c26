//! The first rows with a null in one of several columns.

use serde::{Deserialize, Serialize};

use crate::mask::RowSet;
use crate::sample::{Keep, Sample};

/// Rows to show of those that have a null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NullRows {
    /// So many are kept.
    limit: usize,
    first: Vec<Sample>,
}

impl NullRows {
    /// Those in `scope` that are not in `present`, as far as any are kept.
    pub(crate) fn of(scope: &RowSet, present: &RowSet, keep: Option<&Keep>) -> Self {
        let Some(keep) = keep else { return Self::default() };
        let Some(present) = present.mask().filter(|_| present.count() < scope.count()) else {
            return Self { limit: keep.rows, first: Vec::new() };
        };
        let with_null = &scope.to_mask() & &!present;
        let first = with_null.set_indices().take(keep.rows).map(|row| keep.sample(row));
        Self { limit: keep.rows, first: first.collect() }
    }

    /// Adds those of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        self.limit = self.limit.max(later.limit);
        let room = self.limit.saturating_sub(self.first.len());
        self.first.extend(later.first.into_iter().take(room));
    }

    /// The first of them.
    pub(crate) fn first(&self) -> impl Iterator<Item = Sample> + '_ {
        self.first.iter().cloned()
    }
}
