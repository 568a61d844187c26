//! Checks that fit a dataset as it is, learnt from its profile, or from those of what was published.
//!
//! Bounds leave room beyond what was seen, and what was seen too seldom suggests nothing. Times suggest no
//! bounds: what is new tomorrow is not wrong. Each file learns one kind of check from one column; what is
//! suggested is a guess about data that was not seen, so that it alerts and never stops.

mod keys;
mod nulls;
mod past;
mod range;
mod set;
mod tested;
mod texts;
mod write;

use lockgate_engine::Profiled;
use lockgate_rules::ColumnProfile;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::describe::columns;
use crate::render::things;

pub(crate) use past::{FromPast, from_past};
pub(crate) use write::{Learnt, check, list, pipeline};

/// From fewer values nothing is learnt about others.
const ENOUGH: u64 = 100;

/// A check, and why.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Suggestion {
    /// The rule.
    pub(crate) rule: &'static str,
    /// What stands beside it.
    pub(crate) params: Map<String, Value>,
    /// What it was learnt from.
    pub(crate) evidence: String,
    /// What it has to be tested on.
    #[serde(skip)]
    pub(crate) proof: Proof,
}

/// What a suggestion has to be tested on before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Rows that it was not learnt from.
    OtherRows,
    /// All rows, as the profile does not say for certain that it holds; that it fails need not be told.
    Tried,
}

/// What is known of a column.
struct Facts<'p> {
    name: &'p str,
    profile: &'p ColumnProfile,
    /// Whether folders name its values: those of tomorrow are others.
    is_partition: bool,
}

impl Facts<'_> {
    fn suggest(&self, rule: &'static str, params: Value, evidence: String) -> Suggestion {
        let mut all = Map::new();
        all.insert("column".into(), Value::from(self.name));
        all.extend(entries(params));
        suggestion(rule, Value::Object(all), evidence)
    }

    /// Values that are not null, in words.
    fn values(&self) -> String {
        things(self.profile.present(), "value", "values")
    }
}

/// The keys of a mapping with what stands beside them.
fn entries(mapping: Value) -> Map<String, Value> {
    match mapping {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}

fn suggestion(rule: &'static str, params: Value, evidence: String) -> Suggestion {
    let mut params = entries(params);
    params.insert("severity".into(), "alert".into());
    Suggestion { rule, params, evidence, proof: Proof::OtherRows }
}

/// The checks that `profiled` suggests: of all rows, then column by column.
pub(crate) fn suggestions(profiled: &Profiled) -> Vec<Suggestion> {
    if profiled.rows == 0 {
        return Vec::new();
    }
    let mut all = Vec::new();
    let evidence = format!("{} seen", things(profiled.rows, "row", "rows"));
    all.push(suggestion("row_count", json!({ "min": 1 }), evidence));
    // A name with a star would be read as a pattern.
    for (name, profile) in columns(profiled).filter(|(name, _)| !name.contains('*')) {
        let is_partition = profiled.partitioned_by.iter().any(|column| column == name);
        let facts = Facts { name, profile, is_partition };
        all.extend(of_column(&facts));
    }
    all
}

fn of_column(facts: &Facts<'_>) -> Vec<Suggestion> {
    let key = keys::suggested(facts);
    let is_key = key.is_some();
    let mut all: Vec<Suggestion> = key.into_iter().collect();
    all.extend(nulls::suggested(facts, is_key));
    // Of values that are not shown, nothing else can be said without showing some.
    if facts.is_partition || facts.profile.redacted {
        return all;
    }
    match set::suggested(facts) {
        Some(set) => all.push(set),
        None => all.extend(texts::suggested(facts)),
    }
    if !is_key {
        all.extend(range::suggested(facts));
    }
    all
}

#[cfg(test)]
mod tests;
