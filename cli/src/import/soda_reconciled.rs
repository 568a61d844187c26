//! Soda's reconciliation of two datasets: metrics, columns and rows of the target against the source.

use lockgate_engine::spec::{Node, Value as Plain};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::Bounds;
use super::dbt::list;
use super::draft::Draft;
use super::imported::{Imported, Origin};
use super::soda_condition::{Metric, bounds, metric, negated};

/// Aggregates by the name of Soda's metric.
const AGGREGATES: &[(&str, &str)] = &[("sum", "sum"), ("avg", "mean"), ("min", "min"), ("max", "max")];

/// Reads an entry `reconciliation …`.
pub(super) fn read(label: &str, node: &Node, line: usize, imported: &mut Imported) {
    let side = |side: &str| {
        let of = node.get("datasets")?.get(side)?;
        let text = |key: &str| of.get(key).and_then(Node::as_text);
        Some((text("dataset")?, text("datasource"), text("filter")))
    };
    let (Some(target), Some(source)) = (side("target"), side("source")) else {
        let origin = Origin { what: label.to_owned(), line, dataset: String::new() };
        return imported.refuse(&origin, "it does not name a source and a target");
    };
    let dataset = imported.dataset(target.0);
    let there = match source.1 {
        Some(place) if source.0 == target.0 => imported.dataset(&format!("{place}.{}", source.0)),
        _ => imported.dataset(source.0),
    };
    let mut to = Map::from_iter([("source".to_owned(), Value::from(there))]);
    if let Some(filter) = source.2 {
        to.insert("where".into(), filter.into());
    }
    for item in list(node.get("checks")) {
        let none = Node { value: Plain::Null, span: item.span };
        let (text, line, config) = match &item.value {
            Plain::Text(text) => (text.as_str(), item.span.line, &none),
            Plain::Map(entries) if entries.len() == 1 => {
                (entries[0].0.value.as_str(), entries[0].0.span.line, &entries[0].1)
            }
            _ => ("a check", item.span.line, &none),
        };
        let what = format!("{text} of {} against {}", target.0, source.0);
        let origin = Origin { what, line, dataset: dataset.clone() };
        let mut shared = Map::new();
        if let Some(filter) = target.2 {
            shared.insert("where".into(), filter.into());
        }
        let read =
            Args::of(config).and_then(|args| check(text, args, &Value::Object(to.clone()), &mut shared));
        match read {
            Ok(drafts) => {
                for (severity, draft) in drafts {
                    let shared: Map<String, Value> = severity
                        .map(|severity| ("severity".to_owned(), Value::from(severity)))
                        .into_iter()
                        .chain(shared.clone())
                        .collect();
                    imported.settle(&origin, &shared, draft.map(|draft| vec![draft]));
                }
            }
            Err(why) => imported.refuse(&origin, why),
        }
    }
}

type Drafts = Vec<(Option<&'static str>, Result<Draft, String>)>;

fn check(
    text: &str,
    mut args: Args<'_>,
    to: &Value,
    shared: &mut Map<String, Value>,
) -> Result<Drafts, String> {
    args.ignore(&["attributes", "identity"]);
    if let Some(name) = args.text("name")? {
        shared.insert("description".into(), name.split_whitespace().collect::<Vec<_>>().join(" ").into());
    }
    if text.trim() == "schema" {
        args.finish()?;
        let draft = Draft::new("schema_match").with("to", to.clone()).with("type_mode", "family");
        return Ok(vec![(None, Ok(draft.but("types are compared by their nature")))]);
    }
    let (subject, limit) =
        text.split_once(" diff").map_or((text, ""), |(subject, limit)| (subject, limit.trim()));
    let limits = limits(limit, &mut args)?;
    let subject = if subject.trim() == "rows" {
        Subject::Rows(rows(&mut args, to)?)
    } else {
        Subject::Figure(metric(subject)?)
    };
    args.finish()?;
    Ok(limits.into_iter().map(|(severity, limit)| (severity, subject.within(&limit, to))).collect())
}

/// What may differ, and by how much: each with what more leads to.
fn limits(limit: &str, args: &mut Args<'_>) -> Result<Vec<(Option<&'static str>, String)>, String> {
    if !limit.is_empty() {
        return Ok(vec![(None, limit.to_owned())]);
    }
    let mut limits = Vec::new();
    for (key, severity) in [("warn", Some("alert")), ("fail", None)] {
        for condition in args.texts(key)?.unwrap_or_default() {
            let condition = condition
                .trim()
                .strip_prefix("when diff ")
                .ok_or_else(|| format!("{key}: `{condition}` is not `when diff …`"))?;
            limits.push((severity, negated(condition.trim())?));
        }
    }
    if limits.is_empty() { Err("it says nothing of a difference".into()) } else { Ok(limits) }
}

enum Subject<'a> {
    Rows(Draft),
    Figure(Metric<'a>),
}

impl Subject<'_> {
    /// The check that the difference is within `limit`.
    fn within(&self, limit: &str, to: &Value) -> Result<Draft, String> {
        let (bounds, is_percent) = (bounds(limit)?, limit.trim_end().ends_with('%'));
        match self {
            Self::Rows(draft) if is_percent => Ok(draft
                .clone()
                .with("max_share", most(&bounds, 100.0)?)
                .but("the share is of the rows here and those only there")),
            Self::Rows(draft) => Ok(draft.clone().with("max", count(&bounds)?)),
            Self::Figure(metric) => {
                let draft = match (metric.name.as_str(), metric.columns.as_slice()) {
                    ("row_count", []) => Draft::new("row_count_match").with("to", to.clone()),
                    (name, [column]) => {
                        let known = AGGREGATES.iter().find(|(theirs, _)| *theirs == name);
                        let (_, function) = known
                            .ok_or_else(|| format!("the metric {name} is not compared across datasets"))?;
                        Draft::on("aggregate_match", column).with("fn", *function).with("to", to.clone())
                    }
                    (name, _) => return Err(format!("the metric {name} is not compared across datasets")),
                };
                let is_count = draft.rule == "row_count_match";
                Ok(match is_percent {
                    true => strictly(draft.with("relative", most(&bounds, 100.0)?), &bounds),
                    false if bounds.is_zero() => draft,
                    false if is_count => draft.with("tolerance", count(&bounds)?),
                    false => strictly(draft.with("tolerance", most(&bounds, 1.0)?), &bounds),
                })
            }
        }
    }
}

fn strictly(draft: Draft, bounds: &Bounds) -> Draft {
    if bounds.strict_max { draft.but("a difference exactly at the limit passes") } else { draft }
}

/// The largest difference, in parts of which `scale` are a whole.
fn most(bounds: &Bounds, scale: f64) -> Result<Value, String> {
    let least = bounds.min.as_ref().and_then(Value::as_f64).unwrap_or(0.0);
    let max = bounds.max.as_ref().and_then(Value::as_f64).filter(|_| least <= 0.0);
    let max = max.ok_or("it wants the datasets to differ")? / scale;
    Ok(json!((max * 1e12).round() / 1e12))
}

/// The largest number of rows that may differ.
fn count(bounds: &Bounds) -> Result<Value, String> {
    let draft = bounds.of_count(Draft::new("row_count"))?;
    match (draft.params.get("min"), draft.params.get("max")) {
        (None, Some(max)) => Ok(max.clone()),
        _ => Err("it wants the datasets to differ".into()),
    }
}

/// Rows paired by keys.
fn rows(args: &mut Args<'_>, to: &Value) -> Result<Draft, String> {
    let mut pair = |both: &str, here: &str, there: &str| -> Result<Option<Value>, String> {
        let (both, here, there) = (args.texts(both)?, args.texts(here)?, args.texts(there)?);
        match (both, here, there) {
            (Some(names), None, None) => Ok(Some(names.into())),
            (None, Some(here), Some(there)) if here.len() == there.len() => Ok(Some(
                here.into_iter()
                    .zip(there)
                    .map(|(here, there)| (here, Value::from(there)))
                    .collect::<Map<_, _>>()
                    .into(),
            )),
            (None, None, None) => Ok(None),
            _ => Err("its columns on both sides are not as many".into()),
        }
    };
    let keys = pair("key columns", "target key columns", "source key columns")?;
    let keys = keys.ok_or("it has no key columns, by which `dataset_match` pairs rows")?;
    let columns = pair("columns", "target columns", "source columns")?;
    Ok(Draft::new("dataset_match").with("keys", keys).with("to", to.clone()).maybe("columns", columns))
}
