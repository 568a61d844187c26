//! Keeps the last row of each key, or the first or last by an order: known when all rows were seen.

use std::cmp::Ordering;
use std::sync::Mutex;

use polars::prelude::{BinaryOffsetChunked, DataFrame};
use polars_arrow::bitmap::MutableBitmap;

use super::order::Order;
use super::overflow::{Entries, Overflow, Stored};
use crate::error::Result;
use crate::memory::{Holder, Memory, bytes_of};
use crate::steps::keys::{KeyEncoder, Part, Table, Wide, Word};
use crate::steps::rows::{keep, locked};
use crate::steps::{Operator, Rest, Then, Turn};

/// The operator: every batch is held, and for each key the row that wins so far. Once there is no more room
/// for them, both go to disk.
pub(super) struct Winner {
    encoder: KeyEncoder,
    order: Order,
    /// Whether the last of rows that tie wins, and of rows that differ the greatest.
    last: bool,
    state: Mutex<State>,
    holder: Holder,
}

#[derive(Default)]
struct State {
    held: Held,
    narrow: Table<u64, Place>,
    wide: Table<Wide, Place>,
    removed: u64,
    waiting: Option<Overflow>,
}

/// Where a row stands: number of its batch and row in it.
type Place = (u32, u32);

/// All batches with the bytes their rows are compared by, in memory.
#[derive(Default)]
struct Held {
    batches: Vec<DataFrame>,
    orders: Vec<Option<BinaryOffsetChunked>>,
    winning: Vec<MutableBitmap>,
    bytes: u64,
}

impl Winner {
    pub(super) fn new(encoder: KeyEncoder, order: Order, last: bool, memory: &Memory) -> Self {
        let holder = memory.holder("the rows of a deduplication");
        Self { encoder, order, last, state: Mutex::default(), holder }
    }

    fn wins(last: bool, later: &[u8], best: &[u8]) -> bool {
        match later.cmp(best) {
            Ordering::Less => !last,
            Ordering::Equal | Ordering::Greater => last,
        }
    }
}

impl Operator for Winner {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let keys = self.encoder.encode(&batch)?;
        let order = if self.order.is_empty() { None } else { Some(self.order.encode(&batch, !self.last)?) };
        Ok(Box::new(move || {
            let state = &mut *locked(&self.state);
            if let Some(waiting) = &mut state.waiting {
                waiting.push(&batch, &keys, order.as_ref())?;
            } else {
                let number = state.held.push(batch, order);
                let State { held, narrow, wide, removed, .. } = &mut *state;
                *removed += held.compete(narrow, &keys.narrow, number, self.last);
                *removed += held.compete(wide, &keys.wide, number, self.last);
                if self.holder.hold(held.bytes + (narrow.bytes() + wide.bytes()) as u64) {
                    let waiting = Overflow::new(self.holder.disk())?;
                    state.waiting = Some(state.put_away(waiting)?);
                    self.holder.note(0);
                }
            }
            Ok(Box::new(|| Ok(None)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        let mut state = std::mem::take(&mut *locked(&self.state));
        if let Some(mut waiting) = state.waiting.take() {
            let beats = if self.last {
                |a: &[u8], b: &[u8]| Self::wins(true, a, b)
            } else {
                |a: &[u8], b: &[u8]| Self::wins(false, a, b)
            };
            let settled = waiting.settle(beats)?;
            locked(&self.state).removed = waiting.rows() - settled.count;
            return Ok(waiting.into_rest(settled));
        }
        locked(&self.state).removed = state.removed;
        let parts = state.held.batches.into_iter().zip(state.held.winning);
        Ok(Box::new(parts.map(|(batch, winning)| {
            let then: Then<'_> = Box::new(move || keep(&batch, winning.into()).map(Some));
            Ok(then)
        })))
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("duplicates_removed", locked(&self.state).removed)]
    }
}

impl State {
    /// Moves the rows held to disk, and the keys of those that win so far.
    fn put_away(&mut self, mut waiting: Overflow) -> Result<Overflow> {
        let held = std::mem::take(&mut self.held);
        let (narrow, wide) = (std::mem::take(&mut self.narrow), std::mem::take(&mut self.wide));
        let mut firsts = Vec::with_capacity(held.batches.len());
        for batch in held.batches {
            firsts.push(waiting.hold(&batch)?);
        }
        let placed = |(batch, row): Place| {
            let order = held.orders[batch as usize].as_ref().and_then(|order| order.get(row as usize));
            (firsts[batch as usize] + u64::from(row), order.unwrap_or_default())
        };
        write(&narrow, &mut waiting.narrow, placed)?;
        write(&wide, &mut waiting.wide, placed)?;
        Ok(waiting)
    }
}

/// Writes the best row of each key, given where it is placed and what it is compared by.
fn write<'b, K: Stored>(
    best: &Table<K, Place>,
    entries: &mut Entries<K>,
    placed: impl Fn(Place) -> (u64, &'b [u8]),
) -> Result<()> {
    let mut written = Ok(());
    best.for_each(|key, best| {
        if written.is_ok() {
            let (place, order) = placed(*best);
            written = entries.add(key, place, order);
        }
    });
    written
}

/// Bytes of the texts that rows are compared by.
fn order_bytes(order: &BinaryOffsetChunked) -> u64 {
    order.downcast_iter().map(|array| (array.values().len() + 8 * array.len()) as u64).sum()
}

impl Held {
    fn push(&mut self, batch: DataFrame, order: Option<BinaryOffsetChunked>) -> u32 {
        self.bytes += bytes_of(&batch) + order.as_ref().map_or(0, order_bytes);
        self.winning.push(MutableBitmap::from_len_zeroed(batch.height()));
        self.batches.push(batch);
        self.orders.push(order);
        self.batches.len() as u32 - 1
    }

    /// Lets the rows of a batch compete with the best so far; gives the number of those that lost.
    fn compete<K: Word>(
        &mut self,
        best: &mut Table<K, Place>,
        rows: &Part<K>,
        batch: u32,
        last: bool,
    ) -> u64 {
        let mut removed = 0;
        let place = |index| (batch, rows.row(index) as u32);
        best.insert_each(&rows.keys, place, |index, best, new| {
            let row = place(index);
            removed += u64::from(!new);
            if new || self.beats(row, *best, last) {
                self.winning[best.0 as usize].set(best.1 as usize, false);
                self.winning[batch as usize].set(row.1 as usize, true);
                *best = row;
            }
        });
        removed
    }

    /// Whether `row`, which came later, beats `best`.
    fn beats(&self, row: Place, best: Place, last: bool) -> bool {
        let bytes = |(batch, row): Place| {
            self.orders[batch as usize].as_ref().and_then(|o| o.get(row as usize)).unwrap_or_default()
        };
        Winner::wins(last, bytes(row), bytes(best))
    }
}
