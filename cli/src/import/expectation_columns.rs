//! Expectations about which columns there are, of which types, and about several columns of a row.

use lockgate_engine::spec::{Node, Value as Plain};
use serde_json::{Value, json};

use super::args::{self, Args};
use super::draft::Draft;
use super::expectations::Wording;
use super::{sql, types};

/// Columns that have to be there, of any type.
pub(super) fn columns(mode: &str, names: &[String]) -> Draft {
    let columns: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    Draft::new("schema").with("columns", columns).with("mode", mode)
}

/// A column of one of several types, which have to be of one family.
pub(super) fn of_type(column: &str, names: &[&str]) -> Result<Draft, String> {
    let families: Vec<Option<&str>> = names.iter().map(|name| types::family(name)).collect();
    let known: Vec<&str> = families.iter().copied().flatten().collect();
    let Some(first) = known.first() else {
        return Err(format!("the type {} is not known", names.join(", ")));
    };
    if known.iter().any(|family| family != first) {
        return Err(format!("the types {} are not of one nature", names.join(", ")));
    }
    let strange: Vec<&str> = names.iter().copied().filter(|name| types::family(name).is_none()).collect();
    let draft = typed(&[(column.to_owned(), *first, true)]);
    let draft = match strange.as_slice() {
        [] => draft,
        some => draft.but(format!("fails for {}, which is not known", some.join(", "))),
    };
    Ok(draft.but(format!("any type of the nature of {first} passes")))
}

/// Columns that have to be there, with the nature of their types and whether they may be null.
pub(super) fn typed(found: &[(String, &str, bool)]) -> Draft {
    let entry = |(name, kind, nullable): &(String, &str, bool)| {
        let whole = if *nullable { json!(kind) } else { json!({ "type": kind, "nullable": false }) };
        (name.clone(), whole)
    };
    let columns: serde_json::Map<String, Value> = found.iter().map(entry).collect();
    Draft::new("schema").with("columns", columns).with("mode", "contains").with("type_mode", "family")
}

/// Two columns compared. Where the tool evaluates rows in which one is null, they fail.
pub(super) fn pair(rule: &'static str, args: &mut Args<'_>, wording: Wording) -> Result<Draft, String> {
    refuse_if(args, "parse_strings_as_datetimes", "it compares texts as times")?;
    refuse_if(args, "allow_cross_type_comparisons", "it compares values of different types")?;
    let left =
        args.any(&["column_A", "column_a"]).and_then(|node| node.as_text()).ok_or("it has no column_A")?;
    let right =
        args.any(&["column_B", "column_b"]).and_then(|node| node.as_text()).ok_or("it has no column_B")?;
    let draft = Draft::on(rule, left).with("value", json!({ "column": right }));
    if wording == Wording::Dbt {
        return Ok(draft);
    }
    let both = [left.to_owned(), right.to_owned()];
    ignoring(draft, &both, args, "both_values_are_missing")
}

/// Which rows are left out for their nulls.
pub(super) fn ignoring(
    draft: Draft,
    columns: &[String],
    args: &mut Args<'_>,
    default: &str,
) -> Result<Draft, String> {
    match args.text("ignore_row_if")?.unwrap_or(default) {
        "either_value_is_missing" | "any_value_is_missing" => Ok(draft),
        "both_values_are_missing" | "all_values_are_missing" => {
            Ok(draft.only(&format!("NOT ({})", sql::all_null(columns))).with("nulls", "fail"))
        }
        "never" => Ok(draft.with("nulls", "fail")),
        other => Err(format!("ignore_row_if {other} is not known")),
    }
}

pub(super) fn pairs(args: &mut Args<'_>) -> Result<Draft, String> {
    let (left, right) = (args.need("column_A")?.to_owned(), args.need("column_B")?.to_owned());
    let node = args.take("value_pairs_set").ok_or("it has no value_pairs_set")?;
    let Plain::List(items) = &node.value else { return Err("value_pairs_set is not a list".into()) };
    let (a, b) = (sql::column(&left), sql::column(&right));
    let each = |item: &Node| {
        let [first, second] = args::values("value_pairs_set", item)?
            .try_into()
            .map_err(|_| "an entry of value_pairs_set is not two values".to_owned())?;
        Ok::<_, String>(format!("({a} = {} AND {b} = {})", sql::literal(&first)?, sql::literal(&second)?))
    };
    let listed = items.iter().map(each).collect::<Result<Vec<_>, _>>()?.join(" OR ");
    ignoring(Draft::new("expression"), &[left, right], args, "both_values_are_missing")
        .map(|draft| if draft.params.contains_key("nulls") { draft } else { draft.with("nulls", "skip") })
        .map(|draft| draft.with("expr", listed))
}

pub(super) fn compound(args: &mut Args<'_>) -> Result<Draft, String> {
    let columns = args.texts("column_list")?.ok_or("it has no column_list")?;
    let draft = match args.text("ignore_row_if")?.unwrap_or("all_values_are_missing") {
        "any_value_is_missing" => Draft::new("unique"),
        "all_values_are_missing" => {
            let condition = format!("NOT ({})", sql::all_null(&columns));
            Draft::new("unique").with("nulls_distinct", false).only(&condition)
        }
        "never" => Draft::new("unique").with("nulls_distinct", false),
        other => return Err(format!("ignore_row_if {other} is not known")),
    };
    Ok(draft.with("columns", columns))
}

pub(super) fn refuse_if(args: &mut Args<'_>, flag: &str, why: &str) -> Result<(), String> {
    if args.flag(flag)?.unwrap_or(false) { Err(why.into()) } else { Ok(()) }
}
