//! The arguments of a check: each is taken once, and what nobody took is found out.

use lockgate_engine::spec::{Node, Value as Plain};
use serde_json::Value;

/// Arguments by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Args<'a> {
    rest: Vec<(&'a str, &'a Node)>,
}

impl<'a> Args<'a> {
    /// The arguments in a mapping; nothing is no arguments.
    pub(super) fn of(node: &'a Node) -> Result<Self, String> {
        match &node.value {
            Plain::Map(entries) => {
                Ok(Self { rest: entries.iter().map(|(key, node)| (key.value.as_str(), node)).collect() })
            }
            Plain::Null => Ok(Self { rest: Vec::new() }),
            _ => Err(format!("its arguments are not a mapping but {}", node.describe())),
        }
    }

    /// Adds the arguments of another mapping.
    pub(super) fn and(&mut self, more: Args<'a>) {
        self.rest.extend(more.rest);
    }

    /// Adds an argument.
    pub(super) fn push(&mut self, key: &'a str, node: &'a Node) {
        self.rest.push((key, node));
    }

    /// The argument, unless it is null.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Node> {
        let at = self.rest.iter().position(|(name, _)| *name == key)?;
        let (_, node) = self.rest.remove(at);
        (node.value != Plain::Null).then_some(node)
    }

    /// The first of several names that is given.
    pub(super) fn any(&mut self, keys: &[&str]) -> Option<&'a Node> {
        keys.iter().find_map(|key| self.take(key))
    }

    /// Takes arguments that do not change what the check means.
    pub(super) fn ignore(&mut self, keys: &[&str]) {
        self.rest.retain(|(name, _)| !keys.contains(name));
    }

    /// Text.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<&'a str>, String> {
        self.take(key).map(|node| node.as_text().ok_or_else(|| misfit(key, "text", node))).transpose()
    }

    /// Text without which there is no check.
    pub(super) fn need(&mut self, key: &str) -> Result<&'a str, String> {
        self.text(key)?.ok_or_else(|| format!("it has no {key}"))
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, String> {
        let flag = |node: &Node| match node.value {
            Plain::Bool(value) => Ok(value),
            _ => Err(misfit(key, "true or false", node)),
        };
        self.take(key).map(flag).transpose()
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str) -> Result<Option<Value>, String> {
        let number = |node: &Node| match node.value {
            Plain::Int(_) | Plain::Float(_) => Ok(node.to_json()),
            _ => Err(misfit(key, "a number", node)),
        };
        self.take(key).map(number).transpose()
    }

    /// A number, a text, true or false.
    pub(super) fn literal(&mut self, key: &str) -> Result<Option<Value>, String> {
        self.take(key).map(|node| literal(key, node)).transpose()
    }

    /// Texts: a list, or one.
    pub(super) fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, String> {
        let text = |node: &Node| node.as_text().map(str::to_owned).ok_or_else(|| misfit(key, "text", node));
        let texts = |node: &Node| match &node.value {
            Plain::List(items) => items.iter().map(text).collect(),
            _ => Ok(vec![text(node)?]),
        };
        self.take(key).map(texts).transpose()
    }

    /// Literals in a list. Null is dropped: no rule about values evaluates nulls.
    pub(super) fn values(&mut self, key: &str) -> Result<Option<Vec<Value>>, String> {
        self.take(key).map(|node| values(key, node)).transpose()
    }

    /// Refuses arguments that nobody took.
    pub(super) fn finish(self) -> Result<(), String> {
        let left: Vec<&str> =
            self.rest.iter().filter(|(_, node)| node.value != Plain::Null).map(|(name, _)| *name).collect();
        match left.as_slice() {
            [] => Ok(()),
            [one] => Err(format!("its argument {one} cannot be carried over")),
            several => Err(format!("its arguments {} cannot be carried over", several.join(", "))),
        }
    }
}

fn misfit(key: &str, wanted: &str, node: &Node) -> String {
    let filled_in = node.get("$PARAMETER").is_some().then_some(", filled in when it runs");
    format!("{key} is not {wanted} but {}{}", node.describe(), filled_in.unwrap_or_default())
}

fn literal(key: &str, node: &Node) -> Result<Value, String> {
    match &node.value {
        Plain::Bool(_) | Plain::Int(_) | Plain::Text(_) => Ok(node.to_json()),
        Plain::Float(value) if value.is_finite() => Ok(node.to_json()),
        _ => Err(misfit(key, "a literal", node)),
    }
}

/// Literals in a list, without nulls.
pub(super) fn values(key: &str, node: &Node) -> Result<Vec<Value>, String> {
    let Plain::List(items) = &node.value else { return Err(misfit(key, "a list", node)) };
    items.iter().filter(|item| item.value != Plain::Null).map(|item| literal(key, item)).collect()
}
