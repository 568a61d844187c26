//! Which spellings of texts occur, and which of them differ in nothing but case.
//!
//! Beyond a number of spellings, or of bytes in them, nothing is kept but the fact, so that whole and parts
//! agree whatever the split.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::text;
use crate::mask::{RowSet, for_each_text};

/// Up to so many spellings are told apart.
pub const MOST_SPELLINGS: usize = 1 << 18;
/// Up to so many bytes of them are held.
pub const MOST_SPELT: usize = 1 << 26;

/// Every spelling of a column of texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Spellings {
    /// By their hashes; None where there are too many.
    seen: Option<HashMap<u128, Spelling>>,
    /// The bytes of all of them.
    bytes: usize,
}

/// A spelling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Spelling {
    #[serde(with = "text::hash")]
    hash: u128,
    /// The hash of its lower case, which all that differ in case alone share.
    #[serde(with = "text::hash")]
    folded: u128,
    rows: u64,
    bytes: usize,
    /// None where it is not to be shown.
    text: Option<String>,
}

/// A spelling that is not the commonest of those that differ from it in case alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant<'a> {
    /// The spelling, where it may be shown.
    pub text: Option<&'a str>,
    /// Rows with it.
    pub rows: u64,
    /// The commonest one.
    pub reference: Option<&'a str>,
}

impl Default for Spellings {
    fn default() -> Self {
        Self { seen: Some(HashMap::new()), bytes: 0 }
    }
}

impl Spellings {
    /// The texts of a column's rows that are in the set, which must hold no null.
    pub(crate) fn of_column(column: &ArrayRef, rows: &RowSet) -> Result<Self, ArrowError> {
        let mut all = Self::default();
        for_each_text(column, rows, |text| {
            let hash = xxh3_128(text.as_bytes());
            let known = all.seen.as_mut().and_then(|seen| seen.get_mut(&hash));
            match known {
                Some(known) => known.rows += 1,
                None => all.add(Spelling {
                    hash,
                    folded: xxh3_128(text.to_lowercase().as_bytes()),
                    rows: 1,
                    bytes: text.len(),
                    text: Some(text.to_owned()),
                }),
            }
        })?;
        Ok(all)
    }

    fn add(&mut self, spelling: Spelling) {
        let Some(seen) = &mut self.seen else { return };
        if let Some(known) = seen.get_mut(&spelling.hash) {
            known.rows += spelling.rows;
            return;
        }
        self.bytes += spelling.bytes;
        seen.insert(spelling.hash, spelling);
        if seen.len() > MOST_SPELLINGS || self.bytes > MOST_SPELT {
            *self = Self { seen: None, bytes: 0 };
        }
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: Self) {
        match other.seen {
            Some(seen) => seen.into_values().for_each(|spelling| self.add(spelling)),
            None => *self = other,
        }
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.seen.as_ref().map_or(MOST_SPELT, |seen| seen.len() * size_of::<Spelling>() + self.bytes)
    }

    /// Forgets the texts, by whose hashes they are still told apart.
    pub(super) fn redact(&mut self) {
        let spellings = self.seen.iter_mut().flat_map(HashMap::values_mut);
        spellings.for_each(|spelling| spelling.text = None);
    }

    /// The spellings that differ from a commoner one in case alone, the commonest first; of spellings that
    /// are equally common, the first in the order of UTF-8 bytes is the one the others differ from. None
    /// where there are too many spellings.
    pub fn variants(&self) -> Option<Vec<Variant<'_>>> {
        let mut all: Vec<&Spelling> = self.seen.as_ref()?.values().collect();
        all.sort_unstable_by(|a, b| {
            (a.folded, b.rows, &a.text, a.hash).cmp(&(b.folded, a.rows, &b.text, b.hash))
        });
        let classes = all.chunk_by(|a, b| a.folded == b.folded);
        let mut variants: Vec<Variant<'_>> = classes
            .filter_map(<[&Spelling]>::split_first)
            .flat_map(|(reference, others)| {
                others.iter().map(|spelling| Variant {
                    text: spelling.text.as_deref(),
                    rows: spelling.rows,
                    reference: reference.text.as_deref(),
                })
            })
            .collect();
        variants.sort_by(|a, b| (b.rows, a.text).cmp(&(a.rows, b.text)));
        Some(variants)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// In the order of their hashes; none where there are too many.
    spellings: Option<Vec<Spelling>>,
}

impl From<Spellings> for Stored {
    fn from(all: Spellings) -> Self {
        let mut spellings: Option<Vec<Spelling>> = all.seen.map(|seen| seen.into_values().collect());
        if let Some(spellings) = &mut spellings {
            spellings.sort_unstable_by_key(|spelling| spelling.hash);
        }
        Self { spellings }
    }
}

impl From<Stored> for Spellings {
    fn from(stored: Stored) -> Self {
        let Some(spellings) = stored.spellings else { return Self { seen: None, bytes: 0 } };
        let bytes = spellings.iter().map(|spelling| spelling.bytes).sum();
        let seen = spellings.into_iter().map(|spelling| (spelling.hash, spelling)).collect();
        Self { seen: Some(seen), bytes }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::StringArray;

    use super::*;

    fn of(texts: impl IntoIterator<Item = String>) -> Spellings {
        let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        Spellings::of_column(&column, &RowSet::all(column.len())).unwrap()
    }

    #[test]
    fn too_many_spellings_are_forgotten_whatever_the_split() {
        let spelling = |at: usize| format!("spelling {at}");
        let most = of((0..MOST_SPELLINGS).map(spelling));
        assert_eq!(most.variants().map(|found| found.len()), Some(0));
        let (mut split, whole) = (most.clone(), of((0..=MOST_SPELLINGS).map(spelling)));
        split.merge(of([spelling(7)]));
        assert!(split.variants().is_some());
        split.merge(of([spelling(MOST_SPELLINGS)]));
        assert_eq!((split.variants(), whole.variants()), (None, None));
        assert_eq!(split, whole);
    }

    #[test]
    fn too_many_bytes_are_forgotten_too() {
        let long = |at: usize| format!("{at}{}", "x".repeat(MOST_SPELT / 4));
        assert!(of((0..3).map(long)).variants().is_some());
        assert!(of((0..4).map(long)).variants().is_none());
    }
}
