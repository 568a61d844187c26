//! Rows on disk until it is known which of each key stays, when there is no room for all keys in memory.
//!
//! The rows themselves wait in their order; beside them stand their keys, cut into shards by hash. After the
//! last row each shard is read by itself, one table of its keys at a time, which marks the rows that stay;
//! then the rows come back in their order.

use polars::prelude::{BinaryOffsetChunked, DataFrame};
use polars_arrow::bitmap::Bitmap;

use crate::error::{Error, Result};
use crate::memory::{Disk, DiskFile, Extent, Packed, Spool};
use crate::steps::keys::{Keys, Part, Table, Wide, Word};
use crate::steps::rows::keep;
use crate::steps::{Rest, Then};

const SHARDS: usize = 64;

/// Bytes of entries that are gathered before they are written, for all shards together.
const WRITTEN_AT_ONCE: usize = 8 << 20;

/// The place of a row that has left already: its key is taken.
const LEFT: u64 = u64::MAX;

/// Rows that wait, and the keys that decide on them.
pub(super) struct Overflow {
    rows: Spool,
    pub(super) narrow: Entries<u64>,
    pub(super) wide: Entries<Wide>,
}

/// Which of two rows of one key stays.
pub(super) type Beats = fn(later: &[u8], best: &[u8]) -> bool;

/// A word as bytes.
pub(super) trait Stored: Word {
    const BYTES: usize;
    fn put(self, bytes: &mut Vec<u8>);
    fn take(bytes: &[u8]) -> Option<(Self, &[u8])>;
}

impl Stored for u64 {
    const BYTES: usize = 8;

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        bytes.split_first_chunk().map(|(word, rest)| (Self::from_le_bytes(*word), rest))
    }
}

impl Stored for Wide {
    const BYTES: usize = 16;

    fn put(self, bytes: &mut Vec<u8>) {
        for word in self {
            word.put(bytes);
        }
    }

    fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (low, rest) = u64::take(bytes)?;
        let (high, rest) = u64::take(rest)?;
        Some(([low, high], rest))
    }
}

impl Overflow {
    pub(super) fn new(disk: &Disk) -> Result<Self> {
        Ok(Self { rows: Spool::new(disk)?, narrow: Entries::new(disk)?, wide: Entries::new(disk)? })
    }

    /// Rows that wait.
    pub(super) fn rows(&self) -> u64 {
        self.rows.rows()
    }

    /// Says that rows with these keys have left.
    pub(super) fn have_left(&mut self, narrow: &[u64], wide: &[Wide]) -> Result<()> {
        self.narrow.have_left(narrow)?;
        self.wide.have_left(wide)
    }

    /// Lets rows wait without letting them compete; gives the place of the first.
    pub(super) fn hold(&mut self, rows: &DataFrame) -> Result<u64> {
        let first = self.rows.rows();
        self.rows.push(Packed::of(rows)?)?;
        Ok(first)
    }

    /// Lets all rows of a batch wait and compete for their keys, by the bytes they are compared by.
    pub(super) fn push(
        &mut self,
        rows: &DataFrame,
        keys: &Keys,
        orders: Option<&BinaryOffsetChunked>,
    ) -> Result<()> {
        let first = self.hold(rows)?;
        self.narrow.compete(&keys.narrow, first, orders)?;
        self.wide.compete(&keys.wide, first, orders)
    }

    /// After the last row: which rows stay.
    pub(super) fn settle(&mut self, beats: Beats) -> Result<Settled> {
        let mut stays = vec![0u8; (self.rows.rows() as usize).div_ceil(8)];
        let mut count = 0;
        let mut mark = |place: u64| {
            stays[(place / 8) as usize] |= 1 << (place % 8);
            count += 1;
        };
        self.narrow.settle(beats, &mut mark)?;
        self.wide.settle(beats, &mut mark)?;
        Ok(Settled { stays, count })
    }

    /// The rows that stay, in their order.
    pub(super) fn into_rest<'a>(self, settled: Settled) -> Rest<'a> {
        let stays = Bitmap::from_u8_vec(settled.stays, self.rows.rows() as usize);
        let rows = std::sync::Arc::new(self.rows);
        let mut first = 0;
        let frames = (0..rows.len()).map(move |index| {
            let height = rows.height(index);
            let kept = stays.clone().sliced(first, height);
            first += height;
            let rows = std::sync::Arc::clone(&rows);
            let then: Then<'a> = Box::new(move || {
                if kept.set_bits() == 0 {
                    return Ok(None);
                }
                keep(&rows.read(index)?, kept).map(Some)
            });
            Ok(then)
        });
        Box::new(frames)
    }
}

/// Which rows stay: a bit for each.
pub(super) struct Settled {
    stays: Vec<u8>,
    /// So many of them.
    pub(super) count: u64,
}

/// Keys on disk, each with the place of its row and the bytes the row is compared by, in row order within a
/// shard.
pub(super) struct Entries<K> {
    file: DiskFile,
    waiting: Vec<Vec<u8>>,
    waiting_bytes: usize,
    written: Vec<Vec<Extent>>,
    words: std::marker::PhantomData<K>,
}

impl<K: Stored> Entries<K> {
    fn new(disk: &Disk) -> Result<Self> {
        Ok(Self {
            file: disk.file()?,
            waiting: vec![Vec::new(); SHARDS],
            waiting_bytes: 0,
            written: vec![Vec::new(); SHARDS],
            words: std::marker::PhantomData,
        })
    }

    fn have_left(&mut self, keys: &[K]) -> Result<()> {
        keys.iter().try_for_each(|key| self.add(*key, LEFT, &[]))
    }

    /// Lets the rows of a batch compete; `first` is the place of its first row.
    fn compete(&mut self, part: &Part<K>, first: u64, orders: Option<&BinaryOffsetChunked>) -> Result<()> {
        for (index, key) in part.keys.iter().enumerate() {
            let row = part.row(index);
            let order = orders.and_then(|orders| orders.get(row)).unwrap_or_default();
            self.add(*key, first + row as u64, order)?;
        }
        Ok(())
    }

    /// Lets the row at `place` compete for a key, by the bytes it is compared by.
    pub(super) fn add(&mut self, key: K, place: u64, order: &[u8]) -> Result<()> {
        // Other bits than those a table of the keys looks at first.
        let shard = (key.mixed() >> 40) as usize % SHARDS;
        let bytes = &mut self.waiting[shard];
        key.put(bytes);
        place.put(bytes);
        bytes.extend_from_slice(&(order.len() as u32).to_le_bytes());
        bytes.extend_from_slice(order);
        self.waiting_bytes += K::BYTES + 12 + order.len();
        if self.waiting_bytes < WRITTEN_AT_ONCE { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> Result<()> {
        for (waiting, written) in self.waiting.iter_mut().zip(&mut self.written) {
            if !waiting.is_empty() {
                written.push(self.file.append(waiting)?);
                waiting.clear();
            }
        }
        self.waiting_bytes = 0;
        Ok(())
    }

    /// Marks the row of each key that stays, unless it has left already.
    fn settle(&mut self, beats: Beats, mark: &mut impl FnMut(u64)) -> Result<()> {
        self.write()?;
        for written in &self.written {
            let mut best: Vec<(u64, Box<[u8]>)> = Vec::new();
            let mut table = Table::<K, u32>::default();
            for extent in written {
                let bytes = self.file.read(*extent)?;
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (key, place, order) = entry(&mut rest)
                        .ok_or_else(|| Error::defect("keys read back from disk are not those written"))?;
                    let next = best.len() as u32;
                    let mut found = next;
                    table.insert_each(&[key], |_| next, |_, at, _| found = *at);
                    match best.get_mut(found as usize) {
                        None => best.push((place, order.into())),
                        Some(known) if known.0 != LEFT && beats(order, &known.1) => {
                            *known = (place, order.into());
                        }
                        Some(_) => {}
                    }
                }
            }
            best.iter().filter(|(place, _)| *place != LEFT).for_each(|(place, _)| mark(*place));
        }
        Ok(())
    }
}

fn entry<'b, K: Stored>(bytes: &mut &'b [u8]) -> Option<(K, u64, &'b [u8])> {
    let (key, rest) = K::take(bytes)?;
    let (place, rest) = u64::take(rest)?;
    let (len, rest) = rest.split_first_chunk()?;
    let (order, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *bytes = rest;
    Some((key, place, order))
}
