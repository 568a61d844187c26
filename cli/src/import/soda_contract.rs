//! Soda: data contracts of version 4. Of older ones the checks are named, and not carried over.

use lockgate_engine::spec::{Node, Value as Plain};
use lockgate_engine::{Error, Result};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::{Bounds, Failing, Is};
use super::dbt::list;
use super::draft::Draft;
use super::imported::{Imported, Origin};
use super::soda_metric::{Validity, figure};
use super::{expectations, query, types};

/// Keys of a threshold and how they compare.
const COMPARISONS: &[(&str, Is)] = &[
    ("must_be", Is::Equal),
    ("must_not_be", Is::Unequal),
    ("must_be_greater_than", Is::Greater),
    ("must_be_greater_than_or_equal", Is::AtLeast),
    ("must_be_less_than", Is::Less),
    ("must_be_less_than_or_equal", Is::AtMost),
];

/// Reads a contract.
pub(super) fn read(root: &Node, imported: &mut Imported) -> Result<()> {
    let called = root.get("dataset").and_then(Node::as_text);
    let called = called.ok_or_else(|| Error::wrong("a contract names its dataset").at(root.span))?;
    let called = called.rsplit('/').next().unwrap_or(called);
    let dataset = imported.dataset(called);
    let filter = root.get("filter").and_then(Node::as_text);
    let columns = list(root.get("columns"));
    for node in columns {
        let Some(name) = node.get("name").and_then(Node::as_text) else { continue };
        for entry in list(node.get("checks")) {
            check(entry, Some((name, node)), columns, called, filter, &dataset, imported);
        }
    }
    for entry in list(root.get("checks")) {
        check(entry, None, columns, called, filter, &dataset, imported);
    }
    Ok(())
}

fn check(
    entry: &Node,
    column: Option<(&str, &Node)>,
    columns: &[Node],
    called: &str,
    filter: Option<&str>,
    dataset: &str,
    imported: &mut Imported,
) {
    let about = column.map_or_else(|| called.to_owned(), |(name, _)| format!("{called}.{name}"));
    let named = match &entry.value {
        Plain::Text(kind) => Some((kind.clone(), entry.span.line, None)),
        Plain::Map(entries) => {
            entries.first().map(|(key, node)| (key.value.clone(), key.span.line, Some(node)))
        }
        _ => None,
    };
    let (kind, line, node) = named.unwrap_or_else(|| ("a check".into(), entry.span.line, None));
    let old = entry.get("type").and_then(Node::as_text);
    let what = format!("{} of {about}", old.unwrap_or(&kind));
    let origin = Origin { what, line, dataset: dataset.to_owned() };
    if old.is_some() {
        return imported.refuse(&origin, "it is of a contract before version 4");
    }
    if matches!(&entry.value, Plain::Map(entries) if entries.len() > 1) {
        return imported.refuse(&origin, "it has several keys, and a check has one");
    }
    let none = Node { value: Plain::Null, span: entry.span };
    let read = Args::of(node.unwrap_or(&none)).and_then(|args| one(&kind, args, called, column, columns));
    match read {
        Ok((mut shared, drafts)) => {
            if let Some(filter) = filter {
                let both = match shared.get("where").and_then(Value::as_str) {
                    Some(own) => format!("({filter}) AND ({own})"),
                    None => filter.to_owned(),
                };
                shared.insert("where".into(), both.into());
            }
            imported.settle(&origin, &shared, Ok(drafts));
        }
        Err(why) => imported.refuse(&origin, why),
    }
}

type Read = (Map<String, Value>, Vec<Draft>);

fn one(
    kind: &str,
    mut args: Args<'_>,
    called: &str,
    column: Option<(&str, &Node)>,
    columns: &[Node],
) -> Result<Read, String> {
    args.ignore(&["attributes", "qualifier", "store_failed_rows", "check_attributes"]);
    let mut shared = Map::new();
    for (theirs, ours) in [("name", "description"), ("filter", "where")] {
        if let Some(text) = args.text(theirs)? {
            shared.insert(ours.into(), text.split_whitespace().collect::<Vec<_>>().join(" ").into());
        }
    }
    let (limit, percent) = threshold(&mut args, &mut shared)?;
    let failing = |bounds: Option<Bounds>| {
        let bounds = bounds.unwrap_or_else(|| Bounds::exactly(json!(0)));
        if percent { Failing::Percent(bounds) } else { Failing::Rows(bounds) }
    };
    let own = |args: &mut Args<'_>| {
        let Some((name, node)) = column else { return Err("it is about no column".to_owned()) };
        let mut given = Args::of(node)?;
        given.ignore(&["checks", "name", "data_type"]);
        Ok((name, Validity::of(name, args)?.or(&Validity::of(name, &mut given)?)))
    };
    let drafts = match kind {
        "missing" => {
            let (name, validity) = own(&mut args)?;
            validity.missing(name, &failing(limit))?
        }
        "invalid" => {
            let (_, validity) = own(&mut args)?;
            validity.invalid(&failing(limit))?
        }
        "duplicate" => {
            let names = args.texts("columns")?.or_else(|| column.map(|(name, _)| vec![name.to_owned()]));
            let draft = Draft::new("unique").with("columns", names.ok_or("it is about no column")?);
            vec![match limit {
                None => draft,
                Some(bounds) if bounds.is_zero() && !percent => draft,
                Some(_) if percent => return Err("it limits a share of duplicates".into()),
                Some(bounds) => bounds.of_count(draft)?,
            }]
        }
        "row_count" => match limit {
            Some(bounds) => vec![figure("row_count", &[], bounds)?],
            None => vec![Draft::new("row_count").with("min", 1)],
        },
        "aggregate" => {
            let function = args.need("function")?;
            let (name, _) = column.ok_or("it is about no column")?;
            vec![figure(function, &[name.to_owned()], limit.ok_or("it has no threshold")?)?]
        }
        "freshness" => vec![freshness(&mut args, limit)?],
        "failed_rows" => vec![failed_rows(&mut args, called, limit)?],
        "schema" => vec![schema(&mut args, columns)?],
        "metric" => {
            let query = match (args.text("expression")?, args.text("query")?) {
                (Some(expression), _) => query::figure(expression)?,
                (None, Some(query)) => query::over_this(query, &[called])?,
                (None, None) => return Err("it has neither an expression nor a query".into()),
            };
            vec![query::number(&query, limit.ok_or("it has no threshold")?)]
        }
        _ => return Err("nothing is known of such a check".into()),
    };
    args.finish()?;
    Ok((shared, drafts))
}

/// Rows that fail by a condition, or that a query gives.
fn failed_rows(args: &mut Args<'_>, called: &str, limit: Option<Bounds>) -> Result<Draft, String> {
    if let Some(query) = args.text("query")? {
        let draft = query::no_rows(&query::over_this(query, &[called])?);
        return match limit.filter(|limit| !limit.is_zero()) {
            Some(limit) => limit.of_count(draft),
            None => Ok(draft),
        };
    }
    let condition = args.text("expression")?.ok_or("it has neither an expression nor a query")?;
    let condition = condition.split_whitespace().collect::<Vec<_>>().join(" ");
    if limit.is_some_and(|limit| !limit.is_zero()) {
        return Err("it limits the number of failed rows".into());
    }
    Ok(Draft::new("expression").with("expr", format!("NOT ({condition})")).with("nulls", "pass"))
}

/// The threshold, and whether it is in per cent. Its level is the severity.
fn threshold(args: &mut Args<'_>, shared: &mut Map<String, Value>) -> Result<(Option<Bounds>, bool), String> {
    let Some(node) = args.take("threshold") else { return Ok((None, false)) };
    let mut given = Args::of(node)?;
    let percent = match given.text("metric")? {
        None | Some("count") => false,
        Some("percent") => true,
        Some(other) => return Err(format!("the threshold is on {other}")),
    };
    match given.text("level")? {
        None | Some("fail") => {}
        Some("warn") => {
            shared.insert("severity".into(), "alert".into());
        }
        Some(other) => return Err(format!("the level {other} is not known")),
    }
    let mut bounds = None;
    for (key, is) in COMPARISONS {
        if let Some(value) = given.number(key)? {
            bounds = Some(meet(bounds, Bounds::that(*is, value)?)?);
        }
    }
    if let Some(range) = given.take("must_be_between") {
        let mut range = Args::of(range)?;
        for (key, is) in [
            ("greater_than", Is::Greater),
            ("greater_than_or_equal", Is::AtLeast),
            ("less_than", Is::Less),
            ("less_than_or_equal", Is::AtMost),
        ] {
            if let Some(value) = range.number(key)? {
                bounds = Some(meet(bounds, Bounds::that(is, value)?)?);
            }
        }
        range.finish()?;
    }
    given.finish()?;
    Ok((bounds, percent))
}

/// What lies within both limits, one from below and one from above.
fn meet(known: Option<Bounds>, more: Bounds) -> Result<Bounds, String> {
    match known {
        None => Ok(more),
        Some(known) if known.min.is_none() && more.max.is_none() => {
            Ok(Bounds { min: more.min, strict_min: more.strict_min, ..known })
        }
        Some(known) if known.max.is_none() && more.min.is_none() => {
            Ok(Bounds { max: more.max, strict_max: more.strict_max, ..known })
        }
        Some(_) => Err("its threshold has two limits on one side".into()),
    }
}

fn freshness(args: &mut Args<'_>, limit: Option<Bounds>) -> Result<Draft, String> {
    let column = args.need("column")?;
    let unit = args.text("unit")?.unwrap_or("hour");
    let max = limit.filter(|limit| limit.min.is_none()).and_then(|limit| limit.max);
    let max = max.ok_or("it does not want rows to be younger than an age")?;
    Ok(Draft::on("freshness", column).with("max_age", expectations::age(Some(&max), unit)?))
}

/// The columns of the contract with their types.
fn schema(args: &mut Args<'_>, columns: &[Node]) -> Result<Draft, String> {
    let extra = args.flag("allow_extra_columns")?.unwrap_or(false);
    let any_order = args.flag("allow_other_column_order")?.unwrap_or(false);
    let mut declared = Vec::new();
    for node in columns {
        let Some(name) = node.get("name").and_then(Node::as_text) else { continue };
        let mut column = json!({ "name": name });
        if let Some(given) = node.get("data_type").and_then(Node::as_text) {
            let kind =
                types::family(given).ok_or_else(|| format!("the type {given} of {name} is not known"))?;
            column["type"] = kind.into();
        }
        if node.get("optional").is_some_and(|node| node.value == Plain::Bool(true)) {
            column["optional"] = true.into();
        }
        declared.push(column);
    }
    let draft = Draft::new("schema").with("columns", declared).with("type_mode", "family");
    let draft = draft.with("mode", if extra { "contains" } else { "exact" });
    let draft = if any_order { draft } else { draft.with("ordered", true) };
    Ok(draft.but("types are compared by their nature, without lengths"))
}
