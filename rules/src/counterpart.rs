//! The rows of another dataset, found by their keys and compared with rows of this one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;
use hashbrown::HashTable;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use crate::align::Align;
use crate::keys::hash_rows;
use crate::literal::Family;
use crate::mask::RowSet;
use crate::measure::{Accumulated, Accumulator, Lookup, Partners, Readings, What};
use crate::other::Pair;
use crate::reference::OtherRows;
use crate::rule::{Problem, Site};
use crate::sample::{Sample, json_value};
use crate::tolerance::Allowance;
use crate::verdict::Outcome;

/// So many rows of another dataset can be looked up, at about 45 bytes each besides the rows.
pub(crate) const MOST_ROWS: usize = 20_000_000;

/// The number that no key has.
pub(crate) const NO_KEY: u32 = u32::MAX;

/// How rows are paired and compared.
#[derive(Debug, Clone)]
pub(crate) struct Pairing {
    /// The columns that make the key.
    pub(crate) keys: Vec<Pair>,
    /// Whether nulls in keys equal each other; else a row with one has no partner.
    pub(crate) nulls_equal: bool,
    /// The columns that are compared between partners.
    pub(crate) compared: Vec<Pair>,
    /// How close numbers have to be.
    pub(crate) tolerance: Allowance,
}

/// The rows of another dataset by their keys.
#[derive(Debug)]
pub(crate) struct Counterpart {
    pairing: Pairing,
    /// The number of each key by its hash.
    numbers: HashTable<(u128, u32)>,
    /// The first row of each key, by its number.
    first: Vec<u32>,
    /// How many rows have each key.
    counts: Vec<u32>,
    /// The compared columns, brought to what they are compared as.
    compared: Vec<ArrayRef>,
    /// The columns of keys, then those compared, as they came.
    shown: Vec<ArrayRef>,
    rows: u64,
    digest: u128,
}

impl Counterpart {
    /// Indexes rows; None where there are too many.
    pub(crate) fn of(pairing: Pairing, rows: &OtherRows) -> Result<Option<Self>, ArrowError> {
        let count: usize = rows.batches.iter().map(RecordBatch::num_rows).sum();
        if count > MOST_ROWS {
            return Ok(None);
        }
        let all = match rows.batches.as_slice() {
            [one] => one.clone(),
            several => concat_batches(&rows.schema, several)?,
        };
        let column = |pair: &Pair| {
            let missing = || ArrowError::SchemaError(format!("the other dataset has no \"{}\"", pair.there));
            all.column_by_name(&pair.there).cloned().ok_or_else(missing)
        };
        let shown = pairing.keys.iter().chain(&pairing.compared).map(column);
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let (keys, compared) = shown.split_at(pairing.keys.len());
        let aligned = |(column, pair): (&ArrayRef, &Pair)| pair.ways.1.apply(column);
        let keys = keys.iter().zip(&pairing.keys).map(aligned).collect::<Result<Vec<_>, _>>()?;
        let tolerance = pairing.tolerance;
        let ready = |(column, pair): (&ArrayRef, &Pair)| comparable(column, pair.ways.1, tolerance);
        let compared = compared.iter().zip(&pairing.compared).map(ready).collect::<Result<Vec<_>, _>>()?;
        let mut index = Self {
            numbers: HashTable::new(),
            first: Vec::new(),
            counts: Vec::new(),
            rows: count as u64,
            digest: 0,
            pairing,
            compared,
            shown,
        };
        index.add(&keys, count)?;
        Ok(Some(index))
    }

    fn add(&mut self, keys: &[ArrayRef], count: usize) -> Result<(), ArrowError> {
        let scope = RowSet::all(count);
        let present = keys.iter().fold(scope.clone(), |rows, column| rows.and_valid(column.nulls()));
        let rows = if self.pairing.nulls_equal { &scope } else { &present };
        let hashes = hash_rows(keys, rows, self.pairing.nulls_equal)?;
        let values =
            if self.compared.is_empty() { Vec::new() } else { hash_rows(&self.compared, &scope, true)? };
        let described = format!("{:?} {count}", self.pairing);
        let all = hashes.iter().chain(&values).flat_map(|hash| hash.to_le_bytes());
        self.digest = xxh3_128(&all.chain(described.into_bytes()).collect::<Vec<_>>());
        for (row, hash) in rows.to_mask().set_indices().zip(hashes) {
            let fresh = (hash, self.first.len() as u32);
            let entry =
                self.numbers.entry(hash as u64, |(known, _)| *known == hash, |(known, _)| *known as u64);
            let number = entry.or_insert(fresh).get().1 as usize;
            if number == self.first.len() {
                self.first.push(row as u32);
                self.counts.push(0);
            }
            self.counts[number] += 1;
        }
        Ok(())
    }

    pub(crate) fn pairing(&self) -> &Pairing {
        &self.pairing
    }

    /// Equal for equal rows that are paired and compared in the same way.
    pub(crate) fn digest(&self) -> u128 {
        self.digest
    }

    /// How many rows there are, with or without a key.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// How many distinct keys there are.
    pub(crate) fn keys(&self) -> u64 {
        self.first.len() as u64
    }

    /// How many rows each key has, by its number.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The number of a key.
    pub(crate) fn number(&self, hash: u128) -> Option<u32> {
        self.numbers.find(hash as u64, |(known, _)| *known == hash).map(|(_, number)| *number)
    }

    /// The first row of a key, if it is one.
    pub(crate) fn first_row(&self, number: u32) -> Option<u32> {
        self.first.get(number as usize).copied()
    }

    /// Where compared columns differ between rows here and the rows there that they are paired with; false
    /// where there is none.
    pub(crate) fn differing(
        &self,
        here: &[ArrayRef],
        partners: &UInt32Array,
    ) -> Result<Vec<BooleanBuffer>, ArrowError> {
        let paired = partners.nulls().map(NullBuffer::inner);
        let pairs = here.iter().zip(&self.compared).zip(&self.pairing.compared);
        let all = pairs.map(|((here, there), pair)| -> Result<_, ArrowError> {
            let here = comparable(here, pair.ways.0, self.pairing.tolerance)?;
            let there = take(there, partners, None)?;
            let equal = equal(&here, &there, self.pairing.tolerance)?;
            Ok(match paired {
                Some(paired) => paired & &!&equal,
                None => !&equal,
            })
        });
        all.collect()
    }

    /// A row here as reports show it: where it has a partner, of the compared columns those that differ.
    pub(crate) fn show(
        &self,
        mut row: Sample,
        partner: Option<u32>,
        differs: impl Fn(usize) -> bool,
    ) -> Sample {
        let Some(there) = partner else { return row };
        for (at, pair) in self.pairing.compared.iter().enumerate() {
            let Some(value) = row.values.get_mut(&pair.here) else { continue };
            if differs(at) {
                *value = json!({"here": value.take(), "there": self.compared_value(at, there)});
            } else {
                row.values.shift_remove(&pair.here);
            }
        }
        row
    }

    /// The first rows of keys of the given numbers, as reports show rows that are only there.
    pub(crate) fn rows_of<'a>(
        &'a self,
        numbers: impl Iterator<Item = usize> + 'a,
    ) -> impl Iterator<Item = Sample> + 'a {
        let pairs = || self.pairing.keys.iter().chain(&self.pairing.compared).zip(&self.shown);
        numbers.filter_map(|number| self.first.get(number)).map(move |row| {
            let there = |(pair, column): (&Pair, &ArrayRef)| {
                (pair.here.clone(), json!({"there": json_value(column, *row as usize)}))
            };
            Sample { origin: None, occurs: None, values: pairs().map(there).collect() }
        })
    }

    fn compared_value(&self, at: usize, row: u32) -> Value {
        let column = self.shown.get(self.pairing.keys.len() + at);
        column.map_or(Value::Null, |column| json_value(column, row as usize))
    }
}

/// A column as it is compared: with a tolerance, numbers are floats.
fn comparable(column: &ArrayRef, way: Align, tolerance: Allowance) -> Result<ArrayRef, ArrowError> {
    let is_number = Family::of(column.data_type()).is_number();
    let way = if is_number && !tolerance.is_none() { Align::Float } else { way };
    way.comparable(column)
}

/// Where two columns of one type are equal; null equals null, NaN equals NaN.
fn equal(here: &ArrayRef, there: &ArrayRef, tolerance: Allowance) -> Result<BooleanBuffer, ArrowError> {
    if here.data_type() != &DataType::Float64 {
        return Ok(not_distinct(here, there)?.values().clone());
    }
    let (a, b): (&Float64Array, &Float64Array) =
        (here.as_primitive::<Float64Type>(), there.as_primitive::<Float64Type>());
    let close = BooleanBuffer::collect_bool(a.len(), |row| tolerance.is_close(a.value(row), b.value(row)));
    let valid = |array: &Float64Array| {
        array.nulls().map_or_else(|| BooleanBuffer::new_set(array.len()), |nulls| nulls.inner().clone())
    };
    let (here, there) = (valid(a), valid(b));
    Ok(&(&(&here & &there) & &close) | &!&(&here | &there))
}

/// The rows of another dataset by their keys, and the measure of the rows here that have partners there.
#[derive(Debug)]
pub(crate) struct Partnered {
    /// The index, or why there is none.
    other: Result<Arc<Counterpart>, String>,
    measure: Option<usize>,
}

impl Partnered {
    /// Indexes rows by keys alone: those of the columns a check is about.
    pub(crate) fn by_keys(site: &mut Site<'_>, keys: Vec<Pair>, rows: &OtherRows) -> Result<Self, Problem> {
        let tolerance = Allowance::default();
        Self::bind(site, Pairing { keys, nulls_equal: false, compared: Vec::new(), tolerance }, rows)
    }

    /// Indexes rows, and asks for the partners of those here.
    pub(crate) fn bind(site: &mut Site<'_>, pairing: Pairing, rows: &OtherRows) -> Result<Self, Problem> {
        let names: Vec<String> =
            pairing.keys.iter().chain(&pairing.compared).map(|pair| pair.here.clone()).collect();
        let unfit = |error: ArrowError| Problem::new(error.to_string()).key("to");
        let Some(other) = Counterpart::of(pairing, rows).map_err(unfit)?.map(Arc::new) else {
            let most = crate::scalar::grouped(MOST_ROWS as i128);
            let why = format!("the other dataset has more than {most} rows to be looked up");
            return Ok(Self { other: Err(why), measure: None });
        };
        let measure = site.measure(What::Partners(Lookup::new(Arc::clone(&other))), &names);
        Ok(Self { other: Ok(other), measure: Some(measure) })
    }

    /// The rows here, their partners, and the index; the outcome where they are not known.
    pub(crate) fn read<'r>(
        &'r self,
        readings: &'r Readings<'_>,
    ) -> Result<(&'r Accumulated, &'r Partners, &'r Counterpart), Box<Outcome>> {
        let other = self.other.as_ref().map_err(|why| Box::new(Outcome::error(why.clone())))?;
        match self.measure.and_then(|measure| readings.at(measure)) {
            Some(all @ Accumulated { accumulator: Accumulator::Partners(partners), .. }) => {
                Ok((all, partners, other))
            }
            _ => Err(Box::new(Outcome::error("partners were not looked up"))),
        }
    }
}
