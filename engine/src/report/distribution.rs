//! How the values of a column are spread, beside a baseline.

use serde::{Deserialize, Serialize};

/// How often the values of a column fall into each of a few bins, in this run and in what it is compared
/// with. Nulls are in no bin unless one is named for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The source or table.
    pub on: String,
    /// The column.
    pub column: String,
    /// The bins in their order: a value, or a range in words.
    pub bins: Vec<String>,
    /// Values of this run in each bin.
    pub current: Vec<u64>,
    /// Values of the baseline in each bin; empty where there is no baseline.
    pub baseline: Vec<u64>,
}
