//! `count(distinct x)`: exact, by a set of the values of each group.

use polars::prelude::{Column, PlSmallStr};
use xxhash_rust::xxh3::xxh3_128;

use super::{Argument, Fold, Result, unexpected};
use crate::steps::keys::{Table, Wide};

/// Pairs of group and value.
#[derive(Default)]
pub(super) struct Distinct {
    counts: Vec<i64>,
    narrow: Table<Wide, ()>,
    wide: Table<Wide, ()>,
}

impl Fold for Distinct {
    fn grow(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
    }

    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()> {
        let Argument::Keys(keys) = argument else { return Err(unexpected()) };
        let Self { counts, narrow, wide } = self;
        let group = |row: usize| groups[row];
        // A narrow key and its group fit side by side; a wide one is hashed with its group.
        let pairs: Vec<Wide> = (keys.narrow.keys.iter().enumerate())
            .map(|(index, key)| [*key, u64::from(group(keys.narrow.row(index)))])
            .collect();
        narrow.insert_each(
            &pairs,
            |_| (),
            |index, (), new| {
                counts[group(keys.narrow.row(index)) as usize] += i64::from(new);
            },
        );
        let pairs: Vec<Wide> = (keys.wide.keys.iter().enumerate())
            .map(|(index, key)| hashed(*key, group(keys.wide.row(index))))
            .collect();
        wide.insert_each(
            &pairs,
            |_| (),
            |index, (), new| {
                counts[group(keys.wide.row(index)) as usize] += i64::from(new);
            },
        );
        Ok(())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.counts.as_slice()) + self.narrow.bytes() + self.wide.bytes()
    }

    fn finish(&mut self) -> Result<Column> {
        (self.narrow, self.wide) = Default::default();
        Ok(Column::new(PlSmallStr::EMPTY, std::mem::take(&mut self.counts)))
    }
}

fn hashed(key: Wide, group: u32) -> Wide {
    let mut bytes = [0u8; 20];
    bytes[..8].copy_from_slice(&key[0].to_le_bytes());
    bytes[8..16].copy_from_slice(&key[1].to_le_bytes());
    bytes[16..].copy_from_slice(&group.to_le_bytes());
    let hash = xxh3_128(&bytes);
    [hash as u64, (hash >> 64) as u64]
}
