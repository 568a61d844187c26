//! A source: where raw partitions are, which of them are read, and what they promise.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;

use super::{
    CheckSpec, Csv, Entries, FromNode, Node, OneOrMany, Parsed, QuarantineLimit, Spanned, Type, Value, decode,
};
use crate::error::{Error, Result};

/// Raw data that is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A folder, a file or a pattern; a local path or an s3://, gs:// or az:// address.
    pub read: Spanned<String>,
    /// The format of its files.
    #[serde(default)]
    pub format: Format,
    /// How CSV files are written.
    #[serde(default)]
    pub csv: Parsed<Csv>,
    /// Which partitions are read, by partition column; all of them unless said otherwise.
    #[serde(default)]
    pub partitions: Entries<Parsed<Wanted>>,
    /// What the data promises.
    pub schema: Option<Contract>,
    /// Checks on the rows as they come.
    #[serde(default)]
    pub checks: Vec<Parsed<CheckSpec>>,
    /// Columns (or patterns with `*`) of which a state is kept with every published run, for later checks of
    /// drift; those that such checks name are kept anyhow.
    #[serde(default)]
    pub profile: OneOrMany<Spanned<String>>,
    /// Where rows go whose check says `on_row: quarantine`.
    pub quarantine: Option<Spanned<String>>,
    /// Rows that may go there before the gate stays closed: a number such as `1000`, or a share such as `0.5%`.
    pub max_quarantine: Option<Parsed<QuarantineLimit>>,
}

impl Source {
    /// Whether only partitions are read that no earlier run published.
    pub fn reads_new(&self) -> bool {
        self.partitions.iter().any(|(_, wanted)| **wanted == Wanted::New)
    }
}

/// The format of a source's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apache Parquet.
    #[default]
    Parquet,
    /// Comma-separated values.
    Csv,
    /// One JSON object per line.
    Ndjson,
}

/// Which values of a partition column are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Every value.
    All,
    /// The greatest value.
    Latest,
    /// Partitions that no earlier run of this pipeline published.
    New,
    /// Values from `from` to `to`, both included.
    Range {
        /// Least value.
        from: Option<String>,
        /// Greatest value.
        to: Option<String>,
    },
    /// These values.
    Values(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Option<Spanned<Node>>,
    to: Option<Spanned<Node>>,
}

impl FromNode for Wanted {
    fn from_node(node: &Node) -> Result<Self> {
        match &node.value {
            Value::Text(word) => match word.as_str() {
                "all" => Ok(Self::All),
                "latest" => Ok(Self::Latest),
                "new" => Ok(Self::New),
                value => Ok(Self::Values(vec![value.to_owned()])),
            },
            Value::Map(_) => {
                let range: Range = decode(node)?;
                let end = |end: Option<Spanned<Node>>| end.map(|end| value(&end.value)).transpose();
                Ok(Self::Range { from: end(range.from)?, to: end(range.to)? })
            }
            Value::List(values) => values.iter().map(value).collect::<Result<_>>().map(Self::Values),
            _ => Ok(Self::Values(vec![value(node)?])),
        }
    }
}

fn value(node: &Node) -> Result<String> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Int(value) => Ok(value.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Error::wrong(format!("expected a partition value, found {}", node.describe()))
            .at(node.span)
            .hint("all, latest, new, {from: …, to: …}, or a list of values")),
    }
}

impl JsonSchema for Wanted {
    fn schema_name() -> Cow<'static, str> {
        "Partitions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = json_schema!({"type": ["string", "integer", "boolean"]});
        json_schema!({
            "description": "all, latest, new, a range {from, to}, or a list of values",
            "anyOf": [
                {"enum": ["all", "latest", "new"]},
                value,
                {"type": "array", "items": value},
                {"type": "object", "properties": {"from": value, "to": value}, "additionalProperties": false}
            ]
        })
    }
}

/// What a source promises about its columns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Columns with their types.
    pub columns: Entries<Parsed<Column>>,
    /// What happens to columns that are not named here.
    #[serde(default)]
    pub extra_columns: ExtraColumns,
}

/// What happens to columns that the contract does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtraColumns {
    /// They are read too.
    #[default]
    Keep,
    /// They are not read.
    Drop,
    /// They are an error.
    Fail,
}

/// A column that a source promises.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its type; narrower types are widened to it.
    pub r#type: Parsed<Type>,
    /// Whether values may be null.
    pub nullable: bool,
    /// Whether the column may be missing; it is null then.
    pub optional: bool,
}

/// The long form of a column; the short one is its type alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongColumn {
    /// Its type; narrower types are widened to it.
    r#type: Parsed<Type>,
    /// Whether values may be null.
    #[serde(default = "yes")]
    nullable: bool,
    /// Whether the column may be missing; it is null then.
    #[serde(default)]
    optional: bool,
}

fn yes() -> bool {
    true
}

impl FromNode for Column {
    fn from_node(node: &Node) -> Result<Self> {
        match &node.value {
            Value::Map(_) => {
                let LongColumn { r#type, nullable, optional } = decode(node)?;
                Ok(Self { r#type, nullable, optional })
            }
            _ => Ok(Self { r#type: Parsed(Type::from_node(node)?), nullable: true, optional: false }),
        }
    }
}

impl JsonSchema for Column {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let short = generator.subschema_for::<Type>();
        let long = LongColumn::json_schema(generator);
        json_schema!({"anyOf": [short, long]})
    }
}
