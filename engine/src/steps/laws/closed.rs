//! The mappings with fixed keys that a step's JSON Schema describes.

use serde_json::{Map, Value as Json};

use super::{name, node};
use crate::spec::{Node, Value};

/// The keys of every closed mapping, and whether it stands under a column instead of at the top.
pub(super) fn forms(schema: &Json, definitions: &Map<String, Json>) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    gather(schema, definitions, false, &mut found);
    found
}

fn gather(
    schema: &Json,
    definitions: &Map<String, Json>,
    nested: bool,
    found: &mut Vec<(bool, Vec<String>)>,
) {
    if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
        let definition = reference.rsplit('/').next().and_then(|name| definitions.get(name));
        gather(definition.expect("a reference leads somewhere"), definitions, nested, found);
    }
    for form in schema.get("anyOf").and_then(Json::as_array).into_iter().flatten() {
        gather(form, definitions, nested, found);
    }
    match schema.get("additionalProperties") {
        Some(Json::Bool(false)) => {
            let keys = schema.get("properties").and_then(Json::as_object).into_iter().flat_map(Map::keys);
            found.push((nested, keys.cloned().collect()));
        }
        Some(value) if !nested => gather(value, definitions, true, found),
        _ => {}
    }
}

/// A mapping of one key, which nothing stands under.
pub(super) fn mapping(key: &str) -> Node {
    node(Value::Map(vec![(name(key), node(Value::Null))]))
}

/// A mapping of one key, under which `value` stands.
pub(super) fn under(key: &str, value: Node) -> Node {
    node(Value::Map(vec![(name(key), value)]))
}
