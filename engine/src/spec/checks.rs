//! Checks in the pipeline file: the bridge to the rules, with positions.

use std::borrow::Cow;
use std::sync::Arc;

use lockgate_rules::{Check, ParamError, RULES, check_schema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{FromNode, Node, Span, Spanned, Value, did_you_mean};
use crate::error::{Error, Result};

/// One entry of a `checks:` list; it gives several checks where it names several columns.
#[derive(Debug, Clone)]
pub struct CheckSpec {
    /// The rule's name.
    pub rule: Spanned<String>,
    /// What stands beside it.
    pub params: Node,
    /// The checks it stands for.
    pub checks: Vec<Check>,
}

impl CheckSpec {
    /// Where it stands.
    pub fn place(&self) -> CheckPlace {
        CheckPlace { span: self.rule.span, params: Some(Arc::new(self.params.clone())) }
    }
}

/// Where a check stands in the file. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct CheckPlace {
    /// The rule's name, or what implies the check.
    pub span: Span,
    params: Option<Arc<Node>>,
}

impl CheckPlace {
    /// That of a check that something at `span` implies.
    pub fn implied(span: Span) -> Self {
        Self { span, params: None }
    }

    /// Where the parameter `key` (a dotted path) stands, or else the rule.
    pub fn of_key(&self, key: &str) -> Span {
        let first = key.split('.').next().unwrap_or_default();
        match &self.params {
            Some(params) if params.get(first).is_some() || !matches!(params.value, Value::Map(_)) => {
                params.locate(key)
            }
            _ => self.span,
        }
    }

    /// Where `text` first stands in the parameters, if it does.
    pub fn of_text(&self, text: &str) -> Option<Span> {
        self.params.as_ref()?.find(text)
    }
}

impl FromNode for CheckSpec {
    fn from_node(node: &Node) -> Result<Self> {
        let bare = Node { value: Value::Null, span: node.span };
        let (rule, params) = match &node.value {
            Value::Text(name) => (Spanned::new(name.clone(), node.span), bare),
            Value::Map(entries) => match entries.as_slice() {
                [(rule, params)] => (rule.clone(), params.clone()),
                [_, (second, _), ..] => {
                    return Err(Error::wrong(
                        "a check is one rule with its parameters; this entry has several keys",
                    )
                    .at(second.span)
                    .hint("put parameters in braces: `- between: {column: x, min: 0}`"));
                }
                [] => return Err(Error::wrong("a check without a rule").at(node.span)),
            },
            _ => {
                return Err(
                    Error::wrong(format!("expected a check, found {}", node.describe())).at(node.span)
                );
            }
        };
        match Check::parse(&rule.value, &params.to_json()) {
            Ok(checks) => Ok(Self { rule, params, checks }),
            Err(error) => Err(explain(error, &rule, &params)),
        }
    }
}

fn explain(error: ParamError, rule: &Spanned<String>, params: &Node) -> Error {
    let unknown_rule = error.unknown.as_deref() == Some(&rule.value) && error.key.is_none();
    let named = error.unknown.as_deref().filter(|_| !unknown_rule).and_then(|key| params.entry(key));
    let span = match (named, &error.key) {
        (Some((key, _)), _) => key.span,
        (None, Some(key)) => params.locate(key),
        (None, None) => rule.span,
    };
    let shown = Error::wrong(error.message).at(span);
    match (error.hint, error.unknown) {
        (Some(hint), _) => shown.hint(hint),
        (None, Some(word)) => {
            let owner = if unknown_rule { "there are" } else { "it takes" };
            shown.hint(did_you_mean(&word, error.expected.iter().map(String::as_str), owner))
        }
        (None, None) => shown,
    }
}

impl JsonSchema for CheckSpec {
    fn schema_name() -> Cow<'static, str> {
        "Check".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entries: Vec<Schema> = RULES
            .iter()
            .map(|def| {
                let params = check_schema(def, generator);
                json_schema!({
                    "type": "object",
                    "description": def.summary,
                    "properties": {def.name: params},
                    "required": [def.name],
                    "additionalProperties": false
                })
            })
            .collect();
        let names: Vec<&str> = RULES.iter().map(|def| def.name).collect();
        json_schema!({"anyOf": [{"anyOf": entries}, {"enum": names}]})
    }
}
