//! Keeps the first row of each key, batch by batch.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::DataFrame;

use crate::error::Result;
use crate::steps::keys::{KeyEncoder, KeySet, Sharded};
use crate::steps::rows::{locked, without};
use crate::steps::{Operator, Then, Turn};

/// The operator: a set of the keys seen.
pub(super) struct First {
    encoder: KeyEncoder,
    seen: Mutex<KeySet>,
    removed: AtomicU64,
}

impl First {
    pub(super) fn new(encoder: KeyEncoder) -> Self {
        Self { encoder, seen: Mutex::default(), removed: AtomicU64::new(0) }
    }
}

impl Operator for First {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let keys = Sharded::new(&self.encoder.encode(&batch)?);
        Ok(Box::new(move || {
            let repeated = locked(&self.seen).insert(&keys);
            Ok(Box::new(move || {
                self.removed.fetch_add(repeated.len() as u64, Ordering::Relaxed);
                drop(keys);
                Ok(Some(without(&batch, &repeated)?)) as Result<_>
            }) as Then<'_>)
        }))
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("duplicates_removed", self.removed.load(Ordering::Relaxed))]
    }
}
