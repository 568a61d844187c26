//! A table: where its rows come from, the steps they take, what must hold of them, where they go.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{
    CheckSpec, FromNode, Node, OneOrMany, Parsed, QuarantineLimit, Span, Spanned, Value, did_you_mean,
};
use crate::error::{Error, Result};
use crate::steps::{STEPS, Step, StepDef};

/// Rows made from a source or another table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The source or table its rows come from.
    pub from: Spanned<String>,
    /// What is done to them, in order.
    #[serde(default)]
    pub steps: Vec<Parsed<StepSpec>>,
    /// What must hold of the rows that come out.
    #[serde(default)]
    pub checks: Vec<Parsed<CheckSpec>>,
    /// Columns (or patterns with `*`) of which a state is kept with every published run, for later checks of
    /// drift; those that such checks name are kept anyhow.
    #[serde(default)]
    pub profile: OneOrMany<Spanned<String>>,
    /// Where they are written; without it, only other tables see them.
    pub write: Option<Write>,
    /// Where rows go that a step or check quarantines.
    pub quarantine: Option<Spanned<String>>,
    /// Rows that may go there before the gate stays closed: a number such as `1000`, or a share such as `0.5%`.
    pub max_quarantine: Option<Parsed<QuarantineLimit>>,
}

/// A step with its arguments.
#[derive(Debug)]
pub struct StepSpec {
    /// Its entry in the catalogue.
    pub def: &'static StepDef,
    /// Its arguments.
    pub step: Box<dyn Step>,
    /// Where its name stands.
    pub span: Span,
    /// Name and arguments as JSON, variables filled in.
    pub text: String,
}

impl FromNode for StepSpec {
    fn from_node(node: &Node) -> Result<Self> {
        let bare = Node { value: Value::Null, span: node.span };
        let (name, arguments) = match &node.value {
            Value::Text(name) => (Spanned::new(name.clone(), node.span), &bare),
            Value::Map(entries) => match entries.as_slice() {
                [(name, arguments)] => (name.clone(), arguments),
                [_, (second, _), ..] => {
                    return Err(Error::wrong(
                        "a step is one name with its arguments; this entry has several",
                    )
                    .at(second.span)
                    .hint("begin each step with `- `"));
                }
                [] => return Err(Error::wrong("a step without a name").at(node.span)),
            },
            _ => {
                return Err(Error::wrong(format!("expected a step, found {}", node.describe())).at(node.span));
            }
        };
        let def = STEPS.iter().find(|def| def.name == name.value).ok_or_else(|| {
            Error::wrong(format!("unknown step \"{}\"", name.value)).at(name.span).hint(did_you_mean(
                &name.value,
                STEPS.iter().map(|def| def.name),
                "there are",
            ))
        })?;
        let step = (def.parse)(arguments).map_err(|error| error.at(arguments.span))?;
        Ok(Self { def, step, span: name.span, text: node.to_json().to_string() })
    }
}

impl JsonSchema for StepSpec {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entries: Vec<Schema> = STEPS
            .iter()
            .map(|def| {
                let arguments = (def.schema)(generator);
                json_schema!({
                    "type": "object",
                    "description": def.summary,
                    "properties": {def.name: arguments},
                    "required": [def.name],
                    "additionalProperties": false
                })
            })
            .collect();
        let names: Vec<&str> = STEPS.iter().map(|def| def.name).collect();
        json_schema!({"anyOf": [{"anyOf": entries}, {"enum": names}]})
    }
}

/// How a table is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The dataset's folder.
    pub to: Spanned<String>,
    /// Column or columns that name its partitions; without it, the run's time does, as `created_at`.
    pub partition_by: Option<OneOrMany<Spanned<String>>>,
    /// What happens to what is there already.
    #[serde(default)]
    pub mode: Mode,
    /// How column chunks are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Size after which a file is closed, such as `256MB`.
    #[serde(default)]
    pub file_size: Parsed<ByteSize>,
    /// Rows of a row group; by default as many as make about 128 MiB in memory.
    pub row_group_rows: Option<usize>,
}

/// What a run does to what is already in the dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Replaces the partitions it writes and leaves the others.
    #[default]
    Replace,
    /// Adds its files to the partitions.
    Append,
    /// Stops if a partition it would write exists.
    ErrorIfExists,
}

/// Codec of column chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Zstandard, level 1.
    #[default]
    Zstd,
    /// Snappy.
    Snappy,
    /// LZ4 raw blocks.
    Lz4,
    /// No compression.
    None,
}

/// A number of bytes: `1048576`, `256MB`, `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl Default for Parsed<ByteSize> {
    fn default() -> Self {
        Self(ByteSize(512 << 20))
    }
}

impl ByteSize {
    /// Reads `256MB`, `1.5 GiB` or a bare number of bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "kib" => 1 << 10,
            "m" | "mb" => 1_000_000,
            "mib" => 1 << 20,
            "g" | "gb" => 1_000_000_000,
            "gib" => 1 << 30,
            "t" | "tb" => 1_000_000_000_000,
            "tib" => 1 << 40,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        let bytes = number * factor as f64;
        (bytes.is_finite() && (1.0..=1e18).contains(&bytes)).then_some(Self(bytes as u64))
    }
}

impl FromNode for ByteSize {
    fn from_node(node: &Node) -> Result<Self> {
        let size = match &node.value {
            Value::Int(bytes) => u64::try_from(*bytes).ok().filter(|bytes| *bytes > 0).map(Self),
            Value::Text(text) => Self::parse(text),
            _ => None,
        };
        size.ok_or_else(|| {
            Error::wrong(format!("expected a size, found {}", node.describe()))
                .at(node.span)
                .hint("such as 256MB or 1GiB")
        })
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a number of bytes, such as 256MB or 1GiB",
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[0-9.]+ ?[kKmMgGtT]?[iI]?[bB]?$"}]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_powers_of_ten_and_of_two() {
        assert_eq!(ByteSize::parse("256MB"), Some(ByteSize(256_000_000)));
        assert_eq!(ByteSize::parse("1.5 GiB"), Some(ByteSize(1_610_612_736)));
        assert_eq!(ByteSize::parse("0"), None);
        assert_eq!(ByteSize::parse("many"), None);
    }
}
