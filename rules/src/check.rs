//! A check: a rule applied, with the envelope all rules share, read from a pipeline file's value.

use std::sync::Arc;

use schemars::SchemaGenerator;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::baseline::Baseline;
pub use crate::envelope::{Envelope, Nulls, OnRow, Samples, Severity, Share, Wanted};
use crate::literal::Literal;
use crate::proofs::Delivered;
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{Columns, Query, Rule, RuleDef, Shape};
use crate::values::ValuesFile;

/// A rule applied to one column, one set of columns or a whole dataset.
#[derive(Debug, Clone)]
pub struct Check {
    pub(crate) def: &'static RuleDef,
    pub(crate) rule: Arc<dyn Rule>,
    pub(crate) columns: Vec<String>,
    pub(crate) envelope: Envelope,
}

/// A parameter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParamError {
    /// The parameter at fault, as a dotted path.
    pub key: Option<String>,
    /// What is wrong with it.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The key or rule that is not known.
    pub unknown: Option<String>,
    /// What would have been known in its place.
    pub expected: Vec<String>,
}

impl ParamError {
    /// An error in words, lower case and without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { key: None, message: message.into(), hint: None, unknown: None, expected: Vec::new() }
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Check {
    /// Reads one entry of a `checks:` list: the rule's name and what stands beside it. A list of columns
    /// gives one check per column where the rule is about one.
    pub fn parse(rule: &str, params: &Value) -> Result<Vec<Self>, ParamError> {
        let def = crate::rule_named(rule).ok_or_else(|| ParamError {
            unknown: Some(rule.to_owned()),
            expected: crate::RULES.iter().map(|def| def.name.to_owned()).collect(),
            ..ParamError::new(format!("unknown rule \"{rule}\""))
        })?;
        let many = spread(def, params)?;
        many.iter()
            .map(|params| Self::parse_one(def, params))
            .collect::<Result<Vec<_>, _>>()
            .map(|nested| nested.into_iter().flatten().collect())
    }

    fn parse_one(def: &'static RuleDef, params: &Map<String, Value>) -> Result<Vec<Self>, ParamError> {
        let (shared, own) = split(def, params);
        known_keys(def, params)?;
        let columns = columns(def, &shared)?;
        let mut rest = shared;
        rest.remove("column");
        rest.remove("columns");
        samples_fit(def, rest.get("samples"))?;
        let envelope: Envelope = read(&rest)?;
        envelope_fits(def, &envelope)?;
        let rule: Arc<dyn Rule> = Arc::from((def.parse)(&own)?);
        let refers = !rule.references().is_empty() || rule.baseline_rows(OtherColumns::All).is_some();
        if !envelope.group_by.is_empty() && !def.row_rule() && refers {
            let message =
                format!("group_by does not apply to {}, as the other dataset has no groups", def.name);
            return Err(ParamError::new(message)
                .key("group_by")
                .hint("aggregate_match compares by the keys of its `by`"));
        }
        let groups = match def.columns {
            Columns::One | Columns::OneOrNone if !columns.is_empty() => {
                columns.into_iter().map(|column| vec![column]).collect()
            }
            Columns::One
            | Columns::OneOrNone
            | Columns::None
            | Columns::Together(_)
            | Columns::Exactly(_) => vec![columns],
        };
        let several = groups.len() > 1;
        Ok(groups
            .into_iter()
            .map(|columns| {
                let mut envelope = envelope.clone();
                if several && let Some(id) = &mut envelope.id {
                    *id = format!("{id}.{}", columns.join("."));
                }
                Self { def, rule: Arc::clone(&rule), columns, envelope }
            })
            .collect())
    }

    /// The rule's catalogue entry.
    pub fn def(&self) -> &'static RuleDef {
        self.def
    }

    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        self.def.name
    }

    /// What every rule shares.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The columns of the envelope; a name may still be a glob until bound.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Every column the check reads, for pruning: the envelope's, the rule's own, and those of samples.
    pub fn reads(&self) -> Vec<String> {
        let mut all = self.columns.clone();
        all.extend(self.rule.other_columns().into_iter().map(str::to_owned));
        all.extend(self.envelope.samples.columns.iter().flatten().cloned());
        all.extend(self.envelope.group_by.iter().cloned());
        all.extend(self.rule.parts().iter().flat_map(Self::reads));
        all
    }

    /// The condition that rows in scope meet, in SQL.
    pub(crate) fn scope(&self) -> Option<String> {
        both(self.envelope.filter.as_deref(), self.rule.scope())
    }

    /// Its parts as checks of their own, within its scope.
    pub(crate) fn scoped_parts(&self) -> Vec<Self> {
        let scope = self.scope();
        let within = |part: &Self| {
            let mut part = part.clone();
            part.envelope.filter = both(scope.as_deref(), part.envelope.filter.as_deref());
            part
        };
        self.rule.parts().iter().map(within).collect()
    }

    /// The SQL conditions it needs evaluated over every batch: its scope and what it tests.
    pub fn predicates(&self) -> Vec<String> {
        let own = self.rule.predicates().into_iter().map(str::to_owned);
        let all = self.scope().into_iter().chain(own);
        all.chain(self.scoped_parts().iter().flat_map(Self::predicates)).collect()
    }

    /// The query of whose result it judges the rows, in place of those of the table.
    pub fn query(&self) -> Option<Query<'_>> {
        self.rule.query()
    }

    /// What it asks of the files that rows come from, in place of the rows.
    pub fn delivered(&self) -> Option<Delivered<'_>> {
        self.rule.delivered()
    }

    /// What it needs of other datasets.
    pub fn references(&self) -> Vec<Reference> {
        let of_baseline = self.rule.baseline_rows(OtherColumns::of(&self.columns));
        self.rule.references().into_iter().chain(of_baseline).collect()
    }

    /// The same, which keeps back the values of these columns.
    #[must_use]
    pub fn redacting(mut self, columns: impl IntoIterator<Item = String>) -> Self {
        self.envelope.samples.redact.extend(columns);
        self
    }

    /// The columns whose values it, or a part of it, keeps back.
    pub fn redacted(&self) -> Vec<&String> {
        let of_parts = self.rule.parts().iter().flat_map(Self::redacted);
        self.envelope.samples.redact.iter().chain(of_parts).collect()
    }

    /// Which points of the history it compares with, or its parts do.
    pub fn baselines(&self) -> Vec<Baseline> {
        let of_parts = self.rule.parts().iter().flat_map(Self::baselines);
        self.rule.baseline().into_iter().chain(of_parts).collect()
    }

    /// The file its values are in, if they are in one.
    pub fn values_file(&self) -> Option<&ValuesFile> {
        self.rule.values_file()
    }

    /// The same check with the values of its file, without which it cannot be bound.
    #[must_use]
    pub fn with_values(self, values: Arc<[Literal]>) -> Self {
        let rule = self.rule.with_values(values).unwrap_or_else(|| Arc::clone(&self.rule));
        Self { rule, ..self }
    }

    /// The check's name: the one given, else made of rule, columns and scope (never of thresholds).
    pub fn id(&self) -> String {
        if let Some(id) = &self.envelope.id {
            return id.clone();
        }
        let about = match (self.rule.predicate(), self.rule.delivered()) {
            _ if self.rule.query().is_some() => {
                let words = self.rule.query().into_iter().flat_map(|query| query.text.split_whitespace());
                words.collect::<Vec<_>>().join(" ")
            }
            (Some(predicate), _) => predicate.to_owned(),
            (None, Some(Delivered::Partition(name))) => format!("partition {name}"),
            (None, Some(Delivered::Files)) => "files".to_owned(),
            (None, None) if self.rule.parts().is_empty() => self.rule.about().unwrap_or_else(|| {
                let others = || self.rule.other_columns().join(", ");
                if self.columns.is_empty() { others() } else { self.columns.join(", ") }
            }),
            (None, None) => {
                let parts = self.rule.parts().iter().map(Self::id).collect::<Vec<_>>().join(", ");
                self.rule.scope().map_or_else(|| parts.clone(), |scope| format!("{scope}: {parts}"))
            }
        };
        let about = match self.rule.figure() {
            Some(figure) if about.is_empty() => figure,
            Some(figure) => format!("{figure} of {about}"),
            None => about,
        };
        let about = match self.rule.baseline_rows(OtherColumns::All) {
            Some(rows) => format!("{about} against {}", rows.dataset),
            None => about,
        };
        let name = self.def.name;
        let mut id = if about.is_empty() { name.to_owned() } else { format!("{name}({about})") };
        if let Some(filter) = &self.envelope.filter {
            id = format!("{id} where {filter}");
        }
        if !self.envelope.group_by.is_empty() {
            id = format!("{id} by {}", self.envelope.group_by.join(", "));
        }
        id
    }
}

/// A condition that is true where both are.
fn both(first: Option<&str>, second: Option<&str>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("({first}) AND ({second})")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// Brings the short forms to the long one; a list of texts for a rule with a short key gives several.
fn spread(def: &RuleDef, params: &Value) -> Result<Vec<Map<String, Value>>, ParamError> {
    let key = def.short.unwrap_or("columns");
    let takes_bare = def.short.is_some() || def.columns != Columns::None;
    let one = |key: &str, value: &Value| Map::from_iter([(key.to_owned(), value.clone())]);
    let holds_rules = def.short == Some(RULES_KEY);
    match params {
        Value::Object(map) if holds_rules && !map.contains_key(RULES_KEY) => Ok(vec![named_part(def, map)]),
        Value::Object(map) => Ok(vec![map.clone()]),
        Value::Array(_) | Value::String(_) if holds_rules => Ok(vec![one(key, params)]),
        Value::Null if !takes_bare || def.columns == Columns::None => Ok(vec![Map::new()]),
        Value::Array(items) if def.short.is_some() => Ok(items.iter().map(|item| one(key, item)).collect()),
        Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) if takes_bare => {
            Ok(vec![one(key, params)])
        }
        _ => Err(ParamError::new(format!("the parameters of {} are not a mapping", def.name))
            .hint(format!("for example: {}", def.example.yaml))),
    }
}

/// The parameter of rules that are made of others; alone it need not be named.
const RULES_KEY: &str = "rules";

/// What stands beside a rule made of others, with the one rule among it under its parameter.
fn named_part(def: &RuleDef, params: &Map<String, Value>) -> Map<String, Value> {
    let keys = envelope_keys(def);
    let is_rule = |key: &String| !keys.contains(&key.as_str()) && crate::rule_named(key).is_some();
    let (rules, mut rest): (Map<_, _>, Map<_, _>) =
        params.clone().into_iter().partition(|(key, _)| is_rule(key));
    if !rules.is_empty() {
        let parts = rules.into_iter().map(|(rule, params)| Value::Object(Map::from_iter([(rule, params)])));
        rest.insert(RULES_KEY.into(), Value::Array(parts.collect()));
    }
    rest
}

/// The envelope's keys and the rule's own.
fn split(def: &RuleDef, params: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    params.clone().into_iter().partition(|(key, _)| {
        let about_columns = key == "column" || key == "columns";
        if about_columns { def.columns != Columns::None } else { envelope_keys(def).contains(&key.as_str()) }
    })
}

/// The envelope's keys that make sense for the rule.
pub(crate) fn envelope_keys(def: &RuleDef) -> Vec<&'static str> {
    let mut keys = vec!["id", "where", "severity", "dimension", "tags", "owner", "description"];
    match def.shape {
        Shape::Row => keys.extend(["mostly", "warn", "on_row", "nulls"]),
        Shape::Scalar => keys.extend(["warn", "exactness"]),
        Shape::Distance => keys.push("warn"),
        Shape::Whole => {}
    }
    if def.shape != Shape::Whole || def.columns != Columns::None {
        keys.push("group_by");
    }
    keys.push("samples");
    keys
}

fn known_keys(def: &RuleDef, params: &Map<String, Value>) -> Result<(), ParamError> {
    let mut known: Vec<String> = match def.columns {
        Columns::None => Vec::new(),
        Columns::One | Columns::OneOrNone | Columns::Together(_) | Columns::Exactly(_) => {
            vec!["column".into(), "columns".into()]
        }
    };
    known.extend(own_keys(def));
    known.extend(envelope_keys(def).into_iter().map(str::to_owned));
    let Some(unknown) = params.keys().find(|key| !known.contains(key)) else { return Ok(()) };
    let elsewhere = ["mostly", "warn", "on_row", "nulls", "samples", "exactness", "group_by", "baseline"]
        .contains(&unknown.as_str());
    let follows_series = unknown == "baseline" && def.dimension == "drift";
    let message = if elsewhere {
        format!("\"{unknown}\" does not apply to {}", def.name)
    } else {
        format!("unknown parameter \"{unknown}\" of {}", def.name)
    };
    Err(ParamError {
        unknown: Some(unknown.clone()),
        expected: known,
        hint: follows_series
            .then(|| "it follows a series of what was published; `change` compares with one".into()),
        ..ParamError::new(message).key(unknown)
    })
}

fn own_keys(def: &RuleDef) -> Vec<String> {
    let schema = (def.schema)(&mut SchemaGenerator::default());
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

fn columns(def: &RuleDef, shared: &Map<String, Value>) -> Result<Vec<String>, ParamError> {
    if def.columns == Columns::None {
        return Ok(Vec::new());
    }
    let (key, value) = match (shared.get("column"), shared.get("columns")) {
        (Some(_), Some(_)) => {
            return Err(ParamError::new("both column and columns are given").key("columns").hint("keep one"));
        }
        (Some(value), None) => ("column", value),
        (None, Some(value)) => ("columns", value),
        (None, None) if def.columns == Columns::OneOrNone => return Ok(Vec::new()),
        (None, None) => {
            return Err(ParamError::new(format!("{} needs a column", def.name)).key("column"));
        }
    };
    let names = match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| ParamError::new("column names have to be texts").key(key))?,
        _ => return Err(ParamError::new("a column name or a list of them is needed").key(key)),
    };
    let (least, most) = match def.columns {
        Columns::None => (0, 0),
        Columns::One | Columns::OneOrNone => (1, usize::MAX),
        Columns::Together(least) => (least, usize::MAX),
        Columns::Exactly(n) => (n, n),
    };
    if names.len() < least || names.len() > most {
        let wanted = if least == most { format!("{least}") } else { format!("at least {least}") };
        return Err(
            ParamError::new(format!("{} needs {wanted} columns, not {}", def.name, names.len())).key(key)
        );
    }
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(ParamError::new(format!("column \"{}\" is named twice", twice.1)).key(key));
    }
    Ok(names)
}

/// Refuses to show rows of a rule that shows none; what is not to be shown may be said of any.
fn samples_fit(def: &RuleDef, samples: Option<&Value>) -> Result<(), ParamError> {
    let about_rows =
        |samples: &Value| samples.as_object().is_none_or(|map| map.keys().any(|key| key != "redact"));
    if def.shows_rows() || !samples.is_some_and(about_rows) {
        return Ok(());
    }
    Err(ParamError::new(format!("\"samples\" does not apply to {}", def.name))
        .key("samples")
        .hint("it shows no rows; only `redact` may stand in its samples"))
}

/// Refuses envelope values that contradict each other or the rule.
fn envelope_fits(def: &RuleDef, envelope: &Envelope) -> Result<(), ParamError> {
    if envelope.on_row == OnRow::NullOut && def.columns != Columns::One {
        return Err(ParamError::new(format!("null_out needs one column, which {} is not about", def.name))
            .key("on_row")
            .hint("use drop or quarantine"));
    }
    if !envelope.group_by.is_empty() && envelope.on_row != OnRow::Keep {
        return Err(ParamError::new("on_row does not go with group_by")
            .key("on_row")
            .hint("whether a row fails does not depend on its group: give on_row in a check of its own"));
    }
    let Some(warn) = &envelope.warn else { return Ok(()) };
    match def.shape {
        Shape::Row => {
            let share = warn.as_f64().filter(|share| (0.0..=1.0).contains(share));
            let share =
                share.ok_or_else(|| ParamError::new("warn has to be a share between 0 and 1").key("warn"))?;
            let mostly = envelope.mostly.map_or(1.0, Share::get);
            if share < mostly {
                return Err(ParamError::new(format!(
                    "warn {share} could never be reached below mostly {mostly}"
                ))
                .key("warn")
                .hint("give a share above mostly"));
            }
        }
        Shape::Scalar => {
            read_at::<crate::scalar::Limits>(warn, "warn")?;
        }
        Shape::Distance => {
            warn.as_f64().ok_or_else(|| ParamError::new("warn has to be a number").key("warn"))?;
        }
        Shape::Whole => {}
    }
    Ok(())
}

/// Reads a mapping into a type and finds the key that could not be read.
pub(crate) fn read<T: DeserializeOwned>(params: &Map<String, Value>) -> Result<T, ParamError> {
    let attempt =
        |map: Map<String, Value>| T::deserialize(Value::Object(map)).map_err(|error| error.to_string());
    let message = match attempt(params.clone()) {
        Ok(read) => return Ok(read),
        Err(message) => message,
    };
    // Serde does not say where; the key without which the complaint changes is where.
    let culprit = params.keys().find(|key| {
        let mut without = params.clone();
        without.shift_remove(key.as_str());
        attempt(without).err().as_ref() != Some(&message)
    });
    if let Some(missing) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Err(ParamError::new(format!("\"{missing}\" is missing")).key(missing));
    }
    let key = culprit.cloned();
    Err(ParamError { key, ..ParamError::new(in_words(&message)) })
}

/// What serde complains about in the words of a pipeline file.
fn in_words(message: &str) -> String {
    let typed = message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "));
    if let Some((found, wanted)) = typed {
        return format!("expected {}, found {}", wanted_in_words(wanted), found_in_words(found));
    }
    let variant = message.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "));
    if let Some((found, known)) = variant {
        let known = known.strip_prefix("one of ").unwrap_or(known).replace('`', "");
        return format!("\"{found}\" is none of: {}", known.replace(" or ", ", "));
    }
    message.to_owned()
}

fn found_in_words(found: &str) -> String {
    let quoted = |text: &str| text.trim_matches('`').to_owned();
    match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "boolean", value)) => quoted(value),
        Some(("floating", value)) => quoted(value.trim_start_matches("point ")),
        _ => match found {
            "map" => "a mapping".to_owned(),
            "sequence" => "a list".to_owned(),
            "null" => "nothing".to_owned(),
            other => other.to_owned(),
        },
    }
}

fn wanted_in_words(wanted: &str) -> &str {
    match wanted {
        "a string" => "text",
        "a sequence" => "a list",
        "a map" => "a mapping",
        "a boolean" => "true or false",
        "f64" => "a number",
        "i64" => "a whole number",
        "u32" | "u64" | "usize" => "a whole number from 0",
        _ if wanted.starts_with("struct ") => "a mapping",
        _ => wanted,
    }
}

fn read_at<T: DeserializeOwned>(value: &Value, key: &str) -> Result<T, ParamError> {
    T::deserialize(value.clone()).map_err(|error| ParamError::new(in_words(&error.to_string())).key(key))
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn what_does_not_fit_is_told_in_plain_words() {
        for (said, told) in [
            (
                "invalid type: string \"customers\", expected struct To",
                "expected a mapping, found the text \"customers\"",
            ),
            ("invalid type: string \"95%\", expected f64", "expected a number, found the text \"95%\""),
            ("invalid type: integer `5`, expected a boolean", "expected true or false, found 5"),
            (
                "invalid type: floating point `0.5`, expected usize",
                "expected a whole number from 0, found 0.5",
            ),
            ("unknown variant `avg`, expected one of `mean`, `sum`", "\"avg\" is none of: mean, sum"),
            ("unknown variant `x`, expected `a` or `b`", "\"x\" is none of: a, b"),
            ("a share is from 0 to 1", "a share is from 0 to 1"),
        ] {
            assert_eq!(in_words(said), told);
        }
    }
}
