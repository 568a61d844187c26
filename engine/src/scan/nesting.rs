//! Whether the schema in a Parquet footer can be followed, found without following it: whoever follows a schema of a
//! million levels needs a stack as deep, and who believes that a group has a billion children sets aside room for them.
//!
//! A footer is a struct in Thrift's compact protocol; its second field lists the schema's elements, depth first, each
//! with the number of its children. The decoder reads a known field as what it has to be, whatever type it is said
//! to be of; so here, a field that is known and said to be of another type makes the schema one that cannot be read.

/// Levels of groups that a schema may have: a list takes two of them, a map three.
const MOST_LEVELS: usize = 128;

/// Structs within structs that a field nobody knows may have.
const MOST_STRUCTS: usize = 64;

/// Types of fields.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// A field that is known.
struct Known {
    id: i16,
    kind: Kind,
}

enum Kind {
    Bool,
    Of(u8),
    Struct(&'static [Known]),
}

const fn known(id: i16, kind: Kind) -> Known {
    Known { id, kind }
}

/// The fields of the schema's elements, but their number of children; from `parquet.thrift`.
static ELEMENT: [Known; 9] = [
    known(1, Kind::Of(I32)),
    known(2, Kind::Of(I32)),
    known(3, Kind::Of(I32)),
    known(4, Kind::Of(BINARY)),
    known(6, Kind::Of(I32)),
    known(7, Kind::Of(I32)),
    known(8, Kind::Of(I32)),
    known(9, Kind::Of(I32)),
    known(10, Kind::Struct(&LOGICAL_TYPE)),
];
const NUM_CHILDREN: i16 = 5;

/// Types with parameters; those of others are empty.
static LOGICAL_TYPE: [Known; 7] = [
    known(5, Kind::Struct(&DECIMAL)),
    known(7, Kind::Struct(&TIME)),
    known(8, Kind::Struct(&TIME)),
    known(10, Kind::Struct(&INTEGER)),
    known(16, Kind::Struct(&VARIANT)),
    known(17, Kind::Struct(&GEOGRAPHY)),
    known(18, Kind::Struct(&GEOGRAPHY)),
];
static DECIMAL: [Known; 2] = [known(1, Kind::Of(I32)), known(2, Kind::Of(I32))];
static TIME: [Known; 2] = [known(1, Kind::Bool), known(2, Kind::Struct(&[]))];
static INTEGER: [Known; 2] = [known(1, Kind::Of(BYTE)), known(2, Kind::Bool)];
static VARIANT: [Known; 1] = [known(1, Kind::Of(BYTE))];
static GEOGRAPHY: [Known; 2] = [known(1, Kind::Of(BINARY)), known(2, Kind::Of(I32))];

/// The fields of a footer that come first.
const VERSION: i16 = 1;
const SCHEMA: i16 = 2;

/// What is wrong with the schema of the footer `bytes`, if it is not to be followed.
pub(super) fn objection(bytes: &[u8]) -> Option<String> {
    match levels(bytes) {
        None => Some("its schema cannot be read".to_owned()),
        Some(levels) if levels > MOST_LEVELS => {
            Some(format!("its schema has more than {MOST_LEVELS} levels"))
        }
        Some(_) => None,
    }
}

/// The levels of the schema, the root's children being the first, counted up to one more than are followed; None
/// where there is no schema, or it has not as many elements as its groups have children.
fn levels(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader { bytes, at: 0 };
    let mut id = 0;
    if (reader.field(&mut id)?, id) != (I32, VERSION) {
        return None;
    }
    reader.varint()?;
    if (reader.field(&mut id)?, id) != (LIST, SCHEMA) {
        return None;
    }
    let (elements, STRUCT) = reader.list()? else { return None };
    // How many children are still to come: of every group that is open, and of all.
    let (mut open, mut owed): (Vec<u64>, u64) = (Vec::new(), 1);
    let mut deepest = 0;
    for left in (0..elements).rev() {
        let children = reader.children()?;
        while open.pop_if(|left| *left == 0).is_some() {}
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        owed = owed.checked_sub(1)?.checked_add(children)?;
        if owed > left {
            return None;
        }
        if children > 0 {
            open.push(children);
            deepest = deepest.max(open.len());
        }
        if deepest > MOST_LEVELS {
            break;
        }
    }
    Some(deepest)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The type of the next field, and its id in place of that of the field before.
    fn field(&mut self, id: &mut i16) -> Option<u8> {
        let header = self.byte()?;
        let kind = header & 0x0f;
        if kind != STOP {
            *id = match header >> 4 {
                0 => i16::try_from(self.zigzag()?).ok()?,
                delta => id.checked_add(i16::from(delta))?,
            };
        }
        Some(kind)
    }

    /// The length and the type of a list or set.
    fn list(&mut self) -> Option<(u64, u8)> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        Some((length, header & 0x0f))
    }

    /// The number of children of the schema element that comes next.
    fn children(&mut self) -> Option<u64> {
        let (mut id, mut children) = (0, 0);
        loop {
            match (self.field(&mut id)?, id) {
                (STOP, _) => return Some(children),
                (I32, NUM_CHILDREN) => children = u64::try_from(self.zigzag()?).ok()?,
                (_, NUM_CHILDREN) => return None,
                (kind, id) => self.read(kind, id, &ELEMENT)?,
            }
        }
    }

    /// Reads the field `id` of a struct whose fields are known.
    fn read(&mut self, kind: u8, id: i16, of: &[Known]) -> Option<()> {
        match of.iter().find(|known| known.id == id).map(|known| &known.kind) {
            None => self.skip(kind, 0),
            Some(Kind::Bool) => matches!(kind, TRUE | FALSE).then_some(()),
            Some(Kind::Of(right)) if kind == *right => self.skip(kind, 0),
            Some(Kind::Struct(fields)) if kind == STRUCT => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => return Some(()),
                        kind => self.read(kind, id, fields)?,
                    }
                }
            }
            Some(_) => None,
        }
    }

    fn skip(&mut self, kind: u8, within: usize) -> Option<()> {
        if within > MOST_STRUCTS {
            return None;
        }
        match kind {
            TRUE | FALSE => {}
            BYTE => self.at += 1,
            I16 | I32 | I64 => drop(self.varint()?),
            DOUBLE => self.at += 8,
            BINARY => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.at = self.at.checked_add(length)?;
            }
            LIST | SET => {
                let (length, of) = self.list()?;
                for _ in 0..length {
                    match of {
                        // Where the decoder takes no byte for a boolean in a list, others take one.
                        TRUE | FALSE => return None,
                        _ => self.skip(of, within + 1)?,
                    }
                    if self.at > self.bytes.len() {
                        return None;
                    }
                }
            }
            STRUCT => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => break,
                        kind => self.skip(kind, within + 1)?,
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::RecordBatch;
    use arrow::datatypes::{DataType, Field, Fields, Schema};
    use parquet::arrow::ArrowWriter;
    use proptest::prelude::*;

    use super::*;

    /// The footer of an empty file with a column of each type.
    fn footer(types: &[DataType]) -> Vec<u8> {
        let fields = types.iter().enumerate().map(|(at, of)| Field::new(format!("c{at}"), of.clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(&schema), None).unwrap();
        writer.write(&RecordBatch::new_empty(schema)).unwrap();
        writer.close().unwrap();
        let end = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
        bytes[end - length..end].to_vec()
    }

    fn nested(levels: usize) -> DataType {
        (0..levels).fold(DataType::Int32, |of, _| {
            DataType::Struct(Fields::from(vec![
                Field::new("first", DataType::Utf8, true),
                Field::new("of", of, true),
                Field::new("last", DataType::Date32, true),
            ]))
        })
    }

    #[test]
    fn levels_are_those_of_the_deepest_column() {
        let list = DataType::new_list(DataType::Utf8, true);
        assert_eq!(levels(&footer(&[DataType::Int32, DataType::Utf8])), Some(1));
        assert_eq!(levels(&footer(&[DataType::Int32, list.clone(), DataType::Utf8])), Some(3));
        assert_eq!(levels(&footer(&[nested(5), list, nested(2)])), Some(6));
    }

    #[test]
    fn more_levels_than_are_followed_are_objected_to() {
        assert_eq!(objection(&footer(&[nested(MOST_LEVELS - 1)])), None);
        let deep = objection(&footer(&[nested(MOST_LEVELS)]));
        assert_eq!(deep.as_deref(), Some("its schema has more than 128 levels"));
    }

    #[test]
    fn groups_have_no_more_children_than_there_are_elements() {
        let element = |children: u8| [0x48, 1, b'g', 0x15, 2 * children, 0];
        let footer = |elements: &[u8]| {
            let mut bytes = vec![0x15, 2, 0x19, (elements.len() as u8) << 4 | STRUCT];
            bytes.extend(elements.iter().flat_map(|children| element(*children)));
            bytes
        };
        assert_eq!(levels(&footer(&[2, 0, 1, 0])), Some(2));
        for elements in [&[2, 0][..], &[1, 0, 0], &[3, 1, 0, 0]] {
            assert_eq!(levels(&footer(elements)), None, "{elements:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = levels(&bytes);
        }

        #[test]
        fn a_footer_that_is_cut_off_is_not_understood_or_the_same(end in 0..400_usize) {
            let whole = footer(&[nested(5)]);
            let cut = levels(&whole[..end.min(whole.len())]);
            prop_assert!(cut.is_none_or(|cut| cut == 6));
        }
    }
}
