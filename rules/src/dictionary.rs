//! A batch's column as its distinct values and a code a row, so that each value is looked at once.

use std::cell::OnceCell;
use std::hash::BuildHasher;

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::mask::{RowSet, pack};

/// Rows looked at before a column with many values is given up.
const FIRST_ROWS: usize = 1024;
/// What the outcome of a value is coded as, besides false and true.
const UNKNOWN: u8 = 2;

/// Distinct values, in the order of their first rows, and each row's place among them.
#[derive(Debug)]
pub(crate) struct Dictionary {
    /// Null is a value here, as its own code.
    values: ArrayRef,
    codes: Vec<u32>,
    row_counts: OnceCell<Vec<u64>>,
}

impl Dictionary {
    /// The dictionary of a column of plain texts; None of any other, and where there are more than half as many
    /// values as rows at first or a quarter in the end, so that looking at each value would save too little.
    pub(crate) fn of_texts(column: &ArrayRef) -> Result<Option<Self>, ArrowError> {
        let coded = match column.data_type() {
            DataType::Utf8 => code(column.as_string::<i32>().iter()),
            DataType::LargeUtf8 => code(column.as_string::<i64>().iter()),
            DataType::Utf8View => code(column.as_string_view().iter()),
            _ => None,
        };
        let of = |(first_rows, codes)| {
            let values = take(column, &UInt32Array::from_iter_values::<Vec<u32>>(first_rows), None)?;
            Ok(Self { values, codes, row_counts: OnceCell::new() })
        };
        coded.map(of).transpose()
    }

    /// The dictionary that a column comes with, unless it holds more values than the column has rows.
    pub(crate) fn of_coded(column: &dyn AnyDictionaryArray) -> Result<Option<Self>, ArrowError> {
        let values = column.values();
        if values.len() > column.len() {
            return Ok(None);
        }
        let null = values.len() as u32;
        let keys = column.keys();
        let codes = if values.is_empty() {
            vec![null; column.len()]
        } else {
            let codes = column.normalized_keys().into_iter().enumerate();
            codes.map(|(row, code)| if keys.is_valid(row) { code as u32 } else { null }).collect()
        };
        let values = concat(&[values.as_ref(), &new_null_array(values.data_type(), 1)])?;
        Ok(Some(Self { values, codes, row_counts: OnceCell::new() }))
    }

    /// The values, with null among them where a row has none.
    pub(crate) fn values(&self) -> &ArrayRef {
        &self.values
    }

    /// The rows' outcome of a test, given that of the values.
    pub(crate) fn spread(&self, outcomes: &BooleanArray) -> BooleanArray {
        let of_value = |at: usize| if outcomes.is_null(at) { UNKNOWN } else { u8::from(outcomes.value(at)) };
        let of_values: Vec<u8> = (0..outcomes.len()).map(of_value).collect();
        let of_row = |code: u32| of_values.get(code as usize).copied().unwrap_or(UNKNOWN);
        let passed = pack(&self.codes, |code| of_row(code) == u8::from(true));
        let known = (outcomes.null_count() > 0).then(|| pack(&self.codes, |code| of_row(code) != UNKNOWN));
        BooleanArray::new(passed, known.map(NullBuffer::new))
    }

    /// How many rows have each value, counted once.
    pub(crate) fn row_counts(&self) -> &[u64] {
        self.row_counts.get_or_init(|| self.counts(&RowSet::all(self.codes.len())))
    }

    /// How many rows of the set have each value.
    pub(crate) fn counts(&self, rows: &RowSet) -> Vec<u64> {
        let mut counts = vec![0; self.values.len()];
        rows.for_each(&self.codes, |code| {
            if let Some(count) = counts.get_mut(code as usize) {
                *count += 1;
            }
        });
        counts
    }
}

/// The first row of each distinct text, null included, and every row's code.
fn code<'a>(texts: impl ExactSizeIterator<Item = Option<&'a str>>) -> Option<(Vec<u32>, Vec<u32>)> {
    let len = u32::try_from(texts.len()).ok()?;
    let most = (len / 4) as usize;
    let hasher = DefaultHashBuilder::default();
    let mut known: HashTable<(u32, &str)> = HashTable::new();
    let mut null = None;
    let mut first_rows = Vec::new();
    let mut codes = Vec::with_capacity(len as usize);
    for (row, text) in (0..len).zip(texts) {
        let next = first_rows.len() as u32;
        let code = match text {
            None => *null.get_or_insert(next),
            Some(text) => {
                let hash = |text: &str| hasher.hash_one(text);
                let found = known.entry(hash(text), |(_, seen)| *seen == text, |(_, seen)| hash(seen));
                found.or_insert((next, text)).get().0
            }
        };
        if code == next {
            first_rows.push(row);
        }
        if first_rows.len() > most || (row as usize == FIRST_ROWS && first_rows.len() > FIRST_ROWS / 2) {
            return None;
        }
        codes.push(code);
    }
    Some((first_rows, codes))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, StringArray, StringViewArray};
    use arrow::datatypes::Int8Type;

    use super::*;

    const TEXTS: [Option<&str>; 16] = {
        let (a, b) = (Some("a"), Some("a text too long to lie within a view"));
        [a, None, b, a, a, None, b, a, a, None, b, a, a, None, b, a]
    };

    fn is_short(values: &ArrayRef) -> BooleanArray {
        let texts = values.as_string_view();
        texts.iter().map(|text| text.map(|text| text.len() < 5)).collect()
    }

    #[test]
    fn a_test_of_the_values_is_that_of_the_rows() {
        let column: ArrayRef = Arc::new(StringViewArray::from_iter(TEXTS));
        let dictionary = Dictionary::of_texts(&column).unwrap().unwrap();
        assert_eq!(dictionary.values().len(), 3);
        assert_eq!(dictionary.spread(&is_short(dictionary.values())), is_short(&column));
    }

    #[test]
    fn counts_are_of_the_rows_in_the_set() {
        let column: ArrayRef = Arc::new(StringArray::from_iter(TEXTS));
        let dictionary = Dictionary::of_texts(&column).unwrap().unwrap();
        assert_eq!(dictionary.counts(&RowSet::all(16)), [8, 4, 4]);
        let odd = arrow::buffer::BooleanBuffer::collect_bool(16, |row| row % 2 == 1);
        assert_eq!(dictionary.counts(&RowSet::of(odd)), [4, 4, 0]);
    }

    #[test]
    fn texts_that_hardly_repeat_are_left_as_they_are() {
        let all_differ: ArrayRef = Arc::new(StringArray::from_iter_values((0..5000).map(|n| n.to_string())));
        assert!(Dictionary::of_texts(&all_differ).unwrap().is_none());
        let a_third: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..300).map(|n| (n % 100).to_string())));
        assert!(Dictionary::of_texts(&a_third).unwrap().is_none());
        // Three of five rows differ at first, later none: whether row 1024 itself brings a new value is no matter.
        let at_first = |n: u32| if n < 2000 && n % 5 < 3 { n } else { 0 };
        for skipped in 0..5 {
            let texts = (skipped..9000).map(|n| at_first(n).to_string());
            let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
            assert!(Dictionary::of_texts(&texts).unwrap().is_none(), "{skipped}");
        }
    }

    #[test]
    fn a_column_that_comes_with_a_dictionary_keeps_it() {
        let column: DictionaryArray<Int8Type> = TEXTS.into_iter().collect();
        let dictionary = Dictionary::of_coded(&column).unwrap().unwrap();
        assert_eq!(dictionary.values().len(), 3);
        assert_eq!(dictionary.counts(&RowSet::all(16)), [8, 4, 4]);
        let empty: DictionaryArray<Int8Type> = [None, None, None::<&str>].into_iter().collect();
        let dictionary = Dictionary::of_coded(&empty).unwrap().unwrap();
        assert_eq!(dictionary.counts(&RowSet::all(3)), [3]);
    }
}
