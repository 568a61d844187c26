//! The JSON Schema of the pipeline file, generated from the types that read it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Value, json};

use super::pipeline::Top;

/// JSON Schema (draft 2020-12) of the pipeline file, with every step and rule.
pub fn json_schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Top>();
    AllowVariables.transform(&mut schema);
    schema.to_value()
}

/// A number, a boolean or one of several words may also be written as a variable, `${name}`.
struct AllowVariables;

/// What a scalar with a variable in it looks like.
const VARIABLE: &str = r"\$\{";

impl Transform for AllowVariables {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        // A variable may stand for any of several words, so that none of them excludes the others.
        if let Some(choices) = object.remove("oneOf") {
            object.insert("anyOf".into(), choices);
        }
        let words = object.remove("enum").or_else(|| object.remove("const").map(|word| json!([word])));
        if let Some(words) = words {
            object.remove("type");
            object.insert("anyOf".into(), json!([{"enum": words}, {"type": "string", "pattern": VARIABLE}]));
            return;
        }
        let kinds: Vec<Value> = match object.get("type") {
            Some(Value::Array(kinds)) => kinds.clone(),
            Some(kind) => vec![kind.clone()],
            None => return,
        };
        let scalar = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number" | "boolean"));
        if kinds.iter().any(scalar) && !kinds.contains(&json!("string")) {
            let kinds: Vec<Value> = kinds.into_iter().chain([json!("string")]).collect();
            object.insert("type".into(), Value::Array(kinds));
            object.insert("pattern".into(), json!(VARIABLE));
        }
    }
}
