//! Soda: checks in `SodaCL`. Contracts have a file of their own.

use std::collections::BTreeMap;

use lockgate_engine::Result;
use lockgate_engine::spec::{Node, Spanned, Value as Plain};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::{Failing, Is};
use super::dbt::list;
use super::draft::Draft;
use super::expectation_columns::{columns, typed};
use super::imported::{Imported, Origin};
use super::soda_condition::{Metric, age, bounds, metric, negated, number, unquoted};
use super::soda_metric::{Validity, figure};
use super::{query, soda_contract, soda_history, soda_reconciled, sql, types};

/// What a file configures besides checks.
#[derive(Default)]
struct Settings {
    /// Conditions on rows by the name that stands in brackets after the dataset's.
    filters: BTreeMap<String, Result<String, String>>,
    /// Configurations by dataset and column.
    columns: BTreeMap<(String, String), Validity>,
}

/// Reads checks, or a contract.
pub(super) fn read(root: &Node, imported: &mut Imported) -> Result<()> {
    if root.get("dataset").is_some() {
        return soda_contract::read(root, imported);
    }
    let Plain::Map(entries) = &root.value else { return Ok(()) };
    let settings = settings(entries, imported);
    for (key, node) in entries {
        let about = key.value.strip_prefix("checks for ").map(|about| (about, node));
        match about {
            Some((about, node)) => checks(about, node, &settings, imported),
            None => other(key, node, &settings, imported),
        }
    }
    Ok(())
}

fn settings(entries: &[(Spanned<String>, Node)], imported: &mut Imported) -> Settings {
    let mut settings = Settings::default();
    for (key, node) in entries {
        if let Some(about) = key.value.strip_prefix("filter ") {
            let condition = node.get("where").and_then(Node::as_text).ok_or("its filter has no `where`");
            settings
                .filters
                .insert(about.trim().to_owned(), condition.map(str::to_owned).map_err(str::to_owned));
        }
        let Some(dataset) = key.value.strip_prefix("configurations for ") else { continue };
        let Plain::Map(given) = &node.value else { continue };
        for (configuration, value) in given {
            let what = format!("{} of {dataset}", configuration.value);
            let origin =
                Origin { what, line: configuration.span.line, dataset: imported.dataset(dataset.trim()) };
            let one = configured(&configuration.value, value);
            match one {
                Ok((column, validity)) => {
                    let known = settings.columns.entry((dataset.trim().to_owned(), column)).or_default();
                    *known = validity.or(known);
                }
                Err(why) => imported.refuse(&origin, why),
            }
        }
    }
    settings
}

/// `valid values for column`.
fn configured(key: &str, value: &Node) -> Result<(String, Validity), String> {
    let (kind, column) = key.rsplit_once(" for ").ok_or("it is not `… for column`")?;
    let mut args = Args::default();
    args.push(kind, value);
    let column = unquoted(column).to_owned();
    let validity = Validity::of(&column, &mut args)?;
    args.finish()?;
    Ok((column, validity))
}

/// What else can stand in a file.
fn other(key: &Spanned<String>, node: &Node, settings: &Settings, imported: &mut Imported) {
    let name = key.value.as_str();
    let origin = Origin { what: name.to_owned(), line: key.span.line, dataset: String::new() };
    if let Some(variable) = name.strip_prefix("for each dataset ") {
        let (named, checked) = (list(node.get("datasets")), node.get("checks"));
        for dataset in named.iter().filter_map(Node::as_text) {
            let whole = !dataset.contains(['%', '*']) && !dataset.starts_with("exclude ");
            match (whole, checked) {
                (true, Some(node)) => {
                    checks(dataset.strip_prefix("include ").unwrap_or(dataset), node, settings, imported);
                }
                _ => imported.refuse(
                    &origin,
                    format!("{variable} stands for datasets that only Soda can list: {dataset}"),
                ),
            }
        }
        return;
    }
    let silent = [
        "filter ",
        "configurations for ",
        "variables",
        "sample datasets",
        "profile columns",
        "discover datasets",
    ];
    if silent.iter().any(|start| name.starts_with(start)) {
        return;
    }
    if name.starts_with("reconciliation") {
        return soda_reconciled::read(name, node, key.span.line, imported);
    }
    let why = match name {
        _ if name.starts_with("automated monitoring") => "it monitors whatever datasets Soda Cloud lists",
        _ => "nothing is known of such an entry",
    };
    imported.refuse(&origin, why);
}

fn checks(about: &str, node: &Node, settings: &Settings, imported: &mut Imported) {
    let called = about.split('[').next().unwrap_or(about);
    let called = unquoted(called.trim()).to_owned();
    let dataset = imported.dataset(&called);
    let filter = about.contains('[').then(|| settings.filters.get(about.trim()).cloned());
    let Plain::List(items) = &node.value else {
        let origin = Origin { what: format!("checks for {about}"), line: node.span.line, dataset };
        return imported.refuse(&origin, "they are not a list");
    };
    for item in items {
        let none = Node { value: Plain::Null, span: item.span };
        let (text, line, config) = match &item.value {
            Plain::Text(text) => (text.as_str(), item.span.line, &none),
            Plain::Map(entries) if !entries.is_empty() => {
                (entries[0].0.value.as_str(), entries[0].0.span.line, &entries[0].1)
            }
            _ => ("a check", item.span.line, item),
        };
        let origin = Origin { what: format!("{text} of {called}"), line, dataset: dataset.clone() };
        if matches!(&item.value, Plain::Map(entries) if entries.len() > 1) {
            imported.refuse(&origin, "it has several keys, and a check has one; indent what belongs to it");
            continue;
        }
        let filter = match &filter {
            None => Ok(None),
            Some(Some(Ok(condition))) => Ok(Some(condition.clone())),
            Some(Some(Err(why))) => Err(why.clone()),
            Some(None) => Err(format!("the filter of {about} is not in this file")),
        };
        let read = filter.and_then(|filter| check(text, config, &called, filter, settings, imported));
        match read {
            Ok(outcomes) => {
                for (shared, drafts) in outcomes {
                    imported.settle(&origin, &shared, drafts);
                }
            }
            Err(why) => imported.refuse(&origin, why),
        }
    }
}

type Outcomes = Vec<(Map<String, Value>, Result<Vec<Draft>, String>)>;

/// The rules of one check; where it warns and fails, of both.
fn check(
    text: &str,
    config: &Node,
    called: &str,
    filter: Option<String>,
    settings: &Settings,
    imported: &mut Imported,
) -> Result<Outcomes, String> {
    sql::filled(text)?;
    let mut args = Args::of(config)?;
    if text.trim() == "schema" {
        return schema(args);
    }
    let mut shared = shared(&mut args, filter)?;
    if text.trim() == "failed rows" {
        return failed_rows(args, called, &shared);
    }
    if let Some(rest) = text.trim().strip_prefix("values in ") {
        let draft = reference(rest, imported)?;
        args.finish()?;
        return Ok(vec![(shared, Ok(vec![draft]))]);
    }
    if let Some((metric, other)) = text.split_once(" same as ") {
        let to = imported.dataset(other.trim());
        args.finish()?;
        if metric.trim() != "row_count" {
            return Err("it compares a metric with another dataset's".into());
        }
        return Ok(vec![(
            shared,
            Ok(vec![Draft::new("row_count_match").with("to", json!({ "source": to }))]),
        )]);
    }
    if let Some(subject) = ["anomaly detection for ", "anomaly score for "]
        .iter()
        .find_map(|start| text.trim().strip_prefix(start))
    {
        let Metric { name, columns, rest } = metric(subject)?;
        let draft = soda_history::anomaly(&name, &columns, &mut args)?;
        args.finish()?;
        let draft = if rest.is_empty() || rest.ends_with("default") {
            draft
        } else {
            draft.but(format!("the limit of the score ({rest}) is left out"))
        };
        return Ok(vec![(shared, Ok(vec![draft]))]);
    }
    let change = text.trim().strip_prefix("change ").map(soda_history::change).transpose()?;
    let Metric { name, columns, rest } = metric(change.as_ref().map_or(text, |(_, metric)| metric))?;
    let own = user_defined(&name, called, &mut args)?;
    let validity = match columns.as_slice() {
        [column] => {
            let own = Validity::of(column, &mut args)?;
            let known = settings.columns.get(&(called.to_owned(), column.clone()));
            known.map_or(own.clone(), |known| own.or(known))
        }
        _ => Validity::default(),
    };
    let limits = limits(rest, &mut args)?;
    args.finish()?;
    let drafts = |condition: &str| match (&own, &change) {
        (Some(query), _) => Ok(vec![query::number(query, bounds(condition)?)]),
        (None, Some((change, _))) => change.within(&name, &columns, &bounds(condition)?),
        (None, None) => judged(&name, &columns, condition, &validity),
    };
    let mut outcomes = Vec::new();
    for (severity, condition, fails) in limits {
        if let Some(severity) = severity {
            shared.insert("severity".into(), severity.into());
        } else {
            shared.remove("severity");
        }
        let condition = if fails { negated(&condition) } else { Ok(condition) };
        outcomes.push((shared.clone(), condition.and_then(|condition| drafts(&condition))));
    }
    Ok(outcomes)
}

/// What stands beside every check.
fn shared(args: &mut Args<'_>, filter: Option<String>) -> Result<Map<String, Value>, String> {
    args.ignore(&["attributes", "identity", "collect failed rows", "status", "title", "owner"]);
    let mut shared = Map::new();
    if let Some(name) = args.text("name")? {
        shared.insert("description".into(), name.split_whitespace().collect::<Vec<_>>().join(" ").into());
    }
    let own = args.text("filter")?.map(str::to_owned);
    let both: Vec<String> = filter.into_iter().chain(own).map(|condition| format!("({condition})")).collect();
    if let Some(condition) = (!both.is_empty()).then(|| both.join(" AND ")) {
        let alone = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let alone = alone
            .filter(|_| both.len() == 1)
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        shared.insert("where".into(), alone.unwrap_or(condition).into());
    }
    if let Some(rows) = args.number("samples limit")? {
        shared.insert("samples".into(), rows);
    }
    if let Some(columns) = args.texts("samples columns")? {
        let rows = shared.remove("samples").unwrap_or_else(|| json!(5));
        shared.insert("samples".into(), json!({ "rows": rows, "columns": columns }));
    }
    Ok(shared)
}

/// The severity, a condition, and whether it is one of failing.
type Limit = (Option<&'static str>, String, bool);

/// What the metric is compared with, by the severity of what follows, and whether that fails.
fn limits(rest: &str, args: &mut Args<'_>) -> Result<Vec<Limit>, String> {
    if !rest.is_empty() {
        return Ok(vec![(None, rest.to_owned(), false)]);
    }
    let mut limits = Vec::new();
    for (key, severity) in [("warn", Some("alert")), ("fail", None)] {
        for condition in args.texts(key)?.unwrap_or_default() {
            let condition = condition
                .trim()
                .strip_prefix("when ")
                .ok_or_else(|| format!("{key}: `{condition}` is not `when …`"))?;
            limits.push((severity, condition.trim().to_owned(), true));
        }
    }
    if limits.is_empty() { Err("it is compared with nothing".into()) } else { Ok(limits) }
}

fn judged(
    name: &str,
    columns: &[String],
    condition: &str,
    validity: &Validity,
) -> Result<Vec<Draft>, String> {
    if name == "freshness" {
        return freshness(columns, condition).map(|draft| vec![draft]);
    }
    if name == "percentile" {
        let [column, q] = columns else { return Err("a percentile has a column and a share".into()) };
        let draft = Draft::on("statistic", column).with("fn", "quantile").with("q", number(q)?);
        return Ok(vec![bounds(condition)?.of_figure(draft).but("values between two are interpolated")]);
    }
    let column = columns.first().map(String::as_str);
    let bounds = bounds(condition)?;
    match (name, column) {
        ("missing_count", Some(column)) => validity.missing(column, &Failing::Rows(bounds)),
        ("missing_percent", Some(column)) => validity.missing(column, &Failing::Percent(bounds)),
        ("invalid_count", Some(_)) => validity.invalid(&Failing::Rows(bounds)),
        ("invalid_percent", Some(_)) => validity.invalid(&Failing::Percent(bounds)),
        _ => figure(name, columns, bounds).map(|draft| vec![draft]),
    }
}

/// `freshness(column) < 1d`.
fn freshness(columns: &[String], condition: &str) -> Result<Draft, String> {
    let [column] = columns else { return Err("it compares with a time of its own".into()) };
    let at = condition.find(|c: char| !"<>=!".contains(c)).unwrap_or(condition.len());
    if !matches!(Is::of(&condition[..at]), Some(Is::Less | Is::AtMost)) {
        return Err("it does not want rows to be younger than an age".into());
    }
    Ok(Draft::on("freshness", column).with("max_age", age(condition[at..].trim())?))
}

/// `(a, b) must exist in other (c, d)`.
fn reference(text: &str, imported: &mut Imported) -> Result<Draft, String> {
    let (own, to, negate) = match (text.split_once(" must exist in "), text.split_once(" must not exist in "))
    {
        (Some((own, to)), _) => (own, to, false),
        (_, Some((own, to))) => (own, to, true),
        _ => return Err("it is neither `must exist in` nor `must not exist in`".into()),
    };
    let names = |list: &str| {
        let inside = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inside.split(',').map(|name| unquoted(name.trim()).to_owned()).collect::<Vec<_>>())
    };
    let unclear = || "its columns do not stand in brackets".to_owned();
    let own = names(own).ok_or_else(unclear)?;
    let open = to.find('(').ok_or_else(unclear)?;
    let (other, columns) = (to[..open].trim(), names(&to[open..]).ok_or_else(unclear)?);
    let to = json!({ "source": imported.dataset(unquoted(other)), "columns": columns });
    let draft = Draft::new("foreign_key").with("columns", own).with("to", to);
    Ok(if negate { draft.with("negate", true) } else { draft })
}

/// The query that gives the metric `name`, where the check defines it itself.
fn user_defined(name: &str, called: &str, args: &mut Args<'_>) -> Result<Option<String>, String> {
    let expression = args.text(&format!("{name} expression"))?;
    let query = args.text(&format!("{name} query"))?;
    match (expression, query) {
        (Some(expression), _) => query::figure(expression).map(Some),
        (None, Some(query)) => query::over_this(query, &[called]).map(Some),
        (None, None) => Ok(None),
    }
}

fn failed_rows(mut args: Args<'_>, called: &str, shared: &Map<String, Value>) -> Result<Outcomes, String> {
    if let Some(query) = args.text("fail query")? {
        let query = query::over_this(query, &[called])?;
        args.finish()?;
        return Ok(vec![(shared.clone(), Ok(vec![query::no_rows(&query)]))]);
    }
    let condition = args.need("fail condition")?;
    args.finish()?;
    let condition = condition.split_whitespace().collect::<Vec<_>>().join(" ");
    let draft = Draft::new("expression").with("expr", format!("NOT ({condition})")).with("nulls", "pass");
    Ok(vec![(shared.clone(), Ok(vec![draft]))])
}

/// Columns that have to be there, must not be, or are of a type.
fn schema(mut args: Args<'_>) -> Result<Outcomes, String> {
    let described = args.text("name")?;
    args.ignore(&["attributes", "identity"]);
    let mut outcomes = Vec::new();
    for (key, severity) in [("warn", Some("alert")), ("fail", None)] {
        let Some(node) = args.take(key) else { continue };
        let mut shared = Map::new();
        for (key, value) in [("severity", severity), ("description", described)] {
            value.and_then(|value| shared.insert(key.into(), value.into()));
        }
        let Plain::Map(conditions) = &node.value else { return Err(format!("{key} is not a mapping")) };
        for (condition, value) in conditions {
            let draft = schema_condition(&condition.value, value).map(|draft| vec![draft]);
            outcomes.push((shared.clone(), draft));
        }
    }
    args.finish()?;
    if outcomes.is_empty() { Err("it says nothing of warn or fail".into()) } else { Ok(outcomes) }
}

fn schema_condition(condition: &str, value: &Node) -> Result<Draft, String> {
    let mut args = Args::default();
    args.push(condition, value);
    match condition {
        "when required column missing" => {
            let names = args.texts(condition)?.unwrap_or_default();
            if let Some(pattern) = names.iter().find(|name| name.contains(['%', '*'])) {
                return Err(format!("{pattern} is a pattern of names"));
            }
            Ok(columns("contains", &names))
        }
        "when wrong column type" => {
            let Plain::Map(entries) = &value.value else { return Err("its types are not a mapping".into()) };
            let declared = entries.iter().map(|(name, node)| {
                let given = node.as_text().unwrap_or_default();
                let kind = types::family(given)
                    .ok_or_else(|| format!("the type {} is not known", node.describe()))?;
                Ok((name.value.clone(), kind, true))
            });
            let declared = declared.collect::<Result<Vec<_>, String>>()?;
            Ok(typed(&declared).but("types are compared by their nature, and the columns have to be there"))
        }
        "when forbidden column present" => Err("no rule forbids columns by name".into()),
        "when wrong column index" => Err("no rule says where among others a column stands".into()),
        _ if condition.starts_with("when schema changes") => Err("it judges by history".into()),
        _ => Err(format!("`{condition}` is not known")),
    }
}
