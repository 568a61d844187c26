//! Great Expectations: suites of versions 0.x (`expectation_type`) and 1.x (`type`).

use lockgate_engine::spec::{Node, Value as Plain};
use lockgate_engine::{Error, Result};
use serde_json::{Map, Value};

use super::args::Args;
use super::expectations::{Wording, expectation};
use super::imported::{Imported, Origin};
use super::{query, sql};

/// What a suite is called where it does not say.
const UNNAMED: &str = "dataset";

/// Reads a suite.
pub(super) fn read(root: &Node, imported: &mut Imported) -> Result<()> {
    let Some(Plain::List(items)) = root.get("expectations").map(|node| &node.value) else {
        return Err(Error::wrong("a suite is a mapping with a list of expectations").at(root.span));
    };
    let text = |key: &str| root.get(key).and_then(Node::as_text);
    let asset = text("data_asset_name").or_else(|| root.get("meta")?.get("data_asset_name")?.as_text());
    let called = asset.or(text("name")).or(text("expectation_suite_name")).unwrap_or(UNNAMED);
    let dataset = imported.dataset(called);
    for item in items {
        let name = ["expectation_type", "type"].iter().find_map(|key| item.get(key)?.as_text());
        let kwargs = item.get("kwargs");
        let column = kwargs.and_then(|kwargs| kwargs.get("column")?.as_text());
        let what = match (name, column) {
            (Some(name), Some(column)) => format!("{name} of {column}"),
            (Some(name), None) => name.to_owned(),
            (None, _) => "an expectation".to_owned(),
        };
        let line = kwargs.map_or(item.span.line, |_| start(item));
        let origin = Origin { what, line, dataset: dataset.clone() };
        let Some(name) = name else {
            imported.refuse(&origin, "it has no type");
            continue;
        };
        match one(name, item) {
            Ok((drafts, shared)) => imported.settle(&origin, &shared, Ok(drafts)),
            Err(why) => imported.refuse(&origin, why),
        }
    }
    Ok(())
}

/// The line of the type: where the mapping begins differs between JSON and YAML.
fn start(item: &Node) -> usize {
    let entry = ["expectation_type", "type"].iter().find_map(|key| item.entry(key));
    entry.map_or(item.span.line, |(key, _)| key.span.line)
}

fn one(name: &str, item: &Node) -> Result<(Vec<super::draft::Draft>, Map<String, Value>), String> {
    let mut outer = Args::of(item)?;
    outer.ignore(&[
        "expectation_type",
        "type",
        "id",
        "ge_cloud_id",
        "rendered_content",
        "expectation_context",
        "success_on_last_run",
        "windows",
    ]);
    let null = Node { value: Plain::Null, span: item.span };
    let mut args = Args::of(outer.take("kwargs").unwrap_or(&null))?;
    let mut shared = Map::new();
    if let Some(severity) = outer.text("severity")? {
        match severity {
            "critical" => None,
            "warning" => Some("alert"),
            "info" => Some("log"),
            other => return Err(format!("the severity {other} is not known")),
        }
        .and_then(|ours| shared.insert("severity".into(), ours.into()));
    }
    let described = outer.text("description")?.map(str::to_owned);
    let notes = outer
        .take("meta")
        .and_then(|meta| note(meta.get("notes")?))
        .or_else(|| outer.take("notes").and_then(note));
    if let Some(description) = described.or(notes) {
        shared.insert("description".into(), description.into());
    }
    let parser = args.text("condition_parser")?.map(str::to_owned);
    if let Some(condition) = args.take("row_condition") {
        let condition = row_condition(condition, parser.as_deref())?;
        shared.insert("where".into(), condition.into());
    }
    outer.finish()?;
    if let Some(query) = args.text("unexpected_rows_query")? {
        let query = query::over_this(&query.replace("{batch}", "this"), &[])?;
        args.ignore(&["batch_id", "description"]);
        args.finish()?;
        return Ok((vec![query::no_rows(&query)], shared));
    }
    Ok((expectation(name, args, Wording::Gx)?, shared))
}

/// Notes in `meta`, on one line.
fn note(notes: &Node) -> Option<String> {
    let text = match &notes.value {
        Plain::Text(text) => text.clone(),
        Plain::List(items) => items.iter().filter_map(Node::as_text).collect::<Vec<_>>().join(" "),
        Plain::Map(_) => return note(notes.get("content")?),
        _ => return None,
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// A condition on rows as SQL.
fn row_condition(node: &Node, parser: Option<&str>) -> Result<String, String> {
    let text = node.as_text().ok_or("its row_condition is not text")?;
    match parser {
        Some("spark") if !text.contains(['"', '`']) => Ok(text.to_owned()),
        Some("great_expectations__experimental__" | "great_expectations") | None => translated(text)
            .ok_or_else(|| format!("its row_condition `{text}` is not a comparison of one column")),
        Some(parser) => Err(format!("its row_condition `{text}` is written for {parser}")),
    }
}

/// `col("name") > 5`, or `.notNull()`, as SQL.
fn translated(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("col(")?.trim_start();
    let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let (name, rest) = rest[1..].split_once(quote)?;
    let rest = rest.trim_start().strip_prefix(')')?.trim();
    let column = sql::column(name);
    match rest {
        ".notNull()" => return Some(format!("{column} IS NOT NULL")),
        ".isNull()" => return Some(format!("{column} IS NULL")),
        _ => {}
    }
    let signs = [("==", "="), ("!=", "<>"), ("<=", "<="), (">=", ">="), ("<", "<"), (">", ">")];
    let (theirs, ours) = signs.iter().find(|(sign, _)| rest.starts_with(sign))?;
    let value = rest[theirs.len()..].trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let literal = match unquoted {
        Some(text) if !text.contains(['"', '\'', '\\']) => Value::from(text),
        Some(_) => return None,
        None => serde_json::from_str(value).ok()?,
    };
    Some(format!("{column} {ours} {}", sql::literal(&literal).ok()?))
}
