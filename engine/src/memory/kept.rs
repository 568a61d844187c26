//! Rows kept for later: in memory while there is room, then on disk.

use polars::prelude::{DataFrame, Schema};

use super::slim::{Slim, SlimFrame};
use super::spool::{Packed, Spool};
use super::stack::stack;
use super::{Holder, Memory};
use crate::error::{Error, Result};

/// Frames in their order.
pub struct Kept {
    frames: Vec<SlimFrame>,
    /// Bytes of those.
    held: u64,
    /// Frames that came before those in memory.
    spool: Option<Spool>,
    /// Bytes of all frames as they are read.
    bytes: u64,
    /// Whether they stay in memory whatever the room.
    stays: bool,
    holder: Holder,
}

impl Kept {
    /// No rows yet, kept for `who`.
    pub fn new(memory: &Memory, who: impl Into<String>) -> Self {
        Self { frames: Vec::new(), held: 0, spool: None, bytes: 0, stays: false, holder: memory.holder(who) }
    }

    /// The same of rows that stay in memory whatever the room.
    pub fn in_memory(memory: &Memory, who: impl Into<String>) -> Self {
        Self { stays: true, ..Self::new(memory, who) }
    }

    /// A table in one piece, which stays in memory whatever the room.
    pub fn whole(memory: &Memory, who: impl Into<String>, table: DataFrame) -> Self {
        let mut kept = Self::in_memory(memory, who);
        let table = SlimFrame::plain(table);
        (kept.held, kept.bytes) = (table.bytes(), table.full_bytes());
        kept.holder.note(kept.held);
        kept.frames.push(table);
        kept
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: SlimFrame) -> Result<()> {
        if frame.rows() == 0 {
            return Ok(());
        }
        self.held += frame.bytes();
        self.bytes += frame.full_bytes();
        self.frames.push(frame);
        if self.holder.hold(self.held) && !self.stays { self.put_away() } else { Ok(()) }
    }

    fn put_away(&mut self) -> Result<()> {
        for frame in self.frames.drain(..) {
            let spool = match &mut self.spool {
                Some(spool) => spool,
                none => none.insert(Spool::new(self.holder.disk())?),
            };
            spool.push(Packed::of(&frame.frame()?)?)?;
        }
        self.held = 0;
        self.holder.note(0);
        Ok(())
    }

    /// Whether some of the rows are on disk.
    pub fn is_on_disk(&self) -> bool {
        self.spool.is_some()
    }

    /// About as many bytes as all rows take where they are read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.spooled() + self.frames.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn spooled(&self) -> usize {
        self.spool.as_ref().map_or(0, Spool::len)
    }

    /// Rows of all frames together.
    pub fn rows(&self) -> u64 {
        let on_disk = self.spool.as_ref().map_or(0, Spool::rows);
        on_disk + self.frames.iter().map(|frame| frame.rows() as u64).sum::<u64>()
    }

    /// Rows of the frame at `index`.
    pub fn height(&self, index: usize) -> usize {
        match &self.spool {
            Some(spool) if index < spool.len() => spool.height(index),
            _ => self.frames[index - self.spooled()].rows(),
        }
    }

    /// The frame at `index`.
    pub fn read(&self, index: usize) -> Result<DataFrame> {
        match &self.spool {
            Some(spool) if index < spool.len() => spool.read(index),
            _ => self.frames[index - self.spooled()].frame(),
        }
    }

    /// The columns `names` of the frame at `index`.
    pub fn read_only<'n>(&self, index: usize, names: impl IntoIterator<Item = &'n str>) -> Result<DataFrame> {
        match &self.spool {
            Some(spool) if index < spool.len() => spool
                .read(index)?
                .select(names)
                .map_err(|error| Error::defect("a table that was kept lacks a column").because(error)),
            _ => self.frames[index - self.spooled()].only(names),
        }
    }

    /// The column `name` of all rows in one piece, in memory whatever the room; none without rows.
    pub fn slim(&self, name: &str) -> Result<Option<Slim>> {
        let lacking = || Error::defect("a table that was kept lacks a column");
        let spooled = (0..self.spooled()).map(|index| {
            let frame = self.read_only(index, [name])?;
            frame.column(name).map(Slim::of).map_err(|error| lacking().because(error))
        });
        let held = self.frames.iter().map(|frame| frame.slim(name).cloned().ok_or_else(lacking));
        Slim::stack(spooled.chain(held).collect::<Result<_>>()?)
    }

    /// All rows in one frame, in memory whatever the room; without any, an empty frame of `schema`.
    pub fn stacked(&self, schema: &Schema) -> Result<DataFrame> {
        let all = stack((0..self.len()).map(|index| self.read(index)))?;
        Ok(all.unwrap_or_else(|| DataFrame::empty_with_schema(schema)))
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::*;

    #[test]
    fn rows_keep_their_order_wherever_they_are() {
        for room in [0, 100, 10_000] {
            let memory = Memory::with_room(room);
            let frame = |at: i64| df!("id" => [at, at + 1, at + 2]).unwrap();
            let mut kept = Kept::new(&memory, "rows");
            for at in 0..20 {
                kept.push(SlimFrame::of(&frame(at * 3))).unwrap();
            }
            assert_eq!((kept.len(), kept.rows()), (20, 60));
            assert!(kept.read(7).unwrap().equals(&frame(21)));
            assert_eq!(memory.disk().written() > 0, room < 10_000, "a room of {room} bytes");
            let all = kept.stacked(frame(0).schema()).unwrap();
            assert!((0..20).all(|at| all.slice(at * 3, 3).equals(&frame(at * 3))));
        }
    }
}
