//! dbt: the generic tests of models, sources, seeds and snapshots in `schema.yml`, and the freshness of sources.

use lockgate_engine::Result;
use lockgate_engine::spec::{Node, Span, Spanned, Value as Plain};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::dbt_config::{Config, Counts, Found};
use super::dbt_utils;
use super::draft::Draft;
use super::expectations::{Wording, age, expectation};
use super::imported::{Imported, Origin};
use super::sql;

/// Reads a properties file.
#[expect(clippy::unnecessary_wraps, reason = "readers of other tools can fail")]
pub(super) fn read(root: &Node, imported: &mut Imported) -> Result<()> {
    for key in ["models", "seeds", "snapshots"] {
        for model in list(root.get(key)) {
            match model.get("name").and_then(Node::as_text) {
                Some(name) => resource(name, model, imported),
                None => unnamed(key, model, imported),
            }
        }
    }
    for source in list(root.get("sources")) {
        let Some(name) = source.get("name").and_then(Node::as_text) else {
            unnamed("sources", source, imported);
            continue;
        };
        for table in list(source.get("tables")) {
            let Some(table_name) = table.get("name").and_then(Node::as_text) else {
                unnamed("tables", table, imported);
                continue;
            };
            let called = format!("{name}.{table_name}");
            resource(&called, table, imported);
            freshness(&called, source, table, imported);
        }
    }
    for (key, why) in [
        ("unit_tests", "it tests a model's SQL with made up rows, not its data"),
        ("tests", "it is a test in SQL of its own, which is not in this file"),
        ("data_tests", "it is a test in SQL of its own, which is not in this file"),
    ] {
        for test in list(root.get(key)) {
            let name = test.get("name").and_then(Node::as_text).unwrap_or("unnamed");
            let origin =
                Origin { what: format!("{key}: {name}"), line: test.span.line, dataset: String::new() };
            imported.refuse(&origin, why);
        }
    }
    Ok(())
}

fn unnamed(list: &str, entry: &Node, imported: &mut Imported) {
    let origin =
        Origin { what: format!("an entry of {list}"), line: entry.span.line, dataset: String::new() };
    imported.refuse(&origin, "it has no name");
}

/// The items of a list; of anything else none.
pub(super) fn list(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Plain::List(items)) => items,
        _ => &[],
    }
}

/// A model, seed, snapshot or table of a source, with its columns.
fn resource(called: &str, node: &Node, imported: &mut Imported) {
    let dataset = imported.dataset(called);
    tests(node, None, called, &dataset, imported);
    for column in list(node.get("columns")) {
        let Some(name) = column.get("name").and_then(Node::as_text) else {
            unnamed("columns", column, imported);
            continue;
        };
        tests(column, Some(name), called, &dataset, imported);
        constraints(column, Some(name), called, &dataset, imported);
    }
    constraints(node, None, called, &dataset, imported);
    for version in list(node.get("versions")).iter().filter(|version| version.get("columns").is_some()) {
        let origin = Origin {
            what: format!("a version of {called}"),
            line: version.span.line,
            dataset: dataset.clone(),
        };
        imported.refuse(&origin, "only the columns of the model itself are read");
    }
}

fn tests(node: &Node, column: Option<&str>, called: &str, dataset: &str, imported: &mut Imported) {
    let about = column.map_or_else(|| called.to_owned(), |column| format!("{called}.{column}"));
    for key in ["tests", "data_tests"] {
        if let Some(other) = node.get(key).filter(|node| !matches!(node.value, Plain::List(_) | Plain::Null))
        {
            let origin = Origin {
                what: format!("{key} of {about}"),
                line: other.span.line,
                dataset: dataset.to_owned(),
            };
            imported.refuse(&origin, "they are not a list");
        }
        for entry in list(node.get(key)) {
            let (name, given) = named(entry);
            let what = format!("{} of {about}", name.as_ref().map_or("a test", |name| name.value.as_str()));
            let line = name.as_ref().map_or(entry.span.line, |name| name.span.line);
            let origin = Origin { what, line, dataset: dataset.to_owned() };
            let Some(name) = name else {
                imported.refuse(&origin, "it has no name");
                continue;
            };
            match given.and_then(|given| test(&name.value, given, column, imported)) {
                Ok((drafts, shared)) => {
                    for draft in drafts {
                        imported.settle(&origin, &shared, draft.map(|draft| vec![draft]));
                    }
                }
                Err(why) => imported.refuse(&origin, why),
            }
        }
    }
}

/// What stands beside the name of a test rather than under it.
const BESIDE: [&str; 6] = ["name", "description", "config", "arguments", "tags", "meta"];

/// The name of a test and its arguments.
fn named(entry: &Node) -> (Option<Spanned<String>>, Result<Args<'_>, String>) {
    let none = || Ok(Args::default());
    match &entry.value {
        Plain::Text(name) => (Some(Spanned::new(name.clone(), entry.span)), none()),
        Plain::Map(entries) => {
            if let Some((key, node)) = entry.entry("test_name") {
                let name = node.as_text().map(|name| Spanned::new(name.to_owned(), key.span));
                let args = Args::of(entry).map(|mut args| {
                    args.ignore(&["test_name"]);
                    args
                });
                return (name, args);
            }
            let mut names = entries.iter().filter(|(key, _)| !BESIDE.contains(&key.value.as_str()));
            let (Some((name, node)), None) = (names.next(), names.next()) else { return (None, none()) };
            let args = Args::of(node).and_then(|mut args| {
                let mut beside = Args::of(entry)?;
                beside.ignore(&[&name.value]);
                args.and(beside);
                Ok(args)
            });
            (Some(name.clone()), args)
        }
        _ => (None, none()),
    }
}

type Drafts = (Vec<Result<Draft, String>>, Map<String, Value>);

/// The rules a test becomes, and what stands beside each.
fn test(
    name: &str,
    given: Args<'_>,
    column: Option<&str>,
    imported: &mut Imported,
) -> Result<Drafts, String> {
    let mut args = given;
    if let Some(arguments) = args.take("arguments") {
        args.and(Args::of(arguments)?);
    }
    let config = Config::of(&mut args)?;
    let column = args.text("column_name")?.or(column);
    let found = match name.split_once('.') {
        None => generic(name, column, &mut args, imported)?,
        Some(("dbt_utils", name)) => dbt_utils::test(name, column, &mut args, imported)?,
        Some(("dbt", name)) => generic(name, column, &mut args, imported)?,
        Some(("dbt_expectations", name)) => {
            let drafts = expectations(name, column, args, imported)?;
            return Ok((config.all_or_nothing(drafts), config.shared));
        }
        Some((package, _)) => {
            return Err(format!("tests of the package {package} are SQL that is not in this file"));
        }
    };
    args.ignore(&["quote_columns"]);
    args.finish()?;
    Ok((config.judged(&found), config.shared))
}

fn expectations(
    name: &str,
    column: Option<&str>,
    given: Args<'_>,
    imported: &mut Imported,
) -> Result<Vec<Draft>, String> {
    let mut args = given;
    // The one that compares with another table's groups can be carried over.
    let by_groups = name == "expect_table_aggregation_to_equal_other_table";
    let mut unused = ["group_by", "partition_by"].into_iter().filter(|_| !by_groups);
    if let Some(unused) = unused.find(|key| args.take(key).is_some()) {
        return Err(format!("it is judged by groups ({unused})"));
    }
    let condition = args.text("row_condition")?.map(str::to_owned);
    let other = args.text("compare_model")?.map(|other| referred(other, imported)).transpose()?;
    let node = |text: String| Node { value: Plain::Text(text), span: Span::default() };
    let (other, about) = (other.map(node), node(column.unwrap_or_default().to_owned()));
    if let Some(other) = &other {
        args.push("compare_model", other);
    }
    args.push("column", &about);
    let drafts = expectation(name, args, Wording::Dbt)?;
    Ok(drafts
        .into_iter()
        .map(|draft| match &condition {
            Some(condition) => draft.only(condition),
            None => draft,
        })
        .collect())
}

/// The tests that dbt itself has.
fn generic(
    name: &str,
    column: Option<&str>,
    args: &mut Args<'_>,
    imported: &mut Imported,
) -> Result<Found, String> {
    if !["unique", "not_null", "accepted_values", "relationships"].contains(&name) {
        return Err("it is a test of the project's own, SQL that is not in this file".into());
    }
    let column = column.ok_or("it is about no column")?;
    if !sql::is_plain(column) {
        return Err(format!("`{column}` is SQL rather than a column"));
    }
    let quoted = sql::column(column);
    Ok(match name {
        "unique" => Found { draft: Draft::on("unique", column), counts: Counts::Keys },
        "not_null" => Found {
            draft: Draft::on("not_null", column),
            counts: Counts::Rows(Ok(format!("{quoted} IS NULL"))),
        },
        "accepted_values" => {
            let quote = args.flag("quote")?.unwrap_or(true);
            let values = args.values("values")?.ok_or("it has no values")?;
            let values =
                values.into_iter().map(|value| accepted(value, quote)).collect::<Result<Vec<_>, _>>()?;
            Found { draft: listed("in_set", column, values, quote), counts: Counts::Other("distinct values") }
        }
        _ => {
            let to = referred(args.need("to")?, imported)?;
            let field = args.need("field")?;
            Found {
                draft: Draft::on("foreign_key", column).with("to", json!({ "source": to, "columns": field })),
                counts: Counts::Other("keys that are not found"),
            }
        }
    })
}

/// A rule about listed values. Quoted, true and false are texts to dbt, in whichever type the column is.
pub(super) fn listed(rule: &'static str, column: &str, values: Vec<Value>, quote: bool) -> Draft {
    let truths = quote && values.iter().any(Value::is_boolean);
    let draft = Draft::on(rule, column).with("values", values);
    if truths {
        draft.but("true and false are compared as such, not as the texts 'True' and 'False'")
    } else {
        draft
    }
}

/// A value as dbt compares with it: as text, or as the SQL it is.
pub(super) fn accepted(value: Value, quote: bool) -> Result<Value, String> {
    match value {
        Value::Number(number) if quote => Ok(Value::String(number.to_string())),
        Value::String(text) if !quote => match sql::operand(&text)? {
            Value::Object(_) => Err(format!("the value {text} is SQL of its database")),
            literal => Ok(literal),
        },
        other => Ok(other),
    }
}

/// The dataset that `ref('…')` or `source('…', '…')` names, as a pipeline file can call it.
pub(super) fn referred(to: &str, imported: &mut Imported) -> Result<String, String> {
    let unclear = || format!("`{to}` is neither ref('…') nor source('…', '…')");
    let call = to.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
    let (function, rest) = call.split_once('(').ok_or_else(unclear)?;
    let inside = rest.trim_end().strip_suffix(')').ok_or_else(unclear)?;
    let names: Vec<&str> = inside.split(',').map(|name| name.trim().trim_matches(['\'', '"'])).collect();
    if names.iter().any(|name| name.is_empty() || name.contains(['(', '\'', '"', '='])) {
        return Err(unclear());
    }
    match (function.trim(), names.as_slice()) {
        ("ref", [model] | [_, model]) => Ok(imported.dataset(model)),
        ("source", [source, table]) => Ok(imported.dataset(&format!("{source}.{table}"))),
        _ => Err(unclear()),
    }
}

/// Constraints, which a database enforces if the model has a contract.
fn constraints(node: &Node, column: Option<&str>, called: &str, dataset: &str, imported: &mut Imported) {
    for entry in list(node.get("constraints")) {
        let kind = entry.get("type").and_then(Node::as_text).unwrap_or("unknown");
        let about = column.map_or_else(|| called.to_owned(), |column| format!("{called}.{column}"));
        let line = entry.span.line;
        let origin =
            Origin { what: format!("constraint {kind} of {about}"), line, dataset: dataset.to_owned() };
        let columns = Args::of(entry).and_then(|mut args| args.texts("columns"));
        let columns = columns
            .map(|columns| columns.or(column.map(|column| vec![column.to_owned()])).unwrap_or_default());
        let draft = columns.and_then(|columns| match kind {
            "not_null" => Ok(Draft::new("not_null").with("columns", columns)),
            "unique" => Ok(Draft::new("unique").with("columns", columns)),
            "primary_key" => Ok(Draft::new("primary_key").with("columns", columns)),
            "check" => {
                let expression =
                    entry.get("expression").and_then(Node::as_text).ok_or("it has no expression")?;
                Ok(Draft::new("expression").with("expr", expression).with("nulls", "pass"))
            }
            _ => Err("constraints of this type are not carried over".to_owned()),
        });
        imported.settle(&origin, &Map::new(), draft.map(|draft| vec![draft]));
    }
}

/// How old the newest row of a source's table may be.
fn freshness(called: &str, source: &Node, table: &Node, imported: &mut Imported) {
    let set = |key: &str| {
        let of = |node: &Node| node.get(key).or_else(|| node.get("config")?.get(key)).cloned();
        of(table).or_else(|| of(source))
    };
    let Some(freshness) = set("freshness").filter(|node| node.value != Plain::Null) else { return };
    let column = set("loaded_at_field").and_then(|node| node.as_text().map(str::to_owned));
    let filter = freshness.get("filter").and_then(Node::as_text).map(str::to_owned);
    let dataset = imported.dataset(called);
    for (key, severity) in [("warn_after", Some("alert")), ("error_after", None)] {
        let Some(limit) = freshness.get(key) else { continue };
        let line = limit.span.line;
        let origin = Origin { what: format!("freshness {key} of {called}"), line, dataset: dataset.clone() };
        let draft = || {
            let mut args = Args::of(limit)?;
            let (count, period) = (args.number("count")?, args.need("period")?);
            let column = column.as_deref().ok_or("it has no loaded_at_field")?;
            if !sql::is_plain(column) {
                return Err(format!("loaded_at_field `{column}` is SQL rather than a column"));
            }
            let draft = Draft::on("freshness", column).with("max_age", age(count.as_ref(), period)?);
            let draft = draft.maybe("severity", severity);
            Ok(filter.iter().fold(draft, |draft, filter| draft.only(filter)))
        };
        imported.settle(&origin, &Map::new(), draft().map(|draft| vec![draft]));
    }
}
