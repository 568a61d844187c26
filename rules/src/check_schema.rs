//! The JSON Schema of checks, for editors and the reference.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::check::envelope_keys;
use crate::envelope::{Envelope, Share};
use crate::rule::{Columns, RuleDef, Shape};
use crate::scalar::Limits;

/// The JSON Schema of what may stand beside a rule's name in a `checks:` list: its own parameters, the
/// envelope, and the short forms.
pub fn check_schema(def: &RuleDef, generator: &mut SchemaGenerator) -> Schema {
    let mut own = (def.schema)(generator);
    let envelope = Envelope::json_schema(generator);
    let keys = envelope_keys(def);
    let mut properties = Map::new();
    let column = json!({"type": "string", "description": "The column; a glob with * gives one check each."});
    let list = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    if def.columns != Columns::None {
        let either = json!({"anyOf": [column.clone(), list.clone()]});
        properties.insert("column".into(), either.clone());
        properties.insert("columns".into(), either);
    }
    if let Some(of_own) = own.get("properties").and_then(Value::as_object) {
        properties.extend(of_own.clone());
    }
    if let Some(shared) = envelope.get("properties").and_then(Value::as_object) {
        properties.extend(shared.clone().into_iter().filter(|(key, _)| keys.contains(&key.as_str())));
    }
    if !def.shows_rows() {
        properties.insert("samples".into(), redact_schema());
    }
    properties.insert("warn".into(), warn_schema(def, generator));
    if !keys.contains(&"warn") {
        properties.shift_remove("warn");
    }
    own.insert("type".into(), json!("object"));
    own.insert("properties".into(), Value::Object(properties));
    own.insert("additionalProperties".into(), json!(false));
    own.insert("description".into(), json!(def.summary));
    own.remove("title");
    let mut forms = vec![own.clone().to_value()];
    let takes_columns = def.columns != Columns::None && own.get("required").is_none();
    match def.short {
        Some(short) => {
            let bare = own.get("properties").and_then(|p| p.get(short)).cloned().unwrap_or(json!(true));
            forms.push(bare.clone());
            forms.push(json!({"type": "array", "items": bare}));
        }
        None if takes_columns => forms.extend([column, list]),
        None => {}
    }
    Schema::try_from(json!({"anyOf": forms})).unwrap_or_default()
}

/// The schema of `samples` beside a rule that shows no rows.
fn redact_schema() -> Value {
    let description = "Columns whose values are not shown.";
    let redact = json!({"description": description, "type": "array", "items": {"type": "string"}});
    json!({"type": "object", "properties": {"redact": redact}, "additionalProperties": false})
}

fn warn_schema(def: &RuleDef, generator: &mut SchemaGenerator) -> Value {
    match def.shape {
        Shape::Row => Share::json_schema(generator).to_value(),
        Shape::Scalar => Limits::json_schema(generator).to_value(),
        Shape::Distance | Shape::Whole => json!({"type": "number"}),
    }
}
