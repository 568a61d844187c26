//! `not_null` where nothing is null, `completeness` where some is.

use serde_json::json;

use super::{ENOUGH, Facts, Suggestion};
use crate::render::{count, things};

/// Where more is null than this share, nulls say nothing.
const MOST_NULLS: f64 = 0.5;

/// A key's check says that it is never null, unless some is.
pub(super) fn suggested(facts: &Facts<'_>, is_key: bool) -> Option<Suggestion> {
    let profile = facts.profile;
    if profile.rows < ENOUGH || (is_key && profile.nulls == 0) {
        return None;
    }
    if profile.nulls == 0 {
        let evidence = format!("{}, none null", things(profile.rows, "row", "rows"));
        return Some(facts.suggest("not_null", json!({}), evidence));
    }
    let share = profile.nulls as f64 / profile.rows as f64;
    if share > MOST_NULLS {
        return None;
    }
    let evidence = format!(
        "{} of {} null ({:.2} %)",
        count(profile.nulls),
        things(profile.rows, "row", "rows"),
        share * 100.0
    );
    Some(facts.suggest("completeness", json!({ "mostly": least(share) }), evidence))
}

/// The least share of values: room for half as many nulls again, and for one in a hundred.
fn least(nulls: f64) -> f64 {
    ((1.0 - 1.5 * nulls - 0.01) * 100.0).floor() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_more_nulls_than_were_seen() {
        let hundredths = [0.000_1, 0.0245, 0.5].map(|nulls| (least(nulls) * 100.0).round() as i64);
        assert_eq!(hundredths, [98, 95, 24]);
    }
}
