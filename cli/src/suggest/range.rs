//! `between` for numbers, with room beyond the extremes, or beyond the quantiles where the extremes are far
//! out.

use lockgate_rules::KeyKind;
use serde_json::{Number, Value, json};

use super::{ENOUGH, Facts, Suggestion};

/// Room on each side as a share of the range.
const ROOM: f64 = 0.25;

/// An extreme is far out if it is so many times the width of the middle 98 % beyond it.
const FAR: f64 = 10.0;

/// What must lie within limits that were taken from quantiles.
const MOSTLY: f64 = 0.95;

/// Of a range less wide, limits cannot be written in few digits.
const NARROWEST: f64 = 1e-100;

/// Whole numbers up to here are exact as floats.
const EXACT: f64 = 9e15;

pub(super) fn suggested(facts: &Facts<'_>) -> Option<Suggestion> {
    let profile = facts.profile;
    let is_whole = match profile.kind? {
        KeyKind::Integer => true,
        KeyKind::Decimal(_) | KeyKind::Float => false,
        KeyKind::Text | KeyKind::Bool | KeyKind::Time(_) => return None,
    };
    let (low, high) = profile.range()?;
    // NaN lies within no limits.
    if profile.present() < ENOUGH || profile.nan() > 0 || !(low < high && low.abs().max(high.abs()) < EXACT) {
        return None;
    }
    if high - low < NARROWEST {
        return None;
    }
    let (first, last) = (profile.quantile(0.01)?, profile.quantile(0.99)?);
    let is_far = last - first > NARROWEST && (high - last).max(first - low) > FAR * (last - first);
    let values = facts.values();
    if is_far {
        let (min, max) = roomy((first, last), low, high, is_whole);
        let evidence = format!("98 % of {values} from {first} to {last}, all from {low} to {high}");
        return Some(facts.suggest("between", json!({ "min": min, "max": max, "mostly": MOSTLY }), evidence));
    }
    let (min, max) = roomy((low, high), low, high, is_whole);
    let evidence = format!("{values} from {low} to {high}");
    Some(facts.suggest("between", json!({ "min": min, "max": max }), evidence))
}

/// Limits with room on both sides, in round numbers. What is never below zero is not given room there, nor
/// what is never above.
fn roomy((from, to): (f64, f64), low: f64, high: f64, is_whole: bool) -> (Value, Value) {
    let room = ROOM * (to - from);
    let least = if is_whole { 0 } else { i32::MIN };
    let places = (room.log10().floor() as i32).max(least);
    let step = 10_f64.powi(places);
    let (min, max) = (((from - room) / step).floor() * step, ((to + room) / step).ceil() * step);
    let min = if low >= 0.0 { min.max(0.0) } else { min };
    let max = if high <= 0.0 { max.min(0.0) } else { max };
    (rounded(min, places), rounded(max, places))
}

/// A number without the digits that arithmetic left behind its last place.
fn rounded(value: f64, last_place: i32) -> Value {
    let places = usize::try_from(-last_place).unwrap_or(0);
    let text = format!("{:.places$}", value + 0.0);
    let whole = text.parse().ok().map(|whole: i64| Value::from(whole));
    let float = || text.parse().ok().and_then(Number::from_f64).map(Value::Number);
    whole.or_else(float).unwrap_or(Value::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_room_and_are_round() {
        for ((low, high), is_whole, expected) in [
            ((1.0, 59.0), true, (json!(0), json!(80))),
            ((-43.0, 1301.0), false, (json!(-400), json!(1700))),
            ((0.12, 0.87), false, (json!(0.0), json!(1.1))),
            ((-9.0, -2.0), true, (json!(-11), json!(0))),
            ((1e-7, 3e-7), false, (json!(5e-8), json!(3.5e-7))),
            ((1.0, 2.0), true, (json!(0), json!(3))),
        ] {
            assert_eq!(roomy((low, high), low, high, is_whole), expected, "{low} to {high}");
        }
    }
}
