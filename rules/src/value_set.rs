//! Sets of literal values and which rows of a column are in them.

use std::cell::RefCell;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, StringViewArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use hashbrown::HashSet;

use crate::literal::{Family, Point};
use crate::mask::{pack, test_texts};

/// Up to so many values are compared one after the other rather than looked up.
const FEW: usize = 16;

/// A set of values of one type.
#[derive(Debug)]
pub(crate) enum ValueSet {
    Whole(Vec<i128>),
    Float(Floats),
    Text(Texts),
    Bool { yes: bool, no: bool },
}

/// Floats, as they are compared: as IEEE numbers, so that NaN is among none and -0.0 is 0.0.
#[derive(Debug)]
pub(crate) struct Floats(Vec<f64>);

/// Texts, as they are compared.
#[derive(Debug)]
pub(crate) struct Texts {
    all: HashSet<String>,
    /// The views of the texts, where each fits into one: equal texts then have equal views.
    views: Option<Vec<u128>>,
    ignore_case: bool,
    trim: bool,
}

impl ValueSet {
    /// The set of values of a column's type.
    pub(crate) fn new(points: Vec<Point>, data_type: &DataType, ignore_case: bool, trim: bool) -> Self {
        let (mut whole, mut float, mut text) = (Vec::new(), Vec::new(), HashSet::new());
        let (mut yes, mut no) = (false, false);
        for point in points {
            match point {
                Point::Whole(value) => whole.push(value.floor),
                Point::Float(value) => float.push(value),
                Point::Text(value) => drop(text.insert(normal(&value, ignore_case, trim))),
                Point::Bool(value) => {
                    yes |= value;
                    no |= !value;
                }
            }
        }
        whole.sort_unstable();
        match Family::of(data_type) {
            Family::Text => Self::Text(Texts::new(text, ignore_case, trim)),
            Family::Float => Self::Float(Floats::new(float)),
            Family::Bool => Self::Bool { yes, no },
            _ => Self::Whole(whole),
        }
    }

    /// Which rows hold a value of the set; rows of null hold none or any, as it happens.
    pub(crate) fn contains(&self, array: &ArrayRef) -> Result<BooleanBuffer, ArrowError> {
        match self {
            Self::Whole(values) => {
                crate::measure::for_whole_type!(array.data_type(), T => Ok(whole_in::<T>(array, values)))
            }
            Self::Float(values) => match array.data_type() {
                DataType::Float32 => {
                    let slots = array.as_primitive::<Float32Type>().values();
                    Ok(pack(slots, |slot| values.contains(f64::from(slot))))
                }
                _ => Ok(pack(array.as_primitive::<Float64Type>().values(), |slot| values.contains(slot))),
            },
            Self::Text(texts) => texts.contains(array),
            Self::Bool { yes, no } => {
                let values = array.as_boolean().values();
                Ok(match (yes, no) {
                    (true, true) => BooleanBuffer::new_set(values.len()),
                    (true, false) => values.clone(),
                    (false, true) => !values,
                    (false, false) => BooleanBuffer::new_unset(values.len()),
                })
            }
        }
    }
}

fn whole_in<T: ArrowPrimitiveType>(array: &ArrayRef, values: &[i128]) -> BooleanBuffer
where
    T::Native: TryFrom<i128> + PartialEq,
{
    let mut known: Vec<T::Native> =
        values.iter().filter_map(|value| T::Native::try_from(*value).ok()).collect();
    let slots = array.as_primitive::<T>().values();
    if known.len() <= FEW {
        return pack(slots, |slot| known.iter().fold(false, |found, value| found | (*value == slot)));
    }
    known.sort_unstable_by(|a, b| a.compare(*b));
    pack(slots, |slot| known.binary_search_by(|value| value.compare(slot)).is_ok())
}

impl Floats {
    fn new(mut all: Vec<f64>) -> Self {
        all.retain(|value| !value.is_nan());
        let mut all: Vec<f64> = all.into_iter().map(|value| value + 0.0).collect();
        all.sort_unstable_by(f64::total_cmp);
        Self(all)
    }

    fn contains(&self, slot: f64) -> bool {
        if self.0.len() <= FEW {
            return self.0.contains(&slot);
        }
        self.0.binary_search_by(|value| value.total_cmp(&(slot + 0.0))).is_ok()
    }
}

impl Texts {
    fn new(all: HashSet<String>, ignore_case: bool, trim: bool) -> Self {
        let plain = !ignore_case && !trim && all.len() <= FEW && all.iter().all(|text| text.len() <= 12);
        let views = plain.then(|| {
            let array = StringViewArray::from_iter_values(all.iter());
            let mut views = array.views().to_vec();
            views.sort_unstable();
            views
        });
        Self { all, views, ignore_case, trim }
    }

    fn contains(&self, array: &ArrayRef) -> Result<BooleanBuffer, ArrowError> {
        if let (Some(views), DataType::Utf8View) = (&self.views, array.data_type()) {
            let slots = array.as_string_view().views();
            return Ok(pack(slots, |slot| views.iter().fold(false, |found, view| found | (*view == slot))));
        }
        if !self.ignore_case && !self.trim {
            return Ok(test_texts(array, |text| self.all.contains(text))?.values().clone());
        }
        let buffer = RefCell::new(String::new());
        let found = test_texts(array, |text| {
            let mut buffer = buffer.borrow_mut();
            normalise(text, self.ignore_case, self.trim, &mut buffer);
            self.all.contains(buffer.as_str())
        })?;
        Ok(found.values().clone())
    }
}

fn normal(text: &str, ignore_case: bool, trim: bool) -> String {
    let mut buffer = String::new();
    normalise(text, ignore_case, trim, &mut buffer);
    buffer
}

/// Writes a text without blanks around it and in lower case, as far as asked.
fn normalise(text: &str, ignore_case: bool, trim: bool, into: &mut String) {
    let text = if trim { text.trim() } else { text };
    into.clear();
    if ignore_case {
        into.extend(text.chars().flat_map(char::to_lowercase));
    } else {
        into.push_str(text);
    }
}
