//! How each value compares with the one before it, in row order, in the whole column or within groups.
//!
//! A part holds the first and the last value of each group, so that merging compares what meets. Beyond a
//! number of groups nothing is kept but the fact.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};

use super::order_key::{NAN_KEY, order_keys};
use super::text;
use crate::keys::hash_rows;
use crate::mask::RowSet;

/// Up to so many groups are told apart, at about 80 bytes each.
pub const MOST_SEQUENCES: usize = if cfg!(test) { 1_000 } else { 10_000_000 };

/// So many breaches are kept to be shown.
pub(super) const SHOWN_BREACHES: usize = 5;

/// What a value has to be to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direction {
    /// Smaller rather than larger.
    pub descending: bool,
    /// Not equal.
    pub strict: bool,
    /// Exactly so far from it, in the unit of the column.
    #[serde(with = "step")]
    pub step: Option<i128>,
    /// Whether the values are floats.
    pub float: bool,
}

impl Direction {
    /// Whether a value may follow another; a NaN neither follows nor is followed.
    pub(crate) fn allows(self, before: i128, after: i128) -> bool {
        if self.float && (before == NAN_KEY || after == NAN_KEY) {
            return false;
        }
        let (low, high) = if self.descending { (after, before) } else { (before, after) };
        match self.step {
            Some(step) => high.checked_sub(low) == Some(step),
            None => {
                if self.strict {
                    low < high
                } else {
                    low <= high
                }
            }
        }
    }
}

/// What is known of neighbouring values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Adjacent {
    direction: Direction,
    /// Values seen.
    pub values: u64,
    /// Pairs of neighbours that are not as they should be.
    pub breaches: u64,
    /// The first of them.
    pub first: Vec<Breach>,
    /// None where there are too many.
    groups: Option<HashMap<u128, Ends>>,
}

/// A value that may not follow the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Its place among the values, from 1.
    pub at: u64,
    /// The key of the value before it.
    #[serde(with = "text::whole")]
    pub before: i128,
    /// Its own key.
    #[serde(with = "text::whole")]
    pub after: i128,
}

/// The first and the last value of a group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Ends {
    #[serde(with = "text::whole")]
    first: i128,
    first_at: u64,
    #[serde(with = "text::whole")]
    last: i128,
}

impl Adjacent {
    /// No values yet.
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, values: 0, breaches: 0, first: Vec::new(), groups: Some(HashMap::new()) }
    }

    /// Compares the rows of a set, which must hold no null: of the first column, within groups of the
    /// others.
    pub(crate) fn of_columns(
        direction: Direction,
        columns: &[ArrayRef],
        rows: &RowSet,
    ) -> Result<Self, ArrowError> {
        let mut all = Self::new(direction);
        let Some((column, within)) = columns.split_first() else { return Ok(all) };
        let keys = order_keys(column)?;
        if within.is_empty() {
            let mut ends = None;
            rows.for_each(&keys, |key| ends = Some(all.follow(ends, key)));
            all.groups = Some(ends.into_iter().map(|ends| (0, ends)).collect());
            return Ok(all);
        }
        let mut hashes = hash_rows(within, rows, false)?.into_iter();
        rows.for_each(&keys, |key| all.add(hashes.next().unwrap_or_default(), key));
        all.bound();
        Ok(all)
    }

    /// Adds a value to the end of a group.
    pub(crate) fn add(&mut self, group: u128, key: i128) {
        let Some(groups) = &self.groups else { return };
        let ends = groups.get(&group).copied();
        let ends = self.follow(ends, key);
        self.groups.get_or_insert_default().insert(group, ends);
    }

    /// Whether there were more groups than are told apart.
    pub fn is_full(&self) -> bool {
        self.groups.is_none()
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.groups.as_ref().map_or(MOST_SEQUENCES, HashMap::len) * size_of::<(u128, Ends)>()
    }

    fn bound(&mut self) {
        if self.groups.as_ref().is_none_or(|groups| groups.len() > MOST_SEQUENCES) {
            *self = Self { groups: None, ..Self::new(self.direction) };
        }
    }

    /// Compares a value with those before it; gives the ends with it.
    fn follow(&mut self, before: Option<Ends>, key: i128) -> Ends {
        self.values += 1;
        let at = self.values;
        let Some(before) = before else { return Ends { first: key, first_at: at, last: key } };
        if !self.direction.allows(before.last, key) {
            self.breaches += 1;
            if self.first.len() < SHOWN_BREACHES {
                self.first.push(Breach { at, before: before.last, after: key });
            }
        }
        Ends { last: key, ..before }
    }

    /// Adds another part, of rows that follow.
    pub(crate) fn merge(&mut self, later: Self) {
        let (Some(groups), Some(others)) = (&mut self.groups, later.groups) else {
            self.groups = None;
            return self.bound();
        };
        let shift = self.values;
        let mut first: Vec<Breach> =
            later.first.into_iter().map(|breach| Breach { at: breach.at + shift, ..breach }).collect();
        others.into_iter().for_each(|(hash, theirs)| match groups.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(Ends { first_at: theirs.first_at + shift, ..theirs });
            }
            Entry::Occupied(mut mine) => {
                let mine = mine.get_mut();
                if !self.direction.allows(mine.last, theirs.first) {
                    self.breaches += 1;
                    let at = theirs.first_at + shift;
                    first.push(Breach { at, before: mine.last, after: theirs.first });
                }
                mine.last = theirs.last;
            }
        });
        first.sort_unstable_by_key(|breach| breach.at);
        self.first.extend(first);
        self.first.truncate(SHOWN_BREACHES);
        self.values += later.values;
        self.breaches += later.breaches;
        self.bound();
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    direction: Direction,
    values: u64,
    breaches: u64,
    first: Vec<Breach>,
    /// In ascending order of their hashes; none where there are too many.
    groups: Option<Vec<Group>>,
}

#[derive(Serialize, Deserialize)]
struct Group {
    #[serde(with = "text::hash")]
    hash: u128,
    #[serde(flatten)]
    ends: Ends,
}

impl From<Adjacent> for Stored {
    fn from(all: Adjacent) -> Self {
        let group = |(hash, ends): (u128, Ends)| Group { hash, ends };
        let mut groups: Option<Vec<Group>> = all.groups.map(|all| all.into_iter().map(group).collect());
        if let Some(groups) = &mut groups {
            groups.sort_unstable_by_key(|group| group.hash);
        }
        let Adjacent { direction, values, breaches, first, .. } = all;
        Self { direction, values, breaches, first, groups }
    }
}

impl From<Stored> for Adjacent {
    fn from(stored: Stored) -> Self {
        let pair = |group: Group| (group.hash, group.ends);
        let groups = stored.groups.map(|groups| groups.into_iter().map(pair).collect());
        let Stored { direction, values, breaches, first, .. } = stored;
        Self { direction, values, breaches, first, groups }
    }
}

/// A step as a text.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
mod step {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(step: &Option<i128>, serializer: S) -> Result<S::Ok, S::Error> {
        step.map(|step| step.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i128>, D::Error> {
        let step: Option<String> = Option::deserialize(deserializer)?;
        step.map(|step| step.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn too_many_groups_are_forgotten_whatever_the_split_and_after_storing() {
        let direction = Direction { descending: false, strict: false, step: None, float: false };
        let of = |groups: std::ops::Range<i64>| {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(groups));
            let rows = RowSet::all(column.len());
            Adjacent::of_columns(direction, &[Arc::clone(&column), column], &rows).unwrap()
        };
        let most = MOST_SEQUENCES as i64;
        let mut parts = of(0..most);
        parts.merge(of(0..1));
        assert!(!parts.is_full());
        assert_eq!(parts.breaches, 0);
        parts.merge(of(most..most + 1));
        assert!(parts.is_full());
        assert_eq!(parts, of(0..most + 1));
        parts.merge(of(0..1));
        let stored: Adjacent = serde_json::from_str(&serde_json::to_string(&parts).unwrap()).unwrap();
        assert_eq!(stored, parts);
    }
}
