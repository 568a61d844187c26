//! How CSV files are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{FromNode, Node, Parsed, decode};
use crate::error::{Error, Result};

/// How CSV files are written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Csv {
    /// Field separator, one ASCII character.
    pub delimiter: Parsed<Ascii>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Quote character, one ASCII character, or `none` if fields are never quoted.
    pub quote: Parsed<Quote>,
    /// Texts that stand for null besides the empty field.
    pub null_values: Vec<String>,
}

impl Default for Csv {
    fn default() -> Self {
        Self {
            delimiter: Parsed(Ascii(b',')),
            header: true,
            quote: Parsed(Quote(Some(b'"'))),
            null_values: Vec::new(),
        }
    }
}

impl FromNode for Csv {
    fn from_node(node: &Node) -> Result<Self> {
        let csv: Self = decode(node)?;
        if csv.quote.0.0 == Some(csv.delimiter.0.0) {
            return Err(Error::wrong("the delimiter and the quote are the same character").at(node.span));
        }
        Ok(csv)
    }
}

/// One ASCII character that ends no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ascii(pub u8);

impl FromNode for Ascii {
    fn from_node(node: &Node) -> Result<Self> {
        one_character(node)
            .map(Self)
            .ok_or_else(|| unusable(node).hint("a tab is written \"\\t\", in double quotes"))
    }
}

fn one_character(node: &Node) -> Option<u8> {
    match node.as_text()?.as_bytes() {
        &[byte] if byte.is_ascii() && !b"\r\n\0".contains(&byte) => Some(byte),
        _ => None,
    }
}

fn unusable(node: &Node) -> Error {
    Error::wrong(format!("expected one ASCII character, found {}", node.describe())).at(node.span)
}

impl JsonSchema for Ascii {
    fn schema_name() -> Cow<'static, str> {
        "Ascii".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": 1})
    }
}

/// The quote character, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote(pub Option<u8>);

impl FromNode for Quote {
    fn from_node(node: &Node) -> Result<Self> {
        match node.as_text() {
            Some("none") => Ok(Self(None)),
            _ => one_character(node)
                .map(|byte| Self(Some(byte)))
                .ok_or_else(|| unusable(node).hint("write `none` if fields are never quoted")),
        }
    }
}

impl JsonSchema for Quote {
    fn schema_name() -> Cow<'static, str> {
        "Quote".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string", "minLength": 1, "maxLength": 1}, {"enum": ["none"]}]})
    }
}
