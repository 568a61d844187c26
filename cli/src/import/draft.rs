//! A Lockgate check in the making.

use lockgate_engine::expr::Expression;
use lockgate_engine::spec::{Span, Spanned};
use lockgate_rules::{Check, rule_named};
use serde_json::{Map, Value};

use super::sql;

/// Words that other SQL reads as the time; Lockgate's expressions know no clock.
const CLOCK: [&str; 6] =
    ["current_date", "current_timestamp", "current_time", "localtimestamp", "sysdate", "getdate"];

/// A rule with its parameters, and what it means otherwise than the check it comes from.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The rule's name; it may not exist yet.
    pub(super) rule: &'static str,
    /// What stands beside it.
    pub(super) params: Map<String, Value>,
    /// What differs in meaning, each in words.
    pub(super) differs: Vec<String>,
}

impl Draft {
    /// The rule of this name, without parameters.
    pub(super) fn new(rule: &'static str) -> Self {
        Self { rule, params: Map::new(), differs: Vec::new() }
    }

    /// The rule about one column.
    pub(super) fn on(rule: &'static str, column: &str) -> Self {
        Self::new(rule).with("column", column)
    }

    /// The same with a parameter.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.params.insert(key.to_owned(), value.into());
        self
    }

    /// The same with a parameter, if there is one.
    pub(super) fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The same with a condition on rows, besides any there is.
    pub(super) fn only(self, condition: &str) -> Self {
        let both = match self.params.get("where").and_then(Value::as_str) {
            Some(own) => format!("({own}) AND ({condition})"),
            None => condition.to_owned(),
        };
        self.with("where", both)
    }

    /// The same, which means something else in this way.
    pub(super) fn but(mut self, differs: impl Into<String>) -> Self {
        self.differs.push(differs.into());
        self
    }

    /// The same with what stands beside a check whatever it is; what the draft has itself wins.
    pub(super) fn beside(mut self, shared: &Map<String, Value>) -> Self {
        for (key, value) in shared {
            match (key.as_str(), value.as_str()) {
                // What columns there are does not depend on rows.
                ("where", _) if self.rule == "schema" => {}
                ("where", Some(condition)) => self = self.only(condition),
                _ if self.params.contains_key(key) => {}
                // Where no rows are shown there are none to choose, but figures to hide.
                ("samples", _) if rule_named(self.rule).is_some_and(|def| !def.shows_rows()) => {
                    if let Some(redact) = value.get("redact") {
                        self = self.with(key, serde_json::json!({"redact": redact}));
                    }
                }
                _ => self = self.with(key, value.clone()),
            }
        }
        self
    }

    /// The regular expressions among the parameters.
    fn patterns(&self) -> impl Iterator<Item = &str> {
        let given = ["pattern", "regex"].iter().filter_map(|key| self.params.get(*key));
        given.flat_map(|value| match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect::<Vec<_>>(),
        })
    }

    /// Refuses what Lockgate would not read, or would read as something else.
    pub(super) fn verify(&self) -> Result<(), String> {
        if rule_named(self.rule).is_none() {
            return Err(format!("it would be the rule {}, which this version does not have", self.rule));
        }
        let explain = |error: lockgate_rules::ParamError| {
            let key = error.key.map(|key| format!("{key}: ")).unwrap_or_default();
            let hint = error.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            let message = error.message.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{} does not take it: {key}{message}{hint}", self.rule)
        };
        if self.rule == "custom_sql" && self.params.contains_key("where") {
            return Err(
                "its condition is on rows, and beside a query it would be on what the query gives".into()
            );
        }
        if let Some(pattern) = self.patterns().find(|pattern| possessive(pattern)) {
            return Err(format!(
                "its pattern {pattern} repeats without going back, which Lockgate does not know"
            ));
        }
        let checks = Check::parse(self.rule, &Value::Object(self.params.clone())).map_err(explain)?;
        for check in &checks {
            if let Some(name) = check.columns().iter().find(|name| name.contains('*')) {
                return Err(format!("the column \"{name}\" would be taken for a pattern of names"));
            }
            if check.columns().iter().any(String::is_empty) {
                return Err("it names no column".into());
            }
            let references = check.references().into_iter().filter_map(|reference| reference.filter);
            for condition in check.predicates().into_iter().chain(references) {
                readable(&condition)?;
            }
        }
        Ok(())
    }
}

/// Whether a pattern repeats with `++`, `*+`, `?+` or `}+`: elsewhere that never goes back, here it nests.
fn possessive(pattern: &str) -> bool {
    let (mut in_class, mut repeats) = (false, false);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
                repeats = false;
            }
            '+' if repeats => return true,
            _ => {
                in_class = (in_class || c == '[') && c != ']';
                repeats = !in_class && "+*?}".contains(c);
            }
        }
    }
    false
}

/// Refuses SQL that is not an expression of Lockgate's.
fn readable(condition: &str) -> Result<(), String> {
    sql::filled(condition)?;
    let text = Spanned::new(condition.to_owned(), Span::default());
    let expression = Expression::parse(&text)
        .map_err(|error| format!("its SQL is not an expression of Lockgate's: {}", error.message()))?;
    let columns = expression.columns();
    match columns.iter().find(|column| CLOCK.contains(&column.value.to_ascii_lowercase().as_str())) {
        Some(clock) => {
            Err(format!("its SQL asks for the time ({}), which expressions do not know", clock.value))
        }
        None => Ok(()),
    }
}
