//! From the key columns of a batch to one word a row.

use polars::prelude::{DataFrame, DataType, PlSmallStr, PolarsResult, Schema};
use polars_arrow::array::{Array, BinaryViewArray};
use polars_arrow::bitmap::Bitmap;
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use super::lane::Lane;
use super::layout::{Field, Layout, Place};
use crate::error::{Error, Result};

/// A key of 128 bits: low word first.
pub type Wide = [u64; 2];

/// Makes keys from the same columns of every batch.
#[derive(Debug, Clone)]
pub struct KeyEncoder {
    columns: Vec<KeyColumn>,
    layout: Layout,
}

#[derive(Debug, Clone)]
struct KeyColumn {
    name: PlSmallStr,
    /// The type the values are brought to first; those it cannot hold become null.
    dtype: DataType,
}

/// The keys of a batch.
#[derive(Debug, Default)]
pub struct Keys {
    /// Rows with a narrow key.
    pub narrow: Part<u64>,
    /// Rows with a wide key.
    pub wide: Part<Wide>,
}

/// Keys with the rows they belong to, in row order.
#[derive(Debug, Default)]
pub struct Part<K> {
    /// The keys.
    pub keys: Vec<K>,
    /// The row of each key; if none, the n-th key is that of the n-th row.
    pub rows: Option<Vec<u32>>,
}

impl<K> Part<K> {
    /// The row of the key at `index`.
    pub fn row(&self, index: usize) -> usize {
        self.rows.as_ref().map_or(index, |rows| rows[index] as usize)
    }
}

impl KeyEncoder {
    /// An encoder of `names` in batches of `schema`. Fails on a missing column or a list or struct.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, schema: &Schema) -> Result<Self> {
        let columns: Vec<_> = names
            .into_iter()
            .map(|name| match schema.get(name) {
                Some(dtype) => Ok((PlSmallStr::from_str(name), dtype.clone())),
                None => Err(Error::wrong(format!("no column \"{name}\" to make a key of"))),
            })
            .collect::<Result<_>>()?;
        Self::with_types(columns)
    }

    /// An encoder of columns that are cast to the given types first; what a type cannot hold is null.
    pub fn with_types(columns: Vec<(PlSmallStr, DataType)>) -> Result<Self> {
        let fields = columns
            .iter()
            .map(|(name, dtype)| {
                Field::of(dtype).ok_or_else(|| {
                    Error::wrong(format!("column \"{name}\" of type {dtype} cannot be a key"))
                        .hint("derive a text or number from it and use that")
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let layout = Layout::new(&fields);
        let columns = columns.into_iter().map(|(name, dtype)| KeyColumn { name, dtype }).collect();
        Ok(Self { columns, layout })
    }

    /// The keys of `batch`, where null equals null.
    pub fn encode(&self, batch: &DataFrame) -> Result<Keys> {
        let lanes = self.lanes(batch)?;
        Ok(self.keys(&lanes, batch.height(), None))
    }

    /// The keys of `batch` without the rows in which any key column is null.
    pub fn encode_valid(&self, batch: &DataFrame) -> Result<Keys> {
        let lanes = self.lanes(batch)?;
        let valid = lanes.iter().filter_map(|lane| lane.valid(batch.height())).reduce(|a, b| &a & &b);
        Ok(self.keys(&lanes, batch.height(), valid.filter(|valid| valid.unset_bits() > 0)))
    }

    fn lanes(&self, batch: &DataFrame) -> Result<Vec<Lane>> {
        let lane = |key: &KeyColumn| {
            let column = batch.column(&key.name)?;
            if column.dtype() == &key.dtype { Lane::of(column) } else { Lane::of(&column.cast(&key.dtype)?) }
        };
        let lanes: PolarsResult<_> = self.columns.iter().map(lane).collect();
        lanes.map_err(|e| Error::defect("cannot read the key columns of a batch").because(e))
    }

    fn keys(&self, lanes: &[Lane], rows: usize, valid: Option<Bitmap>) -> Keys {
        let Some(places) = &self.layout.narrow else {
            let wide = Part::new(self.wide(lanes, rows), valid.map(|valid| valid.iter().collect()));
            return Keys { wide, ..Keys::default() };
        };
        let mut fits = vec![true; rows];
        let narrow = pack_narrow(lanes, places, &mut fits);
        if !fits.contains(&false) {
            let narrow = Part::new(narrow, valid.map(|valid| valid.iter().collect()));
            return Keys { narrow, ..Keys::default() };
        }
        let valid = |row: usize| valid.as_ref().is_none_or(|valid| valid.get_bit(row));
        let wide = fits.iter().enumerate().map(|(row, fits)| !fits && valid(row)).collect();
        let fits = fits.iter().enumerate().map(|(row, fits)| *fits && valid(row)).collect();
        Keys { narrow: Part::new(narrow, Some(fits)), wide: Part::new(self.wide(lanes, rows), Some(wide)) }
    }

    fn wide(&self, lanes: &[Lane], rows: usize) -> Vec<Wide> {
        match &self.layout.wide {
            Some(shifts) => pack_wide(lanes, shifts, rows),
            None => hash(lanes, rows),
        }
    }
}

impl<K: Copy> Part<K> {
    /// The keys of the chosen rows.
    fn new(keys: Vec<K>, chosen: Option<Vec<bool>>) -> Self {
        let Some(chosen) = chosen else { return Self { keys, rows: None } };
        let rows: Vec<u32> =
            (0u32..).zip(&chosen).filter_map(|(row, chosen)| chosen.then_some(row)).collect();
        Self { keys: rows.iter().map(|row| keys[*row as usize]).collect(), rows: Some(rows) }
    }
}

/// Packs every row's codes into 64 bits and unmarks the rows where one does not fit.
fn pack_narrow(lanes: &[Lane], places: &[Place], fits: &mut [bool]) -> Vec<u64> {
    let mut keys = vec![0u64; fits.len()];
    for (lane, place) in lanes.iter().zip(places) {
        match lane {
            Lane::Words { values, valid: None } => {
                for (key, &value) in keys.iter_mut().zip(values) {
                    *key |= value.wrapping_add(place.bias) << place.shift;
                }
                if place.may_overflow {
                    for (fits, &value) in fits.iter_mut().zip(values) {
                        *fits &= is_code(value, place);
                    }
                }
            }
            Lane::Words { values, valid: Some(valid) } => {
                for (row, (&value, valid)) in values.iter().zip(valid.iter()).enumerate() {
                    if valid {
                        keys[row] |= value.wrapping_add(place.bias) << place.shift;
                        fits[row] &= is_code(value, place);
                    }
                }
            }
            Lane::Huge { values, valid } => {
                for (row, &value) in values.iter().enumerate() {
                    if valid.as_ref().is_none_or(|valid| valid.get_bit(row)) {
                        let word = value as i64;
                        keys[row] |= (word as u64).wrapping_add(place.bias) << place.shift;
                        fits[row] &= i128::from(word) == value && is_code(word as u64, place);
                    }
                }
            }
            Lane::Bytes(_) | Lane::Null => {}
        }
    }
    keys
}

fn is_code(value: u64, place: &Place) -> bool {
    value.wrapping_add(place.bias).wrapping_sub(1) < place.codes
}

/// Packs every row's values, each with a bit that says it is not null, into 128 bits.
fn pack_wide(lanes: &[Lane], shifts: &[u32], rows: usize) -> Vec<Wide> {
    let mut keys = vec![[0u64; 2]; rows];
    for (index, (lane, &shift)) in lanes.iter().zip(shifts).enumerate() {
        let width = shifts.get(index + 1).map_or(128, |next| *next) - shift;
        let Lane::Words { values, valid } = lane else { continue };
        // A sign-extended value is cut to its own bits, or it would run into its neighbour.
        let mask = if width > 64 { u64::MAX } else { u64::MAX >> (65 - width) };
        for (row, &value) in values.iter().enumerate() {
            if valid.as_ref().is_none_or(|valid| valid.get_bit(row)) {
                let word = ((u128::from(value & mask) << 1) | 1) << shift;
                keys[row][0] |= word as u64;
                keys[row][1] |= (word >> 64) as u64;
            }
        }
    }
    keys
}

/// Hashes every row's values to 128 bits, one column after the other.
fn hash(lanes: &[Lane], rows: usize) -> Vec<Wide> {
    let mut keys = vec![0u128; rows];
    for (index, lane) in lanes.iter().enumerate() {
        // Any hash will do for null that no value is likely to have.
        let null = xxh3_128_with_seed(b"null", index as u64 + 1);
        match lane {
            Lane::Words { values, valid } => {
                fold(&mut keys, valid.as_ref(), null, |row| xxh3_128(&values[row].to_le_bytes()));
            }
            Lane::Huge { values, valid } => {
                fold(&mut keys, valid.as_ref(), null, |row| xxh3_128(&values[row].to_le_bytes()));
            }
            Lane::Bytes(array) => fold_bytes(&mut keys, array, null),
            Lane::Null => keys.iter_mut().for_each(|key| *key = combined(*key, null)),
        }
    }
    keys.into_iter().map(|key| [key as u64, (key >> 64) as u64]).collect()
}

fn fold_bytes(keys: &mut [u128], array: &BinaryViewArray, null: u128) {
    fold(keys, array.validity(), null, |row| xxh3_128(array.value(row)));
}

fn fold(keys: &mut [u128], valid: Option<&Bitmap>, null: u128, hash: impl Fn(usize) -> u128) {
    for (row, key) in keys.iter_mut().enumerate() {
        let hash = if valid.is_none_or(|valid| valid.get_bit(row)) { hash(row) } else { null };
        *key = combined(*key, hash);
    }
}

/// A polynomial over the columns' hashes: the order of columns matters.
fn combined(key: u128, hash: u128) -> u128 {
    const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    key.wrapping_mul(ODD).wrapping_add(hash)
}
