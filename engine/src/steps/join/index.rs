//! Where each key stands in the other table.

use polars::prelude::DataFrame;

use super::ranked::Ranked;
use crate::error::{Error, Result};
use crate::steps::keys::{KeyEncoder, Keys, Part, Table, Wide};
use crate::steps::rows::NONE;

/// The rows of a table by key. Rows with a null in the key are in no list.
pub(super) struct Index {
    narrow: Narrow,
    wide: Table<Wide, u32>,
    /// The rows of each key, if any key has more than one.
    lists: Option<Lists>,
}

/// From a key to its first row.
enum Narrow {
    /// Keys in a small range.
    Ranked(Ranked),
    /// Keys anywhere.
    Hashed(Table<u64, u32>),
}

/// For the first row of each key, all rows of the key in order.
struct Lists {
    /// Where the list of a first row begins; one more than there are rows.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Index {
    /// Indexes `table` by the encoder's columns.
    pub(super) fn new(encoder: &KeyEncoder, table: &DataFrame) -> Result<Self> {
        if table.height() >= NONE as usize {
            return Err(Error::wrong(format!("cannot join a table of {} rows", table.height()))
                .hint("join in the other direction, or split it"));
        }
        let keys = encoder.encode_valid(table)?;
        // Rows whose key stood in an earlier row, with that row.
        let mut repeats = Vec::new();
        let narrow = Narrow::new(&keys.narrow, &mut repeats);
        let mut wide = Table::with_capacity(keys.wide.keys.len());
        insert(&mut wide, &keys.wide, &mut repeats);
        let lists = (!repeats.is_empty()).then(|| Lists::new(&keys, &mut repeats, table.height()));
        Ok(Self { narrow, wide, lists })
    }

    /// Two rows with the same key, if there are any.
    pub(super) fn repeated(&self) -> Option<(u32, u32)> {
        let lists = self.lists.as_ref()?;
        let first = lists.starts.windows(2).position(|list| list[1] - list[0] > 1)?;
        let at = lists.starts[first] as usize;
        Some((lists.rows[at], lists.rows[at + 1]))
    }

    /// About as many bytes as it takes.
    pub(super) fn bytes(&self) -> u64 {
        let narrow = match &self.narrow {
            Narrow::Ranked(ranked) => ranked.bytes(),
            Narrow::Hashed(table) => table.bytes(),
        };
        let lists = self.lists.as_ref().map_or(0, |lists| 4 * (lists.starts.len() + lists.rows.len()));
        (narrow + self.wide.bytes() + lists) as u64
    }

    /// Whether no key has more than one row.
    pub(super) fn is_unique(&self) -> bool {
        self.lists.is_none()
    }

    /// The first row with the key of each of `rows` rows, `NONE` without one.
    pub(super) fn first_rows(&self, keys: &Keys, rows: usize) -> Vec<u32> {
        let mut found = vec![NONE; rows];
        match &self.narrow {
            Narrow::Ranked(ranked) => {
                for (index, key) in keys.narrow.keys.iter().enumerate() {
                    found[keys.narrow.row(index)] = ranked.first_row(*key);
                }
            }
            Narrow::Hashed(table) => table.get_each(&keys.narrow.keys, |index, row| {
                found[keys.narrow.row(index)] = row.unwrap_or(NONE);
            }),
        }
        self.wide.get_each(&keys.wide.keys, |index, row| {
            found[keys.wide.row(index)] = row.unwrap_or(NONE);
        });
        found
    }

    /// All rows with the key that `first` is the first row of, in order.
    pub(super) fn rows_of(&self, first: u32) -> &[u32] {
        match &self.lists {
            Some(Lists { starts, rows }) => {
                &rows[starts[first as usize] as usize..starts[first as usize + 1] as usize]
            }
            None => &[],
        }
    }
}

impl Narrow {
    fn new(part: &Part<u64>, repeats: &mut Vec<(u32, u32)>) -> Self {
        if let Some(ranked) = Ranked::new(part, repeats) {
            return Self::Ranked(ranked);
        }
        let mut table = Table::with_capacity(part.keys.len());
        insert(&mut table, part, repeats);
        Self::Hashed(table)
    }
}

fn insert<K: crate::steps::keys::Word>(
    table: &mut Table<K, u32>,
    part: &Part<K>,
    repeats: &mut Vec<(u32, u32)>,
) {
    let row = |index| part.row(index) as u32;
    table.insert_each(&part.keys, row, |index, first, new| {
        if !new {
            repeats.push((row(index), *first));
        }
    });
}

impl Lists {
    fn new(keys: &Keys, repeats: &mut [(u32, u32)], height: usize) -> Self {
        repeats.sort_unstable();
        // At a first row the length of its list, then where the list begins.
        let mut starts = vec![0u32; height + 1];
        let narrow = (0..keys.narrow.keys.len()).map(|index| keys.narrow.row(index));
        let wide = (0..keys.wide.keys.len()).map(|index| keys.wide.row(index));
        narrow.chain(wide).for_each(|row| starts[row] = 1);
        for &(row, first) in repeats.iter() {
            starts[row as usize] = 0;
            starts[first as usize] += 1;
        }
        let mut total = 0;
        for start in &mut starts {
            (*start, total) = (total, total + *start);
        }
        let mut rows = vec![NONE; total as usize];
        let mut next = starts.clone();
        for first in 0..height {
            if starts[first + 1] > starts[first] {
                rows[starts[first] as usize] = first as u32;
                next[first] += 1;
            }
        }
        for &(row, first) in repeats.iter() {
            rows[next[first as usize] as usize] = row;
            next[first as usize] += 1;
        }
        Self { starts, rows }
    }
}
