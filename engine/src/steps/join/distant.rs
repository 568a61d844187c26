//! A join with a table that does not fit in memory.
//!
//! Both sides go to disk, cut into as many parts by the hash of their keys as it takes for a part of the
//! other table to fit. After the last row the parts are joined one after the other, each as a table that
//! fits is, and what comes out is merged in the order of the rows that came in.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use polars::prelude::{Column, DataFrame, DataType, IdxCa, PlSmallStr, PolarsResult, Schema};
use rayon::prelude::*;

use super::bound::{Bound, Taken};
use super::operator::Probe;
use crate::error::{Error, Result};
use crate::memory::{Kept, Keys as SortKeys, Memory, Packed, Runs, SlimFrame, Spool, Table};
use crate::steps::keys::{KeyEncoder, Keys, Word};
use crate::steps::rows::{locked, order_bytes};
use crate::steps::{Operator, Rest, Then, Turn};

/// The row of the batch, then of all batches, that a row that comes in has.
const HERE: &str = "__lockgate_join_here";
/// The row of the other table.
const THERE: &str = "__lockgate_join_there";

const PARTS: RangeInclusive<u64> = 2..=128;

/// The operator.
pub(super) struct Distant {
    join: Bound,
    /// Columns of the other table.
    schema: Schema,
    there: Vec<Spool>,
    state: Mutex<State>,
    memory: Memory,
}

/// The rows that came in.
struct State {
    parts: Vec<Part>,
    rows: u64,
    counts: Vec<(&'static str, u64)>,
}

/// Rows of one part.
struct Part {
    rows: Spool,
    /// For each frame the number of rows that came before its batch.
    before: Vec<u64>,
}

impl Distant {
    pub(super) fn new(mut join: Bound, other: &Table, memory: &Memory) -> Result<Self> {
        let room = memory.room().unwrap_or(u64::MAX);
        let wanted = (4 * memory.threads() as u64 * other.bytes()).div_ceil(room.max(1));
        let count = wanted.clamp(*PARTS.start(), *PARTS.end()) as usize;
        let disk = memory.disk();
        let mut schema = other.schema().clone();
        schema.insert(THERE.into(), DataType::Int64);
        let mut there = Spool::several(disk, count)?;
        let mut before = 0;
        for index in 0..other.len() {
            let frame = other.read(index)?;
            let height = frame.height() as i64;
            let frame = with_rows(frame, THERE, before)?;
            before += height;
            for (part, rows) in cut(&frame, &join.there, count)?.into_iter().enumerate() {
                if rows.height() > 0 {
                    there[part].push(Packed::of(&rows)?)?;
                }
            }
        }
        join.input.insert(HERE.into(), DataType::Int64);
        if join.keeps_there() {
            join.payload.push(Taken { there: THERE.into(), name: THERE.into(), dtype: DataType::Int64 });
        }
        let parts = Spool::several(disk, count)?.into_iter().map(|rows| Part { rows, before: Vec::new() });
        let parts = parts.collect();
        let state = Mutex::new(State { parts, rows: 0, counts: Vec::new() });
        Ok(Self { join, schema, there, state, memory: memory.clone() })
    }

    /// Joins one part; what comes out is in the order of `order`.
    fn joined(
        &self,
        there: &Spool,
        here: &Part,
        mut out: Spool,
    ) -> Result<(Spool, Vec<(&'static str, u64)>)> {
        let probe = Probe::new(self.join.clone(), &self.part(there)?, &self.memory)?;
        for (index, before) in here.before.iter().enumerate() {
            let rows = later_by(here.rows.read(index)?, *before)?;
            if let Some(joined) = probe.prepare(rows)?()?()? {
                out.push_in_pieces(&joined)?;
            }
        }
        for then in probe.end()? {
            if let Some(rows) = then?()? {
                out.push_in_pieces(&rows)?;
            }
        }
        Ok((out, probe.counts()))
    }

    /// The rows of a part of the other table, in memory whatever the room.
    fn part(&self, spool: &Spool) -> Result<Table> {
        let who = format!("a part of the rows of \"{}\"", self.join.with);
        let mut rows = Kept::in_memory(&self.memory, who);
        for index in 0..spool.len() {
            rows.push(SlimFrame::of(&spool.read(index)?))?;
        }
        Ok(Table::new(Arc::new(rows), self.schema.clone()))
    }

    fn order(&self) -> SortKeys {
        let names: &[&str] = if self.join.keeps_there() { &[HERE, THERE] } else { &[HERE] };
        let (descending, nulls_last) = (vec![false; names.len()], vec![true; names.len()]);
        Box::new(move |rows| order_bytes(rows, names.iter().copied(), &descending, &nulls_last))
    }
}

impl Operator for Distant {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let height = batch.height() as u64;
        let pieces = cut(&with_rows(batch, HERE, 0)?, &self.join.here, self.there.len())?;
        let pieces = pieces.into_iter().enumerate().filter(|(_, rows)| rows.height() > 0);
        let mut packed: Vec<(usize, Packed)> = Vec::new();
        for (part, rows) in pieces {
            let columns = self.join.input.iter_names().map(PlSmallStr::as_str);
            let rows = rows.select(columns).map_err(broken)?;
            packed.push((part, Packed::of(&rows)?));
        }
        Ok(Box::new(move || {
            let state = &mut *locked(&self.state);
            for (part, packed) in packed {
                state.parts[part].rows.push(packed)?;
                state.parts[part].before.push(state.rows);
            }
            state.rows += height;
            Ok(Box::new(|| Ok(None)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        let parts = std::mem::take(&mut locked(&self.state).parts);
        let out = Spool::several(self.memory.disk(), parts.len())?;
        let joined = self.there.par_iter().zip(parts).zip(out);
        let joined = joined.map(|((there, here), out)| self.joined(there, &here, out));
        let mut runs = Runs::default();
        let mut counts: Vec<(&'static str, u64)> = Vec::new();
        for joined in joined.collect::<Vec<_>>() {
            let (run, of_part) = joined?;
            runs.add(run);
            for (name, count) in of_part {
                match counts.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, all)) => *all += count,
                    None => counts.push((name, count)),
                }
            }
        }
        locked(&self.state).counts = counts;
        let finished = runs.merge(self.order())?.map(|rows| {
            let rows = rows?;
            let then: Then<'_> = Box::new(move || Ok(Some(rows.drop_many([HERE, THERE]))));
            Ok(then)
        });
        Ok(Box::new(finished))
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        locked(&self.state).counts.clone()
    }
}

/// The rows of each part, in their order. Rows with a null in the key are in the first.
fn cut(frame: &DataFrame, encoder: &KeyEncoder, parts: usize) -> Result<Vec<DataFrame>> {
    let Keys { narrow, wide } = encoder.encode_valid(frame)?;
    let mut part_of = vec![0u16; frame.height()];
    // Other bits than those that tables of the keys look at first.
    let part = |mixed: u64| ((mixed >> 24) % parts as u64) as u16;
    narrow.keys.iter().enumerate().for_each(|(index, key)| part_of[narrow.row(index)] = part(key.mixed()));
    wide.keys.iter().enumerate().for_each(|(index, key)| part_of[wide.row(index)] = part(key.mixed()));
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); parts];
    (0u32..).zip(part_of).for_each(|(row, part)| rows[usize::from(part)].push(row));
    let taken = |rows| frame.take(&IdxCa::from_vec(PlSmallStr::EMPTY, rows));
    rows.into_iter().map(taken).collect::<PolarsResult<_>>().map_err(broken)
}

/// `frame` with the number of each row.
fn with_rows(mut frame: DataFrame, name: &str, before: i64) -> Result<DataFrame> {
    let rows: Vec<i64> = (before..before + frame.height() as i64).collect();
    frame.with_column(Column::new(name.into(), rows)).map_err(broken)?;
    Ok(frame)
}

/// `frame` with the numbers of its rows moved by those that came before.
fn later_by(mut frame: DataFrame, before: u64) -> Result<DataFrame> {
    let moved = frame.column(HERE).map_err(broken)? + before as i64;
    frame.with_column(moved).map_err(broken)?;
    Ok(frame)
}

fn broken(error: polars::prelude::PolarsError) -> Error {
    Error::defect("could not join a table in parts").because(error)
}
