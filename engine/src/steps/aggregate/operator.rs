//! Groups the rows of each batch in parallel, then folds them into the groups of all, in row order.

use std::sync::Mutex;

use polars::prelude::{BooleanChunked, Column, DataFrame, PolarsError, SortMultipleOptions};

use super::argument::Argument;
use super::fold::Fold;
use super::plan::{BoundCall, Plan, call_name};
use crate::error::{Error, Result};
use crate::steps::evaluate::Evaluator;
use crate::steps::keys::{KeyEncoder, Keys, Part, Table, Wide, Word};
use crate::steps::rows::{frame, indices, locked, take};
use crate::steps::{Operator, Then, Turn};

/// The operator.
pub(super) struct Aggregation {
    plan: Plan,
    rows: Evaluator,
    encoder: KeyEncoder,
    state: Mutex<State>,
}

/// The groups so far.
struct State {
    narrow: Table<u64, u32>,
    wide: Table<Wide, u32>,
    groups: u32,
    /// Columns to group by of groups in the order they were first seen.
    by: Vec<Vec<Column>>,
    folds: Vec<Box<dyn Fold>>,
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

/// What a call needs of a batch.
struct Prepared {
    argument: Argument,
    /// Groups of the rows that pass the call's filter, if it has one.
    rows: Option<Vec<u32>>,
}

impl Aggregation {
    pub(super) fn new(plan: Plan, rows: Evaluator) -> Result<Self> {
        let encoder = plan.encoder()?;
        let mut folds: Vec<_> = plan.calls.iter().map(|call| call.function.start()).collect();
        // Without columns to group by there is one group, even of no rows.
        let groups = u32::from(plan.by.is_empty());
        for fold in &mut folds {
            fold.grow(groups as usize);
        }
        let state = State { narrow: Table::default(), wide: Table::default(), groups, by: Vec::new(), folds };
        Ok(Self { plan, rows, encoder, state: Mutex::new(state) })
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
    fn take(&mut self, batch: &Grouped, by: &[Column], arguments: &[Prepared]) -> Result<()> {
        let local = batch.narrow.keys.len() + batch.wide.keys.len();
        let (mut groups, mut new_rows) = (vec![0u32; local.max(1)], Vec::new());
        batch.narrow.enter(&mut self.narrow, &mut self.groups, &mut groups, &mut new_rows);
        batch.wide.enter(&mut self.wide, &mut self.groups, &mut groups, &mut new_rows);
        if !new_rows.is_empty() {
            self.by.push(take(by, &indices(new_rows))?);
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
        let mut columns = self.rows.evaluate(&batch)?;
        let grouped = self.grouped(&columns[..self.plan.by.len()], batch.height())?;
        let arguments = (self.plan.calls.iter())
            .map(|call| Prepared::new(call, &columns, &grouped.rows))
            .collect::<Result<Vec<_>>>()?;
        columns.truncate(self.plan.by.len());
        Ok(Box::new(move || {
            locked(&self.state).take(&grouped, &columns, &arguments)?;
            Ok(Box::new(|| Ok(None)) as Then<'_>)
        }))
    }

    fn end(&self) -> Result<Vec<DataFrame>> {
        let state = &mut *locked(&self.state);
        let groups = frame(state.groups as usize, state.columns(&self.plan)?)?;
        let by: Vec<_> = self.plan.by.iter().map(|(name, _)| name.clone()).collect();
        let sorted = if by.is_empty() {
            Ok(groups)
        } else {
            groups.sort(by, SortMultipleOptions::default().with_nulls_last(true))
        };
        let sorted = sorted.map_err(|e| Error::defect("cannot sort the groups").because(e))?;
        Ok(vec![frame(sorted.height(), self.plan.results()?.evaluate(&sorted)?)?])
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("groups", u64::from(locked(&self.state).groups))]
    }
}
