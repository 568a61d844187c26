//! Parameters as a JSON Schema describes them, in words.

use serde::Serialize;
use serde_json::{Map, Value};

/// A key that may stand in the pipeline file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Parameter {
    /// The key.
    pub(crate) name: String,
    /// What may stand there, in words.
    pub(crate) takes: String,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// What it is where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<Value>,
    /// What it is for.
    pub(crate) description: String,
}

/// Definitions that schemas refer to.
pub(crate) type Definitions = Map<String, Value>;

/// The keys of the mappings that `schema` allows, wherever in it they are.
pub(crate) fn parameters(schema: &Value, definitions: &Definitions) -> Vec<Parameter> {
    let mut found = Vec::new();
    collect(schema, definitions, &mut Vec::new(), &mut found);
    found
}

fn collect<'s>(
    schema: &'s Value,
    known: &'s Definitions,
    path: &mut Vec<&'s str>,
    found: &mut Vec<Parameter>,
) {
    if let Some(name) = reference(schema) {
        if let Some(target) = known.get(name).filter(|_| !path.contains(&name)) {
            path.push(name);
            collect(target, known, path, found);
            path.pop();
        }
        return;
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = schema.get("required").and_then(Value::as_array);
        for (name, property) in properties {
            if found.iter().all(|known| known.name != *name) {
                let required = required.is_some_and(|list| list.iter().any(|key| key == name.as_str()));
                found.push(parameter(name, property, required, known));
            }
        }
        return;
    }
    for alternative in alternatives(schema) {
        collect(alternative, known, path, found);
    }
    for inner in ["additionalProperties", "items"].into_iter().filter_map(|key| schema.get(key)) {
        collect(inner, known, path, found);
    }
}

fn parameter(name: &str, schema: &Value, required: bool, known: &Definitions) -> Parameter {
    let default = schema.get("default").filter(|default| !default.is_null() && !empty(default)).cloned();
    Parameter {
        name: name.to_owned(),
        takes: takes(schema, known),
        required,
        default,
        description: description(schema, known),
    }
}

fn empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// The description of `schema`, or of what it refers to.
pub(crate) fn description(schema: &Value, known: &Definitions) -> String {
    let own = schema.get("description").and_then(Value::as_str);
    let target = || reference(schema).and_then(|name| known.get(name)?.get("description")?.as_str());
    own.or_else(target).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a schema allows, in words.
pub(crate) fn takes(schema: &Value, known: &Definitions) -> String {
    let mut words = Vec::new();
    describe(schema, known, 0, &mut words);
    words.dedup();
    let mut unique: Vec<String> = Vec::new();
    for word in words {
        if !unique.contains(&word) {
            unique.push(word);
        }
    }
    match unique.as_slice() {
        [] => "anything".into(),
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        [only, ..] => only.clone(),
    }
}

/// References are followed this deep; what lies deeper has its own entry in the documentation.
const DEPTH: usize = 4;

/// Alternatives beyond which it is told what they are, and not each of them.
const MANY: usize = 24;

fn describe(schema: &Value, known: &Definitions, depth: usize, words: &mut Vec<String>) {
    if let Some(name) = reference(schema) {
        match known.get(name) {
            Some(target) if depth < DEPTH => describe(target, known, depth + 1, words),
            _ => words.push(name.to_owned()),
        }
        return;
    }
    if let Some(constant) = schema.get("const") {
        return words.push(literal(constant));
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return words.extend(choices.iter().filter(|choice| !choice.is_null()).map(literal));
    }
    let before = words.len();
    for alternative in alternatives(schema) {
        describe(alternative, known, depth, words);
    }
    if words.len() > before {
        return;
    }
    let types = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    for name in types {
        match name {
            "null" => {}
            "string" => words.push("text".into()),
            "integer" => words.push("a whole number".into()),
            "number" => words.push("a number".into()),
            "boolean" => words.push("true or false".into()),
            "array" => words.push(format!("a list of {}", inner(schema.get("items"), known, depth))),
            _ => words.push(mapping(schema, known, depth)),
        }
    }
}

fn mapping(schema: &Value, known: &Definitions, depth: usize) -> String {
    if let Some(keys) = schema.get("properties").and_then(Value::as_object) {
        return format!("{{{}}}", keys.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(_)) | None => "a mapping".into(),
        values => format!("a mapping of names to {}", inner(values, known, depth)),
    }
}

fn inner(schema: Option<&Value>, known: &Definitions, depth: usize) -> String {
    match schema {
        Some(schema) if depth < DEPTH => {
            let mut words = Vec::new();
            describe(schema, known, depth + 1, &mut words);
            match reference(schema) {
                // A catalogue has its own pages.
                Some(name) if words.len() > MANY => format!("{}s", name.to_lowercase()),
                _ if words.is_empty() => "anything".into(),
                _ => words.join(" or "),
            }
        }
        _ => "anything".into(),
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
    lists.flatten()
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known() -> Definitions {
        let known = json!({
            "Bounds": {
                "description": "Bounds of the\ncolumn's type.",
                "type": "object",
                "properties": {
                    "min": {"type": ["number", "null"], "description": "Smallest value."},
                    "nulls": {"enum": ["skip", "fail"], "default": "skip"},
                },
                "required": ["min"],
            },
            "Again": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/Again"}}]},
        });
        known.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn keys_are_found_wherever_they_are() {
        let schema = json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/Bounds"}});
        let found = parameters(&schema, &known());
        assert_eq!(found.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["min", "nulls"]);
        assert_eq!((found[0].takes.as_str(), found[0].required), ("a number", true));
        assert_eq!((found[1].takes.as_str(), found[1].required), ("`skip` or `fail`", false));
        assert_eq!(found[1].default, Some(json!("skip")));
    }

    #[test]
    fn alternatives_are_told_once() {
        let schema = json!({"anyOf": [
            {"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "string"}, {"type": "null"},
        ]});
        assert_eq!(takes(&schema, &known()), "text or a list of text");
        assert_eq!(takes(&json!(true), &known()), "anything");
        assert_eq!(takes(&json!({"$ref": "#/$defs/Bounds"}), &known()), "{min, nulls}");
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schema = json!({"$ref": "#/$defs/Again"});
        assert!(takes(&schema, &known()).starts_with("text or a list of text or a list of"));
        assert!(parameters(&schema, &known()).is_empty());
    }

    #[test]
    fn a_catalogue_is_called_by_its_name() {
        let one = |at: usize| json!({"type": "object", "properties": {format!("rule_{at}"): {}}});
        let all: Vec<Value> = (0..=MANY).map(one).collect();
        let known = json!({"Check": {"anyOf": all}}).as_object().cloned().unwrap_or_default();
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/Check"}});
        assert_eq!(takes(&list, &known), "a list of checks");
    }

    #[test]
    fn a_description_is_one_line() {
        assert_eq!(description(&json!({"$ref": "#/$defs/Bounds"}), &known()), "Bounds of the column's type.");
    }
}
