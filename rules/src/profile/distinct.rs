//! The number of distinct values as profiles keep it: the figure as it was counted, and a small sketch to
//! merge.

use serde::{Deserialize, Serialize};

use super::Depth;
use crate::measure::Distinct;

/// Up to so many distinct values are stored one by one.
const STORED_ONE_BY_ONE: usize = 64;

/// A mergeable count of distinct values.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DistinctCount {
    /// The figure before the sketch was made smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counted: Option<Counted>,
    sketch: Distinct,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Counted {
    values: f64,
    exact: bool,
}

impl DistinctCount {
    /// The distinct values among those with these hashes.
    pub(crate) fn of(hashes: &[u128]) -> Self {
        let mut sketch = Distinct::default();
        for hash in hashes {
            sketch.add(*hash as u64);
        }
        Self { counted: None, sketch }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        self.counted = None;
        self.sketch.merge(other.sketch);
    }

    /// The number of distinct values, and whether it is exact.
    pub fn count(&self) -> (f64, bool) {
        self.counted.map_or_else(|| self.sketch.count(), |counted| (counted.values, counted.exact))
    }

    /// The same figure with a sketch of the size that is stored.
    pub(crate) fn compacted(self, depth: Depth) -> Self {
        let (values, exact) = self.count();
        let sketch = self.sketch.compacted(STORED_ONE_BY_ONE, depth.stored_registers());
        Self { counted: Some(Counted { values, exact }), sketch }
    }
}
