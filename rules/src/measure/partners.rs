//! Which rows have a partner in another dataset, and how they differ from it.
//!
//! Rows are compared as they pass, so that what accumulates is small: counts, one bit for each key of the
//! other dataset, and the rows to show.

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex};
use crate::counterpart::{Counterpart, NO_KEY};
use crate::keys::hash_rows;
use crate::mask::RowSet;
use crate::sample::{Keep, Sample};

/// The dataset in which partners are looked up. Written down it is only known by its digest.
#[derive(Clone, Serialize, Deserialize)]
pub struct Lookup {
    #[serde(with = "super::text::hash")]
    digest: u128,
    #[serde(skip)]
    of: Option<Arc<Counterpart>>,
}

impl Lookup {
    pub(crate) fn new(of: Arc<Counterpart>) -> Self {
        Self { digest: of.digest(), of: Some(of) }
    }
}

impl PartialEq for Lookup {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Debug for Lookup {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// How rows here and keys there fared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Partners {
    /// Rows here whose key is there.
    pub found: u64,
    /// Of these, rows that differ from their partner in a compared column.
    pub different: u64,
    /// Rows that differ in each compared column.
    pub columns: Vec<u64>,
    /// A bit for each key there: whether it is here.
    seen: Bits,
    /// So many rows are shown.
    limit: usize,
    first: Vec<Sample>,
}

impl Partners {
    /// Looks up the rows in scope, given the columns of keys and then those compared. Gives the number of
    /// rows with a null in the key too.
    pub(crate) fn of(
        lookup: &Lookup,
        columns: &[ArrayRef],
        scope: &RowSet,
        keep: Option<&Keep>,
    ) -> Result<(Self, u64), ArrowError> {
        let absent =
            || ArrowError::InvalidArgumentError("the rows of the other dataset are not at hand".into());
        let other = lookup.of.as_ref().ok_or_else(absent)?;
        let pairing = other.pairing();
        let (keys, values) = columns.split_at(pairing.keys.len().min(columns.len()));
        let keys = keys.iter().zip(&pairing.keys).map(|(column, pair)| pair.ways.0.apply(column));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let present = keys.iter().fold(scope.clone(), |rows, column| rows.and_valid(column.nulls()));
        let rows = if pairing.nulls_equal { scope } else { &present };
        let mut all = Self { limit: keep.map_or(0, |keep| keep.rows), ..Self::default() };
        let mut partners = vec![NO_KEY; scope.len()];
        for (row, hash) in rows.to_mask().set_indices().zip(hash_rows(&keys, rows, pairing.nulls_equal)?) {
            if let Some(number) = other.number(hash) {
                partners[row] = number;
                all.found += 1;
                all.seen.set(number as usize);
            }
        }
        let partners: UInt32Array = partners.into_iter().map(|number| other.first_row(number)).collect();
        let differing = other.differing(values, &partners)?;
        all.columns = differing.iter().map(|rows| rows.count_set_bits() as u64).collect();
        let different = differing.iter().fold(BooleanBuffer::new_unset(scope.len()), |all, rows| &all | rows);
        all.different = different.count_set_bits() as u64;
        if let Some(keep) = keep {
            all.first = shown(other, scope, &partners, &different, &differing, keep);
        }
        Ok((all, (scope.count() - present.count()) as u64))
    }

    /// Adds those of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        self.found += later.found;
        self.different += later.different;
        self.columns.resize(self.columns.len().max(later.columns.len()), 0);
        for (mine, theirs) in self.columns.iter_mut().zip(&later.columns) {
            *mine += theirs;
        }
        self.seen.merge(&later.seen);
        self.limit = self.limit.max(later.limit);
        let room = self.limit.saturating_sub(self.first.len());
        self.first.extend(later.first.into_iter().take(room));
    }

    /// How many keys there are here too.
    pub(crate) fn keys_found(&self) -> u64 {
        self.seen.count()
    }

    /// Whether the key of a number there is here too.
    pub(crate) fn is_found(&self, number: usize) -> bool {
        self.seen.has(number)
    }

    /// The first rows that have no partner or differ from it.
    pub(crate) fn first(&self) -> impl Iterator<Item = Sample> + '_ {
        self.first.iter().cloned()
    }
}

/// The first rows in scope that have no partner or differ from it.
fn shown(
    other: &Counterpart,
    scope: &RowSet,
    partners: &UInt32Array,
    different: &BooleanBuffer,
    differing: &[BooleanBuffer],
    keep: &Keep,
) -> Vec<Sample> {
    let partner = |row: usize| partners.is_valid(row).then(|| partners.value(row));
    let fails = |row: &usize| different.value(*row) || partner(*row).is_none();
    let mask = scope.to_mask();
    let rows = mask.set_indices().filter(fails).take(keep.rows);
    rows.map(|row| other.show(keep.sample(row), partner(row), |at| differing[at].value(row))).collect()
}

/// Bits by their places; those not held are not set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, at: usize) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn merge(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }
}

impl From<Bits> for String {
    fn from(bits: Bits) -> Self {
        to_hex(bits.0.into_iter().flat_map(u64::to_be_bytes))
    }
}

impl TryFrom<String> for Bits {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = from_hex(&text).ok_or("a set of keys is not hexadecimal")?;
        let word = |chunk: &[u8]| chunk.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        Ok(Self(bytes.chunks_exact(8).map(word).collect()))
    }
}
