//! Keeps the first row of each key, batch by batch.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use polars::prelude::DataFrame;

use super::overflow::Overflow;
use crate::error::Result;
use crate::memory::{Holder, Memory};
use crate::steps::keys::{KeyEncoder, KeySet, Sharded};
use crate::steps::rows::{locked, without};
use crate::steps::{Operator, Rest, Then, Turn};

/// The operator: a set of the keys seen. Once there is no more room for it, rows wait on disk until all keys
/// are known.
pub(super) struct First {
    encoder: KeyEncoder,
    state: Mutex<State>,
    removed: AtomicU64,
    /// Whether rows wait.
    overflowed: AtomicBool,
    holder: Holder,
}

enum State {
    Seen(KeySet),
    Waiting(Box<Overflow>),
}

impl Default for State {
    fn default() -> Self {
        Self::Seen(KeySet::default())
    }
}

impl First {
    pub(super) fn new(encoder: KeyEncoder, memory: &Memory) -> Self {
        Self {
            encoder,
            state: Mutex::default(),
            removed: AtomicU64::new(0),
            overflowed: AtomicBool::new(false),
            holder: memory.holder("the keys of a deduplication"),
        }
    }

    /// Forgets the keys seen; those of rows to come are told apart on disk.
    fn overflow(&self, seen: &KeySet) -> Result<Overflow> {
        let mut waiting = Overflow::new(self.holder.disk())?;
        seen.for_each_shard(|narrow, wide| waiting.have_left(narrow, wide))?;
        self.overflowed.store(true, Ordering::Relaxed);
        Ok(waiting)
    }
}

impl Operator for First {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let keys = self.encoder.encode(&batch)?;
        let sharded = (!self.overflowed.load(Ordering::Relaxed)).then(|| Sharded::new(&keys));
        Ok(Box::new(move || {
            let state = &mut *locked(&self.state);
            let seen = match state {
                State::Seen(seen) => seen,
                State::Waiting(waiting) => {
                    waiting.push(&batch, &keys, None)?;
                    return Ok(Box::new(|| Ok(None)) as Then<'_>);
                }
            };
            let repeated = seen.insert(&sharded.unwrap_or_else(|| Sharded::new(&keys)));
            if self.holder.hold(seen.bytes() as u64) {
                *state = State::Waiting(Box::new(self.overflow(seen)?));
                self.holder.note(0);
            }
            Ok(Box::new(move || {
                self.removed.fetch_add(repeated.len() as u64, Ordering::Relaxed);
                drop(keys);
                Ok(Some(without(&batch, &repeated)?)) as Result<_>
            }) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        match std::mem::take(&mut *locked(&self.state)) {
            State::Waiting(mut waiting) => {
                let settled = waiting.settle(|_, _| false)?;
                self.removed.fetch_add(waiting.rows() - settled.count, Ordering::Relaxed);
                Ok(waiting.into_rest(settled))
            }
            State::Seen(_) => Ok(Box::new(std::iter::empty())),
        }
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("duplicates_removed", self.removed.load(Ordering::Relaxed))]
    }
}
