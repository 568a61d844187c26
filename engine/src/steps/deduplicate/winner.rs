//! Keeps the last row of each key, or the first or last by an order: known when all rows were seen.

use std::cmp::Ordering;
use std::sync::Mutex;

use polars::prelude::{BinaryOffsetChunked, DataFrame};
use polars_arrow::bitmap::MutableBitmap;
use rayon::prelude::*;

use super::order::Order;
use crate::error::Result;
use crate::steps::keys::{KeyEncoder, Part, Table, Wide, Word};
use crate::steps::rows::{keep, locked};
use crate::steps::{Operator, Then, Turn};

/// The operator: every batch is held, and for each key the row that wins so far.
pub(super) struct Winner {
    encoder: KeyEncoder,
    order: Order,
    /// Whether the last of rows that tie wins, and of rows that differ the greatest.
    last: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Held,
    narrow: Table<u64, Place>,
    wide: Table<Wide, Place>,
    removed: u64,
}

/// Where a row stands: number of its batch and row in it.
type Place = (u32, u32);

/// All batches with the bytes their rows are compared by, in memory.
#[derive(Default)]
struct Held {
    batches: Vec<DataFrame>,
    orders: Vec<Option<BinaryOffsetChunked>>,
    winning: Vec<MutableBitmap>,
}

impl Winner {
    pub(super) fn new(encoder: KeyEncoder, order: Order, last: bool) -> Self {
        Self { encoder, order, last, state: Mutex::default() }
    }
}

impl Operator for Winner {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let keys = self.encoder.encode(&batch)?;
        let order = if self.order.is_empty() { None } else { Some(self.order.encode(&batch, !self.last)?) };
        Ok(Box::new(move || {
            let state = &mut *locked(&self.state);
            let number = state.held.push(batch, order);
            let State { held, narrow, wide, removed } = state;
            *removed += held.compete(narrow, &keys.narrow, number, self.last);
            *removed += held.compete(wide, &keys.wide, number, self.last);
            Ok(Box::new(|| Ok(None)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Vec<DataFrame>> {
        let held = {
            let state = &mut *locked(&self.state);
            (state.narrow, state.wide) = Default::default();
            std::mem::take(&mut state.held)
        };
        let parts: Vec<_> = held.batches.into_par_iter().zip(held.winning).collect();
        parts.into_par_iter().map(|(batch, winning)| keep(&batch, winning.into())).collect()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("duplicates_removed", locked(&self.state).removed)]
    }
}

impl Held {
    fn push(&mut self, batch: DataFrame, order: Option<BinaryOffsetChunked>) -> u32 {
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
        let bytes =
            |(batch, row): Place| self.orders[batch as usize].as_ref().and_then(|o| o.get(row as usize));
        match bytes(row).cmp(&bytes(best)) {
            Ordering::Less => !last,
            Ordering::Equal | Ordering::Greater => last,
        }
    }
}
