//! Whether a suggestion holds at a point that it was not learnt from.

use lockgate_rules::{ColumnKey, ColumnProfile, Point};
use serde_json::Value;

use super::Suggestion;
use super::past::{psi, row_change};

/// Whether it does, by the state alone; none where the state does not tell.
pub(super) fn holds(suggestion: &Suggestion, point: &Point, before: &[&Point]) -> Option<bool> {
    let number = |name: &str| suggestion.params.get(name).and_then(Value::as_f64);
    let name = suggestion.params.get("column").and_then(Value::as_str);
    let key = name.map(|name| ColumnKey::new(name, None));
    let column = || point.profile.columns.get(key.as_ref()?);
    match suggestion.rule {
        "row_count" => Some(point.profile.rows? as f64 >= number("min")?),
        "change" => Some(row_change(point, before)? <= number("fail")?),
        "not_null" => Some(column()?.nulls == 0),
        "completeness" => {
            let column = column()?;
            Some(column.present() as f64 >= number("mostly")? * column.rows as f64)
        }
        "between" => lies_between(column()?, number("min")?, number("max")?, number("mostly")),
        "in_set" => {
            let known = suggestion.params.get("values")?.as_array()?;
            let frequent = column()?.frequent.as_ref()?;
            let is_known = |(value, _): (&str, u64)| known.iter().any(|known| known == value);
            Some(frequent.is_complete() && frequent.most().into_iter().all(is_known))
        }
        "length" => {
            let (shortest, longest) = column()?.lengths.as_ref()?.range?;
            let bounds = number("equals").map(|length| (Some(length), Some(length)));
            let (min, max) = bounds.unwrap_or((number("min"), number("max")));
            let enough = min.is_none_or(|min| shortest as f64 >= min);
            Some(enough && max.is_none_or(|max| longest as f64 <= max))
        }
        "psi" => Some(psi(key.as_ref()?, point, before)? <= number("fail")?),
        _ => None,
    }
}

/// Whether all values lie within limits, or as many as have to: then as many may be too small as too large.
fn lies_between(column: &ColumnProfile, min: f64, max: f64, mostly: Option<f64>) -> Option<bool> {
    let (low, high) = match mostly {
        None => column.range()?,
        Some(mostly) => {
            let aside = (1.0 - mostly) / 2.0;
            (column.quantile(aside)?, column.quantile(1.0 - aside)?)
        }
    };
    Some(column.nan() == 0 && low >= min && high <= max)
}
