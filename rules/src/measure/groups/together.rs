//! Keys of many sets that were put away in one go, such as those of the groups of a check.
//!
//! A place for each set and partition would be more to remember than what was put away. So a partition has one
//! place, where the keys of one set follow those of another, each under the name of the set and their number.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::away::{KEY_BYTES, from_bytes, to_bytes};
use super::runs::{PARTITIONS, merge_runs};
use super::{Examples, GroupCounts, Groups, Survey};
use crate::room::Room;

/// A run of keys of each set outside of memory, partition by partition.
#[derive(Debug, Clone)]
pub(crate) struct Together {
    room: Arc<dyn Room>,
    /// Where each partition is, and how many bytes it takes.
    partitions: Vec<(u64, usize)>,
}

impl Together {
    /// Puts the keys of sets away, each with its name, and forgets them. None where there are no keys.
    pub(crate) fn put(sets: &mut [(u128, &mut Groups)], room: &Arc<dyn Room>) -> io::Result<Option<Self>> {
        for (_, keys) in sets.iter_mut() {
            keys.settle();
            keys.examples.close();
        }
        if sets.iter().all(|(_, keys)| keys.settled_keys == 0) {
            return Ok(None);
        }
        let mut partitions = Vec::with_capacity(PARTITIONS);
        let mut bytes = Vec::new();
        for at in 0..PARTITIONS {
            bytes.clear();
            for (name, keys) in sets.iter() {
                let keys = keys.in_memory(at);
                if !keys.is_empty() {
                    bytes.extend(name.to_le_bytes());
                    bytes.extend((keys.len() as u64).to_le_bytes());
                    bytes.extend(to_bytes(keys));
                }
            }
            partitions.push((room.put(&bytes)?, bytes.len()));
        }
        for (_, keys) in sets.iter_mut() {
            keys.forget();
        }
        Ok(Some(Self { room: Arc::clone(room), partitions }))
    }

    /// The keys of a partition, in order, with the name of the set they are of.
    fn partition(&self, at: usize) -> io::Result<Vec<(u128, Vec<u128>)>> {
        let Some((start, len)) = self.partitions.get(at).filter(|(_, len)| *len > 0) else {
            return Ok(Vec::new());
        };
        let bytes = self.room.get(*start, *len)?;
        let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let (mut rest, mut sets) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            let (name, after) = rest.split_first_chunk().ok_or_else(broken)?;
            let (count, after) = after.split_first_chunk().ok_or_else(broken)?;
            let bytes = (u64::from_le_bytes(*count) as usize).checked_mul(KEY_BYTES);
            let (keys, after) = bytes.and_then(|bytes| after.split_at_checked(bytes)).ok_or_else(broken)?;
            sets.push((u128::from_le_bytes(*name), from_bytes(keys)));
            rest = after;
        }
        Ok(sets)
    }
}

/// The keys of a partition that runs have of each set, in order.
fn partition(runs: &[Together], at: usize) -> io::Result<BTreeMap<u128, Vec<u128>>> {
    let mut sets: BTreeMap<u128, Vec<u128>> = BTreeMap::new();
    for run in runs {
        for (name, keys) in run.partition(at)? {
            let all = sets.entry(name).or_default();
            *all = merge_runs(all, &keys);
        }
    }
    Ok(sets)
}

/// Counts the keys of each set, those in runs among them, and finds the rows to show for them.
pub(crate) fn survey(
    sets: &[(u128, &Groups)],
    runs: &[Together],
) -> io::Result<Vec<(GroupCounts, Examples)>> {
    let mut surveys: Vec<(u128, Survey<'_>)> =
        sets.iter().map(|(name, keys)| (*name, Survey::of(keys))).collect();
    for at in 0..PARTITIONS {
        let away = partition(runs, at)?;
        for (name, survey) in &mut surveys {
            survey.add(at, away.get(name).map_or(&[], Vec::as_slice))?;
        }
    }
    Ok(surveys.into_iter().map(|(_, survey)| survey.result()).collect())
}

/// Takes the keys of each set that are in runs into memory again.
pub(crate) fn bring_back(sets: &mut [(u128, &mut Groups)], runs: &[Together]) -> io::Result<()> {
    for at in 0..PARTITIONS {
        let away = partition(runs, at)?;
        for (name, keys) in sets.iter_mut() {
            let Some(back) = away.get(name) else { continue };
            keys.settled.resize(PARTITIONS, Vec::new());
            keys.settled[at] = merge_runs(back, &keys.settled[at]);
            keys.settled_keys = keys.settled.iter().map(Vec::len).sum();
        }
    }
    Ok(())
}
