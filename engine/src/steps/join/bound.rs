//! A join bound to the schemas of both tables.

use polars::prelude::{DataType, LazyFrame, PlSmallStr, PolarsResult, Schema};

use super::arguments::{Expect, How, Join, Pairs};
use super::distant::Distant;
use super::key_types::common;
use super::lazy;
use super::operator::Probe;
use crate::error::{Error, Result};
use crate::memory::{Memory, Table};
use crate::spec::Spanned;
use crate::steps::column::{existing, visible};
use crate::steps::keys::KeyEncoder;
use crate::steps::narrow::{ColumnSet, Needs, stays};
use crate::steps::{Operator, StreamStep};

/// The step bound to its inputs.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// Name of the other table.
    pub with: String,
    pub how: How,
    pub expect: Expect,
    /// Columns of the rows coming in.
    pub input: Schema,
    pub keys: Vec<Key>,
    pub payload: Vec<Taken>,
    pub here: KeyEncoder,
    pub there: KeyEncoder,
}

/// A pair of key columns.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub here: PlSmallStr,
    pub there: PlSmallStr,
    /// The type in which they are compared.
    pub dtype: DataType,
}

/// A column taken from the other table.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// Its name there.
    pub there: PlSmallStr,
    /// Its name in the result.
    pub name: PlSmallStr,
    pub dtype: DataType,
}

impl Bound {
    pub(super) fn new(join: &Join, input: &Schema, other: &Schema) -> Result<Self> {
        let keys = keys(&join.on.0, input, other)?;
        let place = join.on.0.0.first().map_or(join.with.span, |(here, _)| here.span);
        let columns = |side: fn(&Key) -> &PlSmallStr| {
            keys.iter().map(|key| (side(key).clone(), key.dtype.clone())).collect()
        };
        let here = KeyEncoder::with_types(columns(|key| &key.here)).map_err(|e| e.at(place))?;
        let there = KeyEncoder::with_types(columns(|key| &key.there)).map_err(|e| e.at(place))?;
        let payload = payload(join, &keys, input, other)?;
        Ok(Self {
            with: join.with.value.clone(),
            how: join.how,
            expect: join.expect,
            input: input.clone(),
            keys,
            payload,
            here,
            there,
        })
    }

    /// Whether rows of the other table that nothing matched come out too.
    pub(super) fn keeps_there(&self) -> bool {
        matches!(self.how, How::Right | How::Full)
    }
}

/// The pairs of key columns with the type of each.
pub(super) fn keys(pairs: &Pairs, input: &Schema, other: &Schema) -> Result<Vec<Key>> {
    let key = |(here, there): &(Spanned<String>, Spanned<String>)| {
        let types = (existing(input, here)?.dtype, existing(other, there)?.dtype);
        let dtype = common((here, &types.0), (there, &types.1))?;
        Ok(Key { here: here.value.as_str().into(), there: there.value.as_str().into(), dtype })
    };
    pairs.0.iter().map(key).collect()
}

/// The columns taken from the other table and what they are called.
pub(super) fn payload(join: &Join, keys: &[Key], input: &Schema, other: &Schema) -> Result<Vec<Taken>> {
    if matches!(join.how, How::Semi | How::Anti) {
        return Ok(Vec::new());
    }
    let chosen: Vec<(PlSmallStr, _)> = match &join.columns {
        Some(columns) => columns
            .iter()
            .map(|column| existing(other, column).map(|found| (found.name, found.span)))
            .collect::<Result<_>>()?,
        None => visible(other)
            .map(|(name, _)| name)
            .filter(|name| keys.iter().all(|key| key.there != **name))
            .map(|name| (name.clone(), join.with.span))
            .collect(),
    };
    let mut taken: Vec<Taken> = Vec::with_capacity(chosen.len());
    for (there, span) in chosen {
        let clashes = input.contains(&there);
        let name = if clashes { format!("{there}{}", join.suffix).into() } else { there.clone() };
        if input.contains(&name) || taken.iter().any(|other| other.name == name) {
            return Err(Error::wrong(format!("the join gives two columns named \"{name}\""))
                .at(span)
                .hint("choose another `suffix`, or take fewer `columns`"));
        }
        let dtype = other.get(&there).cloned().unwrap_or(DataType::Null);
        taken.push(Taken { there, name, dtype });
    }
    Ok(taken)
}

impl StreamStep for Bound {
    fn lazy(&self, input: LazyFrame, others: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let [other]: [LazyFrame; 1] = others.try_into().map_err(|_| {
            polars::prelude::PolarsError::InvalidOperation("a join reads one other table".into())
        })?;
        lazy::plan(self, input, other)
    }

    fn open(&self, others: Vec<Table>, memory: &Memory) -> Result<Box<dyn Operator>> {
        let [other]: [Table; 1] =
            others.try_into().map_err(|_| Error::defect("a join is opened with one other table"))?;
        if other.is_on_disk() {
            return Ok(Box::new(Distant::new(self.clone(), &other, memory)?));
        }
        Ok(Box::new(Probe::new(self.clone(), &other, memory)?))
    }

    fn narrow(&mut self, wanted: &ColumnSet) -> Option<Needs> {
        self.payload.retain(|taken| wanted.contains(&taken.name));
        let mut input: ColumnSet = wanted.iter().filter(|name| self.input.contains(name)).cloned().collect();
        input.extend(self.keys.iter().map(|key| key.here.clone()));
        self.input = (self.input.iter())
            .filter(|(name, _)| stays(name, &input))
            .map(|(name, dtype)| (name.clone(), dtype.clone()))
            .collect();
        let keys = self.keys.iter().map(|key| key.there.clone());
        let other = self.payload.iter().map(|taken| taken.there.clone()).chain(keys).collect();
        Some(Needs { input, others: vec![other] })
    }

    /// Rows of the other table that nothing matched are a matter of all rows, as is a key that may occur
    /// only once.
    fn is_row_by_row(&self) -> bool {
        !self.keeps_there() && !self.expect.once_here()
    }

    /// Rows that were unique are so still if each finds one row at most.
    fn keeps_unique(&self) -> bool {
        match self.how {
            How::Semi | How::Anti | How::Asof => true,
            How::Left | How::Inner => self.expect.once_there(),
            How::Right | How::Full => false,
        }
    }
}
