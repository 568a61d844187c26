//! How a step reads its arguments and describes them: the plain types, and the short forms beside them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::Step;
use super::column::Columns;
use super::literal::shown;
use crate::error::Result;
use crate::expr::Expression;
use crate::spec::{FromNode, Node, Spanned, Value, decode};

/// An expression as an argument; a bare number or boolean is one too.
#[derive(Debug)]
pub(super) struct Formula(pub(super) Expression);

impl FromNode for Formula {
    fn from_node(node: &Node) -> Result<Self> {
        let text = match node.value {
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                Spanned { value: shown(node), span: node.span }
            }
            _ => decode(node)?,
        };
        Expression::parse(&text).map(Self)
    }
}

impl JsonSchema for Formula {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A SQL expression over the columns of a row.",
            "type": ["string", "number", "boolean"],
        })
    }
}

/// Reads a step whose arguments are a plain type.
pub(super) fn plain<T: Step + DeserializeOwned + 'static>(node: &Node) -> Result<Box<dyn Step>> {
    Ok(Box::new(decode::<T>(node)?))
}

/// Reads a `T`, or the columns that stand in its place: `trim: ship_mode` is `trim: {columns: ship_mode}`.
pub(super) fn columns_or<T: DeserializeOwned>(node: &Node, short: impl FnOnce(Columns) -> T) -> Result<T> {
    match node.value {
        Value::Map(_) | Value::Null => decode(node),
        _ => decode(node).map(short),
    }
}

/// JSON Schema of a plain type.
pub(super) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// JSON Schema of what `columns_or` reads.
pub(super) fn columns_or_schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    any_of([generator.subschema_for::<Columns>(), generator.subschema_for::<T>()])
}

/// JSON Schema of one of several forms.
pub(super) fn any_of<const N: usize>(forms: [Schema; N]) -> Schema {
    json_schema!({ "anyOf": Vec::from(forms) })
}

/// Reads one of `words`; YAML's null is the word `null`, because `on_error: null` means what it says.
pub(super) fn word<'de, D: Deserializer<'de>>(
    deserializer: D,
    words: &'static [&'static str],
) -> Result<&'static str, D::Error> {
    deserializer.deserialize_any(WordVisitor(words))
}

struct WordVisitor(&'static [&'static str]);

impl Visitor<'_> for WordVisitor {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", self.0.join(", "))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<&'static str, E> {
        self.visit_str("null")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<&'static str, E> {
        self.0.iter().copied().find(|word| *word == text).ok_or_else(|| E::unknown_variant(text, self.0))
    }
}

/// A choice between words, one of which is `null`.
macro_rules! words_with_null {
    ($name:ident, $default:literal, $($word:literal => $variant:ident),+) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(match crate::steps::arguments::word(deserializer, &[$($word),+])? {
                    $($word => Self::$variant,)+
                    _ => Self::default(),
                })
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "enum": [null, $($word),+], "default": $default })
            }
        }
    };
}

pub(super) use words_with_null;

/// JSON Schema of a type with a short form beside its mapping.
macro_rules! short_or_long {
    ($name:ty, $short:ty, $long:ty) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::steps::arguments::any_of([
                    generator.subschema_for::<$short>(),
                    generator.subschema_for::<$long>(),
                ])
            }
        }
    };
}

pub(super) use short_or_long;
