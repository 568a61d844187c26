//! How many bits each key column gets in a narrow and in a wide key.

use polars::prelude::DataType;

/// What is known of a key column's values before any are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Whole numbers, or anything stored as such.
    Fixed {
        /// Bits of a value without its null.
        bits: u32,
        /// Whether values below zero occur.
        signed: bool,
    },
    /// Text or binary.
    Bytes,
}

impl Field {
    /// The field of a column of type `dtype`; none if such a column cannot be a key.
    pub(super) fn of(dtype: &DataType) -> Option<Self> {
        use DataType as D;
        let fixed = |bits, signed| Some(Self::Fixed { bits, signed });
        match dtype {
            D::Null | D::Boolean => fixed(1, false),
            D::UInt8 => fixed(8, false),
            D::UInt16 => fixed(16, false),
            D::UInt32 | D::Float32 => fixed(32, false),
            D::UInt64 | D::Float64 => fixed(64, false),
            D::Int8 => fixed(8, true),
            D::Int16 => fixed(16, true),
            D::Int32 | D::Date => fixed(32, true),
            D::Int64 | D::Datetime(..) | D::Duration(_) | D::Time => fixed(64, true),
            D::Int128 | D::Decimal(..) => fixed(128, true),
            D::String | D::Binary => Some(Self::Bytes),
            _ => None,
        }
    }
}

/// Where a column's code lies in a narrow key. Code 0 stands for null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// What is added to a value to make its code.
    pub bias: u64,
    /// Number of codes besides null: a code above this does not fit.
    pub codes: u64,
    /// Whether some values of the type do not fit.
    pub may_overflow: bool,
    /// Left shift.
    pub shift: u32,
}

/// The layout of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Places in the narrow key; none if keys are always hashed.
    pub narrow: Option<Vec<Place>>,
    /// Shifts in the exact wide key; none if a wide key is hashed.
    pub wide: Option<Vec<u32>>,
}

impl Layout {
    pub(super) fn new(fields: &[Field]) -> Self {
        let mut needs = Vec::with_capacity(fields.len());
        for field in fields {
            match *field {
                Field::Fixed { bits, signed } => needs.push((bits + 1, signed)),
                Field::Bytes => return Self { narrow: None, wide: None },
            }
        }
        let narrow = shares(&needs).map(|shares| places(&needs, &shares));
        let total: u32 = needs.iter().map(|(need, _)| need).sum();
        let wide = (total <= 128).then(|| shifts(needs.iter().map(|(need, _)| *need)));
        Self { narrow, wide }
    }
}

/// 64 bits shared out: small types keep what they need, the others share the rest in proportion; none if
/// that leaves too little to be of use.
fn shares(needs: &[(u32, bool)]) -> Option<Vec<u32>> {
    const SMALL: u32 = 9;
    let small: u32 = needs.iter().map(|(need, _)| need).filter(|need| **need <= SMALL).sum();
    let large: u32 = needs.iter().map(|(need, _)| need).filter(|need| **need > SMALL).sum();
    let left = 64u32.checked_sub(small)?;
    let share = |need: u32| if need <= SMALL || large <= left { need } else { need * left / large };
    let shares: Vec<u32> = needs.iter().map(|(need, _)| share(*need)).collect();
    shares.iter().zip(needs).all(|(share, (need, _))| share == need || *share >= SMALL).then_some(shares)
}

fn places(needs: &[(u32, bool)], shares: &[u32]) -> Vec<Place> {
    let shifts = shifts(shares.iter().copied());
    needs
        .iter()
        .zip(shares)
        .zip(shifts)
        .map(|((&(need, signed), &share), shift)| {
            let codes = u64::MAX >> (64 - share);
            let bias = match (signed, share < need) {
                (false, _) => 1,
                (true, true) => 1 << (share - 1),
                (true, false) => (1 << (need - 2)) + 1,
            };
            Place { bias, codes, may_overflow: share < need, shift }
        })
        .collect()
}

fn shifts(widths: impl Iterator<Item = u32>) -> Vec<u32> {
    widths
        .scan(0, |end, width| {
            let start = *end;
            *end += width;
            Some(start)
        })
        .collect()
}
