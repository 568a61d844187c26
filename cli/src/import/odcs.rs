//! Open Data Contract Standard, version 3: the schema with its properties, quality and relationships.

use lockgate_engine::spec::{Node, Value as Plain};
use lockgate_engine::{Error, Result};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::Bounds;
use super::dbt::list;
use super::draft::Draft;
use super::expectations::age;
use super::imported::{Imported, Origin};
use super::odcs_quality::quality;
use super::{sql, types};

/// Logical types and the family that a column has to be of; numbers are of several.
const LOGICAL: &[(&str, &str)] = &[
    ("string", "string"),
    ("integer", "int64"),
    ("boolean", "bool"),
    ("date", "date"),
    ("timestamp", "timestamp"),
];

/// Formats of texts that the rule `format` validates too.
const FORMATS: &[(&str, &str)] =
    &[("email", "email"), ("uuid", "uuid"), ("uri", "url"), ("ipv4", "ipv4"), ("ipv6", "ipv6")];

/// Classifications whose values belong in no report.
const SECRET: &[&str] =
    &["restricted", "confidential", "sensitive", "secret", "highly confidential", "private", "pii", "phi"];

/// Reads a contract.
pub(super) fn read(root: &Node, imported: &mut Imported) -> Result<()> {
    let version = root.get("apiVersion").and_then(Node::as_text).unwrap_or("v3");
    if !version.trim_start_matches('v').starts_with('3') {
        let span = root.get("apiVersion").map_or(root.span, |node| node.span);
        return Err(Error::wrong(format!("ODCS {version} is not read, only version 3")).at(span));
    }
    for object in list(root.get("schema")) {
        let Some(called) = object.get("name").and_then(Node::as_text) else { continue };
        let dataset = imported.dataset(called);
        Object { called, dataset: &dataset, node: object }.read(imported);
    }
    for entry in list(root.get("slaProperties")) {
        service(entry, imported);
    }
    for entry in list(root.get("quality")) {
        let about = ["name", "rule"].iter().find_map(|key| entry.get(key)?.as_text());
        let what = format!("quality: {}", about.unwrap_or("unnamed"));
        let origin = Origin { what, line: entry.span.line, dataset: String::new() };
        imported.refuse(&origin, "quality of a whole contract is not known");
    }
    Ok(())
}

/// A promise about the service: how old the newest time of a column may be is a check.
fn service(entry: &Node, imported: &mut Imported) {
    let property = entry.get("property").and_then(Node::as_text).unwrap_or("unnamed");
    let mut origin =
        Origin { what: format!("slaProperties: {property}"), line: entry.span.line, dataset: String::new() };
    let told = ["freshness", "latency"].contains(&property);
    let Some(element) = entry.get("element").and_then(Node::as_text).filter(|_| told) else {
        let why = "it is a promise about the service; where a column tells the time, write a freshness check";
        return imported.refuse(&origin, why);
    };
    let draft = target(element).and_then(|(object, column)| {
        origin.dataset = imported.dataset(&object);
        let value = entry.get("value").map(Node::to_json);
        let unit = match entry.get("unit").and_then(Node::as_text).unwrap_or("d") {
            "d" => "day",
            "h" => "hour",
            "w" => "week",
            unit => unit,
        };
        let draft = Draft::on("freshness", &column).with("max_age", age(value.as_ref(), unit)?);
        let draft = if property == "latency" {
            draft.but("the age of the newest row is judged, not how long each took")
        } else {
            draft
        };
        Ok(vec![draft])
    });
    imported.settle(&origin, &Map::new(), draft);
}

struct Object<'a> {
    called: &'a str,
    dataset: &'a str,
    node: &'a Node,
}

/// The name of a property's column.
fn column_of(property: &Node) -> Option<&str> {
    let text = |key: &str| property.get(key).and_then(Node::as_text).filter(|text| !text.is_empty());
    text("physicalName").or(text("name"))
}

fn is(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|node| node.value == Plain::Bool(true))
}

impl Object<'_> {
    fn origin(&self, what: &str, column: Option<&str>, line: usize) -> Origin {
        let about =
            column.map_or_else(|| self.called.to_owned(), |column| format!("{}.{column}", self.called));
        Origin { what: format!("{what} of {about}"), line, dataset: self.dataset.to_owned() }
    }

    fn read(&self, imported: &mut Imported) {
        let properties = list(self.node.get("properties"));
        self.types(properties, imported);
        self.primary_key(properties, imported);
        for property in properties {
            let Some(column) = column_of(property) else { continue };
            let shared = redacted(property, column);
            self.flags(property, column, &shared, imported);
            self.options(property, column, &shared, imported);
            for rule in list(property.get("quality")) {
                self.quality(rule, Some(column), &shared, imported);
            }
            for relationship in list(property.get("relationships")) {
                self.relationship(relationship, Some(column), imported);
            }
            if property.get("properties").is_some() || property.get("items").is_some() {
                let origin = self.origin("inner properties", Some(column), property.span.line);
                imported.refuse(&origin, "checks are about columns, not about what is within their values");
            }
        }
        for rule in list(self.node.get("quality")) {
            self.quality(rule, None, &Map::new(), imported);
        }
        for relationship in list(self.node.get("relationships")) {
            self.relationship(relationship, None, imported);
        }
    }

    /// The columns with their types.
    fn types(&self, properties: &[Node], imported: &mut Imported) {
        let mut columns = Vec::new();
        for property in properties {
            let Some(column) = column_of(property) else { continue };
            let text = |key: &str| property.get(key).and_then(Node::as_text);
            let logical =
                text("logicalType").and_then(|logical| LOGICAL.iter().find(|(name, _)| *name == logical));
            let physical = text("physicalType").and_then(types::family);
            let family = match (text("logicalType"), logical, physical) {
                (_, Some((_, family)), _) => Some(*family),
                (Some("number"), None, physical) => {
                    physical.filter(|family| ["int64", "float64", "decimal"].contains(family))
                }
                (None, None, physical) => physical,
                _ => None,
            };
            let mut entry = json!({ "name": column });
            if let Some(family) = family {
                entry["type"] = family.into();
            } else if let Some(given) = text("logicalType").or(text("physicalType")) {
                let origin = self.origin(&format!("type {given}"), Some(column), property.span.line);
                imported.refuse(&origin, "no one type says it; that the column is there is checked");
            }
            columns.push(entry);
        }
        if columns.is_empty() {
            return;
        }
        let origin = self.origin("properties", None, self.node.span.line);
        let draft = Draft::new("schema")
            .with("columns", columns)
            .with("mode", "contains")
            .with("type_mode", "family");
        let draft = draft.but("types are compared by their nature; other columns may be there");
        imported.settle(&origin, &Map::new(), Ok(vec![draft]));
    }

    fn primary_key(&self, properties: &[Node], imported: &mut Imported) {
        let position = |property: &Node| match property.get("primaryKeyPosition").map(|node| &node.value) {
            Some(Plain::Int(position)) => *position,
            _ => -1,
        };
        let mut keys: Vec<(i64, &str, usize)> = properties
            .iter()
            .filter(|property| is(property, "primaryKey"))
            .filter_map(|property| Some((position(property), column_of(property)?, property.span.line)))
            .collect();
        keys.sort_by_key(|(position, ..)| *position);
        let Some((_, _, line)) = keys.first() else { return };
        let names: Vec<&str> = keys.iter().map(|(_, name, _)| *name).collect();
        let origin = self.origin("primaryKey", None, *line);
        imported.settle(&origin, &Map::new(), Ok(vec![Draft::new("primary_key").with("columns", names)]));
    }

    fn flags(&self, property: &Node, column: &str, shared: &Map<String, Value>, imported: &mut Imported) {
        for (flag, rule) in [("required", "not_null"), ("unique", "unique")] {
            if is(property, flag) {
                let line = property.entry(flag).map_or(property.span.line, |(key, _)| key.span.line);
                let origin = self.origin(flag, Some(column), line);
                imported.settle(&origin, shared, Ok(vec![Draft::on(rule, column)]));
            }
        }
        let Some((key, node)) = property.entry("enum") else { return };
        let listed = list(Some(node)).iter().map(|entry| entry.get("value").unwrap_or(entry).to_json());
        let listed: Vec<Value> = listed.filter(|value| !value.is_null()).collect();
        let origin = self.origin("enum", Some(column), key.span.line);
        imported.settle(&origin, shared, Ok(vec![Draft::on("in_set", column).with("values", listed)]));
    }

    /// `logicalTypeOptions`.
    fn options(&self, property: &Node, column: &str, shared: &Map<String, Value>, imported: &mut Imported) {
        let Some((key, node)) = property.entry("logicalTypeOptions") else { return };
        let origin = self.origin("logicalTypeOptions", Some(column), key.span.line);
        let kind = property.get("logicalType").and_then(Node::as_text).unwrap_or_default();
        let drafts = Args::of(node).and_then(|args| options(kind, column, args));
        for draft in drafts.unwrap_or_else(|why| vec![Err(why)]) {
            imported.settle(&origin, shared, draft.map(|draft| vec![draft]));
        }
    }

    fn quality(
        &self,
        rule: &Node,
        column: Option<&str>,
        shared: &Map<String, Value>,
        imported: &mut Imported,
    ) {
        let named = ["metric", "rule", "name", "id"].iter().find_map(|key| rule.get(key)?.as_text());
        let origin = self.origin(named.unwrap_or("quality"), column, rule.span.line);
        let stored = self.node.get("physicalName").and_then(Node::as_text).unwrap_or(self.called);
        match Args::of(rule).and_then(|args| quality(args, &[self.called, stored], column)) {
            Ok((more, drafts)) => {
                let shared: Map<String, Value> = shared.clone().into_iter().chain(more).collect();
                imported.settle(&origin, &shared, Ok(drafts));
            }
            Err(why) => imported.refuse(&origin, why),
        }
    }

    /// A foreign key.
    fn relationship(&self, node: &Node, column: Option<&str>, imported: &mut Imported) {
        let origin = self.origin("relationship", column, node.span.line);
        let read = || {
            let mut args = Args::of(node)?;
            args.ignore(&["customProperties", "description", "id", "cardinality"]);
            match args.text("type")?.unwrap_or("foreignKey") {
                "foreignKey" => {}
                other => return Err(format!("a relationship of type {other} is no foreign key")),
            }
            let own = match (args.texts("from")?, column) {
                (None, Some(column)) => vec![column.to_owned()],
                (Some(from), None) => {
                    from.iter().map(|from| Ok(target(from)?.1)).collect::<Result<_, String>>()?
                }
                _ => return Err("it has no `from`".into()),
            };
            let to = args.texts("to")?.ok_or("it has no `to`")?;
            args.finish()?;
            let targets = to.iter().map(|to| target(to)).collect::<Result<Vec<_>, String>>()?;
            let (other, _) = targets.first().cloned().ok_or("it has no `to`")?;
            if targets.iter().any(|(dataset, _)| *dataset != other) || targets.len() != own.len() {
                return Err("its keys are not as many columns of one other dataset".into());
            }
            let keys: Vec<String> = targets.into_iter().map(|(_, column)| column).collect();
            Ok((own, other, keys))
        };
        let draft = read().map(|(own, other, keys)| {
            let to = json!({ "source": imported.dataset(&other), "columns": keys });
            vec![Draft::new("foreign_key").with("columns", own).with("to", to)]
        });
        imported.settle(&origin, &Map::new(), draft);
    }
}

/// What a classified column adds to its checks: reports show none of its values.
fn redacted(property: &Node, column: &str) -> Map<String, Value> {
    let classification = property.get("classification").and_then(Node::as_text).unwrap_or_default();
    if SECRET.contains(&classification.to_ascii_lowercase().as_str()) {
        Map::from_iter([("samples".to_owned(), json!({ "redact": [column] }))])
    } else {
        Map::new()
    }
}

/// The dataset and the column that `object.property` names.
fn target(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('.') {
        Some((object, property)) if !text.contains(['/', '#']) => {
            Ok((object.to_owned(), property.to_owned()))
        }
        _ => Err(format!("`{text}` is not object.property")),
    }
}

fn options(kind: &str, column: &str, mut args: Args<'_>) -> Result<Vec<Result<Draft, String>>, String> {
    let mut found = Vec::new();
    let mut limit = |plain: &str, exclusive: &str| -> Result<(Option<Value>, bool), String> {
        let included = args.literal(plain)?;
        match args.literal(exclusive)? {
            Some(Value::Bool(strict)) => Ok((included, strict)),
            Some(_) if included.is_some() => Err(format!("it has both {plain} and {exclusive}")),
            Some(value) => Ok((Some(value), true)),
            None => Ok((included, false)),
        }
    };
    let (min, strict_min) = limit("minimum", "exclusiveMinimum")?;
    let (max, strict_max) = limit("maximum", "exclusiveMaximum")?;
    if min.is_some() || max.is_some() {
        found.push(Ok(Bounds { min, max, strict_min, strict_max }.of_values(Draft::on("between", column))));
    }
    for (low, high) in [("minLength", "maxLength"), ("minItems", "maxItems")] {
        let (min, max) = (args.number(low)?, args.number(high)?);
        if min.is_some() || max.is_some() {
            found.push(Bounds::new(min, max).of_count(Draft::on("length", column)));
        }
    }
    if let Some(pattern) = args.text("pattern")? {
        found.push(Ok(Draft::on("regex", column).with("pattern", pattern).with("mode", "search")));
    }
    if let Some(step) = args.number("multipleOf")? {
        let expr = format!("mod({}, {step}) = 0", sql::column(column));
        found.push(Ok(Draft::new("expression").with("expr", expr).with("nulls", "skip")));
    }
    if let Some(format) = args.text("format")? {
        let ours = FORMATS.iter().find(|(theirs, _)| *theirs == format).map(|(_, ours)| *ours);
        found.push(match (kind, ours) {
            ("string", Some(ours)) => Ok(Draft::on("format", column).with("is", ours)),
            _ => Err(format!("the format {format} has no counterpart")),
        });
    }
    args.ignore(&["defaultTimezone"]);
    if let Err(why) = args.finish() {
        found.push(Err(why));
    }
    Ok(found)
}
