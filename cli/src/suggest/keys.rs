//! `primary_key` and `unique` where every value differs.

use lockgate_rules::KeyKind;
use serde_json::json;

use super::{Facts, Proof, Suggestion};

/// Among fewer values, that all differ may be chance.
const ENOUGH: u64 = 1_000;

/// Among more values than are counted one by one, a test holds every key: no more than so many.
const MOST: u64 = 20_000_000;

/// An estimate of the distinct values within this share of all suggests that all differ.
const NEAR: f64 = 0.03;

pub(super) fn suggested(facts: &Facts<'_>) -> Option<Suggestion> {
    let profile = facts.profile;
    let (distinct, is_exact) = profile.distinct.as_ref()?.count();
    let present = profile.present();
    if facts.is_partition
        || !matches!(profile.kind, Some(KeyKind::Integer | KeyKind::Text))
        || !(ENOUGH..=MOST).contains(&present)
    {
        return None;
    }
    let all_differ = if is_exact {
        distinct as u64 == present
    } else {
        (distinct - present as f64).abs() <= NEAR * present as f64
    };
    let rule = if profile.nulls == 0 { "primary_key" } else { "unique" };
    let evidence = format!("{}, all different", facts.values());
    all_differ.then(|| Suggestion { proof: Proof::Tried, ..facts.suggest(rule, json!({}), evidence) })
}
