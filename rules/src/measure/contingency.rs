//! How often pairs of keys occur together: a contingency table of two columns, its filled cells.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::text::{from_hex, to_hex, wholes};
use crate::keys::hash_rows;
use crate::mask::RowSet;

/// Up to so many cells of a table may be filled.
pub const MOST_CELLS: usize = 1 << 20;

/// A contingency table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Contingency {
    /// Rows with each pair of hashes; None of a table that is full.
    cells: Option<HashMap<(u128, u128), u64>>,
}

/// A filled cell with the sums of its row and its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Rows with the pair.
    pub count: u64,
    /// Rows with its left key.
    pub left: u64,
    /// Rows with its right key.
    pub right: u64,
}

/// What a contingency table comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The filled cells, in an order that depends on these figures alone.
    pub cells: Vec<Cell>,
    /// Rows with each left key, ascending.
    pub left: Vec<u64>,
    /// Rows with each right key, ascending.
    pub right: Vec<u64>,
}

impl Default for Contingency {
    fn default() -> Self {
        Self { cells: Some(HashMap::new()) }
    }
}

impl Contingency {
    /// Counts the rows of a set, which must hold no null; the first column is the left key.
    pub(crate) fn of_columns(columns: &[ArrayRef], rows: &RowSet) -> Result<Self, ArrowError> {
        let (left, right) = columns.split_at(columns.len().min(1));
        let pairs = hash_rows(left, rows, false)?.into_iter().zip(hash_rows(right, rows, false)?);
        let mut cells = HashMap::new();
        for pair in pairs {
            *cells.entry(pair).or_default() += 1;
        }
        let mut all = Self { cells: Some(cells) };
        all.bound();
        Ok(all)
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: Self) {
        match (&mut self.cells, other.cells) {
            (Some(mine), Some(theirs)) => {
                theirs.into_iter().for_each(|(pair, count)| *mine.entry(pair).or_default() += count);
            }
            (mine, _) => *mine = None,
        }
        self.bound();
    }

    /// See [`super::Accumulated::bytes`].
    pub(super) fn bytes(&self) -> usize {
        self.cells.as_ref().map_or(MOST_CELLS, HashMap::len) * size_of::<((u128, u128), u64)>()
    }

    fn bound(&mut self) {
        if self.cells.as_ref().is_some_and(|cells| cells.len() > MOST_CELLS) {
            self.cells = None;
        }
    }

    /// The table; None where it is full.
    pub fn table(&self) -> Option<Table> {
        let cells = self.cells.as_ref()?;
        let (mut left, mut right): (HashMap<u128, u64>, HashMap<u128, u64>) = Default::default();
        cells.iter().for_each(|((l, r), count)| {
            *left.entry(*l).or_default() += count;
            *right.entry(*r).or_default() += count;
        });
        let sum = |sums: &HashMap<u128, u64>, key: &u128| sums.get(key).copied().unwrap_or_default();
        let cell = |((l, r), count): (&(u128, u128), &u64)| Cell {
            count: *count,
            left: sum(&left, l),
            right: sum(&right, r),
        };
        let mut cells: Vec<Cell> = cells.iter().map(cell).collect();
        cells.sort_unstable();
        let sorted = |sums: HashMap<u128, u64>| {
            let mut sums: Vec<u64> = sums.into_values().collect();
            sums.sort_unstable();
            sums
        };
        Some(Table { cells, left: sorted(left), right: sorted(right) })
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Pairs of hashes in ascending order; none where there are too many.
    pairs: Option<String>,
    counts: Vec<u64>,
}

impl From<Contingency> for Stored {
    fn from(all: Contingency) -> Self {
        let Some(cells) = all.cells else { return Self { pairs: None, counts: Vec::new() } };
        let mut sorted: Vec<((u128, u128), u64)> = cells.into_iter().collect();
        sorted.sort_unstable();
        let bytes = sorted.iter().flat_map(|((l, r), _)| l.to_be_bytes().into_iter().chain(r.to_be_bytes()));
        let pairs = Some(to_hex(bytes));
        Self { pairs, counts: sorted.into_iter().map(|(_, count)| count).collect() }
    }
}

impl TryFrom<Stored> for Contingency {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Some(pairs) = stored.pairs else { return Ok(Self { cells: None }) };
        let hashes = wholes(&from_hex(&pairs).ok_or("a set of pairs is not hexadecimal")?);
        let pairs = hashes.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
        Ok(Self { cells: Some(pairs.zip(stored.counts).collect()) })
    }
}
