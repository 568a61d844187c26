//! The quality rules of ODCS: metrics of its library, with their operators.

use lockgate_engine::spec::Node;
use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::{Bounds, Failing, Is, failing};
use super::draft::Draft;
use super::{query, sql};

/// Operators and how they compare.
const OPERATORS: &[(&str, Is)] = &[
    ("mustBe", Is::Equal),
    ("mustNotBe", Is::Unequal),
    ("mustBeGreaterThan", Is::Greater),
    ("mustBeGreaterOrEqualTo", Is::AtLeast),
    ("mustBeGreaterThanOrEqualTo", Is::AtLeast),
    ("mustBeLessThan", Is::Less),
    ("mustBeLessOrEqualTo", Is::AtMost),
    ("mustBeLessThanOrEqualTo", Is::AtMost),
];

/// Keys of a quality rule that describe it.
const DESCRIBED: &[&str] = &[
    "type",
    "name",
    "businessImpact",
    "method",
    "scheduler",
    "schedule",
    "scheduleCronExpression",
    "customProperties",
    "authoritativeDefinitions",
];

pub(super) type Read = (Map<String, Value>, Vec<Draft>);

/// The rules of a quality entry. The dataset goes by the names `own`.
pub(super) fn quality(mut args: Args<'_>, own: &[&str], column: Option<&str>) -> Result<Read, String> {
    let is_query = match args.text("type")?.unwrap_or("library") {
        "library" => false,
        "sql" => true,
        "text" => return Err("it is words for people".into()),
        "custom" => {
            let engine = args.text("engine")?.unwrap_or("another engine");
            return Err(format!("it is written for {engine}; import its own file"));
        }
        other => return Err(format!("the type {other} is not known")),
    };
    args.ignore(DESCRIBED);
    let mut shared = Map::new();
    for (theirs, ours) in [("id", "id"), ("description", "description"), ("dimension", "dimension")] {
        if let Some(text) = args.text(theirs)? {
            shared.insert(ours.into(), text.split_whitespace().collect::<Vec<_>>().join(" ").into());
        }
    }
    if let Some(tags) = args.texts("tags")?.filter(|tags| !tags.is_empty()) {
        shared.insert("tags".into(), tags.into());
    }
    match args.text("severity")?.unwrap_or_default().to_ascii_lowercase().as_str() {
        "warning" | "warn" => shared.insert("severity".into(), "alert".into()),
        "info" | "information" => shared.insert("severity".into(), "log".into()),
        _ => None,
    };
    let percent = match args.text("unit")? {
        None | Some("rows") => false,
        Some("percent" | "%") => true,
        Some(other) => return Err(format!("the unit {other} is not known")),
    };
    let bounds = operators(&mut args)?;
    if is_query {
        let text = placed(args.need("query")?, column)?;
        args.ignore(&["dialect", "engine"]);
        args.finish()?;
        return Ok((shared, vec![query::number(&query::over_this(&text, own)?, bounds)]));
    }
    let metric = args.any(&["metric", "rule"]).and_then(Node::as_text).ok_or("it has no metric")?;
    let mut more = args.take("arguments").map_or_else(|| Ok(Args::default()), Args::of)?;
    let drafts = library(metric, column, &bounds, percent, &mut more)?;
    more.finish()?;
    args.finish()?;
    Ok((shared, drafts))
}

/// A query with its placeholders filled in.
fn placed(query: &str, column: Option<&str>) -> Result<String, String> {
    let mut text = query.to_owned();
    for (names, with) in
        [(["object", "table"], Some("this".to_owned())), (["property", "column"], column.map(sql::column))]
    {
        for mark in names.into_iter().flat_map(|name| [format!("${{{name}}}"), format!("{{{name}}}")]) {
            match &with {
                Some(with) => text = text.replace(&mark, with),
                None if text.contains(&mark) => {
                    return Err(format!("{mark} stands for a property, and it is about none"));
                }
                None => {}
            }
        }
    }
    Ok(text)
}

/// The one operator and its limit. `mustBeBetween` leaves out both limits, as the standard has it.
fn operators(args: &mut Args<'_>) -> Result<Bounds, String> {
    let mut found = Vec::new();
    for (key, is) in OPERATORS {
        if let Some(value) = args.number(key)? {
            found.push(Bounds::that(*is, value)?);
        }
    }
    if let Some(values) = args.values("mustBeBetween")? {
        let [min, max] = values.as_slice() else { return Err("mustBeBetween is not two limits".into()) };
        found.push(Bounds {
            min: Some(min.clone()),
            max: Some(max.clone()),
            strict_min: true,
            strict_max: true,
        });
    }
    match found.as_slice() {
        [] => Err("it is compared with nothing that makes a range".into()),
        [one] => Ok(one.clone()),
        [low, high] if low.max.is_none() && high.min.is_none() => {
            Ok(Bounds { max: high.max.clone(), strict_max: high.strict_max, ..low.clone() })
        }
        _ => Err("it has several operators".into()),
    }
}

fn library(
    metric: &str,
    column: Option<&str>,
    bounds: &Bounds,
    percent: bool,
    args: &mut Args<'_>,
) -> Result<Vec<Draft>, String> {
    let limit = if percent { Failing::Percent(bounds.clone()) } else { Failing::Rows(bounds.clone()) };
    let about = || column.ok_or("it is about no property");
    Ok(match metric {
        "rowCount" | "countCheck" if !percent => vec![bounds.of_count(Draft::new("row_count"))?],
        "nullValues" | "nullCheck" | "nullCount" => {
            let column = about()?;
            let condition = format!("{} IS NULL", sql::column(column));
            vec![failing(Draft::on("not_null", column), Ok(condition), &limit)?]
        }
        "missingValues" => {
            let column = about()?;
            let values = args.values("missingValues")?.ok_or("it has no missingValues")?;
            let null = format!("{} IS NULL", sql::column(column));
            let condition = sql::literals(&values).map(|list| {
                if list.is_empty() {
                    null.clone()
                } else {
                    format!("{null} OR {} IN ({list})", sql::column(column))
                }
            });
            let draft =
                Draft::on("missing", column).with("values", values).with("blank", false).with("nan", false);
            vec![failing(draft, condition, &limit)?]
        }
        "invalidValues" => {
            let column = about()?;
            let quoted = sql::column(column);
            let (values, pattern) = (args.values("validValues")?, args.text("pattern")?);
            let (draft, condition) = match (values, pattern) {
                (Some(values), None) => {
                    let condition = sql::literals(&values).map(|list| format!("{quoted} NOT IN ({list})"));
                    (Draft::on("in_set", column).with("values", values), condition)
                }
                (None, Some(pattern)) => {
                    let condition =
                        format!("NOT regexp_matches({quoted}, {})", sql::literal(&json!(pattern))?);
                    let draft = Draft::on("regex", column).with("pattern", pattern).with("mode", "search");
                    (draft, Ok(condition))
                }
                _ => return Err("it has not one of validValues and pattern".into()),
            };
            // The share is of all rows, those with nulls among them.
            let draft = if percent && !bounds.is_zero() { draft.with("nulls", "pass") } else { draft };
            vec![failing(draft, condition, &limit)?].into_iter().map(counted).collect()
        }
        "duplicateValues" | "duplicateCount" | "uniqueCheck" => {
            let names = args.texts("properties")?.or_else(|| column.map(|column| vec![column.to_owned()]));
            let draft = Draft::new("unique").with("columns", names.ok_or("it is about no property")?);
            // Below 1 is none if it is a number of rows, and anything up to it if it is a share.
            let none = bounds.is_zero() && !(percent && bounds.strict_max);
            match (none, percent) {
                (true, _) => vec![draft],
                (false, true) => return Err("it limits a share of duplicates".into()),
                (false, false) => {
                    vec![bounds.of_count(draft)?.but("rows beyond the first of each value are counted")]
                }
            }
        }
        _ => return Err(format!("the metric {metric} has no counterpart")),
    })
}

/// `row_count` takes no `nulls`: it counts rows, whatever is null in them.
fn counted(mut draft: Draft) -> Draft {
    if draft.rule == "row_count" {
        draft.params.remove("nulls");
    }
    draft
}
