use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Entries, FromNode, Node, OneOrMany, Parsed, Span, Spanned, decode, read};
use super::{shown, text_at};
use crate::error::{Error, Result};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Join {
    with: Spanned<String>,
    on: OneOrMany<Spanned<String>>,
    #[serde(default)]
    how: How,
    #[serde(default)]
    bounds: Entries<Bounds>,
    limit: Option<u32>,
    day: Option<Parsed<Weekday>>,
    literal: Option<Node>,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    #[default]
    Inner,
    Left,
    Asof {
        tolerance: String,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, PartialEq, JsonSchema)]
struct Weekday(u8);

impl FromNode for Weekday {
    fn from_node(node: &Node) -> Result<Self> {
        match node.as_text() {
            Some("monday") => Ok(Self(0)),
            _ => Err(Error::wrong(format!("{} is no weekday", node.describe())).hint("there are seven")),
        }
    }
}

fn join(text: &str) -> Result<Join> {
    decode(&read(text).unwrap())
}

fn refused(text: &str) -> String {
    shown(text, &join(text).expect_err("the arguments are wrong"))
}

#[test]
fn values_know_where_they_stand() {
    let text =
        "{with: planes, on: [a, b], bounds: {x: {min: 1}, y: {max: 2.5}}, day: monday, literal: [1, {k: v}]}";
    let join = join(text).unwrap();
    assert_eq!(text_at(text, join.with.span), "planes");
    let on: Vec<_> = join.on.iter().map(|name| text_at(text, name.span)).collect();
    assert_eq!(on, ["a", "b"]);
    let bounds: Vec<_> = join.bounds.iter().map(|(key, _)| text_at(text, key.span)).collect();
    assert_eq!(bounds, ["x", "y"]);
    assert_eq!(join.bounds.get("x").unwrap().min, Some(1.0));
    assert_eq!(join.bounds.get("y").unwrap().max, Some(2.5));
    assert_eq!(*join.day.unwrap(), Weekday(0));
    let literal = join.literal.unwrap();
    assert_eq!(text_at(text, literal.locate("1.k")), "v");
    assert_eq!((join.how, join.limit), (How::Inner, None));
}

#[test]
fn one_is_a_list_of_one() {
    let join = join("{with: planes, on: a, how: {asof: {tolerance: 1h}}}").unwrap();
    assert_eq!(join.on.0, [Spanned::new("a".to_owned(), Span { line: 1, column: 20, len: 1 })]);
    assert_eq!(join.how, How::Asof { tolerance: "1h".into() });
}

#[test]
fn a_mistake_is_reported_at_its_place() {
    let cases = [
        (
            "with: planes\non: a\nhwo: left",
            "unknown key \"hwo\"\n3| hwo: left\n   ^^^\n= did you mean \"how\"? the keys here are with, on, how, bounds, limit, day, literal",
        ),
        ("{with: planes}", "missing key \"on\"\n1| {with: planes}\n   ^^^^^^^^^^^^^^"),
        ("with: planes\nlimit: 2", "missing key \"on\"\n1| with: planes\n   ^^^^"),
        ("with: 12\non: a", "expected text, found the number 12\n1| with: 12\n         ^^"),
        ("with: p\non: [a, [b]]", "expected text, found a list\n2| on: [a, [b]]\n           ^^^"),
        (
            "with: p\non: a\nlimit: -2",
            "expected a whole number, 0 or more, found the number -2\n3| limit: -2\n          ^^",
        ),
        (
            "with: p\non: a\nhow: lfet",
            "unknown choice \"lfet\"\n3| how: lfet\n        ^^^^\n= did you mean \"left\"? it can be inner, left, asof",
        ),
        (
            "with: p\non: a\nbounds:\n  x: {mni: 1}",
            "unknown key \"mni\"\n4|   x: {mni: 1}\n         ^^^\n= did you mean \"min\"? the keys here are min, max",
        ),
        (
            "with: p\non: a\nbounds: {x: 1}",
            "expected a mapping, found the number 1\n3| bounds: {x: 1}\n               ^",
        ),
        (
            "with: p\non: a\nday: someday",
            "the text \"someday\" is no weekday\n3| day: someday\n        ^^^^^^^\n= there are seven",
        ),
        ("[planes, a]", "expected a mapping, found a list\n1| [planes, a]\n   ^^^^^^^^^^^"),
        ("", "missing key \"with\"\n1| \n   ^"),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "for {text:?}");
    }
}

#[test]
fn the_schema_sees_through_positions() {
    let schema = schemars::schema_for!(Join).to_value();
    assert_eq!(schema["properties"]["with"]["type"], "string");
    assert_eq!(schema["properties"]["on"]["anyOf"][1]["items"]["type"], "string");
    assert_eq!(schema["additionalProperties"], false);
}
