//! `in_set` for texts of which there are few.

use lockgate_rules::KeyKind;
use serde_json::json;

use super::{ENOUGH, Facts, Suggestion};
use crate::render::{count, things};

/// More values are no set.
const MOST_VALUES: usize = 20;

/// A value seen fewer times makes it likely that there are others that were not seen at all.
const SEEN_OFTEN: u64 = 5;

/// Longer texts are known by their beginning only.
const LONGEST: usize = 64;

pub(super) fn suggested(facts: &Facts<'_>) -> Option<Suggestion> {
    let frequent = facts.profile.frequent.as_ref()?;
    let most = frequent.most();
    let (rarest, seen) = most.last().copied()?;
    let is_whole = |value: &str| value.chars().count() <= LONGEST && !value.contains(char::is_control);
    if facts.profile.kind != Some(KeyKind::Text)
        || !frequent.is_complete()
        || most.len() > MOST_VALUES
        || facts.profile.present() < ENOUGH * most.len() as u64 / 2
        || facts.profile.present() < ENOUGH
        || seen < SEEN_OFTEN
        || !most.iter().all(|(value, _)| is_whole(value))
    {
        return None;
    }
    let mut values: Vec<&str> = most.iter().map(|(value, _)| *value).collect();
    values.sort_unstable();
    let evidence = format!(
        "{} among {}, the rarest, \"{rarest}\", seen {} times",
        things(values.len() as u64, "value", "values"),
        facts.values(),
        count(seen)
    );
    Some(facts.suggest("in_set", json!({ "values": values }), evidence))
}
