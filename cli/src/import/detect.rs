//! Which tool a file belongs to, from what stands in it.

use std::borrow::Cow;

use clap::ValueEnum;
use lockgate_engine::spec::{Node, Value};
use lockgate_engine::{Error, Result};
use serde::Serialize;

/// A tool whose checks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tool {
    /// Open Data Contract Standard, version 3
    Odcs,
    /// dbt: `schema.yml` with tests of models, sources, seeds and snapshots
    Dbt,
    /// Great Expectations: a suite in JSON or YAML, of versions 0.x and 1.x
    Gx,
    /// Soda: `SodaCL` checks, or a Soda contract
    Soda,
}

impl Tool {
    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Odcs => "ODCS",
            Self::Dbt => "dbt",
            Self::Gx => "Great Expectations",
            Self::Soda => "Soda",
        }
    }
}

/// Lists that stand in properties files of dbt.
const DBT: [&str; 7] =
    ["models", "sources", "seeds", "snapshots", "semantic_models", "unit_tests", "exposures"];

/// The tool that the file in `root` belongs to.
pub(super) fn tool(root: &Node) -> Result<Tool> {
    let Value::Map(entries) = &root.value else {
        return Err(unknown(root, "the file is not a mapping"));
    };
    if root.get("dataContractSpecification").is_some() {
        let wrong = Error::wrong("the Data Contract Specification is not read").at(root.span);
        return Err(wrong.hint("its successor is ODCS; `datacontract export --format odcs` converts it"));
    }
    let list = |key: &str| matches!(root.get(key), Some(Node { value: Value::List(_), .. }));
    let text = |key: &str| root.get(key).and_then(Node::as_text);
    let is_soda = |key: &str| {
        ["checks for ", "filter ", "for each dataset", "configurations for ", "checks:"]
            .iter()
            .any(|start| key.starts_with(start))
    };
    let found = [
        (
            Tool::Odcs,
            text("kind") == Some("DataContract") || (list("schema") && text("apiVersion").is_some()),
        ),
        (Tool::Dbt, DBT.into_iter().any(list)),
        (Tool::Gx, list("expectations")),
        (
            Tool::Soda,
            entries.iter().any(|(key, _)| is_soda(&key.value))
                || (text("dataset").is_some() && (list("columns") || list("checks"))),
        ),
    ];
    let found: Vec<Tool> = found.into_iter().filter(|(_, is)| *is).map(|(tool, _)| tool).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(unknown(root, "nothing in the file tells which tool it belongs to")),
        several => {
            let names: Vec<&str> = several.iter().map(|tool| tool.name()).collect();
            Err(unknown(root, &format!("the file could be of {}", names.join(" or "))))
        }
    }
}

fn unknown(root: &Node, why: &str) -> Error {
    Error::wrong(why).at(root.span).hint("say it: --from odcs, dbt, gx or soda")
}

/// JSON as YAML reads it: a character that JSON escapes as two halves is written as itself.
pub(super) fn one_notation(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with(['{', '[']) || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (taken, character) = match whole(escape) {
            Some(character) => (12, Some(character)),
            None => (escape.chars().take(2).map(char::len_utf8).sum(), None),
        };
        match character {
            Some(character) => out.push(character),
            None => out.push_str(&escape[..taken]),
        }
        rest = &escape[taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of two escaped halves that `text` begins with.
fn whole(text: &str) -> Option<char> {
    let half = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let halves = [half(text)?, half(text.get(6..)?)?];
    char::decode_utf16(halves).next()?.ok().filter(|character| u32::from(*character) > 0xffff)
}
