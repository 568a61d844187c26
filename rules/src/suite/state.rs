//! What a suite accumulated: versioned, mergeable, serialisable.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

use super::RuleError;
use super::group_parts::GroupParts;
use crate::measure::{Accumulated, Spec, profiles};
use crate::profile::Profile;
use crate::room::Room;
use crate::sample::Sample;

/// The version written into states.
const VERSION: u32 = 1;

/// Everything needed to judge a suite's checks, whatever their thresholds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    version: u32,
    specs: Vec<Spec>,
    measured: Vec<bool>,
    part: Part,
    /// Where keys go that do not fit in memory, if there is such a place.
    #[serde(skip)]
    room: Option<Arc<dyn Room>>,
}

/// What one batch contributes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    pub(super) tallies: Vec<Tally>,
    pub(super) measures: Vec<Accumulated>,
    /// The parts of each grouping.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) groupings: Vec<GroupParts>,
}

/// How the rows fared under one row check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) evaluated: u64,
    pub(super) failed: u64,
    pub(super) nulls: u64,
    pub(super) samples: Vec<Sample>,
    /// As many samples are kept.
    pub(super) limit: usize,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) error: Option<String>,
}

impl State {
    pub(super) fn new<'a>(
        checks: usize,
        groupings: usize,
        planned: impl Iterator<Item = (Spec, bool, &'a [DataType])>,
    ) -> Self {
        let mut state = Self {
            version: VERSION,
            specs: Vec::new(),
            measured: Vec::new(),
            part: Part {
                tallies: vec![Tally::default(); checks],
                measures: Vec::new(),
                groupings: vec![GroupParts::default(); groupings],
            },
            room: None,
        };
        for (spec, measured, types) in planned {
            state.part.measures.push(Accumulated::new(&spec.what, types));
            state.specs.push(spec);
            state.measured.push(measured);
        }
        state
    }

    /// The same state, which puts keys away that there is no `room` for.
    #[must_use]
    pub fn within(mut self, room: Arc<dyn Room>) -> Self {
        self.room = Some(room);
        self
    }

    /// Adds what a batch contributed.
    pub fn merge(&mut self, part: Part) -> Result<(), RuleError> {
        self.part.merge(part, self.room.as_ref())?;
        match &self.room {
            Some(room) => self.part.give_way(room).map_err(RuleError::Room),
            None => Ok(()),
        }
    }

    /// Adds another state of the same suite, of rows that come after this one's.
    pub fn append(&mut self, other: Self) -> Result<(), RuleError> {
        if self.version != other.version || self.specs != other.specs || self.measured != other.measured {
            return Err(RuleError::ForeignPart);
        }
        self.part.merge(other.part, self.room.as_ref())
    }

    /// What was measured, and what came out; for baselines.
    pub fn readings(&self) -> impl Iterator<Item = (&Spec, &Accumulated)> {
        let all = self.specs.iter().zip(&self.part.measures).zip(&self.measured);
        all.filter(|(_, measured)| **measured).map(|(reading, _)| reading)
    }

    /// What the suite learnt of the columns of each partition, within the room that is kept for it when
    /// stored; under the name "" where rows were not told apart.
    pub fn profiles(&self) -> BTreeMap<String, Profile> {
        let all = profiles(self.readings());
        all.into_iter().map(|(name, profile)| (name, profile.compacted())).collect()
    }

    pub(super) fn part(&self) -> &Part {
        &self.part
    }

    /// Whether the state was accumulated by a suite with these measures and as many checks.
    pub(super) fn belongs_to<'a>(
        &self,
        checks: usize,
        groupings: usize,
        mut specs: impl ExactSizeIterator<Item = &'a Spec>,
    ) -> bool {
        self.version == VERSION
            && self.part.tallies.len() == checks
            && self.part.groupings.len() == groupings
            && self.specs.len() == specs.len()
            && self.specs.len() == self.part.measures.len()
            && self.specs.iter().all(|spec| specs.next() == Some(spec))
    }
}

impl Part {
    /// Puts away the keys of whoever holds more than an even share of them, if there are too many. What all groups
    /// hold of a measure counts as one.
    fn give_way(&mut self, room: &Arc<dyn Room>) -> io::Result<()> {
        let own = self.measures.iter().filter_map(Accumulated::keys).map(|keys| keys.held() as u64);
        let of_groups = self.groupings.iter().flat_map(|groups| groups.keys_held().into_values());
        let held: Vec<u64> = own.chain(of_groups).filter(|bytes| *bytes > 0).collect();
        if held.is_empty() && self.groupings.is_empty() {
            return Ok(());
        }
        let all: u64 = held.iter().sum();
        if !room.is_full(all) || held.is_empty() {
            return Ok(());
        }
        let share = all / held.len() as u64;
        for keys in self.measures.iter_mut().filter_map(Accumulated::keys_mut) {
            if keys.held() as u64 >= share {
                keys.put_away(room)?;
            }
        }
        self.groupings.iter_mut().try_for_each(|groups| groups.put_away(share, room))
    }

    /// Adds another part. Keys of groups that would be too many go where there is room, if there is such a place.
    pub(super) fn merge(&mut self, other: Self, room: Option<&Arc<dyn Room>>) -> Result<(), RuleError> {
        if self.tallies.len() != other.tallies.len()
            || self.measures.len() != other.measures.len()
            || self.groupings.len() != other.groupings.len()
        {
            return Err(RuleError::ForeignPart);
        }
        for (mine, theirs) in self.tallies.iter_mut().zip(other.tallies) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.measures.iter_mut().zip(other.measures) {
            if !mine.merge(theirs) {
                return Err(RuleError::ForeignPart);
            }
        }
        for (mine, theirs) in self.groupings.iter_mut().zip(other.groupings) {
            mine.merge(theirs, room)?;
        }
        Ok(())
    }

    /// About as many bytes as its measures hold of what grows with the rows.
    pub(super) fn bytes(&self) -> usize {
        self.measures.iter().map(Accumulated::bytes).sum()
    }

    /// Brings what its measures hold to the least room that it takes.
    pub(super) fn settle(&mut self) {
        self.measures.iter_mut().for_each(Accumulated::settle);
    }
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.evaluated += other.evaluated;
        self.failed += other.failed;
        self.nulls += other.nulls;
        self.limit = self.limit.max(other.limit);
        let room = self.limit.saturating_sub(self.samples.len());
        self.samples.extend(other.samples.into_iter().take(room));
        if self.error.is_none() {
            self.error = other.error;
        }
    }
}
