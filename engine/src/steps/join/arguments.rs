//! Arguments of `join`, as they stand in the pipeline file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::spec::{FromNode, Node, OneOrMany, Parsed, Spanned, Value, decode};

/// Arguments of the step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    /// The other table or source.
    pub with: Spanned<String>,
    /// Key columns: a name, a list of names, or names here with names there.
    pub on: Parsed<Pairs>,
    /// Which rows stay.
    #[serde(default)]
    pub how: How,
    /// How often a key may occur here and there.
    #[serde(default)]
    pub expect: Expect,
    /// What is appended to the name of a column of the other table that exists here already.
    #[serde(default = "suffix")]
    pub suffix: String,
    /// Columns to take from the other table; all but its key columns if left out.
    pub columns: Option<OneOrMany<Spanned<String>>>,
    /// With `how: asof`, columns that must be equal.
    pub by: Option<Parsed<Pairs>>,
    /// With `how: asof`, on which side of the key to look.
    pub strategy: Option<Strategy>,
    /// With `how: asof`, how far the key may be: a number, or a duration such as `90m` or `1d`.
    pub tolerance: Option<Spanned<Tolerance>>,
}

fn suffix() -> String {
    "_right".to_owned()
}

/// Which rows stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum How {
    /// Rows that match.
    Inner,
    /// Every row.
    #[default]
    Left,
    /// Rows that match, then rows of the other table that nothing matched.
    Right,
    /// Every row, then rows of the other table that nothing matched.
    Full,
    /// Rows that match, without columns of the other table.
    Semi,
    /// Rows that do not match.
    Anti,
    /// Every row, with the nearest row of the other table by an ordered key.
    Asof,
}

/// How often a key may occur: in the rows coming in, and in the other table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Expect {
    /// Once here, once there.
    #[serde(rename = "1-1")]
    OneToOne,
    /// Often here, once there: a look-up.
    #[serde(rename = "n-1")]
    ManyToOne,
    /// Once here, often there.
    #[serde(rename = "1-n")]
    OneToMany,
    /// Often on both sides: nothing is checked.
    #[default]
    #[serde(rename = "n-n")]
    ManyToMany,
}

impl Expect {
    /// Whether a key may occur only once in the rows coming in.
    pub(super) fn once_here(self) -> bool {
        matches!(self, Self::OneToOne | Self::OneToMany)
    }

    /// Whether a key may occur only once in the other table.
    pub(super) fn once_there(self) -> bool {
        matches!(self, Self::OneToOne | Self::ManyToOne)
    }

    /// As it stands in the pipeline file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OneToOne => "1-1",
            Self::ManyToOne => "n-1",
            Self::OneToMany => "1-n",
            Self::ManyToMany => "n-n",
        }
    }
}

/// On which side of the key `asof` looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Strategy {
    /// The last key not after.
    #[default]
    Backward,
    /// The first key not before.
    Forward,
    /// The nearest key.
    Nearest,
}

/// How far the key of an `asof` may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tolerance {
    /// In units of the key.
    Number(f64),
    /// A duration such as `90m`.
    Duration(String),
}

impl<'de> Deserialize<'de> for Tolerance {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let node = Node::deserialize(deserializer)?;
        match node.value {
            Value::Int(number) if number >= 0 => Ok(Self::Number(number as f64)),
            Value::Float(number) if number >= 0.0 => Ok(Self::Number(number)),
            Value::Text(text) => Ok(Self::Duration(text)),
            _ => Err(D::Error::custom("expected a number from 0 or a duration such as `90m`")),
        }
    }
}

impl JsonSchema for Tolerance {
    fn schema_name() -> Cow<'static, str> {
        "Tolerance".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string" }] })
    }
}

/// Columns here with their counterparts there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs(pub Vec<(Spanned<String>, Spanned<String>)>);

impl FromNode for Pairs {
    fn from_node(node: &Node) -> Result<Self> {
        let pairs = if let Value::Map(entries) = &node.value {
            let pair = |(here, there): &(Spanned<String>, Node)| Ok((here.clone(), decode(there)?));
            entries.iter().map(pair).collect::<Result<Vec<_>>>()?
        } else {
            let names: OneOrMany<Spanned<String>> = decode(node)?;
            names.into_iter().map(|name| (name.clone(), name)).collect()
        };
        if pairs.is_empty() {
            return Err(Error::wrong("no columns to join on").at(node.span).hint("name at least one column"));
        }
        Ok(Self(pairs))
    }
}

impl JsonSchema for Pairs {
    fn schema_name() -> Cow<'static, str> {
        "JoinColumns".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names = generator.subschema_for::<OneOrMany<String>>();
        json_schema!({ "anyOf": [names, { "type": "object", "additionalProperties": { "type": "string" } }] })
    }
}

impl Join {
    /// Refuses arguments that have no meaning together.
    pub(super) fn check(&self) -> Result<()> {
        let asof = self.how == How::Asof;
        let only_asof = self.by.is_some() || self.strategy.is_some() || self.tolerance.is_some();
        if only_asof && !asof {
            return Err(Error::wrong("`by`, `strategy` and `tolerance` belong to `how: asof`")
                .at(self.with.span)
                .hint("add `how: asof` or remove them"));
        }
        if asof && self.expect != Expect::ManyToMany {
            return Err(Error::wrong(
                "`expect` has no meaning with `how: asof`, which takes one row at most",
            )
            .at(self.with.span));
        }
        if asof && self.on.0.0.len() != 1 {
            return Err(Error::wrong("`how: asof` has one ordered key in `on`")
                .at(self.with.span)
                .hint("columns that must be equal stand in `by`"));
        }
        if let (How::Semi | How::Anti, Some(columns)) = (self.how, &self.columns) {
            let place = columns.first().map_or(self.with.span, |column| column.span);
            return Err(Error::wrong("`semi` and `anti` bring no columns")
                .at(place)
                .hint("remove `columns`"));
        }
        Ok(())
    }
}
