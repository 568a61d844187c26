//! A lowered term with its type, and what brings two types together.

use polars::prelude::{
    AnyValue, DataType, Expr, Literal as _, LiteralValue, Scalar, TimeUnit, TimeZone, lit,
};

use super::literal;
use super::term::Literal;
use super::types::name;
use crate::error::{Error, Result};
use crate::spec::Span;

/// A Polars expression and its type.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) dtype: DataType,
    /// The literal it is, if it is one.
    pub(super) literal: Option<Literal>,
    pub(super) span: Span,
}

impl Typed {
    /// A value computed by `expr`.
    pub(super) fn new(expr: Expr, dtype: DataType, span: Span) -> Self {
        Self { expr, dtype, literal: None, span }
    }

    /// A literal, in the type it has when nothing beside it asks for another.
    pub(super) fn literal(value: Literal, span: Span) -> Self {
        let dtype = match &value {
            Literal::Null => DataType::Null,
            Literal::Bool(_) => DataType::Boolean,
            Literal::Int(_) => DataType::Int64,
            Literal::Decimal { .. } | Literal::Float(_) => DataType::Float64,
            Literal::Text(_) => DataType::String,
            Literal::Date(_) => DataType::Date,
            Literal::Timestamp(_) => DataType::Datetime(TimeUnit::Microseconds, None),
            Literal::Interval(_) => DataType::Duration(TimeUnit::Microseconds),
        };
        let expr = scalar(&value, &dtype).unwrap_or_else(|| lit(LiteralValue::untyped_null()));
        Self { expr, dtype, literal: Some(value), span }
    }

    /// The text literal this argument is.
    pub(super) fn constant(&self) -> Result<&str> {
        match &self.literal {
            Some(Literal::Text(text)) => Ok(text),
            _ => Err(Error::wrong("expected a text literal here").at(self.span)),
        }
    }

    /// The whole number this argument is.
    pub(super) fn count(&self) -> Result<i64> {
        match &self.literal {
            Some(Literal::Int(number)) => Ok(*number),
            _ => Err(Error::wrong("expected a whole number written out here").at(self.span)),
        }
    }

    /// The number this argument is.
    pub(super) fn share(&self) -> Result<f64> {
        match &self.literal {
            Some(Literal::Int(number)) => Ok(*number as f64),
            Some(Literal::Decimal { float, .. } | Literal::Float(float)) => Ok(*float),
            _ => Err(Error::wrong("expected a number written out here").at(self.span)),
        }
    }

    /// This value as `dtype`, which `common` allowed.
    pub(super) fn cast(&self, dtype: &DataType) -> Expr {
        if &self.dtype == dtype {
            return self.expr.clone();
        }
        match self.literal.as_ref().and_then(|value| scalar(value, dtype)) {
            Some(value) => value,
            None => self.expr.clone().cast(dtype.clone()),
        }
    }

    /// The type's name, for messages.
    pub(super) fn type_name(&self) -> String {
        name(&self.dtype)
    }
}

/// `value` as a constant of type `dtype`, if it is one exactly.
fn scalar(value: &Literal, dtype: &DataType) -> Option<Expr> {
    let any: AnyValue<'static> = match (value, dtype) {
        (Literal::Bool(value), DataType::Boolean) => AnyValue::Boolean(*value),
        (Literal::Int(value), DataType::Int64) => AnyValue::Int64(*value),
        (Literal::Int(value), DataType::Int32) => AnyValue::Int32((*value).try_into().ok()?),
        (Literal::Int(value), DataType::Int16) => AnyValue::Int16((*value).try_into().ok()?),
        (Literal::Int(value), DataType::Int8) => AnyValue::Int8((*value).try_into().ok()?),
        (Literal::Int(value), DataType::UInt64) => AnyValue::UInt64((*value).try_into().ok()?),
        (Literal::Int(value), DataType::UInt32) => AnyValue::UInt32((*value).try_into().ok()?),
        (Literal::Int(value), DataType::UInt16) => AnyValue::UInt16((*value).try_into().ok()?),
        (Literal::Int(value), DataType::UInt8) => AnyValue::UInt8((*value).try_into().ok()?),
        (Literal::Int(value), DataType::Float64) => AnyValue::Float64(*value as f64),
        (Literal::Int(value), DataType::Float32) => AnyValue::Float32(*value as f32),
        (Literal::Decimal { float, .. } | Literal::Float(float), DataType::Float64) => {
            AnyValue::Float64(*float)
        }
        (Literal::Decimal { float, .. } | Literal::Float(float), DataType::Float32) => {
            AnyValue::Float32(*float as f32)
        }
        (Literal::Int(_) | Literal::Decimal { .. }, DataType::Decimal(precision, scale)) => {
            let (mantissa, digits) = exact(value)?;
            let power = u32::try_from(scale.checked_sub(digits)?).ok()?;
            let mantissa = mantissa.checked_mul(10_i128.checked_pow(power)?)?;
            AnyValue::Decimal(mantissa, *precision, *scale)
        }
        (Literal::Text(text), DataType::String) => AnyValue::StringOwned(text.as_str().into()),
        (Literal::Text(text), DataType::Date) => AnyValue::Date(literal::date(text).ok()?),
        (Literal::Text(text), DataType::Datetime(unit, zone)) => {
            point(literal::timestamp(text).ok()?, *unit, zone.as_ref())?
        }
        (Literal::Date(days), DataType::Date) => AnyValue::Date(*days),
        (Literal::Date(days), DataType::Datetime(unit, zone)) => {
            point(i64::from(*days).checked_mul(86_400_000_000)?, *unit, zone.as_ref())?
        }
        (Literal::Timestamp(micros), DataType::Datetime(unit, zone)) => point(*micros, *unit, zone.as_ref())?,
        _ => return None,
    };
    Some(Scalar::new(dtype.clone(), any).lit())
}

fn point(micros: i64, unit: TimeUnit, zone: Option<&TimeZone>) -> Option<AnyValue<'static>> {
    let value = match unit {
        TimeUnit::Nanoseconds => micros.checked_mul(1000)?,
        TimeUnit::Microseconds => micros,
        TimeUnit::Milliseconds => (micros % 1000 == 0).then_some(micros / 1000)?,
    };
    Some(AnyValue::DatetimeOwned(value, unit, zone.map(|zone| std::sync::Arc::new(zone.clone()))))
}

/// A literal number as mantissa and digits after the point.
pub(super) fn exact(value: &Literal) -> Option<(i128, usize)> {
    match value {
        Literal::Int(whole) => Some((i128::from(*whole), 0)),
        Literal::Decimal { mantissa, scale, .. } => Some((*mantissa, usize::from(*scale))),
        _ => None,
    }
}

/// Precision and scale of a value among decimals: of a decimal, a whole number, or a literal.
pub(super) fn decimal(typed: &Typed) -> Option<(usize, usize)> {
    if let Some((mantissa, scale)) = typed.literal.as_ref().and_then(exact) {
        let digits = mantissa.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
        return Some((digits.max(scale + 1).min(38), scale));
    }
    Some(match typed.dtype {
        DataType::Decimal(precision, scale) => (precision, scale),
        DataType::Int8 | DataType::UInt8 => (3, 0),
        DataType::Int16 | DataType::UInt16 => (5, 0),
        DataType::Int32 | DataType::UInt32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::UInt64 => (20, 0),
        DataType::Null => (1, 0),
        _ => return None,
    })
}

/// The type in which two values can be compared or stand in one column.
pub(super) fn common(left: &Typed, right: &Typed) -> Result<DataType> {
    common_type(left, right).ok_or_else(|| {
        let error =
            Error::wrong(format!("{} and {} do not go together", left.type_name(), right.type_name()));
        let hint = match (&left.literal, &right.literal) {
            (Some(Literal::Text(text)), None) | (None, Some(Literal::Text(text)))
                if Kindred::of(left).is_time() || Kindred::of(right).is_time() =>
            {
                format!("'{text}' is neither a date (2024-01-31) nor a timestamp (2024-01-31 12:00:00)")
            }
            _ => "bring one to the type of the other with CAST(… AS …)".into(),
        };
        error.at(right.span).hint(hint)
    })
}

/// Families of types within which values go together.
#[derive(PartialEq, Eq)]
enum Kindred {
    Number,
    Time,
    Other,
}

impl Kindred {
    fn of(typed: &Typed) -> Self {
        match &typed.dtype {
            DataType::Decimal(..) => Self::Number,
            dtype if dtype.is_primitive_numeric() => Self::Number,
            DataType::Date | DataType::Datetime(..) => Self::Time,
            _ => Self::Other,
        }
    }

    fn is_time(&self) -> bool {
        *self == Self::Time
    }
}

fn common_type(left: &Typed, right: &Typed) -> Option<DataType> {
    let (a, b) = (&left.dtype, &right.dtype);
    if a == b && left.literal.is_none() == right.literal.is_none() || b.is_null() {
        return Some(a.clone());
    }
    if a.is_null() {
        return Some(b.clone());
    }
    // The column decides where the literal can be written exactly in its type.
    for (literal, column) in [(left, right), (right, left)] {
        if let (Some(value), None) = (&literal.literal, &column.literal)
            && scalar(value, &column.dtype).is_some()
        {
            return Some(column.dtype.clone());
        }
        let text = matches!(literal.literal, Some(Literal::Text(_)));
        if text && column.dtype == DataType::Date {
            let point = DataType::Datetime(TimeUnit::Microseconds, None);
            return literal.literal.as_ref().and_then(|value| scalar(value, &point)).map(|_| point);
        }
    }
    match (Kindred::of(left), Kindred::of(right)) {
        (Kindred::Number, Kindred::Number) => Some(common_number(left, right)),
        (Kindred::Time, Kindred::Time) => common_time(a, b),
        _ => (a == b).then(|| a.clone()),
    }
}

fn common_number(left: &Typed, right: &Typed) -> DataType {
    let (a, b) = (&left.dtype, &right.dtype);
    let exactly_decimal = a.is_decimal() || b.is_decimal();
    if let (true, Some((lp, ls)), Some((rp, rs))) = (exactly_decimal, decimal(left), decimal(right)) {
        let scale = ls.max(rs);
        return DataType::Decimal(((lp - ls).max(rp - rs) + scale).min(38), scale);
    }
    if !(a.is_integer() && b.is_integer()) {
        return if a == b { a.clone() } else { DataType::Float64 };
    }
    match (a, b) {
        _ if a == b => a.clone(),
        (DataType::UInt64, other) | (other, DataType::UInt64) if other.is_unsigned_integer() => {
            DataType::UInt64
        }
        (DataType::UInt64, _) | (_, DataType::UInt64) => DataType::Decimal(20, 0),
        _ => DataType::Int64,
    }
}

fn common_time(a: &DataType, b: &DataType) -> Option<DataType> {
    Some(match (a, b) {
        (DataType::Date, DataType::Date) => DataType::Date,
        (DataType::Date, point @ DataType::Datetime(_, None))
        | (point @ DataType::Datetime(_, None), DataType::Date) => point.clone(),
        (DataType::Datetime(one, zone), DataType::Datetime(two, other))
            if zone.is_some() == other.is_some() =>
        {
            let finer = [TimeUnit::Nanoseconds, TimeUnit::Microseconds, TimeUnit::Milliseconds]
                .into_iter()
                .find(|unit| unit == one || unit == two)?;
            DataType::Datetime(finer, zone.clone())
        }
        _ => return None,
    })
}

/// The type in which all of `values` can stand in one column.
pub(super) fn common_of(values: &[Typed]) -> Result<DataType> {
    let Some((first, rest)) = values.split_first() else { return Ok(DataType::Null) };
    let mut sum = first.clone();
    for value in rest {
        let dtype = common(&sum, value)?;
        let literal = sum.literal.take().filter(|_| value.literal.is_some() && dtype == sum.dtype);
        sum = Typed { dtype, literal, ..sum };
    }
    Ok(sum.dtype)
}
