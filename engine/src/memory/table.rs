//! A table that is complete: what steps read besides their own rows.

use std::sync::Arc;

use polars::prelude::{Column, DataFrame, PlSmallStr, Schema};

use super::Memory;
use super::kept::Kept;
use super::slim::Slim;
use super::stack::stack;
use crate::error::{Error, Result};

/// Rows that are complete, in memory or on disk, as far as their columns are for others.
#[derive(Clone)]
pub struct Table {
    rows: Arc<Kept>,
    schema: Schema,
}

impl Table {
    /// The columns of `schema` of rows that were kept.
    pub fn new(rows: Arc<Kept>, schema: Schema) -> Self {
        Self { rows, schema }
    }

    /// Its columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether some of its rows are on disk.
    pub fn is_on_disk(&self) -> bool {
        self.rows.is_on_disk()
    }

    /// About as many bytes as its rows take where they are read.
    pub fn bytes(&self) -> u64 {
        self.rows.bytes()
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.rows.rows()
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The frame at `index`.
    pub fn read(&self, index: usize) -> Result<DataFrame> {
        self.rows.read_only(index, self.schema.iter_names().map(PlSmallStr::as_str))
    }

    /// All rows in one frame, in memory whatever the room.
    pub fn frame(&self) -> Result<DataFrame> {
        let all = stack((0..self.len()).map(|index| self.read(index)))?;
        Ok(all.unwrap_or_else(|| DataFrame::empty_with_schema(&self.schema)))
    }

    /// The same rows with no other columns than `names`.
    pub fn only<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Self> {
        let schema = self.schema.try_project(names);
        let schema = schema.map_err(|error| Error::defect("a table lacks a column").because(error))?;
        Ok(Self { rows: Arc::clone(&self.rows), schema })
    }

    /// The column `name` of all rows, in memory whatever the room.
    pub fn slim(&self, name: &str) -> Result<Slim> {
        let dtype = self.schema.get(name).ok_or_else(|| Error::defect("a table lacks a column"))?;
        Ok(self.rows.slim(name)?.unwrap_or_else(|| Slim::Plain(Column::new_empty(name.into(), dtype))))
    }
}

impl From<DataFrame> for Table {
    fn from(frame: DataFrame) -> Self {
        let schema = frame.schema().as_ref().clone();
        let rows = Kept::whole(&Memory::unbounded(), "a table", frame);
        Self { rows: Arc::new(rows), schema }
    }
}
