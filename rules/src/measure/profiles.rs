//! Profiles of a column, and sums of pairs, for each partition that the rows belong to.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::values::{floats, present_only};
use super::{Accumulated, Accumulator, CoMoments, Spec};
use crate::mask::RowSet;
use crate::profile::{ColumnKey, ColumnProfile, Depth, PairKey, Profile};

/// Which partition each row of a batch belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Partitions<'a> {
    /// A position among the names for each row.
    pub of_row: &'a [u32],
    /// The partitions' names.
    pub names: &'a [String],
}

/// The profile of a column in each partition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Profiles {
    /// By the partition's name; empty where rows were not told apart.
    pub partitions: BTreeMap<String, ColumnProfile>,
}

impl Profiles {
    /// What a batch adds; without a column the rows are counted.
    pub(crate) fn of_batch(
        depth: Depth,
        columns: &[ArrayRef],
        scope: &RowSet,
        partitions: Option<Partitions<'_>>,
    ) -> Result<Self, ArrowError> {
        let mut all = Self::default();
        for (name, columns, rows) in split(columns, scope, partitions)? {
            let profile = match columns.as_slice() {
                [column, ..] => ColumnProfile::of_column(depth, column, &rows)?,
                [] => ColumnProfile::of_rows(depth, rows.count() as u64),
            };
            all.partitions.insert(name.to_owned(), profile);
        }
        Ok(all)
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        for (name, profile) in other.partitions {
            match self.partitions.get_mut(&name) {
                Some(mine) => mine.merge(profile),
                None => {
                    self.partitions.insert(name, profile);
                }
            }
        }
    }

    /// Names no value but by a hash.
    pub(super) fn redact(&mut self) {
        self.partitions.values_mut().for_each(ColumnProfile::redact);
    }

    /// One of the partitions, if it is one.
    pub(super) fn only(&self, name: &str) -> Self {
        let partition = self.partitions.get_key_value(name);
        Self { partitions: partition.map(|(name, all)| (name.clone(), all.clone())).into_iter().collect() }
    }

    /// All partitions together; None where there were no rows.
    pub fn together(&self) -> Option<ColumnProfile> {
        let mut all = self.partitions.values().cloned();
        let first = all.next()?;
        Some(all.fold(first, |mut sum, profile| {
            sum.merge(profile);
            sum
        }))
    }
}

/// Sums of two columns in each partition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PairSums {
    /// By the partition's name; empty where rows were not told apart.
    pub partitions: BTreeMap<String, CoMoments>,
}

impl PairSums {
    /// What a batch of two columns adds; the set must hold no null.
    pub(crate) fn of_batch(
        columns: &[ArrayRef],
        present: &RowSet,
        partitions: Option<Partitions<'_>>,
    ) -> Result<Self, ArrowError> {
        let mut all = Self::default();
        for (name, columns, rows) in split(columns, present, partitions)? {
            if let [x, y] = columns.as_slice() {
                let mut sums = CoMoments::default();
                sums.add_all(&present_only(&floats(x)?, &rows), &present_only(&floats(y)?, &rows));
                all.partitions.insert(name.to_owned(), sums);
            }
        }
        Ok(all)
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        for (name, sums) in other.partitions {
            self.partitions.entry(name).or_default().merge(&sums);
        }
    }

    /// One of the partitions, if it is one.
    pub(super) fn only(&self, name: &str) -> Self {
        let partition = self.partitions.get_key_value(name);
        Self { partitions: partition.map(|(name, all)| (name.clone(), all.clone())).into_iter().collect() }
    }

    /// All partitions together.
    pub fn together(&self) -> CoMoments {
        self.partitions.values().fold(CoMoments::default(), |mut sum, sums| {
            sum.merge(sums);
            sum
        })
    }
}

/// What measures tell of the columns of each partition; under the name "" where rows were not told apart.
pub(crate) fn profiles<'a>(
    readings: impl Iterator<Item = (&'a Spec, &'a Accumulated)>,
) -> BTreeMap<String, Profile> {
    let mut all: BTreeMap<String, Profile> = BTreeMap::new();
    for (spec, accumulated) in readings {
        match (&accumulated.accumulator, spec.columns.as_slice()) {
            (Accumulator::Profiles(profiles), columns) => {
                let column = columns.first().map_or("", String::as_str);
                for (name, profile) in &profiles.partitions {
                    let key = ColumnKey::new(column, spec.filter.as_deref());
                    all.entry(name.clone()).or_default().insert(key, profile.clone());
                }
            }
            (Accumulator::PairSums(pairs), [x, y]) => {
                for (name, sums) in &pairs.partitions {
                    let key = PairKey { columns: (x.clone(), y.clone()), filter: spec.filter.clone() };
                    all.entry(name.clone()).or_default().pairs.insert(key, sums.clone());
                }
            }
            _ => {}
        }
    }
    all
}

/// A partition's name, its columns, and which of their rows belong to it.
type Part<'a> = (&'a str, Vec<ArrayRef>, RowSet);

/// The rows of the set, partition by partition.
fn split<'a>(
    columns: &[ArrayRef],
    scope: &RowSet,
    partitions: Option<Partitions<'a>>,
) -> Result<Vec<Part<'a>>, ArrowError> {
    if scope.count() == 0 {
        return Ok(Vec::new());
    }
    let Some(Partitions { of_row, names }) = partitions else {
        return Ok(vec![("", columns.to_vec(), scope.clone())]);
    };
    let named = |partition: u32| {
        let name = names.get(partition as usize).map(String::as_str);
        name.ok_or_else(|| ArrowError::InvalidArgumentError("a row belongs to no partition".into()))
    };
    if of_row.len() != scope.len() {
        return Err(ArrowError::InvalidArgumentError("the partitions are not those of the batch".into()));
    }
    let stretches = stretches(scope, of_row);
    for (partition, _) in &stretches {
        named(*partition)?;
    }
    if let [(partition, _)] = stretches.as_slice() {
        return Ok(vec![(named(*partition)?, columns.to_vec(), scope.clone())]);
    }
    let order = by_partition(scope, of_row, &stretches, names.len());
    let order = UInt32Array::from(order);
    let sorted = columns.iter().map(|column| take(column, &order, None)).collect::<Result<Vec<_>, _>>()?;
    let part = |(partition, stretch): (u32, Range<usize>)| {
        let columns = sorted.iter().map(|column| column.slice(stretch.start, stretch.len())).collect();
        Ok((named(partition)?, columns, RowSet::all(stretch.len())))
    };
    stretches.into_iter().map(part).collect()
}

/// How many rows of the set each partition has, as stretches one after the other.
fn stretches(scope: &RowSet, of_row: &[u32]) -> Vec<(u32, Range<usize>)> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    scope.for_each_range(|range| {
        for run in of_row.get(range).unwrap_or_default().chunk_by(|a, b| a == b) {
            if let Some(partition) = run.first() {
                *counts.entry(*partition).or_default() += run.len();
            }
        }
    });
    let mut end = 0;
    let stretch = |(partition, count): (u32, usize)| {
        end += count;
        (partition, end - count..end)
    };
    counts.into_iter().map(stretch).collect()
}

/// The rows of the set in the order of their partitions.
fn by_partition(
    scope: &RowSet,
    of_row: &[u32],
    stretches: &[(u32, Range<usize>)],
    partitions: usize,
) -> Vec<u32> {
    let mut next = vec![0_usize; partitions];
    for (partition, stretch) in stretches {
        next[*partition as usize] = stretch.start;
    }
    let mut order = vec![0_u32; scope.count()];
    scope.for_each_range(|range| {
        for row in range {
            let at = &mut next[of_row[row] as usize];
            order[*at] = row as u32;
            *at += 1;
        }
    });
    order
}
