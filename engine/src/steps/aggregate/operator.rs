//! Groups the rows of each batch in parallel, then folds them into the groups of all, in row order.
//!
//! Once there is no room for more groups, rows of groups that are not known yet go to disk. After the last
//! batch they are folded in turn, as often as it takes, and the sorted groups of all rounds are merged.

use std::sync::{Arc, Mutex};

use polars::prelude::{BooleanChunked, Column, DataFrame, PlSmallStr, PolarsError, SortMultipleOptions};

use super::argument::Argument;
use super::fold::Fold;
use super::plan::{BoundCall, Plan, call_name};
use crate::error::{Error, Result};
use crate::memory::{Holder, Keys as SortKeys, Memory, Packed, Runs, Spool, bytes_of_column};
use crate::steps::evaluate::Evaluator;
use crate::steps::keys::{KeyEncoder, Keys, Part, Table, Wide, Word};
use crate::steps::rows::{frame, indices, keep, locked, order_bytes, rest, take};
use crate::steps::{Operator, Rest, Then, Turn};

/// The operator.
pub(super) struct Aggregation {
    plan: Plan,
    rows: Evaluator,
    encoder: KeyEncoder,
    state: Mutex<State>,
    holder: Holder,
}

/// The groups so far.
struct State {
    narrow: Table<u64, u32>,
    wide: Table<Wide, u32>,
    groups: u32,
    /// Columns to group by of groups in the order they were first seen.
    by: Vec<Vec<Column>>,
    by_bytes: u64,
    folds: Vec<Box<dyn Fold>>,
    /// Rows of groups there is no room for, once there is none; of the columns that are evaluated.
    waiting: Option<Spool>,
}

/// A batch grouped by itself.
struct Grouped {
    /// The group of each row, counted in this batch alone.
    rows: Vec<u32>,
    narrow: Distinct<u64>,
    wide: Distinct<Wide>,
}

/// The different keys of a batch with the first row of each; their groups are counted from `start`.
#[derive(Default)]
struct Distinct<K> {
    keys: Vec<K>,
    first: Vec<u32>,
    start: u32,
}

/// A batch as it is folded.
struct Rows {
    grouped: Grouped,
    arguments: Vec<Prepared>,
}

/// What a call needs of a batch.
struct Prepared {
    argument: Argument,
    /// Groups of the rows that pass the call's filter, if it has one.
    rows: Option<Vec<u32>>,
}

impl Aggregation {
    pub(super) fn new(plan: Plan, rows: Evaluator, memory: &Memory) -> Result<Self> {
        let encoder = plan.encoder()?;
        let state = Mutex::new(State::new(&plan));
        Ok(Self { plan, rows, encoder, state, holder: memory.holder("the groups of an aggregation") })
    }

    /// Groups a batch of the columns that are evaluated, and says what is folded of it.
    fn prepared(&self, columns: &[Column], height: usize) -> Result<Rows> {
        let grouped = self.grouped(&columns[..self.plan.by.len()], height)?;
        let arguments = self
            .plan
            .calls
            .iter()
            .map(|call| Prepared::new(call, columns, &grouped.rows))
            .collect::<Result<_>>()?;
        Ok(Rows { grouped, arguments })
    }

    /// Folds a batch into the groups, as far as there is room for them.
    fn take(&self, state: &mut State, batch: &DataFrame, rows: &Rows) -> Result<()> {
        let by = self.plan.by.len();
        let State { waiting: Some(waiting), .. } = state else {
            state.fold(rows, &batch.columns()[..by])?;
            if by > 0 && self.holder.hold(state.bytes()) {
                state.waiting = Some(Spool::new(self.holder.disk())?);
            }
            return Ok(());
        };
        let known = rows.grouped.known(&state.narrow, &state.wide);
        if !known.contains(&false) {
            return state.fold(rows, &batch.columns()[..by]);
        }
        let is_known = || rows.grouped.rows.iter().map(|group| known[*group as usize]);
        waiting.push(Packed::of(&keep(batch, is_known().map(|known| !known).collect())?)?)?;
        let batch = keep(batch, is_known().collect())?;
        if batch.height() == 0 {
            return Ok(());
        }
        state.fold(&self.prepared(batch.columns(), batch.height())?, &batch.columns()[..by])
    }

    /// The groups in order, before the expressions over them.
    fn sorted(&self, mut state: State) -> Result<DataFrame> {
        let groups = frame(state.groups as usize, state.columns(&self.plan)?)?;
        let by: Vec<_> = self.plan.by.iter().map(|(name, _)| name.clone()).collect();
        if by.is_empty() {
            return Ok(groups);
        }
        let sorted = groups.sort(by, SortMultipleOptions::default().with_nulls_last(true));
        sorted.map_err(|e| Error::defect("cannot sort the groups").because(e))
    }

    /// The groups of the rows that wait, and of those that are known, in one order.
    fn rounds(&self, first: State, mut waiting: Spool) -> Result<Rest<'_>> {
        let disk = self.holder.disk();
        let mut runs = Runs::default();
        runs.push(&self.sorted(first)?, disk)?;
        while !waiting.is_empty() {
            let mut state = State::new(&self.plan);
            self.holder.note(0);
            for index in 0..waiting.len() {
                let batch = waiting.read(index)?;
                let rows = self.prepared(batch.columns(), batch.height())?;
                self.take(&mut state, &batch, &rows)?;
            }
            locked(&self.state).groups += state.groups;
            let next = state.waiting.take();
            runs.push(&self.sorted(state)?, disk)?;
            let Some(next) = next else { break };
            waiting = next;
        }
        self.holder.note(0);
        let results = Arc::new(self.plan.results()?);
        let finished = runs.merge(self.order())?.map(move |groups| {
            let (groups, results) = (groups?, Arc::clone(&results));
            let then: Then<'_> =
                Box::new(move || frame(groups.height(), results.evaluate(&groups)?).map(Some));
            Ok(then)
        });
        Ok(Box::new(finished))
    }

    fn order(&self) -> SortKeys {
        let by: Vec<_> = self.plan.by.iter().map(|(name, _)| name.clone()).collect();
        let (descending, nulls_last) = (vec![false; by.len()], vec![true; by.len()]);
        Box::new(move |groups| {
            order_bytes(groups, by.iter().map(PlSmallStr::as_str), &descending, &nulls_last)
        })
    }

    fn grouped(&self, by: &[Column], height: usize) -> Result<Grouped> {
        if by.is_empty() {
            let (narrow, wide) = Default::default();
            return Ok(Grouped { rows: vec![0; height], narrow, wide });
        }
        let Keys { narrow, wide } = self.encoder.encode(&frame(height, by.to_vec())?)?;
        let mut rows = vec![0; height];
        let narrow = Distinct::new(&narrow, 0, &mut rows);
        let wide = Distinct::new(&wide, narrow.keys.len() as u32, &mut rows);
        Ok(Grouped { rows, narrow, wide })
    }
}

impl Grouped {
    /// Whether each group of the batch is among those of all.
    fn known(&self, narrow: &Table<u64, u32>, wide: &Table<Wide, u32>) -> Vec<bool> {
        let mut known = vec![false; self.narrow.keys.len() + self.wide.keys.len()];
        narrow.get_each(&self.narrow.keys, |index, group| {
            known[self.narrow.start as usize + index] = group.is_some();
        });
        wide.get_each(&self.wide.keys, |index, group| {
            known[self.wide.start as usize + index] = group.is_some();
        });
        known
    }
}

impl<K: Word> Distinct<K> {
    fn new(part: &Part<K>, start: u32, groups: &mut [u32]) -> Self {
        let mut distinct = Self { keys: Vec::new(), first: Vec::new(), start };
        let mut table = Table::<K, u32>::default();
        // A key is new exactly if it gets the number of those before it.
        let mut next = start;
        let found = std::cell::Cell::new(start);
        table.insert_each(
            &part.keys,
            |_| found.get(),
            |index, group, new| {
                if new {
                    distinct.keys.push(part.keys[index]);
                    distinct.first.push(part.row(index) as u32);
                    next += 1;
                    found.set(next);
                }
                groups[part.row(index)] = *group;
            },
        );
        distinct
    }

    /// Finds or adds the groups of these keys; gives the first row of each new one.
    fn enter(&self, table: &mut Table<K, u32>, count: &mut u32, groups: &mut [u32], new_rows: &mut Vec<u32>) {
        let next = std::cell::Cell::new(*count);
        table.insert_each(
            &self.keys,
            |_| next.get(),
            |index, group, new| {
                if new {
                    next.set(next.get() + 1);
                    new_rows.push(self.first[index]);
                }
                groups[self.start as usize + index] = *group;
            },
        );
        *count = next.get();
    }
}

impl Prepared {
    fn new(call: &BoundCall, columns: &[Column], groups: &[u32]) -> Result<Self> {
        let column = |place: usize| &columns[place];
        let Some(filter) = call.filter.map(column) else {
            let argument = match call.argument {
                Some(place) => call.function.form.of(column(place))?,
                None => Argument::Nothing,
            };
            return Ok(Self { argument, rows: None });
        };
        let filtered = || {
            let kept: BooleanChunked = filter.bool()?.iter().map(|kept| kept == Some(true)).collect();
            let argument = call.argument.map(|place| columns[place].filter(&kept)).transpose()?;
            let rows = groups
                .iter()
                .zip(kept.iter())
                .filter_map(|(group, kept)| (kept == Some(true)).then_some(*group));
            Ok((argument, rows.collect()))
        };
        let (argument, rows) =
            filtered().map_err(|e: PolarsError| Error::defect("cannot filter an argument").because(e))?;
        let argument = argument.map_or(Ok(Argument::Nothing), |column| call.function.form.of(&column))?;
        Ok(Self { argument, rows: Some(rows) })
    }
}

impl State {
    fn new(plan: &Plan) -> Self {
        let mut folds: Vec<_> = plan.calls.iter().map(|call| call.function.start()).collect();
        // Without columns to group by there is one group, even of no rows.
        let groups = u32::from(plan.by.is_empty());
        for fold in &mut folds {
            fold.grow(groups as usize);
        }
        Self {
            narrow: Table::default(),
            wide: Table::default(),
            groups,
            by: Vec::new(),
            by_bytes: 0,
            folds,
            waiting: None,
        }
    }

    /// About as many bytes as are held.
    fn bytes(&self) -> u64 {
        let folds: usize = self.folds.iter().map(|fold| fold.bytes()).sum();
        (self.narrow.bytes() + self.wide.bytes() + folds) as u64 + self.by_bytes
    }

    fn fold(&mut self, rows: &Rows, by: &[Column]) -> Result<()> {
        let Rows { grouped: batch, arguments } = rows;
        let local = batch.narrow.keys.len() + batch.wide.keys.len();
        let (mut groups, mut new_rows) = (vec![0u32; local.max(1)], Vec::new());
        batch.narrow.enter(&mut self.narrow, &mut self.groups, &mut groups, &mut new_rows);
        batch.wide.enter(&mut self.wide, &mut self.groups, &mut groups, &mut new_rows);
        if !new_rows.is_empty() {
            let new = take(by, &indices(new_rows))?;
            self.by_bytes += new.iter().map(bytes_of_column).sum::<u64>();
            self.by.push(new);
            self.folds.iter_mut().for_each(|fold| fold.grow(self.groups as usize));
        }
        let global = |rows: &[u32]| -> Vec<u32> { rows.iter().map(|row| groups[*row as usize]).collect() };
        let all = global(&batch.rows);
        for (fold, Prepared { argument, rows }) in self.folds.iter_mut().zip(arguments) {
            match rows {
                None => fold.fold(&all, argument)?,
                Some(rows) => fold.fold(&global(rows), argument)?,
            }
        }
        Ok(())
    }

    fn columns(&mut self, plan: &Plan) -> Result<Vec<Column>> {
        let mut columns: Vec<Column> = Vec::with_capacity(plan.by.len() + self.folds.len());
        let by = std::mem::take(&mut self.by);
        for (index, (name, dtype)) in plan.groups.iter().enumerate() {
            let mut column = Column::new_empty(name.clone(), dtype);
            for chunk in &by {
                column
                    .append(&chunk[index])
                    .map_err(|e| Error::defect("cannot put groups together").because(e))?;
            }
            columns.push(column);
        }
        for (index, fold) in self.folds.iter_mut().enumerate() {
            columns.push(fold.finish()?.with_name(call_name(index)));
        }
        Ok(columns)
    }
}

impl Operator for Aggregation {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let batch = frame(batch.height(), self.rows.evaluate(&batch)?)?;
        let rows = self.prepared(batch.columns(), batch.height())?;
        Ok(Box::new(move || {
            self.take(&mut locked(&self.state), &batch, &rows)?;
            Ok(Box::new(|| Ok(None)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        let mut state = {
            let state = &mut *locked(&self.state);
            let groups = state.groups;
            std::mem::replace(state, State { groups, ..State::new(&self.plan) })
        };
        if let Some(waiting) = state.waiting.take() {
            return self.rounds(state, waiting);
        }
        let sorted = self.sorted(state)?;
        Ok(rest(vec![frame(sorted.height(), self.plan.results()?.evaluate(&sorted)?)?]))
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("groups", u64::from(locked(&self.state).groups))]
    }
}
