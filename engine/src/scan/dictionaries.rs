//! What dictionary pages list: every value of a text column whose pages all point into one.
//!
//! A dictionary may list values that no row has, so that it proves what holds for all of them, and never that
//! something does not.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use ::parquet::arrow::parquet_column;
use ::parquet::basic::{Encoding, Type};
use ::parquet::column::page::{Page, PageReader};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::serialized_reader::SerializedPageReader;
use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use futures::{StreamExt, TryStreamExt, stream};

use super::adapt::Source;
use super::parquet::{Chunks, guarded};
use super::{Body, Part, Scan};
use crate::error::Result;
use crate::store::Entry;

/// More different values are not listed, nor are larger dictionaries read.
const MOST_VALUES: usize = 10_000;
const MOST_BYTES: u64 = 16 << 20;

/// Dictionaries that are read at once. More are read where the columns are so many times as large.
const AT_ONCE: usize = 32;
const WORTH: u64 = 4;

/// The dictionary page of a column chunk.
struct Dictionary<'s> {
    entry: &'s Entry,
    column: &'s ColumnChunkMetaData,
    range: Range<u64>,
    rows: usize,
}

impl Scan {
    /// Learns which values the columns `names` may hold, as far as dictionaries list them, are few or much
    /// smaller than the columns, and list no more than ten thousand. Whether it learnt any.
    pub fn list_values<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Result<bool> {
        let known = self.listed.len();
        if self.part != Part::Whole {
            return Ok(false);
        }
        for name in names {
            if let Some(values) = self.values_of(name)? {
                self.listed.insert(name.to_owned(), values);
            }
        }
        Ok(self.listed.len() > known)
    }

    fn values_of(&self, name: &str) -> Result<Option<ArrayRef>> {
        let found = self.arrow_schema.column_with_name(name);
        // Without the number of nulls, values prove nothing.
        let Some((index, _)) = found.filter(|(index, field)| {
            field.data_type() == &DataType::Utf8View && self.nulls(*index).is_some()
        }) else {
            return Ok(None);
        };
        let mut values = BTreeSet::new();
        let Some(dictionaries) = self.dictionaries(index, &mut values) else { return Ok(None) };
        let Some(io) = &self.io else { return Ok(None) };
        let read = async {
            let reads = dictionaries.iter().map(|dictionary| async move {
                let bytes = dictionary.entry.get_ranges(std::slice::from_ref(&dictionary.range)).await?;
                let chunks =
                    Chunks::new(dictionary.entry.size, std::slice::from_ref(&dictionary.range), bytes);
                // What is damaged lists nothing, and is told by whoever decodes the rows.
                Ok(guarded(|| texts(chunks, dictionary.column, dictionary.rows)).ok())
            });
            let mut reads = stream::iter(reads).buffered(AT_ONCE);
            while let Some(listed) = reads.try_next().await? {
                let Some(listed) = listed else { return Ok(false) };
                values.extend(listed);
                if values.len() > MOST_VALUES {
                    return Ok(false);
                }
            }
            Ok(values.len() <= MOST_VALUES)
        };
        let is_listed = io.block_on(read)?;
        Ok(is_listed.then(|| Arc::new(StringViewArray::from_iter_values(values)) as ArrayRef))
    }

    /// The dictionaries of a column, where every page of it points into one and they are worth being read;
    /// adds values that hold for whole files to `values`.
    fn dictionaries(&self, column: usize, values: &mut BTreeSet<String>) -> Option<Vec<Dictionary<'_>>> {
        let mut found = Vec::new();
        for file in &self.files {
            let Body::Parquet(footer, _) = &file.body else { return None };
            match &file.adapter.sources[column] {
                Source::File(name) => found.extend(of_file(&file.entry, footer, name)?),
                Source::Constant(value) => {
                    let value = value.as_string_view_opt()?;
                    values.extend(value.iter().flatten().map(str::to_owned));
                }
                Source::Missing => {}
                Source::Origin(_) | Source::Told(_) => return None,
            }
        }
        let bytes: u64 = found.iter().map(|dictionary| dictionary.range.end - dictionary.range.start).sum();
        let all: u64 = found.iter().map(|dictionary| dictionary.column.byte_range().1).sum();
        let is_worth_it = found.len() <= AT_ONCE || bytes.saturating_mul(WORTH) <= all;
        (bytes <= MOST_BYTES && is_worth_it).then_some(found)
    }
}

/// Of every row group that holds rows.
fn of_file<'s>(entry: &'s Entry, footer: &'s ArrowReaderMetadata, name: &str) -> Option<Vec<Dictionary<'s>>> {
    let (leaf, field) = parquet_column(footer.parquet_schema(), footer.schema(), name)?;
    if field.data_type() != &DataType::Utf8View {
        return None;
    }
    let groups = footer.metadata().row_groups().iter().filter(|group| group.num_rows() > 0);
    groups
        .map(|group| {
            let column = group.column(leaf);
            let points_into_one = column.page_encoding_stats_mask().is_some_and(|mask| {
                mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
            });
            let (start, length) = column.byte_range();
            let end = u64::try_from(column.data_page_offset()).ok()?.min(start + length);
            let range = column.dictionary_page_offset()? as u64..end;
            let is_one = points_into_one && column.column_type() == Type::BYTE_ARRAY && !range.is_empty();
            is_one.then(|| Dictionary { entry, column, range, rows: group.num_rows() as usize })
        })
        .collect()
}

/// The texts of the dictionary page that a column chunk begins with.
fn texts(chunks: Chunks, column: &ColumnChunkMetaData, rows: usize) -> Result<Vec<String>, ParquetError> {
    let mut pages = SerializedPageReader::new(Arc::new(chunks), column, rows, None)?;
    match pages.get_next_page()? {
        Some(Page::DictionaryPage {
            buf,
            num_values,
            encoding: Encoding::PLAIN | Encoding::PLAIN_DICTIONARY,
            ..
        }) => plain(&buf, num_values),
        _ => Err(ParquetError::General("the column chunk begins with no dictionary".to_owned())),
    }
}

/// Texts as the plain encoding writes them, each after its length.
fn plain(mut bytes: &[u8], values: u32) -> Result<Vec<String>, ParquetError> {
    let short = || ParquetError::EOF("the dictionary ends early".to_owned());
    if values as usize > MOST_VALUES {
        return Err(ParquetError::General("the dictionary lists too much".to_owned()));
    }
    let mut texts = Vec::new();
    for _ in 0..values {
        let (length, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
        texts.push(str::from_utf8(text).map_err(|error| ParquetError::External(Box::new(error)))?.to_owned());
        bytes = rest;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_after_their_lengths() {
        let bytes = [&[2, 0, 0, 0][..], b"AB", &[0, 0, 0, 0], &[3, 0, 0, 0], "ü-".as_bytes()].concat();
        assert_eq!(plain(&bytes, 3).unwrap(), ["AB", "", "ü-"]);
        assert!(plain(&bytes, 4).is_err() && plain(&bytes[..bytes.len() - 1], 3).is_err());
        assert!(plain(&[1, 0, 0, 0, 0xff], 1).is_err() && plain(&[255, 255, 255, 255], 1).is_err());
    }
}
