//! Which keys go with several other keys: how far some columns determine others.
//!
//! Of each key the first that it goes with is held, and how often; the others, few where the columns do
//! determine each other, are counted apart up to a number. Beyond it they are not counted any more, only that
//! there are some.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex, wholes};
use crate::keys::hash_rows;
use crate::mask::RowSet;

/// Up to so many determining keys are held, at about 80 bytes each.
pub const MOST_DETERMINANTS: usize = if cfg!(test) { 10_000 } else { 10_000_000 };
/// Up to so many pairs of a key and another than its first are counted.
pub const MOST_OTHERS: usize = 1 << 20;

/// What each key goes with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Dependency {
    /// By the hashes of the keys; None where there are too many.
    keys: Option<HashMap<u128, First>>,
    /// Rows with each other pair of hashes; None where there are too many.
    others: Option<HashMap<(u128, u128), u64>>,
}

/// The first that a key goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    hash: u128,
    rows: u64,
    /// Whether the key goes with others too.
    torn: bool,
}

/// How far a dependency holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// Rows that stay if each key keeps only what it goes with most often; None where more than
    /// [`MOST_OTHERS`] pairs, and so at least one row more, are against the dependency.
    pub kept: Option<u64>,
    /// Keys.
    pub keys: u64,
    /// Keys that go with several.
    pub torn: u64,
}

impl Default for Dependency {
    fn default() -> Self {
        Self { keys: Some(HashMap::new()), others: Some(HashMap::new()) }
    }
}

impl Dependency {
    const TOO_MANY: Self = Self { keys: None, others: None };

    /// What the rows of a set, which must hold no null, go with; the first so many columns are the key.
    pub(crate) fn of_columns(columns: &[ArrayRef], left: usize, rows: &RowSet) -> Result<Self, ArrowError> {
        let (left, right) = columns.split_at(left.min(columns.len()));
        let mut all = Self::default();
        for (key, other) in hash_rows(left, rows, false)?.into_iter().zip(hash_rows(right, rows, false)?) {
            all.add(key, other, 1, false);
        }
        all.bound();
        Ok(all)
    }

    /// Adds rows with a pair of hashes; `torn`, where their key is known to go with others too.
    fn add(&mut self, key: u128, other: u128, rows: u64, torn: bool) {
        let Some(keys) = &mut self.keys else { return };
        match keys.entry(key) {
            Entry::Vacant(place) => {
                place.insert(First { hash: other, rows, torn });
            }
            Entry::Occupied(mut place) => {
                let first = place.get_mut();
                let same = first.hash == other;
                first.torn |= torn || !same;
                if same {
                    first.rows += rows;
                } else if let Some(others) = &mut self.others {
                    *others.entry((key, other)).or_default() += rows;
                }
            }
        }
    }

    /// Adds another part, of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        let Some(keys) = later.keys else {
            *self = Self::TOO_MANY;
            return;
        };
        keys.into_iter().for_each(|(key, first)| self.add(key, first.hash, first.rows, first.torn));
        match later.others {
            Some(others) => {
                others.into_iter().for_each(|((key, other), rows)| self.add(key, other, rows, true));
            }
            None => self.others = None,
        }
        self.bound();
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        let keys = self.keys.as_ref().map_or(MOST_DETERMINANTS, HashMap::len);
        let others = self.others.as_ref().map_or(MOST_OTHERS, HashMap::len);
        keys * size_of::<(u128, First)>() + others * size_of::<((u128, u128), u64)>()
    }

    fn bound(&mut self) {
        if self.keys.as_ref().is_none_or(|keys| keys.len() > MOST_DETERMINANTS) {
            *self = Self::TOO_MANY;
        } else if self.others.as_ref().is_some_and(|others| others.len() > MOST_OTHERS) {
            self.others = None;
        }
    }

    /// How far it holds; None where there are too many keys.
    pub fn torn(&self) -> Option<Torn> {
        let keys = self.keys.as_ref()?;
        let mut most: HashMap<u128, u64> = HashMap::new();
        self.others.iter().flatten().for_each(|((key, _), rows)| {
            let known = most.entry(*key).or_default();
            *known = (*known).max(*rows);
        });
        let best = |(key, first): (&u128, &First)| first.rows.max(most.get(key).copied().unwrap_or_default());
        Some(Torn {
            kept: self.others.is_some().then(|| keys.iter().map(best).sum()),
            keys: keys.len() as u64,
            torn: keys.values().filter(|first| first.torn).count() as u64,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Each key with the first that it goes with, in ascending order of keys; none where there are too many.
    keys: Option<String>,
    rows: Vec<u64>,
    /// The places of the keys that go with several.
    torn: Vec<usize>,
    /// Each other pair, in ascending order; none where there are too many.
    others: Option<String>,
    other_rows: Vec<u64>,
}

fn hex<'a>(pairs: impl Iterator<Item = (&'a u128, &'a u128)>) -> String {
    to_hex(pairs.flat_map(|(a, b)| a.to_be_bytes().into_iter().chain(b.to_be_bytes())))
}

fn pairs(stored: &str) -> Result<Vec<(u128, u128)>, &'static str> {
    let hashes = wholes(&from_hex(stored).ok_or("a set of pairs is not hexadecimal")?);
    Ok(hashes.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect())
}

impl From<Dependency> for Stored {
    fn from(all: Dependency) -> Self {
        let mut keys: Option<Vec<(u128, First)>> = all.keys.map(|keys| keys.into_iter().collect());
        if let Some(keys) = &mut keys {
            keys.sort_unstable_by_key(|(key, _)| *key);
        }
        let mut others: Option<Vec<((u128, u128), u64)>> = all.others.map(|all| all.into_iter().collect());
        if let Some(others) = &mut others {
            others.sort_unstable();
        }
        let firsts = || keys.iter().flatten();
        Self {
            rows: firsts().map(|(_, first)| first.rows).collect(),
            torn: firsts().enumerate().filter(|(_, (_, first))| first.torn).map(|(at, _)| at).collect(),
            keys: keys.as_ref().map(|keys| hex(keys.iter().map(|(key, first)| (key, &first.hash)))),
            other_rows: others.iter().flatten().map(|(_, rows)| *rows).collect(),
            others: others.map(|others| hex(others.iter().map(|((key, other), _)| (key, other)))),
        }
    }
}

impl TryFrom<Stored> for Dependency {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Some(keys) = stored.keys else { return Ok(Self::TOO_MANY) };
        let firsts = pairs(&keys)?.into_iter().zip(stored.rows).enumerate();
        let first = |(at, ((key, hash), rows))| {
            (key, First { hash, rows, torn: stored.torn.binary_search(&at).is_ok() })
        };
        let others = stored.others.map(|others| pairs(&others)).transpose()?;
        let others = others.map(|others| others.into_iter().zip(stored.other_rows).collect());
        Ok(Self { keys: Some(firsts.map(first).collect()), others })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;

    fn of(pairs: impl Iterator<Item = (i64, i64)>) -> Dependency {
        let (left, right): (Vec<i64>, Vec<i64>) = pairs.unzip();
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(left)), Arc::new(Int64Array::from(right))];
        Dependency::of_columns(&columns, 1, &RowSet::all(columns[0].len())).unwrap()
    }

    #[test]
    fn others_are_not_counted_beyond_a_number_whatever_the_split() {
        let rows = MOST_OTHERS as i64 + 2;
        // Ten keys; the first of each occurs once.
        let pair = |at: i64| (at % 10, at);
        assert!(of((0..rows - 1).map(pair)).torn().unwrap().kept.is_some());
        let whole = of((0..rows + 9).map(pair)).torn().unwrap();
        assert_eq!(whole, Torn { kept: None, keys: 10, torn: 10 });
        for cut in [1, 10, rows / 2] {
            let mut parts = of((0..cut).map(pair));
            parts.merge(of((cut..rows + 9).map(pair)));
            assert_eq!(parts.torn(), Some(whole), "{cut}");
            let stored: Dependency = serde_json::from_str(&serde_json::to_string(&parts).unwrap()).unwrap();
            assert_eq!(stored, parts);
        }
    }

    #[test]
    fn too_many_keys_are_forgotten() {
        let mut most = of((0..MOST_DETERMINANTS as i64).map(|at| (at, 0)));
        assert_eq!(most.torn().unwrap().kept, Some(MOST_DETERMINANTS as u64));
        most.merge(of(std::iter::once((3, 0))));
        assert!(most.torn().is_some());
        most.merge(of(std::iter::once((-1, 0))));
        assert_eq!((most.torn(), most), (None, Dependency::TOO_MANY));
    }
}
