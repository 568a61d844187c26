//! What texts look like: their lengths, and the shapes they have.

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::frequent::Frequent;
use crate::mask::{RowSet, for_each_text};

/// Longer texts have no shape of their own.
const SHAPED_CHARACTERS: usize = 32;

/// Lengths of texts in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// The shortest and the longest; None where there are no texts.
    pub range: Option<(u64, u64)>,
    /// All characters together.
    pub characters: u64,
    /// How many texts.
    pub texts: u64,
}

impl Lengths {
    fn add(&mut self, characters: u64) {
        let (low, high) = self.range.unwrap_or((characters, characters));
        self.range = Some((low.min(characters), high.max(characters)));
        self.characters += characters;
        self.texts += 1;
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.range = match (self.range, other.range) {
            (Some((low, high)), Some((min, max))) => Some((low.min(min), high.max(max))),
            (mine, theirs) => mine.or(theirs),
        };
        self.characters += other.characters;
        self.texts += other.texts;
    }

    /// The mean length; None without texts.
    pub fn mean(&self) -> Option<f64> {
        (self.texts > 0).then(|| self.characters as f64 / self.texts as f64)
    }
}

/// Lengths and, where wanted, shapes of a column's rows that are in the set, which must hold no null.
pub(crate) fn of_column(
    column: &ArrayRef,
    rows: &RowSet,
    shapes: bool,
) -> Result<(Lengths, Option<Frequent>), ArrowError> {
    let mut lengths = Lengths::default();
    let mut found = Frequent::default();
    let mut shape = String::new();
    for_each_text(column, rows, |text| {
        lengths.add(text.chars().count() as u64);
        if shapes {
            write_shape(text, &mut shape);
            found.add(&shape, 1);
        }
    })?;
    found.reduce();
    Ok((lengths, shapes.then_some(found)))
}

/// The shape of a text: `A` for an upper-case letter, `a` for any other letter, `9` for a digit, anything
/// else as it is; long texts are all `…`.
fn write_shape(text: &str, shape: &mut String) {
    shape.clear();
    for (at, character) in text.chars().enumerate() {
        if at == SHAPED_CHARACTERS {
            shape.clear();
            shape.push('…');
            return;
        }
        shape.push(match character {
            upper if upper.is_uppercase() => 'A',
            letter if letter.is_alphabetic() => 'a',
            digit if digit.is_numeric() => '9',
            other => other,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_keeps_what_is_no_letter_or_digit() {
        for (text, expected) in
            [("AB-123", "AA-999"), ("Zürich", "Aaaaaa"), ("", ""), ("a b", "a a"), ("日本", "aa")]
        {
            let mut shape = "left over".to_owned();
            write_shape(text, &mut shape);
            assert_eq!(shape, expected, "{text}");
        }
        let mut shape = String::new();
        write_shape(&"x".repeat(33), &mut shape);
        assert_eq!(shape, "…");
    }
}
