//! Profiles: what is known of the columns of a dataset or a partition, as states that merge.
//!
//! A profile is what drift is judged from: that of the run against those of the history, without reading
//! earlier rows again. It holds values of the columns (extremes, frequent values), so that it is to be
//! kept where the data is.

mod column;
mod compare;
mod distinct;
mod frequent;
mod metric;
mod metric_text;
mod spread;
mod stored_quantiles;
mod texts;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use column::ColumnProfile;
pub use compare::{Above, Comparison, Figures, compare};
pub use distinct::DistinctCount;
pub use frequent::Frequent;
pub(crate) use frequent::redacted;
pub use metric::Metric;
pub use metric_text::Figure;
pub use spread::{Spread, spread};
pub use texts::Lengths;

use crate::measure::CoMoments;

/// The version written into profiles. Readers know every version up to their own.
const VERSION: u32 = 1;

/// How much of a column is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// What drift rules need; a few kilobytes a column.
    Drift,
    /// What describes a column to people: shapes of texts, frequent floats, skewness, finer quantiles.
    Full,
}

impl Depth {
    /// The order of power sums.
    fn moments(self) -> u8 {
        match self {
            Self::Drift => 2,
            Self::Full => 4,
        }
    }

    /// Up to so many values quantiles are exact while measuring.
    fn exact_quantiles(self) -> u64 {
        match self {
            Self::Drift => 8_192,
            Self::Full => crate::measure::EXACT_VALUES,
        }
    }

    fn stored_quantiles(self) -> usize {
        match self {
            Self::Drift => 256,
            Self::Full => 2_048,
        }
    }

    fn stored_values(self) -> usize {
        match self {
            Self::Drift => 200,
            Self::Full => frequent::EXACT_VALUES,
        }
    }

    /// Binary logarithm of the registers of a stored sketch of distinct values.
    fn stored_registers(self) -> u8 {
        match self {
            Self::Drift => 10,
            Self::Full => 12,
        }
    }
}

/// Which rows of which column a profile is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnKey {
    /// The column; empty for the rows as such.
    pub column: String,
    /// The condition rows have to meet.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

impl ColumnKey {
    /// A column in a scope.
    pub fn new(column: impl Into<String>, filter: Option<&str>) -> Self {
        Self { column: column.into(), filter: filter.map(str::to_owned) }
    }
}

/// Two columns in a scope, for their correlation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PairKey {
    /// The columns, in order.
    pub columns: (String, String),
    /// The condition rows have to meet.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// What is known of a dataset or a partition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Profile {
    /// Rows published, where something was measured over all of them.
    pub rows: Option<u64>,
    /// What is known of each column in each scope.
    pub columns: BTreeMap<ColumnKey, ColumnProfile>,
    /// Sums for correlations.
    pub pairs: BTreeMap<PairKey, CoMoments>,
}

impl Profile {
    /// The profile of a column in a scope.
    pub fn column(&self, column: &str, filter: Option<&str>) -> Option<&ColumnProfile> {
        self.columns.get(&ColumnKey::new(column, filter))
    }

    /// Adds what is known of a column in a scope; without a scope it tells of the rows too.
    pub fn insert(&mut self, key: ColumnKey, profile: ColumnProfile) {
        if key.filter.is_none() {
            self.rows = Some(profile.rows);
        }
        self.columns.insert(key, profile);
    }

    /// Adds the profile of other rows; a column that only one of them knows is left out, as it would
    /// speak for a part of the rows.
    pub fn merge(&mut self, mut other: Self) {
        self.rows = self.rows.zip(other.rows).map(|(mine, theirs)| mine + theirs);
        self.columns.retain(|key, _| other.columns.contains_key(key));
        for (key, profile) in &mut self.columns {
            if let Some(theirs) = other.columns.remove(key) {
                profile.merge(theirs);
            }
        }
        self.pairs.retain(|key, _| other.pairs.contains_key(key));
        for (key, sums) in &mut self.pairs {
            if let Some(theirs) = other.pairs.get(key) {
                sums.merge(theirs);
            }
        }
    }

    /// The profile within the room that is kept for it when stored.
    #[must_use]
    pub fn compacted(mut self) -> Self {
        self.columns = self.columns.into_iter().map(|(key, column)| (key, column.compacted())).collect();
        self
    }
}

/// How profiles are written: lists, as keys of maps are texts.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<StoredColumn>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<StoredPair>,
}

#[derive(Serialize, Deserialize)]
struct StoredColumn {
    #[serde(flatten)]
    key: ColumnKey,
    profile: ColumnProfile,
}

#[derive(Serialize, Deserialize)]
struct StoredPair {
    #[serde(flatten)]
    key: PairKey,
    sums: CoMoments,
}

impl From<Profile> for Stored {
    fn from(profile: Profile) -> Self {
        let columns = profile.columns.into_iter().map(|(key, profile)| StoredColumn { key, profile });
        let pairs = profile.pairs.into_iter().map(|(key, sums)| StoredPair { key, sums });
        Self { version: VERSION, rows: profile.rows, columns: columns.collect(), pairs: pairs.collect() }
    }
}

impl TryFrom<Stored> for Profile {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        if stored.version == 0 || stored.version > VERSION {
            let version = stored.version;
            return Err(format!("profiles of version {version} are not known here, only up to {VERSION}"));
        }
        Ok(Self {
            rows: stored.rows,
            columns: stored.columns.into_iter().map(|column| (column.key, column.profile)).collect(),
            pairs: stored.pairs.into_iter().map(|pair| (pair.key, pair.sums)).collect(),
        })
    }
}
