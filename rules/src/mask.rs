//! Sets of rows as bitmaps, and tests of whole columns that fill them.
//!
//! Everything here works on 64 rows at a time; nothing is allocated or dispatched per row.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArrayType};
use arrow::buffer::{BooleanBuffer, MutableBuffer, NullBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// A set of rows of a batch; `None` stands for all of them.
#[derive(Debug, Clone)]
pub(crate) struct RowSet {
    mask: Option<BooleanBuffer>,
    len: usize,
    count: usize,
}

impl RowSet {
    pub(crate) fn all(len: usize) -> Self {
        Self { mask: None, len, count: len }
    }

    pub(crate) fn none(len: usize) -> Self {
        Self::of(BooleanBuffer::new_unset(len))
    }

    pub(crate) fn of(mask: BooleanBuffer) -> Self {
        let (len, count) = (mask.len(), mask.count_set_bits());
        Self { mask: (count < len).then_some(mask), len, count }
    }

    /// The rows where a condition is true, neither false nor null.
    pub(crate) fn truths(condition: &BooleanArray) -> Self {
        Self::of(truths(condition))
    }

    pub(crate) fn and(&self, mask: Option<&BooleanBuffer>) -> Self {
        match (&self.mask, mask) {
            (_, None) => self.clone(),
            (None, Some(other)) => Self::of(other.clone()),
            (Some(mine), Some(other)) => Self::of(mine & other),
        }
    }

    pub(crate) fn and_valid(&self, nulls: Option<&NullBuffer>) -> Self {
        self.and(nulls.filter(|nulls| nulls.null_count() > 0).map(NullBuffer::inner))
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn mask(&self) -> Option<&BooleanBuffer> {
        self.mask.as_ref()
    }

    pub(crate) fn to_mask(&self) -> BooleanBuffer {
        self.mask.clone().unwrap_or_else(|| BooleanBuffer::new_set(self.len))
    }

    /// Calls `f` with every stretch of consecutive rows of the set.
    pub(crate) fn for_each_range(&self, mut f: impl FnMut(std::ops::Range<usize>)) {
        match &self.mask {
            None => f(0..self.len),
            Some(mask) => mask.set_slices().for_each(|(start, end)| f(start..end)),
        }
    }

    /// Calls `f` with every value of the set's rows.
    pub(crate) fn for_each<T: Copy>(&self, values: &[T], mut f: impl FnMut(T)) {
        self.for_each_range(|range| values.get(range).unwrap_or_default().iter().copied().for_each(&mut f));
    }
}

/// The rows where a condition is true, neither false nor null.
pub(crate) fn truths(condition: &BooleanArray) -> BooleanBuffer {
    match condition.nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => condition.values() & nulls.inner(),
        None => condition.values().clone(),
    }
}

/// Tests every value of a slice.
pub(crate) fn pack<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> BooleanBuffer {
    let mut words = MutableBuffer::new(values.len().div_ceil(64) * 8);
    for chunk in values.chunks(64) {
        let mut passed = [0_u8; 64];
        for (value, slot) in chunk.iter().zip(&mut passed) {
            *slot = u8::from(test(*value));
        }
        words.push(gather(&passed));
    }
    BooleanBuffer::new(words.into(), 0, values.len())
}

/// Tests every pair of two slices of the same length.
pub(crate) fn pack_pairs<T: Copy>(left: &[T], right: &[T], test: impl Fn(T, T) -> bool) -> BooleanBuffer {
    let mut words = MutableBuffer::new(left.len().div_ceil(64) * 8);
    for (left, right) in left.chunks(64).zip(right.chunks(64)) {
        let mut passed = [0_u8; 64];
        for ((a, b), slot) in left.iter().zip(right).zip(&mut passed) {
            *slot = u8::from(test(*a, *b));
        }
        words.push(gather(&passed));
    }
    BooleanBuffer::new(words.into(), 0, left.len())
}

/// The lowest bits of 64 bytes; each multiplication moves those of eight bytes side by side.
fn gather(bytes: &[u8; 64]) -> u64 {
    let mut word = 0;
    for (at, eight) in bytes.chunks_exact(8).enumerate() {
        let mut lanes = [0; 8];
        lanes.copy_from_slice(eight);
        let bits = u64::from_le_bytes(lanes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= bits << (at * 8);
    }
    word
}

/// The outcome of a test of every slot, null where the column is.
pub(crate) fn with_nulls(mask: BooleanBuffer, array: &dyn Array) -> BooleanArray {
    BooleanArray::new(mask, array.nulls().cloned())
}

/// Tests every non-null text of a column of any text type.
pub(crate) fn test_texts(array: &ArrayRef, test: impl Fn(&str) -> bool) -> Result<BooleanArray, ArrowError> {
    match array.data_type() {
        DataType::Utf8 => Ok(test_strings(array.as_string::<i32>(), test)),
        DataType::LargeUtf8 => Ok(test_strings(array.as_string::<i64>(), test)),
        DataType::Utf8View => Ok(test_strings(array.as_string_view(), test)),
        other => Err(ArrowError::InvalidArgumentError(format!("a column of texts became {other}"))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "string arrays are references here")]
fn test_strings<'a, A: StringArrayType<'a>>(array: A, test: impl Fn(&str) -> bool) -> BooleanArray {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
    let mask = match &nulls {
        None => BooleanBuffer::collect_bool(array.len(), |row| test(array.value(row))),
        Some(nulls) => {
            BooleanBuffer::collect_bool(array.len(), |row| nulls.is_valid(row) && test(array.value(row)))
        }
    };
    BooleanArray::new(mask, nulls)
}

/// Calls `f` with every text of a column's rows that are in the set; the set must hold no null row.
pub(crate) fn for_each_text(
    array: &ArrayRef,
    rows: &RowSet,
    mut f: impl FnMut(&str),
) -> Result<(), ArrowError> {
    #[expect(clippy::needless_pass_by_value, reason = "string arrays are references here")]
    fn each<'a, A: StringArrayType<'a>>(array: A, rows: &RowSet, f: &mut impl FnMut(&str)) {
        rows.for_each_range(|range| range.for_each(|row| f(array.value(row))));
    }
    match array.data_type() {
        DataType::Utf8 => each(array.as_string::<i32>(), rows, &mut f),
        DataType::LargeUtf8 => each(array.as_string::<i64>(), rows, &mut f),
        DataType::Utf8View => each(array.as_string_view(), rows, &mut f),
        other => return Err(ArrowError::InvalidArgumentError(format!("a column of texts became {other}"))),
    }
    Ok(())
}
