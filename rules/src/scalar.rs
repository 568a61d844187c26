//! Numbers against limits: how every rule that gives one figure is judged.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::check::Envelope;
use crate::check::ParamError;
use crate::literal::{Exact, Literal, Point, WholePoint, decimal_text, point, whole_text};
use crate::rule::Problem;
use crate::verdict::{Outcome, Status};

/// The limits of a figure, both inclusive.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Smallest value that passes.
    pub min: Option<Literal>,
    /// Largest value that passes.
    pub max: Option<Literal>,
}

impl Limits {
    /// The limits of a rule's own parameters.
    pub(crate) fn new(min: Option<&Literal>, max: Option<&Literal>) -> Self {
        Self { min: min.cloned(), max: max.cloned() }
    }

    /// A largest number alone.
    pub(crate) fn up_to(max: Option<Number>) -> Self {
        Self { min: None, max: max.map(Literal::Number) }
    }

    /// The milder limits of the envelope's `warn`.
    pub(crate) fn warn_of(envelope: &Envelope) -> Self {
        envelope.warn.as_ref().and_then(|warn| Self::deserialize(warn).ok()).unwrap_or_default()
    }

    /// Refuses limits between which nothing lies, and those that are neither.
    pub(crate) fn validate(&self) -> Result<(), ParamError> {
        if self.min.is_none() && self.max.is_none() {
            return Err(ParamError::new("neither min nor max is given").key("min").hint("give at least one"));
        }
        let number =
            |literal: &Option<Literal>| literal.as_ref().and_then(|l| l.to_string().parse::<f64>().ok());
        if let (Some(min), Some(max)) = (number(&self.min), number(&self.max))
            && min > max
        {
            return Err(ParamError::new(format!("min {min} is above max {max}")).key("min"));
        }
        Ok(())
    }

    /// Refuses limits that cannot be compared with figures of a type (numbers where it is none).
    pub(crate) fn fit(&self, data_type: Option<&DataType>, prefix: &str) -> Result<(), Problem> {
        let number = DataType::Float64;
        for (key, literal) in [("min", &self.min), ("max", &self.max)] {
            let Some(literal) = literal else { continue };
            point(literal, data_type.unwrap_or(&number)).map_err(|problem| match data_type {
                Some(_) => problem.key(format!("{prefix}{key}")),
                None => Problem::new(format!("\"{literal}\" is not a number")).key(format!("{prefix}{key}")),
            })?;
        }
        Ok(())
    }

    fn hold(&self, figure: &Figure) -> bool {
        let above = |min: &Literal| matches!(figure.compare(min), Some(Ordering::Greater | Ordering::Equal));
        let below = |max: &Literal| matches!(figure.compare(max), Some(Ordering::Less | Ordering::Equal));
        self.min.as_ref().is_none_or(above) && self.max.as_ref().is_none_or(below)
    }

    /// In words: `between 1 and 5`, `at least 1`, `at most 5`.
    pub(crate) fn text(&self) -> String {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) if min == max => format!("exactly {min}"),
            (Some(min), Some(max)) => format!("between {min} and {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "anything".into(),
        }
    }
}

/// A figure to judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Figure {
    /// `digits · 10^-scale`, exact.
    Exact { digits: i128, scale: i32 },
    /// A floating-point number; NaN is within no limits.
    Float(f64),
    /// A date or timestamp in the unit of its type.
    Time { value: i128, data_type: DataType },
}

impl Figure {
    pub(crate) fn count(count: u64) -> Self {
        Self::Exact { digits: i128::from(count), scale: 0 }
    }

    /// The nearest float; of a date or timestamp in the unit of its type.
    pub(crate) fn to_f64(&self) -> f64 {
        match self {
            Self::Exact { digits, scale } => {
                decimal_text(*digits, *scale).parse().unwrap_or(*digits as f64 / 10_f64.powi(*scale))
            }
            Self::Float(value) => *value,
            Self::Time { value, .. } => *value as f64,
        }
    }

    fn compare(&self, literal: &Literal) -> Option<Ordering> {
        match self {
            Self::Exact { digits, scale } => {
                Some(compare_whole(*digits, Exact::parse(&literal.to_string())?.at_scale(*scale)))
            }
            Self::Float(value) => value.partial_cmp(&literal.to_string().parse().ok()?),
            Self::Time { value, data_type } => match point(literal, data_type).ok()? {
                Point::Whole(at) => Some(compare_whole(*value, at)),
                Point::Float(_) | Point::Text(_) | Point::Bool(_) => None,
            },
        }
    }

    /// For machines: a number, or a text where JSON numbers would lose digits (and for NaN and infinity).
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Exact { digits, scale: 0 } => match i64::try_from(*digits) {
                Ok(small) => Value::from(small),
                Err(_) => Value::from(digits.to_string()),
            },
            Self::Exact { digits, scale } => Value::from(decimal_text(*digits, *scale)),
            Self::Float(value) => {
                Number::from_f64(*value).map_or_else(|| Value::from(value.to_string()), Value::Number)
            }
            Self::Time { value, data_type } => Value::from(whole_text(*value, data_type)),
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Exact { digits, scale: 0 } => grouped(*digits),
            Self::Exact { digits, scale } => decimal_text(*digits, *scale),
            Self::Float(value) => short(*value),
            Self::Time { value, data_type } => whole_text(*value, data_type),
        }
    }
}

fn compare_whole(value: i128, point: WholePoint) -> Ordering {
    match value.cmp(&point.floor) {
        Ordering::Equal if !point.exact => Ordering::Less,
        other => other,
    }
}

/// Judges a figure: fails beyond the limits, warns beyond the milder ones.
pub(crate) fn judge(figure: &Figure, limits: &Limits, warn: &Limits) -> Outcome {
    let status = if !limits.hold(figure) {
        Status::Fail
    } else if warn.hold(figure) {
        Status::Pass
    } else {
        Status::Warn
    };
    Outcome::new(status, figure.value(), figure.text())
}

/// A whole number with its thousands set apart.
pub(crate) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A float with six significant digits.
pub(crate) fn short(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() || value == 0.0 {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{value:.5e}");
    }
    let places = (5.0 - magnitude).max(0.0) as usize;
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A share as a percentage that never rounds to 0 % or 100 % unless it is.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".into();
    }
    let share = part as f64 / whole as f64 * 100.0;
    if part > 0 && share < 0.01 {
        return "under 0.01 %".into();
    }
    if part < whole && share > 99.99 {
        return "over 99.99 %".into();
    }
    let text = format!("{share:.2}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
