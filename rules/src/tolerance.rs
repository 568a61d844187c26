//! How far values may lie apart and still count as equal.
//!
//! Two values of a row stand on a par ([`Closeness`]): as in Python's `math.isclose` they are close where
//! `|a - b| <= max(relative * max(|a|, |b|), absolute)`. Whole numbers, decimals and times are compared without
//! rounding. A value of another dataset is the reference of the one here ([`Allowance`]): as in numpy's
//! `isclose` the two are close where `|here - there| <= absolute + relative * |there|`. Figures over a whole
//! dataset are judged by how far they are apart, see [`crate::amount`].

use arrow::datatypes::i256;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::age::parse_age;
use crate::check::ParamError;
use crate::literal::{Exact, Literal};
use crate::rule::Problem;
use crate::unit::Unit;

/// An absolute tolerance: a number, or for dates and timestamps a span of time.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(with = "Literal")]
pub(crate) struct Tolerance {
    /// As written.
    pub(crate) text: String,
    span: Span,
}

#[derive(Debug, Clone, Copy)]
enum Span {
    Number(Exact),
    /// In nanoseconds.
    Time(i128),
}

impl<'de> Deserialize<'de> for Tolerance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Literal::deserialize(deserializer)?.to_string();
        let number = Exact::parse(&text).filter(|number| number.digits >= 0).map(Span::Number);
        let span = number.or_else(|| parse_age(&text).ok().map(Span::Time)).ok_or_else(|| {
            serde::de::Error::custom(format!("\"{text}\" is neither a number from 0 nor a time such as 5m"))
        })?;
        Ok(Self { text, span })
    }
}

impl Tolerance {
    /// The largest whole number of a unit within it.
    pub(crate) fn whole(&self, unit: Unit) -> Result<i128, Problem> {
        match (self.span, unit) {
            (Span::Number(number), Unit::Decimal(scale)) => Ok(number.at_scale(scale).floor),
            (Span::Time(nanos), Unit::Time(unit)) => Ok(nanos / unit),
            (Span::Time(_), Unit::Decimal(_)) => Err(self.misfit("numbers", "a number")),
            (Span::Number(_), Unit::Time(_)) => {
                Err(self.misfit("dates and timestamps", "a time such as 30s, 5m or 1h"))
            }
        }
    }

    /// As a float.
    pub(crate) fn float(&self) -> Result<f64, Problem> {
        let misfit = || self.misfit("numbers", "a number");
        match self.span {
            Span::Number(_) => self.text.parse().map_err(|_| misfit()),
            Span::Time(_) => Err(misfit()),
        }
    }

    fn misfit(&self, columns: &str, wanted: &str) -> Problem {
        Problem::new(format!("the columns are {columns}, which \"{}\" is no tolerance of", self.text))
            .key("tolerance")
            .hint(format!("give {wanted}"))
    }
}

/// A tolerance relative to the larger of two numbers: a share from 0 up to 1.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(with = "Literal")]
pub(crate) struct Relative {
    /// As written.
    pub(crate) text: String,
    /// `digits / unit`.
    digits: i128,
    unit: i128,
}

impl<'de> Deserialize<'de> for Relative {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Literal::deserialize(deserializer)?.to_string();
        let share = Exact::parse(&text).and_then(|number| {
            let unit = 10_i128.checked_pow(u32::try_from(number.scale).ok()?)?;
            (0..unit).contains(&number.digits).then_some((number.digits, unit))
        });
        let (digits, unit) = share.ok_or_else(|| {
            serde::de::Error::custom(format!("\"{text}\" is not a number from 0 up to 1, such as 0.01"))
        })?;
        Ok(Self { text, digits, unit })
    }
}

impl Relative {
    /// As a float.
    pub(crate) fn float(&self) -> f64 {
        self.digits as f64 / self.unit as f64
    }
}

/// Which whole numbers are close.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closeness<N> {
    absolute: N,
    /// Numerator and denominator of the relative tolerance, where there is one.
    relative: Option<(N, N)>,
}

impl Closeness<i128> {
    pub(crate) fn whole(absolute: i128, relative: Option<&Relative>) -> Self {
        Self { absolute, relative: relative.map(|relative| (relative.digits, relative.unit)) }
    }

    pub(crate) fn is_close(&self, a: i128, b: i128) -> bool {
        let apart = a.abs_diff(b);
        if apart <= self.absolute.unsigned_abs() {
            return true;
        }
        let Some((digits, unit)) = self.relative else { return false };
        let larger = a.unsigned_abs().max(b.unsigned_abs());
        let wide = |number: u128| i256::from_parts(number, 0);
        // Neither product overflows: 2^128 * 10^38 is below 2^255.
        wide(apart).wrapping_mul(i256::from_i128(unit)) <= wide(larger).wrapping_mul(i256::from_i128(digits))
    }
}

impl Closeness<f64> {
    pub(crate) fn float(absolute: f64, relative: Option<&Relative>) -> Self {
        Self { absolute, relative: relative.map(|relative| (relative.float(), 1.0)) }
    }

    /// Infinities are close to themselves alone, NaN is close to nothing.
    #[expect(clippy::float_cmp, reason = "equal infinities are close, although their distance is NaN")]
    pub(crate) fn is_close(&self, a: f64, b: f64) -> bool {
        let apart = (a - b).abs();
        let relative = self.relative.map_or(0.0, |(share, _)| share * a.abs().max(b.abs()));
        a == b || (apart < f64::INFINITY && apart <= self.absolute.max(relative))
    }
}

/// How far a number may be from the one of another dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Allowance {
    pub(crate) absolute: f64,
    /// As a share of the number there.
    pub(crate) relative: f64,
}

impl Allowance {
    /// Whether only equal numbers are close.
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// NaN is close to NaN, an infinity to itself.
    #[expect(clippy::float_cmp, reason = "equal infinities are close, although their distance is NaN")]
    pub(crate) fn is_close(self, here: f64, there: f64) -> bool {
        here == there
            || (here.is_nan() && there.is_nan())
            || (there.is_finite() && (here - there).abs() <= self.absolute + self.relative * there.abs())
    }
}

/// Refuses tolerances, given with their keys, that are below zero.
pub(crate) fn not_negative(given: &[(&str, Option<f64>)]) -> Result<(), ParamError> {
    match given.iter().find(|(_, value)| value.is_some_and(|value| value < 0.0)) {
        Some((key, _)) => Err(ParamError::new(format!("{key} is below 0")).key(*key)),
        None => Ok(()),
    }
}
