//! How many distinct values: exact while there are few, then HyperLogLog.
//!
//! The sketch is Apache `DataSketches`' HLL with 2^14 registers, read by its composite estimator, which
//! depends on the registers alone and so on the set of values, not on their order or the split.

use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex};

/// Up to so many distinct values the count is exact.
pub const EXACT_DISTINCT: usize = 16_384;
const LOG_REGISTERS: u8 = 14;
/// Relative standard error of the composite estimator, 1.04 ÷ √2^14.
pub const RELATIVE_ERROR: f64 = 1.04 / 128.0;

/// State of a distinct count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub enum Distinct {
    /// Hashes of the distinct values.
    Few(HashTable<u64>),
    /// A sketch of them.
    Many(Box<HllSketch>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Few(HashTable::new())
    }
}

impl Distinct {
    /// Adds values by the hashes of their keys.
    pub(super) fn extend(&mut self, hashes: &[u128]) {
        for hash in hashes {
            self.add(*hash as u64);
        }
    }

    /// Adds a value by its hash.
    #[inline]
    pub fn add(&mut self, hash: u64) {
        match self {
            Self::Few(set) => {
                if set.find(hash, |known| *known == hash).is_some() {
                    return;
                }
                set.insert_unique(hash, hash, |known| *known);
                if set.len() > EXACT_DISTINCT {
                    self.grow();
                }
            }
            Self::Many(sketch) => sketch.update_with_coupon(Coupon::from_value(hash)),
        }
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        let held = match self {
            Self::Few(set) => set.len(),
            Self::Many(_) => EXACT_DISTINCT,
        };
        held * size_of::<u64>()
    }

    #[cold]
    fn grow(&mut self) {
        if let Self::Few(set) = self
            && let Ok(mut sketch) = HllSketch::new(LOG_REGISTERS, HllType::Hll8)
        {
            let mut hashes: Vec<u64> = set.iter().copied().collect();
            hashes.sort_unstable();
            for hash in hashes {
                sketch.update_with_coupon(Coupon::from_value(hash));
            }
            *self = Self::Many(Box::new(sketch));
        }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        match other {
            Self::Few(set) => {
                let mut hashes: Vec<u64> = set.into_iter().collect();
                hashes.sort_unstable();
                for hash in hashes {
                    self.add(hash);
                }
            }
            Self::Many(theirs) => {
                self.grow();
                if let Self::Many(mine) = self
                    && let Ok(mut union) = HllUnion::new(LOG_REGISTERS)
                {
                    union.update(mine);
                    union.update(&theirs);
                    **mine = union.to_sketch(HllType::Hll8);
                }
            }
        }
    }

    /// A smaller state: not more than `few` values one by one, else a sketch of `2^log_registers`.
    pub(crate) fn compacted(mut self, few: usize, log_registers: u8) -> Self {
        if let Self::Few(set) = &self
            && set.len() <= few
        {
            return self;
        }
        self.grow();
        if let Self::Many(sketch) = &self
            && let Ok(mut union) = HllUnion::new(log_registers)
        {
            union.update(sketch);
            self = Self::Many(Box::new(union.to_sketch(HllType::Hll4)));
        }
        self
    }

    /// The number of distinct values, and whether it is exact.
    pub fn count(&self) -> (f64, bool) {
        match self {
            Self::Few(set) => (set.len() as f64, true),
            Self::Many(sketch) => (sketch.composite_estimate().round(), false),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    Few(String),
    Many(String),
}

impl From<Distinct> for Stored {
    fn from(distinct: Distinct) -> Self {
        match distinct {
            Distinct::Few(set) => {
                let mut hashes: Vec<u64> = set.into_iter().collect();
                hashes.sort_unstable();
                Self::Few(to_hex(hashes.into_iter().flat_map(u64::to_be_bytes)))
            }
            Distinct::Many(sketch) => Self::Many(to_hex(sketch.serialize())),
        }
    }
}

impl TryFrom<Stored> for Distinct {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let bytes = |text: &str| from_hex(text).ok_or("a distinct count is not hexadecimal");
        match stored {
            Stored::Few(text) => {
                let mut distinct = Self::default();
                for chunk in bytes(&text)?.chunks_exact(8) {
                    distinct.add(chunk.iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte)));
                }
                Ok(distinct)
            }
            Stored::Many(text) => {
                let sketch = HllSketch::deserialize(&bytes(&text)?).map_err(|error| error.to_string())?;
                Ok(Self::Many(Box::new(sketch)))
            }
        }
    }
}
