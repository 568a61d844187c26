//! Comparing a column with literals or with other columns; what `between`, `gt`, `ge`, `lt`, `le`, `eq`
//! and `ne` share.
//!
//! Whole numbers of any width, decimals, dates and timestamps are compared exactly: a literal becomes an
//! inclusive range of the column's own integers. Floats are compared as IEEE numbers: NaN is within no
//! range and equal to nothing, -0.0 equals 0.0. Texts are compared by their UTF-8 bytes.

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp as _, ArrowPrimitiveType, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::literal::{Operand, Point, WholePoint, point};
use crate::mask::{pack, test_texts, with_nulls};
use crate::pairs::{Common, compare_columns};
use crate::proofs::Proofs;
use crate::rule::{Bound, Problem, RowTest, Rows, Site};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    /// Greater than.
    Gt,
    /// At least.
    Ge,
    /// Less than.
    Lt,
    /// At most.
    Le,
    /// Equal to.
    Eq,
    /// Not equal to.
    Ne,
}

impl Op {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Gt => "greater than",
            Self::Ge => "at least",
            Self::Lt => "less than",
            Self::Le => "at most",
            Self::Eq => "equal to",
            Self::Ne => "not equal to",
        }
    }

    pub(crate) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
        }
    }
}

/// Binds the conjunction of comparisons of a rule's column, each with the parameter it came from.
pub(crate) fn bind(site: &Site<'_>, parts: &[(Op, &Operand, &str)]) -> Result<Bound, Problem> {
    let (name, data_type) = site.column()?;
    let mut range = Range::default();
    let mut tests: Vec<Comparison> = Vec::new();
    for (op, operand, key) in parts {
        match operand {
            Operand::Literal(literal) => {
                let point = point(literal, data_type).map_err(|problem| problem.key(*key))?;
                if let Point::Bool(_) = point
                    && !matches!(op, Op::Eq | Op::Ne)
                {
                    return Err(Problem::new(format!("column \"{name}\" is true or false and has no order"))
                        .key(*key));
                }
                if let Some(other) = range.add(*op, point) {
                    tests.push(other);
                }
            }
            Operand::Column { column } => {
                let other = site.other(column).map_err(|problem| problem.key(format!("{key}.column")))?;
                let common = Common::of((name, data_type), (column, other));
                let common = common.map_err(|problem| problem.key(format!("{key}.column")))?;
                let at = site.position(column).unwrap_or_default();
                tests.push(Comparison::Columns { op: *op, at, common });
            }
        }
    }
    tests.extend(range.tests());
    Ok(Bound::Rows(Box::new(Compared { tests })))
}

/// The conjunction of comparisons a rule came to.
#[derive(Debug)]
struct Compared {
    tests: Vec<Comparison>,
}

#[derive(Debug)]
enum Comparison {
    /// Within an inclusive range of the column's integers (outside it, if negated).
    Whole {
        low: i128,
        high: i128,
        negated: bool,
    },
    /// Within an inclusive range of floats (outside it, if negated).
    Float {
        low: f64,
        high: f64,
        negated: bool,
    },
    Text {
        op: Op,
        text: String,
    },
    Bool(bool),
    Columns {
        op: Op,
        at: usize,
        common: Common,
    },
}

/// Literal comparisons gathered into as few ranges as possible.
#[derive(Default)]
struct Range {
    whole: Option<(i128, i128)>,
    float: Option<(f64, f64)>,
}

impl Range {
    /// Narrows the range, or gives back what is not a range.
    fn add(&mut self, op: Op, point: Point) -> Option<Comparison> {
        match point {
            Point::Whole(at) => {
                let (low, high) = whole_range(op, at);
                if op == Op::Ne {
                    return Some(Comparison::Whole { low, high, negated: true });
                }
                let (l, h) = self.whole.unwrap_or((i128::MIN, i128::MAX));
                self.whole = Some((l.max(low), h.min(high)));
                None
            }
            Point::Float(value) => {
                let (low, high) = float_range(op, value);
                if op == Op::Ne {
                    return Some(Comparison::Float { low, high, negated: true });
                }
                let (l, h) = self.float.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
                // Not `max` and `min`: a NaN bound must leave an empty range.
                self.float =
                    Some((if low >= l || low.is_nan() { low } else { l }, if high <= h { high } else { h }));
                None
            }
            Point::Text(text) => Some(Comparison::Text { op, text }),
            Point::Bool(value) => Some(Comparison::Bool(value == (op == Op::Eq))),
        }
    }

    fn tests(self) -> impl Iterator<Item = Comparison> {
        let whole = self.whole.map(|(low, high)| Comparison::Whole { low, high, negated: false });
        let float = self.float.map(|(low, high)| Comparison::Float { low, high, negated: false });
        whole.into_iter().chain(float)
    }
}

/// The integers that compare so with a literal (for `Ne`: those that are equal to it).
fn whole_range(op: Op, at: WholePoint) -> (i128, i128) {
    let above = if at.exact { at.floor } else { at.floor.saturating_add(1) };
    match op {
        Op::Ge => (above, i128::MAX),
        Op::Gt => (at.floor.saturating_add(1), i128::MAX),
        Op::Le => (i128::MIN, at.floor),
        Op::Lt => (i128::MIN, above.saturating_sub(1)),
        Op::Eq | Op::Ne if at.exact => (at.floor, at.floor),
        Op::Eq | Op::Ne => (1, 0),
    }
}

fn float_range(op: Op, value: f64) -> (f64, f64) {
    match op {
        Op::Ge => (value, f64::INFINITY),
        Op::Le => (f64::NEG_INFINITY, value),
        Op::Gt if value == f64::INFINITY => (f64::INFINITY, f64::NEG_INFINITY),
        Op::Lt if value == f64::NEG_INFINITY => (f64::INFINITY, f64::NEG_INFINITY),
        Op::Gt => (value.next_up(), f64::INFINITY),
        Op::Lt => (f64::NEG_INFINITY, value.next_down()),
        Op::Eq | Op::Ne => (value, value),
    }
}

impl RowTest for Compared {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let mut passed: Option<BooleanArray> = None;
        for test in &self.tests {
            let outcome = test.test(rows)?;
            passed = Some(match passed {
                None => outcome,
                Some(before) => arrow::compute::and(&before, &outcome)?,
            });
        }
        passed.ok_or_else(|| ArrowError::InvalidArgumentError("nothing to compare with".into()))
    }

    fn per_value(&self) -> bool {
        self.tests.iter().all(|test| !matches!(test, Comparison::Columns { .. }))
    }

    fn known_to_fail(&self, proofs: &Proofs, columns: &[&str]) -> Option<u64> {
        let known = proofs.columns.get(*columns.first()?)?;
        let none_fails = |test: &Comparison| match test {
            Comparison::Whole { low, high, negated: false } => known.is_within(*low, *high),
            Comparison::Float { low, high, negated: false } => known.is_within_floats(*low, *high),
            _ => false,
        };
        self.tests.iter().all(none_fails).then_some(0)
    }
}

impl Comparison {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let array = rows.first()?;
        match self {
            Self::Whole { low, high, negated } => whole_within(array, *low, *high, *negated),
            Self::Float { low, high, negated } => float_within(array, *low, *high, *negated),
            Self::Text { op, text } => test_texts(array, |value| op.holds(value.cmp(text))),
            Self::Bool(wanted) => {
                let values = array.as_boolean();
                let mask = if *wanted { values.values().clone() } else { !values.values() };
                Ok(with_nulls(mask, array))
            }
            Self::Columns { op, at, common } => compare_columns(array, rows.at(*at)?, *op, *common),
        }
    }
}

/// Which values of an integer, decimal, date or timestamp column lie in an inclusive range.
pub(crate) fn whole_within(
    array: &ArrayRef,
    low: i128,
    high: i128,
    negated: bool,
) -> Result<BooleanArray, ArrowError> {
    fn within<T: ArrowPrimitiveType>(array: &ArrayRef, low: i128, high: i128, negated: bool) -> BooleanArray
    where
        T::Native: TryFrom<i128> + Into<i128> + PartialOrd,
    {
        let values = array.as_primitive::<T>().values();
        let low = low.max(T::Native::MIN_TOTAL_ORDER.into());
        let high = high.min(T::Native::MAX_TOTAL_ORDER.into());
        let mask = match (T::Native::try_from(low), T::Native::try_from(high)) {
            (Ok(low), Ok(high)) if low == high && !negated => pack(values, |v| v == low),
            (Ok(low), Ok(high)) => pack(values, |v| ((v >= low) & (v <= high)) != negated),
            _ => pack(values, |_| negated),
        };
        with_nulls(mask, array)
    }
    crate::measure::for_whole_type!(array.data_type(), T => Ok(within::<T>(array, low, high, negated)))
}

fn float_within(array: &ArrayRef, low: f64, high: f64, negated: bool) -> Result<BooleanArray, ArrowError> {
    match array.data_type() {
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            Ok(with_nulls(pack(values, |v| ((v >= low) & (v <= high)) != negated), array))
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().values();
            let test = |v: f32| ((f64::from(v) >= low) & (f64::from(v) <= high)) != negated;
            Ok(with_nulls(pack(values, test), array))
        }
        other => Err(ArrowError::InvalidArgumentError(format!("a column of floats became {other}"))),
    }
}
