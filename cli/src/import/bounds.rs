//! Thresholds of other tools, in Lockgate's terms.
//!
//! Lockgate's limits are inclusive, its row rules are judged by the share of rows that pass. A threshold on
//! the *number* of failing rows becomes `row_count` over just these rows.

use serde_json::{Number, Value, json};

use super::draft::Draft;
use super::sql;

/// What lies within limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bounds {
    /// The smallest value.
    pub(super) min: Option<Value>,
    /// The largest value.
    pub(super) max: Option<Value>,
    /// Whether the smallest value itself lies outside.
    pub(super) strict_min: bool,
    /// Whether the largest value itself lies outside.
    pub(super) strict_max: bool,
}

/// How a figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

impl Is {
    /// The comparison that a sign stands for.
    pub(super) fn of(sign: &str) -> Option<Self> {
        Some(match sign {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            "=" | "==" => Self::Equal,
            "!=" | "<>" => Self::Unequal,
            _ => return None,
        })
    }

    /// What holds where this does not.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
        }
    }
}

impl Bounds {
    /// Both limits, each included.
    pub(super) fn new(min: Option<Value>, max: Option<Value>) -> Self {
        Self { min, max, ..Self::default() }
    }

    /// One value.
    pub(super) fn exactly(value: Value) -> Self {
        Self::new(Some(value.clone()), Some(value))
    }

    /// What compares with `value` like this. Other than zero, for what is never below zero, is above it.
    pub(super) fn that(is: Is, value: Value) -> Result<Self, String> {
        let none = Self::default();
        Ok(match is {
            Is::Less => Self { max: Some(value), strict_max: true, ..none },
            Is::AtMost => Self { max: Some(value), ..none },
            Is::Greater => Self { min: Some(value), strict_min: true, ..none },
            Is::AtLeast => Self { min: Some(value), ..none },
            Is::Equal => Self::exactly(value),
            Is::Unequal if value.as_f64() == Some(0.0) => Self { min: Some(value), strict_min: true, ..none },
            Is::Unequal => return Err(format!("anything but {value} is no range")),
        })
    }

    /// Whether nothing but zero lies within, for what is never below zero.
    pub(super) fn is_zero(&self) -> bool {
        let low = self.min.as_ref().is_none_or(|min| min.as_f64().is_some_and(|min| min <= 0.0));
        let max = self.max.as_ref().and_then(Value::as_f64);
        low && !(self.strict_min && self.min.is_some())
            && (max == Some(0.0) && !self.strict_max || max == Some(1.0) && self.strict_max)
    }

    /// Limits on each value.
    pub(super) fn of_values(self, draft: Draft) -> Draft {
        let draft = draft.maybe("min", self.min).maybe("max", self.max);
        let draft = if self.strict_min { draft.with("strict_min", true) } else { draft };
        if self.strict_max { draft.with("strict_max", true) } else { draft }
    }

    /// Limits on a figure that may be any number; a strict limit cannot be said.
    pub(super) fn of_figure(self, draft: Draft) -> Draft {
        let strict = (self.strict_min && self.min.is_some()) || (self.strict_max && self.max.is_some());
        let draft = draft.maybe("min", self.min).maybe("max", self.max);
        if strict {
            draft.but("limits include themselves: there a figure exactly at the limit fails")
        } else {
            draft
        }
    }

    /// Limits on a count, where a strict limit is the next number.
    pub(super) fn of_count(&self, draft: Draft) -> Result<Draft, String> {
        let (min, max) = self.whole()?;
        if min <= 0 && max.is_none() {
            return Err("its limits hold for any count".into());
        }
        let min = (min > 0).then_some(min);
        Ok(draft.maybe("min", min).maybe("max", max))
    }

    /// The least and the greatest whole number within.
    fn whole(&self) -> Result<(i64, Option<i64>), String> {
        let number =
            |value: &Value| value.as_f64().ok_or_else(|| format!("the limit {value} is not a number"));
        let min = self.min.as_ref().map(number).transpose()?.map_or(0, |min| {
            let next = if self.strict_min { min.floor() + 1.0 } else { min.ceil() };
            next as i64
        });
        let max = self.max.as_ref().map(number).transpose()?.map(|max| {
            let last = if self.strict_max { max.ceil() - 1.0 } else { max.floor() };
            last as i64
        });
        if max.is_some_and(|max| max < min.max(0)) {
            return Err("no count lies within its limits".into());
        }
        Ok((min, max))
    }
}

/// What is limited: how many rows fail, or which share of the rows in per cent.
#[derive(Debug, Clone)]
pub(super) enum Failing {
    Rows(Bounds),
    Percent(Bounds),
}

/// A row rule, judged by a limit on what fails. `condition` is true for the rows that fail.
pub(super) fn failing(
    rule: Draft,
    condition: Result<String, String>,
    limit: &Failing,
) -> Result<Draft, String> {
    match limit {
        Failing::Rows(bounds) | Failing::Percent(bounds)
            if bounds.is_zero() && !matches!(limit, Failing::Percent(b) if b.strict_max) =>
        {
            Ok(rule)
        }
        Failing::Rows(bounds) => {
            let condition =
                condition.map_err(|why| format!("it limits the number of failing rows, and {why}"))?;
            bounds.of_count(Draft::new("row_count").with("where", condition))
        }
        Failing::Percent(bounds) => {
            let low = bounds.min.as_ref().and_then(Value::as_f64).unwrap_or(0.0);
            if low > 0.0 || (bounds.strict_min && bounds.min.is_some()) {
                return Err("it wants rows to fail, and `mostly` only says how many have to pass".into());
            }
            let max = bounds
                .max
                .as_ref()
                .and_then(Value::as_f64)
                .filter(|max| (0.0..=100.0).contains(max) && !(bounds.strict_max && *max == 0.0));
            let max = max.ok_or("its limit is not a share between 0 and 100 per cent")?;
            let mostly = ((100.0 - max) * 1e10).round() / 1e12;
            let rule = rule.with("mostly", share(mostly));
            Ok(if bounds.strict_max {
                rule.but(format!("passes where exactly {max} % fail; there it fails"))
            } else {
                rule
            })
        }
    }
}

/// A share, whole if it is.
fn share(value: f64) -> Value {
    if value.fract() == 0.0 {
        return json!(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The condition that values lie outside of `bounds`.
pub(super) fn outside(term: &str, bounds: &Bounds) -> Result<String, String> {
    let side = |value: &Option<Value>, sign: &str, strict: bool| {
        let literal = value.as_ref().map(sql::literal).transpose()?;
        Ok::<_, String>(
            literal.map(|literal| format!("{term} {sign}{} {literal}", if strict { "=" } else { "" })),
        )
    };
    let sides = [side(&bounds.min, "<", bounds.strict_min)?, side(&bounds.max, ">", bounds.strict_max)?];
    Ok(sides.into_iter().flatten().collect::<Vec<_>>().join(" OR "))
}
