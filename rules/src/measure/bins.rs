//! How many values fall between given edges.

use serde::{Deserialize, Serialize};

/// Counts under the first edge, between each two, over the last, and of NaN.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bins {
    /// Under, between (each including its lower edge; the last both), over.
    pub counts: Vec<u64>,
    /// Values that are NaN, which are in no bin.
    pub nan: u64,
}

impl Bins {
    pub(crate) fn new(edges: usize) -> Self {
        Self { counts: vec![0; edges + 1], nan: 0 }
    }

    /// Adds a value, given the edges in ascending order.
    #[inline]
    pub(crate) fn add(&mut self, edges: &[f64], value: f64) {
        if value.is_nan() {
            self.nan += 1;
            return;
        }
        let mut bin = edges.partition_point(|edge| *edge <= value);
        if bin == edges.len() && edges.last() == Some(&value) {
            bin -= 1;
        }
        if let Some(count) = self.counts.get_mut(bin) {
            *count += 1;
        }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.nan += other.nan;
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }
}
