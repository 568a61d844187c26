//! Per-group states of the aggregate functions, folded in row order.
//!
//! Rows arrive in order, batch after batch, so a state depends on the rows alone and not on how they
//! were cut into batches.

mod count;
mod distinct;
mod extreme;
mod moments;
mod pick;
mod quantile;
mod total;

use polars::prelude::{Column, DataType};
use polars_arrow::array::PrimitiveArray;
use polars_arrow::bitmap::Bitmap;
use polars_arrow::types::NativeType;

use super::argument::{Argument, Form};
use crate::error::{Error, Result};

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    /// Number of rows.
    CountRows,
    /// Number of values that are not null.
    Count,
    /// Number of different values that are not null.
    CountDistinct,
    /// Sum.
    Sum,
    /// Arithmetic mean.
    Mean,
    /// Smallest value.
    Min,
    /// Greatest value.
    Max,
    /// Value of the first row, even if null.
    First,
    /// Value of the last row, even if null.
    Last,
    /// The first value that is not null.
    AnyValue,
    /// Whether all values are true.
    All,
    /// Whether any value is true.
    Any,
    /// Variance; divided by n − `ddof`.
    Variance { ddof: u8 },
    /// Standard deviation; divided by n − `ddof`.
    Deviation { ddof: u8 },
    /// Skewness of the values as the whole.
    Skewness,
    /// Quantile with linear interpolation between neighbours.
    Quantile(f64),
}

/// About as many bytes as a value takes that may be a text.
const TEXT_BYTES: usize = 64;

/// The states of one function for all groups.
pub(super) trait Fold: Send {
    /// Makes room for `groups` groups.
    fn grow(&mut self, groups: usize);

    /// Takes a batch: for each row its group and its value.
    fn fold(&mut self, groups: &[u32], argument: &Argument) -> Result<()>;

    /// Bytes held.
    fn bytes(&self) -> usize;

    /// One value for each group.
    fn finish(&mut self) -> Result<Column>;
}

/// A function bound to the type of its argument.
#[derive(Debug, Clone)]
pub(super) struct BoundFunction {
    function: Function,
    input: DataType,
    /// In which form the fold wants its argument.
    pub(super) form: Form,
}

impl BoundFunction {
    /// Fails if there is no such function for the type.
    pub(super) fn new(function: Function, input: &DataType) -> Result<Self> {
        use Function as F;
        let number = input.is_primitive_numeric() || input.is_decimal() || input.is_null();
        let fits = match function {
            F::CountRows | F::Count | F::First | F::Last | F::AnyValue => true,
            F::CountDistinct | F::Min | F::Max => !input.is_nested(),
            F::Sum => number || input.is_bool() || input.is_duration(),
            F::Mean | F::Variance { .. } | F::Deviation { .. } | F::Skewness | F::Quantile(_) => {
                number || input.is_bool()
            }
            F::All | F::Any => input.is_bool() || input.is_null(),
        };
        if !fits {
            return Err(Error::wrong(format!("no `{}` of values of type {input}", function.name()))
                .hint("cast the argument, or count it"));
        }
        let form = match function {
            F::CountRows => Form::Nothing,
            F::Count => Form::Valid,
            F::CountDistinct => Form::Keys,
            F::First | F::Last | F::AnyValue => Form::Column,
            F::Variance { .. } | F::Deviation { .. } | F::Skewness | F::Quantile(_) => Form::Float,
            F::Sum | F::Mean | F::Min | F::Max | F::All | F::Any => Form::ordered(input),
        };
        Ok(Self { function, input: input.clone(), form })
    }

    /// The states of a run.
    pub(super) fn start(&self) -> Box<dyn Fold> {
        use Function as F;
        match self.function {
            F::CountRows | F::Count => Box::<count::Count>::default(),
            F::CountDistinct => Box::<distinct::Distinct>::default(),
            F::Sum => total::total(&self.input, total::Figure::Sum),
            F::Mean => total::total(&self.input, total::Figure::Mean),
            F::Min | F::All => extreme::extreme(&self.input, extreme::Side::Least),
            F::Max | F::Any => extreme::extreme(&self.input, extreme::Side::Greatest),
            F::First => Box::new(pick::Pick::new(pick::Which::First, &self.input)),
            F::Last => Box::new(pick::Pick::new(pick::Which::Last, &self.input)),
            F::AnyValue => Box::new(pick::Pick::new(pick::Which::FirstValid, &self.input)),
            F::Variance { ddof } => Box::new(moments::Moments::new(ddof, false)),
            F::Deviation { ddof } => Box::new(moments::Moments::new(ddof, true)),
            F::Skewness => Box::<moments::Skewness>::default(),
            F::Quantile(q) => Box::new(quantile::Quantile::new(q)),
        }
    }

    /// Type of the result.
    pub(super) fn output(&self) -> DataType {
        use Function as F;
        match self.function {
            F::CountRows | F::Count | F::CountDistinct => DataType::Int64,
            F::Sum => total::sum_type(&self.input),
            F::Mean | F::Variance { .. } | F::Deviation { .. } | F::Skewness | F::Quantile(_) => {
                DataType::Float64
            }
            F::Min | F::Max | F::First | F::Last | F::AnyValue => self.input.clone(),
            F::All | F::Any => DataType::Boolean,
        }
    }
}

impl Function {
    /// Its name in expressions.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CountRows | Self::Count | Self::CountDistinct => "count",
            Self::Sum => "sum",
            Self::Mean => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::AnyValue => "any_value",
            Self::Skewness => "skewness",
            Self::All => "bool_and",
            Self::Any => "bool_or",
            Self::Variance { .. } => "variance",
            Self::Deviation { .. } => "stddev",
            Self::Quantile(_) => "quantile",
        }
    }
}

/// Calls `f` with the group and the value of each row that is not null, in row order.
fn each<T: NativeType>(groups: &[u32], array: &PrimitiveArray<T>, mut f: impl FnMut(usize, T)) {
    match array.validity() {
        None => {
            for (group, value) in groups.iter().zip(array.values().iter()) {
                f(*group as usize, *value);
            }
        }
        Some(valid) => {
            for ((group, value), valid) in groups.iter().zip(array.values().iter()).zip(valid.iter()) {
                if valid {
                    f(*group as usize, *value);
                }
            }
        }
    }
}

/// Which groups have a value, as the validity of the result; none if all have.
fn validity(seen: &[bool]) -> Option<Bitmap> {
    seen.contains(&false).then(|| seen.iter().copied().collect())
}

/// The argument came in another form than the fold asked for.
fn unexpected() -> Error {
    Error::defect("an aggregate function got its argument in a wrong form")
}
