//! What rules need of other datasets: the keys, against which `foreign_key` looks up its own, or the rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use hashbrown::HashTable;

use crate::align::as_held;
use crate::keys::{KeyKind, hash_rows};
use crate::mask::RowSet;

/// What is wanted of which dataset.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The name of a source or table of the pipeline.
    pub dataset: String,
    /// The columns wanted; of keys in the order of the check's own.
    pub columns: Columns,
    /// A condition on its rows, in SQL.
    pub filter: Option<String>,
    /// What is made of them.
    pub want: Want,
}

/// Columns of another dataset.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Columns {
    /// These.
    Named(Vec<String>),
    /// As many as there are.
    All,
}

impl Columns {
    /// Columns of these names, or all, where a name may stand for several.
    pub(crate) fn of(names: &[String]) -> Self {
        if names.iter().any(|name| name.contains('*')) { Self::All } else { Self::Named(names.to_vec()) }
    }
}

/// What is made of the rows of another dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Want {
    /// The set of the keys that the columns form.
    Keys,
    /// The rows themselves.
    Rows,
    /// No more than which columns there are.
    Schema,
}

/// What was gathered of other datasets for a suite.
pub type References = HashMap<Reference, Gathered>;

/// What was gathered of another dataset.
#[derive(Debug, Clone)]
pub enum Gathered {
    /// For [`Want::Keys`].
    Keys(Arc<KeySet>),
    /// For [`Want::Rows`]: batches of one schema; none while a run is planned. For [`Want::Schema`]: none.
    Rows(Arc<OtherRows>),
}

/// Rows of another dataset.
#[derive(Debug, Clone)]
pub struct OtherRows {
    /// The schema of the columns asked for.
    pub schema: SchemaRef,
    /// The rows, in order.
    pub batches: Vec<RecordBatch>,
}

/// A set of keys; rows with a null key are not in it.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    types: Vec<DataType>,
    kinds: Vec<KeyKind>,
    hashes: HashTable<u128>,
}

impl KeySet {
    /// An empty set for keys of columns of these types.
    pub fn new(types: &[DataType]) -> Result<Self, ArrowError> {
        let kinds = types.iter().map(|data_type| {
            KeyKind::of(data_type).ok_or_else(|| {
                ArrowError::InvalidArgumentError(format!("a column of type {data_type} cannot be a key"))
            })
        });
        let kinds = kinds.collect::<Result<_, _>>()?;
        Ok(Self { types: types.to_vec(), kinds, hashes: HashTable::new() })
    }

    /// Adds the keys of a batch, one array a key column; with `rows`, only where it is true.
    pub fn extend(
        &mut self,
        columns: &[ArrayRef],
        rows: Option<&arrow::array::BooleanArray>,
    ) -> Result<(), ArrowError> {
        let hashes = Self::hashes(columns, rows)?;
        self.insert(&hashes);
        Ok(())
    }

    /// The hashes of a batch's keys: the expensive half of [`Self::extend`], for many threads.
    pub fn hashes(
        columns: &[ArrayRef],
        rows: Option<&arrow::array::BooleanArray>,
    ) -> Result<Vec<u128>, ArrowError> {
        let columns = columns.iter().map(crate::measure::unpacked).collect::<Result<Vec<_>, _>>()?;
        let len = columns.first().map_or(0, arrow::array::Array::len);
        let scope = rows.map_or_else(|| RowSet::all(len), RowSet::truths);
        let scope = columns.iter().fold(scope, |scope, column| scope.and_valid(column.nulls()));
        hash_rows(&columns, &scope, false)
    }

    /// Adds keys by their hashes.
    pub fn insert(&mut self, hashes: &[u128]) {
        self.hashes.reserve(hashes.len().min(1 << 16), |hash| *hash as u64);
        for hash in hashes {
            let entry = self.hashes.entry(*hash as u64, |known| known == hash, |known| *known as u64);
            entry.or_insert(*hash);
        }
    }

    /// Number of distinct keys.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// What the key columns mean.
    pub fn kinds(&self) -> &[KeyKind] {
        &self.kinds
    }

    /// Which rows of the set `rows` have a key that is in here.
    pub(crate) fn found(&self, columns: &[ArrayRef], rows: &RowSet) -> Result<BooleanBuffer, ArrowError> {
        let held = columns.iter().zip(&self.types).map(|(column, there)| as_held(column, there));
        let held = held.collect::<Result<Vec<_>, _>>()?;
        // What the types there do not hold is null now.
        let rows = held.iter().fold(rows.clone(), |rows, column| rows.and_valid(column.nulls()));
        let hashes = hash_rows(&held, &rows, false)?;
        let hit = |hash: &u128| self.hashes.find(*hash as u64, |known| known == hash).is_some();
        if rows.mask().is_none() {
            return Ok(crate::mask::pack(&hashes, |hash| hit(&hash)));
        }
        let mut next = hashes.iter();
        let mask = rows.to_mask();
        Ok(BooleanBuffer::collect_bool(rows.len(), |row| mask.value(row) && next.next().is_some_and(hit)))
    }
}
