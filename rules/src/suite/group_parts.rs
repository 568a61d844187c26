//! What was accumulated for each group of rows, within bounds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_128;

use super::RuleError;
use super::state::Part;
use crate::measure::{Accumulated, Accumulator, Examples, GroupCounts, Groups, Together, bring_back, survey};
use crate::room::Room;

/// So many groups are kept apart; a check over more is an error.
pub(super) const MOST_GROUPS: usize = if cfg!(test) { 10 } else { 10_000 };

/// About so many bytes of keys, values and the like are held for all groups; a check over more is an error. Keys
/// of rows are put away first where there is room for them.
pub(super) const MOST_BYTES: usize = 1 << if cfg!(test) { 20 } else { 30 };

/// The part of each group, by the values of its keys as JSON.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct GroupParts {
    pub(super) groups: BTreeMap<String, Part>,
    /// Whether there were more groups, or more was held for them, than is kept; then none are.
    pub(super) overflow: bool,
    /// Keys of rows that were put away, those of all groups together, by the measure they are of.
    #[serde(skip)]
    away: BTreeMap<usize, Vec<Together>>,
}

/// The counts of keys of which some were put away, and the rows to show for them, by measure and group.
pub(super) type Counted<'g> = BTreeMap<usize, BTreeMap<&'g str, (GroupCounts, Examples)>>;

impl GroupParts {
    pub(super) const TOO_MUCH: Self = Self { groups: BTreeMap::new(), overflow: true, away: BTreeMap::new() };

    /// Adds those of rows that follow. Where they would be too much, keys are put away, if there is room.
    pub(super) fn merge(&mut self, later: Self, room: Option<&Arc<dyn Room>>) -> Result<(), RuleError> {
        if !self.overflow && !later.overflow {
            for (measure, runs) in later.away {
                self.away.entry(measure).or_default().extend(runs);
            }
            for (key, part) in later.groups {
                match self.groups.entry(key) {
                    Entry::Occupied(mut mine) => mine.get_mut().merge(part, None)?,
                    Entry::Vacant(place) => drop(place.insert(part)),
                }
            }
            if self.groups.len() <= MOST_GROUPS && self.fits(room)? {
                return Ok(());
            }
        }
        *self = Self::TOO_MUCH;
        Ok(())
    }

    /// Whether no more is held than may be, if need be with keys put away.
    fn fits(&mut self, room: Option<&Arc<dyn Room>>) -> Result<bool, RuleError> {
        let fits = |parts: &Self| parts.groups.values().map(Part::bytes).sum::<usize>() <= MOST_BYTES;
        if fits(self) {
            return Ok(true);
        }
        self.groups.values_mut().for_each(Part::settle);
        if let (false, Some(room)) = (fits(self), room) {
            self.put_away(0, room).map_err(RuleError::Room)?;
        }
        Ok(fits(self))
    }

    /// As many bytes of keys as all groups hold together, by the measure they are of.
    pub(super) fn keys_held(&self) -> BTreeMap<usize, u64> {
        let mut held = BTreeMap::new();
        for part in self.groups.values() {
            for (measure, all) in part.measures.iter().enumerate() {
                if let Some(keys) = all.keys() {
                    *held.entry(measure).or_default() += keys.held() as u64;
                }
            }
        }
        held
    }

    /// Puts away the keys of measures of which all groups together hold at least so many bytes.
    pub(super) fn put_away(&mut self, least: u64, room: &Arc<dyn Room>) -> io::Result<()> {
        for (measure, bytes) in self.keys_held() {
            if bytes > 0 && bytes >= least {
                let run = Together::put(&mut of_each(&mut self.groups, measure), room)?;
                self.away.entry(measure).or_default().extend(run);
            }
        }
        Ok(())
    }

    /// Counts the keys of those of the measures of which some were put away.
    pub(super) fn counted(&self, measures: &[usize]) -> io::Result<Counted<'_>> {
        let mut all = Counted::new();
        for (measure, runs) in self.away.iter().filter(|(measure, _)| measures.contains(measure)) {
            let sets = self.groups.iter().filter_map(|(key, part)| {
                Some((key.as_str(), part.measures.get(*measure).and_then(Accumulated::keys)?))
            });
            let (groups, sets): (Vec<&str>, Vec<_>) =
                sets.map(|(group, keys)| (group, (name(group), keys))).unzip();
            all.insert(*measure, groups.into_iter().zip(survey(&sets, runs)?).collect());
        }
        Ok(all)
    }

    /// The parts with all keys in memory.
    fn brought_back(&self) -> io::Result<Cow<'_, BTreeMap<String, Part>>> {
        let mut groups = Cow::Borrowed(&self.groups);
        for (measure, runs) in &self.away {
            bring_back(&mut of_each(groups.to_mut(), *measure), runs)?;
        }
        Ok(groups)
    }
}

/// What keys of a group are put away under.
fn name(group: &str) -> u128 {
    xxh3_128(group.as_bytes())
}

/// The keys of a measure, group by group.
fn of_each(groups: &mut BTreeMap<String, Part>, measure: usize) -> Vec<(u128, &mut Groups)> {
    let all = groups.iter_mut().filter_map(|(key, part)| {
        let keys = part.measures.get_mut(measure).and_then(Accumulated::keys_mut)?;
        Some((name(key), keys))
    });
    all.collect()
}

/// A group's part with its keys as they were counted.
pub(super) fn with_counts(part: &Part, group: &str, counted: &Counted<'_>) -> Part {
    let measure = |(measure, all): (usize, &Accumulated)| match counted
        .get(&measure)
        .and_then(|groups| groups.get(group))
    {
        Some((counts, examples)) => {
            let accumulator = Accumulator::Groups(Groups::counted(*counts, examples.clone()));
            Accumulated { rows: all.rows, nulls: all.nulls, accumulator }
        }
        None => all.clone(),
    };
    let measures = part.measures.iter().enumerate().map(measure).collect();
    Part { tallies: part.tallies.clone(), measures, groupings: part.groupings.clone() }
}

impl Serialize for GroupParts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Stored<'a> {
            groups: &'a BTreeMap<String, Part>,
            overflow: bool,
        }
        let groups = self.brought_back().map_err(serde::ser::Error::custom)?;
        Stored { groups: &groups, overflow: self.overflow }.serialize(serializer)
    }
}
