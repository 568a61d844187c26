//! `format`, `regex` and `length` for texts that look alike.

use std::fmt::Write as _;

use lockgate_rules::ColumnProfile;
use lockgate_rules::profile::Frequent;
use serde_json::json;

use super::{ENOUGH, Facts, Proof, Suggestion};
use crate::render::things;

/// Texts of more shapes have no pattern.
const MOST_SHAPES: usize = 3;

/// A shape seen fewer times makes it likely that there are others that were not seen at all.
const SEEN_OFTEN: u64 = 5;

/// What texts too long for a shape have instead.
const NO_SHAPE: &str = "…";

/// A format and the shape of its texts.
type Known = (&'static str, fn(&str) -> bool);

/// Formats whose texts have a shape of their own.
const FORMATS: [Known; 5] = [
    ("iso_date", |shape| shape == "9999-99-99"),
    ("iso_datetime", |shape| shape.starts_with("9999-99-99A99:99:99")),
    ("email", |shape| shape.matches('@').count() == 1 && !shape.contains([' ', '/'])),
    ("url", |shape| shape.starts_with("aaaa://") || shape.starts_with("aaaaa://")),
    ("ipv4", |shape| shape.matches('.').count() == 3 && shape.chars().all(|c| c == '9' || c == '.')),
];

/// Characters of a UUID.
const UUID: u64 = 36;

pub(super) fn suggested(facts: &Facts<'_>) -> Vec<Suggestion> {
    let lengths = facts.profile.lengths.as_ref().filter(|lengths| lengths.texts >= ENOUGH);
    let Some((shortest, longest)) = lengths.and_then(|lengths| lengths.range) else { return Vec::new() };
    let Some(shapes) = &facts.profile.shapes else { return vec![length(facts, shortest, longest)] };
    if let Some(format) = format(facts.profile, shapes) {
        let evidence = format!("{} look like it", facts.values());
        let format = facts.suggest("format", json!({ "is": format }), evidence);
        return vec![Suggestion { proof: Proof::Tried, ..format }, length(facts, shortest, longest)];
    }
    match pattern(shapes) {
        Some(pattern) => {
            let most: Vec<&str> = shapes.most().into_iter().map(|(shape, _)| shape).collect();
            let evidence = format!("{} shaped like {}", facts.values(), most.join(" or "));
            let regex = facts.suggest("regex", json!({ "pattern": pattern }), evidence);
            vec![Suggestion { proof: Proof::Tried, ..regex }, length(facts, shortest, longest)]
        }
        None => vec![length(facts, shortest, longest)],
    }
}

/// Where all texts have one length, it; else room for texts half as long again.
fn length(facts: &Facts<'_>, shortest: u64, longest: u64) -> Suggestion {
    let characters = |length| things(length, "character", "characters");
    if shortest == longest {
        let evidence = format!("{} of {}", facts.values(), characters(longest));
        return facts.suggest("length", json!({ "equals": longest }), evidence);
    }
    let most = (longest + longest.div_ceil(2)).div_ceil(5) * 5;
    let params = if shortest > 0 { json!({ "min": 1, "max": most }) } else { json!({ "max": most }) };
    facts.suggest("length", params, format!("{} of {shortest} to {}", facts.values(), characters(longest)))
}

/// A format that all shapes may be of.
fn format(profile: &ColumnProfile, shapes: &Frequent) -> Option<&'static str> {
    let listed = shapes.most();
    let all = |test: &dyn Fn(&str) -> bool| listed.iter().all(|(shape, _)| *shape == NO_SHAPE || test(shape));
    let some = listed.iter().any(|(shape, _)| *shape != NO_SHAPE);
    if let Some((name, _)) = FORMATS.iter().find(|(_, test)| some && all(&|shape| test(shape))) {
        return Some(name);
    }
    let range = profile.lengths.as_ref()?.range?;
    (range == (UUID, UUID)).then_some("uuid")
}

/// A regular expression of all shapes; none where there are many, or where some were not listed.
fn pattern(shapes: &Frequent) -> Option<String> {
    let listed = shapes.most();
    let seldom = listed.iter().any(|(shape, count)| *count < SEEN_OFTEN || shape.is_empty());
    let is_plain = |shape: &str| shape != NO_SHAPE && !shape.contains(|c: char| c.is_control());
    if !shapes.is_complete()
        || seldom
        || listed.len() > MOST_SHAPES
        || !listed.iter().all(|(shape, _)| is_plain(shape))
    {
        return None;
    }
    let mut patterns: Vec<String> = listed.iter().map(|(shape, _)| expression(shape)).collect();
    patterns.sort_unstable();
    (!patterns.is_empty()).then(|| patterns.join("|"))
}

/// The regular expression of a shape.
fn expression(shape: &str) -> String {
    let mut pattern = String::new();
    let mut rest = shape.chars().peekable();
    while let Some(c) = rest.next() {
        let mut times = 1;
        while rest.next_if_eq(&c).is_some() {
            times += 1;
        }
        match c {
            'A' => pattern += "[A-Z]",
            'a' => pattern += "[a-z]",
            '9' => pattern += "[0-9]",
            c if r"\.+*?()|[]{}^$#&-~".contains(c) => pattern.extend(['\\', c]),
            c => pattern.push(c),
        }
        if times > 1 {
            let _ = write!(pattern, "{{{times}}}");
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_becomes_a_pattern() {
        for (shape, expected) in [
            ("AA-9999", r"[A-Z]{2}\-[0-9]{4}"),
            ("A9", "[A-Z][0-9]"),
            ("(99) aaa", r"\([0-9]{2}\) [a-z]{3}"),
            ("..", r"\.{2}"),
        ] {
            assert_eq!(expression(shape), expected);
        }
    }
}
