//! Looks up the keys of each batch in the index of the other table.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::{Column, DataFrame, DataType};

use super::arguments::How;
use super::bound::Bound;
use super::index::Index;
use super::payload::Payload;
use crate::error::{Error, Result};
use crate::memory::{Holder, Memory, Table, bytes_of_column};
use crate::steps::keys::{KeySet, Sharded};
use crate::steps::rows::{NONE, frame, indices, keep, locked, rest, take};
use crate::steps::{Operator, Rest, Then, Turn};

/// The operator: the index, read by all batches at once.
pub(super) struct Probe {
    join: Bound,
    index: Index,
    /// The other table's key columns in the type of the result, if its unmatched rows come out.
    keys: Vec<Column>,
    /// The columns taken from the other table, under their names in the result.
    payload: Payload,
    height: usize,
    /// A bit for each first row of a key that was matched.
    matched: Vec<AtomicU64>,
    unmatched_here: AtomicU64,
    /// Keys of the rows so far, if they may occur once only.
    seen: Option<Mutex<KeySet>>,
    /// Says what the index and the columns take as long as they are there.
    _holder: Holder,
}

impl Probe {
    pub(super) fn new(join: Bound, other: &Table, memory: &Memory) -> Result<Self> {
        let holder = memory.holder(format!("the rows of \"{}\" to join", join.with));
        let there = || join.keys.iter().map(|key| key.there.as_str());
        let key_columns = other.only(there())?.frame()?;
        let index = Index::new(&join.there, &key_columns)?;
        if let (true, Some((row, _))) = (join.expect.once_there(), index.repeated()) {
            let key = example(&key_columns, there(), row as usize);
            let times = index.rows_of(row).len();
            return Err(violation(&join, &format!("{key} stands in {times} rows of \"{}\"", join.with))
                .hint(format!("deduplicate \"{}\" by its key first, or use `expect: n-n`", join.with)));
        }
        let keys: Vec<Column> = if join.keeps_there() {
            let key = |key: &super::bound::Key| {
                let column = key_columns.column(&key.there);
                cast(
                    column.map_err(|e| Error::defect("a table to join lacks a column").because(e))?,
                    &key.dtype,
                )
            };
            join.keys.iter().map(key).collect::<Result<_>>()?
        } else {
            Vec::new()
        };
        let payload = (join.payload.iter())
            .map(|taken| Ok(other.slim(&taken.there)?.with_name(taken.name.clone())))
            .collect::<Result<_>>()
            .map(Payload::new)?;
        let height = key_columns.height();
        let of_keys: u64 = keys.iter().map(bytes_of_column).sum();
        holder.note(payload.bytes() + index.bytes() + of_keys);
        let matched = (0..height.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let seen = join.expect.once_here().then(Mutex::default);
        let unmatched_here = AtomicU64::new(0);
        Ok(Self { join, index, keys, payload, height, matched, unmatched_here, seen, _holder: holder })
    }

    /// The rows that come of a batch, given the first matching row of each.
    fn output(&self, batch: &DataFrame, first: Vec<u32>) -> Result<DataFrame> {
        match self.join.how {
            How::Semi => keep(batch, first.iter().map(|row| *row != NONE).collect()),
            How::Anti => keep(batch, first.iter().map(|row| *row == NONE).collect()),
            How::Left | How::Full | How::Asof if self.index.is_unique() => self.beside(batch.clone(), first),
            How::Inner | How::Right if self.index.is_unique() => {
                let kept = keep(batch, first.iter().map(|row| *row != NONE).collect())?;
                self.beside(kept, first.into_iter().filter(|row| *row != NONE).collect())
            }
            How::Left | How::Full | How::Asof => self.expanded(batch, &first, true),
            How::Inner | How::Right => self.expanded(batch, &first, false),
        }
    }

    /// Each row beside each of its matches; one without is kept or left out.
    fn expanded(&self, batch: &DataFrame, first: &[u32], keep_unmatched: bool) -> Result<DataFrame> {
        let (mut here, mut there) = (Vec::with_capacity(first.len()), Vec::with_capacity(first.len()));
        for (row, &first) in (0u32..).zip(first) {
            if first != NONE {
                let rows = self.index.rows_of(first);
                here.resize(here.len() + rows.len(), row);
                there.extend_from_slice(rows);
            } else if keep_unmatched {
                here.push(row);
                there.push(NONE);
            }
        }
        let height = here.len();
        let columns = take(batch.columns(), &indices(here))?;
        self.beside(frame(height, columns)?, there)
    }

    /// The columns of `rows` of the other table beside those of `batch`.
    fn beside(&self, batch: DataFrame, rows: Vec<u32>) -> Result<DataFrame> {
        let height = batch.height();
        let mut columns = batch.into_columns();
        if self.join.keeps_there() {
            for column in &mut columns {
                if let Some(key) = self.join.keys.iter().find(|key| key.here == *column.name()) {
                    *column = cast(column, &key.dtype)?;
                }
            }
        }
        columns.extend(self.payload.take(rows)?);
        frame(height, columns)
    }

    fn mark(&self, first: &[u32]) {
        let mut unmatched = 0;
        for &row in first {
            if row == NONE {
                unmatched += 1;
                continue;
            }
            let (word, bit) = (&self.matched[row as usize / 64], 1 << (row % 64));
            // Most rows are marked already, and a read leaves the cache line to the other threads.
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
        self.unmatched_here.fetch_add(unmatched, Ordering::Relaxed);
    }

    /// Rows of the other table that nothing matched, in order.
    fn unmatched_there(&self) -> Vec<u32> {
        let mut matched = vec![false; self.height];
        for first in 0..self.height {
            if self.matched[first / 64].load(Ordering::Relaxed) >> (first % 64) & 1 == 1 {
                matched[first] = true;
                self.index.rows_of(first as u32).iter().for_each(|row| matched[*row as usize] = true);
            }
        }
        (0u32..).zip(matched).filter_map(|(row, matched)| (!matched).then_some(row)).collect()
    }

    fn refuse_repeated(&self, batch: &DataFrame, repeated: &[u32]) -> Result<()> {
        let Some(row) = repeated.iter().min() else { return Ok(()) };
        let names = self.join.keys.iter().map(|key| key.here.as_str());
        let key = example(batch, names, *row as usize);
        Err(violation(
            &self.join,
            &format!("{key} stands in several of the rows joined with \"{}\"", self.join.with),
        )
        .hint("deduplicate by the key before the join, or use `expect: n-1`"))
    }
}

impl Operator for Probe {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let keys = self.join.here.encode_valid(&batch)?;
        let first = self.index.first_rows(&keys, batch.height());
        self.mark(&first);
        let sharded = self.seen.as_ref().map(|seen| (seen, Sharded::new(&keys)));
        drop(keys);
        Ok(Box::new(move || {
            if let Some((seen, keys)) = sharded {
                let repeated = locked(seen).insert(&keys);
                self.refuse_repeated(&batch, &repeated)?;
            }
            Ok(Box::new(move || self.output(&batch, first).map(Some)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        if !self.join.keeps_there() {
            return Ok(rest(Vec::new()));
        }
        let unmatched = self.unmatched_there();
        let height = unmatched.len();
        let payload = self.payload.take(unmatched.clone())?;
        let keys = take(&self.keys, &indices(unmatched))?;
        let mut columns = Vec::with_capacity(self.join.input.len() + self.payload.width());
        for (name, dtype) in self.join.input.iter() {
            columns.push(match self.join.keys.iter().position(|key| key.here == *name) {
                Some(index) => keys[index].clone().with_name(name.clone()),
                None => Column::full_null(name.clone(), height, dtype),
            });
        }
        columns.extend(payload);
        Ok(rest(vec![frame(height, columns)?]))
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let here = self.unmatched_here.load(Ordering::Relaxed);
        vec![("unmatched_left", here), ("unmatched_right", self.unmatched_there().len() as u64)]
    }
}

fn cast(column: &Column, dtype: &DataType) -> Result<Column> {
    if column.dtype() == dtype {
        return Ok(column.clone());
    }
    column.cast(dtype).map_err(|e| Error::defect("cannot widen a key column").because(e))
}

fn violation(join: &Bound, found: &str) -> Error {
    Error::wrong(format!("join with \"{}\" expects {}, but {found}", join.with, join.expect.name()))
}

/// The key of a row as text: `customer_id = 5, day = 2024-01-01`.
fn example<'a>(frame: &DataFrame, names: impl Iterator<Item = &'a str>, row: usize) -> String {
    let part = |name: &str| {
        let value = frame.column(name).and_then(|column| column.get(row).map(|value| value.to_string()));
        format!("{name} = {}", value.unwrap_or_default())
    };
    names.map(part).collect::<Vec<_>>().join(", ")
}
