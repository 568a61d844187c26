//! Plain serde types from nodes, with every error at its place.
//!
//! Types are `#[derive(Deserialize, JsonSchema)] #[serde(deny_unknown_fields)]` structs. An unknown key
//! is reported at the key, a wrong type at the value, a missing key at the mapping. `Spanned`, `Node`,
//! `OneOrMany`, `Entries` and `Parsed` are the field types that know about positions or short forms;
//! serde's `flatten` and `untagged` lose positions and are not used.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected,
    IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::failure::Failure;
use super::node::{Node, Span, Spanned, Value};
use crate::error::Result;

/// Name under which `Spanned` asks for the position of what it holds.
pub(super) const SPANNED: &str = "$lockgate::Spanned";
/// Name under which `OneOrMany` asks to see a single value as a list.
pub(super) const ONE_OR_MANY: &str = "$lockgate::OneOrMany";

/// Reads a `T` from `node`.
pub fn decode<T: DeserializeOwned>(node: &Node) -> Result<T> {
    T::deserialize(NodeDeserializer(node)).map_err(Failure::into_error)
}

/// A type that reads its node itself, because it has a short form or depends on what stands there.
pub trait FromNode: Sized {
    /// Reads the value from `node`.
    fn from_node(node: &Node) -> Result<Self>;
}

/// A field of a decoded type that is read by its own `FromNode`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed<T>(pub T);

impl<T> Deref for Parsed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: FromNode> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        T::from_node(&node)
            .map(Self)
            .map_err(|error| D::Error::custom(Failure::carried(&error.at(node.span))))
    }
}

impl<T: JsonSchema> JsonSchema for Parsed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[derive(Clone, Copy)]
struct NodeDeserializer<'a>(&'a Node);

impl NodeDeserializer<'_> {
    fn mismatch(self, expected: &dyn Expected) -> Failure {
        Failure::invalid_type(unexpected(&self.0.value), expected)
    }

    fn here<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        result.map_err(|failure| failure.at(self.0.span))
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Int(value) => Unexpected::Signed(*value),
        Value::Float(value) => Unexpected::Float(*value),
        Value::Text(text) => Unexpected::Str(text),
        Value::List(_) => Unexpected::Seq,
        Value::Map(_) => Unexpected::Map,
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.here(match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Map(entries) => visitor.visit_map(Pairs { rest: entries.iter(), value: None }),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match &self.0.value {
            Value::List(items) if name == ONE_OR_MANY => self.here(visitor.visit_seq(Items(items.iter()))),
            _ if name == ONE_OR_MANY => {
                self.here(visitor.visit_seq(Items(std::slice::from_ref(self.0).iter())))
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == SPANNED {
            return visitor.visit_map(Position { node: self.0, next: 0 });
        }
        self.here(match &self.0.value {
            Value::Map(entries) => visitor.visit_map(Pairs { rest: entries.iter(), value: None }),
            Value::Null => visitor.visit_map(Pairs { rest: [].iter(), value: None }),
            _ => Err(self.mismatch(&visitor)),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.here(match &self.0.value {
            Value::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            Value::Map(entries) => match entries.as_slice() {
                [(key, node)] => visitor.visit_enum(Variant { key, node }),
                _ => Err(Failure::custom("expected a mapping with exactly one key")),
            },
            _ => Err(self.mismatch(&"a name")),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let next = self.0.next();
        next.map(|node| seed.deserialize(NodeDeserializer(node)).map_err(|e| e.at(node.span))).transpose()
    }
}

struct Pairs<'a> {
    rest: std::slice::Iter<'a, (Spanned<String>, Node)>,
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let key = Node { value: Value::Text(key.value.clone()), span: key.span };
        seed.deserialize(NodeDeserializer(&key)).map(Some).map_err(|failure| failure.at(key.span))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let node =
            self.value.take().ok_or_else(|| Failure::custom("a value was asked for before its key"))?;
        seed.deserialize(NodeDeserializer(node)).map_err(|failure| failure.at(node.span))
    }
}

/// A node as `Spanned` reads it: line, column, length, value.
struct Position<'a> {
    node: &'a Node,
    next: usize,
}

impl<'de> MapAccess<'de> for Position<'_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(key) = ["line", "column", "len", "value"].get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let Span { line, column, len } = self.node.span;
        let number = |number: usize| -> UsizeDeserializer<Failure> { number.into_deserializer() };
        match self.next {
            1 => seed.deserialize(number(line)),
            2 => seed.deserialize(number(column)),
            3 => seed.deserialize(number(len)),
            _ => seed.deserialize(NodeDeserializer(self.node)).map_err(|failure| failure.at(self.node.span)),
        }
    }
}

struct Variant<'a> {
    key: &'a Spanned<String>,
    node: &'a Node,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a> {
    type Error = Failure;
    type Variant = Payload<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Payload<'a>), Failure> {
        let name: StrDeserializer<'_, Failure> = self.key.value.as_str().into_deserializer();
        let variant = seed.deserialize(name).map_err(|failure| failure.at(self.key.span))?;
        Ok((variant, Payload(self.node)))
    }
}

struct Payload<'a>(&'a Node);

impl<'de> VariantAccess<'de> for Payload<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.0.value {
            Value::Null => Ok(()),
            _ => Err(NodeDeserializer(self.0).mismatch(&"nothing").at(self.0.span)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(NodeDeserializer(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        NodeDeserializer(self.0).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        NodeDeserializer(self.0).deserialize_struct("", fields, visitor)
    }
}

impl fmt::Debug for NodeDeserializer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0.describe(), f)
    }
}
