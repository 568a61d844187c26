//! The generic tests of the package `dbt_utils`.

use serde_json::{Value, json};

use super::args::Args;
use super::bounds::{Bounds, outside};
use super::dbt::{accepted, listed, referred};
use super::dbt_config::{Counts, Found};
use super::draft::Draft;
use super::expectations::age;
use super::imported::Imported;
use super::sql;

/// The rule that the test `name` becomes.
pub(super) fn test(
    name: &str,
    column: Option<&str>,
    args: &mut Args<'_>,
    imported: &mut Imported,
) -> Result<Found, String> {
    if let Some(groups) = args.texts("group_by_columns")?.filter(|groups| !groups.is_empty()) {
        return Err(format!("it is judged by groups of {}", groups.join(", ")));
    }
    if args.flag("ignore_time_component")? == Some(true) {
        return Err("it leaves the time of day out of account".into());
    }
    let about = || match column {
        Some(column) if sql::is_plain(column) => Ok(column),
        Some(column) => Err(format!("`{column}` is SQL rather than a column")),
        None => Err("it is about no column".to_owned()),
    };
    let whole = |draft: Draft| Found { draft, counts: Counts::Other("failures") };
    Ok(match name {
        "accepted_range" => accepted_range(about()?, args)?,
        "expression_is_true" => expression_is_true(column, args)?,
        "not_null_proportion" => {
            let (least, most) = (args.number("at_least")?, args.number("at_most")?);
            if most.is_some_and(|most| most.as_f64() != Some(1.0)) {
                return Err("it limits how many values may be there, and completeness only how few".into());
            }
            let least = least.ok_or("it has no at_least")?;
            whole(Draft::on("completeness", about()?).with("mostly", least))
        }
        "unique_combination_of_columns" => {
            let columns = args.texts("combination_of_columns")?.ok_or("it has no combination_of_columns")?;
            if let Some(other) = columns.iter().find(|column| !sql::is_plain(column)) {
                return Err(format!("`{other}` is SQL rather than a column"));
            }
            let draft = Draft::new("unique").with("columns", columns).with("nulls_distinct", false);
            Found { draft, counts: Counts::Keys }
        }
        "not_accepted_values" => {
            let quote = args.flag("quote")?.unwrap_or(true);
            let values = args.values("values")?.ok_or("it has no values")?;
            let values =
                values.into_iter().map(|value| accepted(value, quote)).collect::<Result<Vec<_>, _>>()?;
            let draft = listed("not_in_set", about()?, values, quote);
            Found { draft, counts: Counts::Other("distinct values") }
        }
        "not_constant" => whole(Draft::on("distinct_count", about()?).with("min", 2)),
        "at_least_one" => {
            let condition = format!("{} IS NOT NULL", sql::column(about()?));
            whole(Draft::new("row_count").with("where", condition).with("min", 1))
        }
        "not_empty_string" => {
            let trim = args.flag("trim_whitespace")?.unwrap_or(true);
            let column = about()?;
            let draft = Draft::on("not_regex", column).with("pattern", if trim { " *" } else { "" });
            let text = sql::column(column);
            let text = if trim { format!("trim({text})") } else { text };
            Found { draft, counts: Counts::Rows(Ok(format!("{text} = ''"))) }
        }
        "relationships_where" => {
            let to = referred(args.need("to")?, imported)?;
            let mut key = json!({ "source": to, "columns": args.need("field")? });
            if let Some(condition) = args.text("to_condition")? {
                key["where"] = condition.into();
            }
            let draft = Draft::on("foreign_key", about()?).with("to", key);
            let draft =
                args.text("from_condition")?.iter().fold(draft, |draft, condition| draft.only(condition));
            Found { draft, counts: Counts::Other("keys that are not found") }
        }
        "recency" => {
            let column = args.need("field")?;
            let (count, unit) = (args.number("interval")?, args.need("datepart")?);
            whole(Draft::on("freshness", column).with("max_age", age(count.as_ref(), unit)?))
        }
        "sequential_values" => {
            let draft = Draft::on("sequential", about()?);
            let count = args.number("interval")?.unwrap_or_else(|| json!(1));
            let interval = match args.text("datepart")? {
                Some(unit) => age(Some(&count), unit)?.into(),
                None => count,
            };
            whole(draft.with("interval", interval))
        }
        "equal_rowcount" | "fewer_rows_than" | "cardinality_equality" | "equality" => {
            whole(of_other(name, column, args, imported)?)
        }
        "mutually_exclusive_ranges" => {
            let draft = Draft::new("non_overlapping_ranges")
                .with("lower", args.need("lower_bound_column")?)
                .with("upper", args.need("upper_bound_column")?)
                .maybe("partition_by", args.text("partition_by")?)
                .maybe("gaps", args.text("gaps")?);
            whole(draft)
        }
        _ => return Err("Lockgate has no counterpart of it".into()),
    })
}

/// What is compared with another model.
fn of_other(
    name: &str,
    column: Option<&str>,
    args: &mut Args<'_>,
    imported: &mut Imported,
) -> Result<Draft, String> {
    if name == "equality" {
        return Err(
            "it compares whole rows as sets; `dataset_match` pairs them by keys that it does not name".into(),
        );
    }
    if name == "cardinality_equality" {
        let column = column.filter(|column| sql::is_plain(column)).ok_or("it is about no column")?;
        let (to, field) = (referred(args.need("to")?, imported)?, args.need("field")?);
        let by = if field == column { json!(column) } else { json!({ column: field }) };
        let draft = Draft::new("aggregate_match").with("fn", "count").with("by", by);
        return Ok(draft.with("to", json!({ "source": to })));
    }
    let to = referred(args.need("compare_model")?, imported)?;
    let draft = Draft::new("row_count_match").with("to", json!({ "source": to }));
    Ok(if name == "fewer_rows_than" { draft.with("max", 1).but("as many rows as there pass") } else { draft })
}

fn accepted_range(column: &str, args: &mut Args<'_>) -> Result<Found, String> {
    let inclusive = args.flag("inclusive")?.unwrap_or(true);
    let mut limit = |key: &str| match args.literal(key)? {
        Some(Value::String(text)) => sql::operand(&text).map(Some),
        other => Ok(other),
    };
    let (min, max) = (limit("min_value")?, limit("max_value")?);
    let bounds =
        Bounds { strict_min: !inclusive && min.is_some(), strict_max: !inclusive && max.is_some(), min, max };
    let condition = outside(&sql::column(column), &bounds);
    Ok(Found { draft: bounds.of_values(Draft::on("between", column)), counts: Counts::Rows(condition) })
}

/// The condition about a row; about a column, it is what stands after the column's name.
fn expression_is_true(column: Option<&str>, args: &mut Args<'_>) -> Result<Found, String> {
    let given = args.need("expression")?;
    let expression = match column {
        Some(column) if sql::is_plain(column) => format!("{} {given}", sql::column(column)),
        Some(column) => format!("{column} {given}"),
        None => given.to_owned(),
    };
    let draft = Draft::new("expression").with("expr", expression.clone()).with("nulls", "pass");
    let draft = args.text("condition")?.iter().fold(draft, |draft, condition| draft.only(condition));
    Ok(Found { draft, counts: Counts::Rows(Ok(format!("NOT ({expression})"))) })
}
