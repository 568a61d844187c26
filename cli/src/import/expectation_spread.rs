//! Expectations about how values are spread and how columns go together, and about another table's figures.

use lockgate_engine::spec::Node;
use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::Bounds;
use super::draft::Draft;
use super::sql;

/// Values within so many standard deviations of the mean, but for a share.
pub(super) fn deviations(column: &str, threshold: Value, mostly: Option<&Value>) -> Result<Draft, String> {
    let mostly = mostly.map_or(Some(1.0), Value::as_f64).ok_or("mostly is not a number")?;
    let share = ((1.0 - mostly) * 1e12).round() / 1e12;
    let draft = Draft::on("outliers", column).with("method", "zscore").with("threshold", threshold);
    Ok(draft.with("max_ratio", if share == 0.0 { json!(0) } else { json!(share) }))
}

/// z-scores of Great Expectations: without their sign only if both sides count.
pub(super) fn z_scores(column: &str, mostly: Option<&Value>, args: &mut Args<'_>) -> Result<Draft, String> {
    let threshold = args.number("threshold")?.ok_or("it has no threshold")?;
    if args.flag("double_sided")? != Some(true) {
        return Err(
            "only values above the mean count (double_sided), and `outliers` looks at both sides".into()
        );
    }
    Ok(deviations(column, threshold, mostly)?.but("a value exactly at the threshold passes"))
}

/// Columns that hardly depend on each other.
pub(super) fn cramers(args: &mut Args<'_>) -> Result<Draft, String> {
    let columns = [args.need("column_A")?, args.need("column_B")?];
    let threshold = args.number("threshold")?.unwrap_or_else(|| json!(0.1));
    let draft = Draft::new("cramers_v").with("columns", columns.map(Value::from).to_vec());
    Ok(draft.with("max", threshold).but("a figure exactly at the threshold passes"))
}

/// Rows for each part of the calendar.
pub(super) fn every_period(column: &str, part: &str, interval: Option<Value>) -> Result<Draft, String> {
    if interval.is_some_and(|interval| interval.as_u64() != Some(1)) {
        return Err("it wants rows for every so many periods, and `every_period` for each".into());
    }
    match part {
        "hour" | "day" | "week" | "month" | "quarter" | "year" => {
            Ok(Draft::on("every_period", column).with("period", part))
        }
        other => Err(format!("a period of a {other} is not known")),
    }
}

/// No text in more than one case.
pub(super) fn casing(column: &str) -> Draft {
    let quoted = sql::column(column);
    Draft::new("custom_sql").with(
        "query",
        format!(
            "SELECT lower({quoted}) AS text FROM this WHERE {quoted} IS NOT NULL GROUP BY lower({quoted}) \
             HAVING count(DISTINCT {quoted}) > 1"
        ),
    )
}

/// The other table that the importer put among the arguments.
pub(super) fn other_table(args: &mut Args<'_>) -> Result<Map<String, Value>, String> {
    let other = args.any(&["other_table_name", "compare_model"]).and_then(Node::as_text);
    let mut to =
        Map::from_iter([("source".to_owned(), Value::from(other.ok_or("it names no other table")?))]);
    if let Some(condition) = args.text("compare_row_condition")? {
        to.insert("where".into(), condition.into());
    }
    Ok(to)
}

/// So many times as many rows as in another table.
pub(super) fn times_factor(args: &mut Args<'_>) -> Result<Draft, String> {
    let to = other_table(args)?;
    let factor = args.number("factor")?.ok_or("it has no factor")?;
    Ok(Bounds::exactly(factor).of_figure(Draft::new("row_count_match").with("to", to)))
}

/// As many different values as another table has.
pub(super) fn distinct_count(column: &str, args: &mut Args<'_>) -> Result<Draft, String> {
    let to = other_table(args)?;
    let there = args.text("compare_column_name")?.filter(|there| *there != column);
    let columns = there.map_or_else(|| json!(column), |there| json!({ column: there }));
    Ok(Draft::new("aggregate_match").with("fn", "distinct_count").with("column", columns).with("to", to))
}

/// An aggregate that is another table's.
pub(super) fn aggregate(args: &mut Args<'_>) -> Result<Draft, String> {
    let to = other_table(args)?;
    let (function, here) = called(args.need("expression")?)?;
    let there = args.text("compare_expression")?.map(called).transpose()?;
    let there = there.unwrap_or_else(|| (function, here.clone()));
    if there.0 != function {
        return Err(format!("it compares {function} with {}", there.0));
    }
    let mut draft = Draft::new("aggregate_match").with("fn", function).with("to", to);
    draft = match (here, there.1) {
        (None, None) => draft,
        (Some(here), Some(there)) if here == there => draft.with("column", here),
        (Some(here), Some(there)) => draft.with("column", json!({ here: there })),
        _ => return Err("it counts rows on one side and values on the other".into()),
    };
    if let Some(by) = args.texts("group_by")? {
        let there = args.texts("compare_group_by")?.unwrap_or_else(|| by.clone());
        if there.len() != by.len() {
            return Err("it has not as many groups on both sides".into());
        }
        let same = by == there;
        let pairs: Map<String, Value> = by.iter().cloned().zip(there.into_iter().map(Value::from)).collect();
        draft = if same { draft.with("by", by) } else { draft.with("by", pairs) };
        draft = draft.but("a key that only one side has fails, as it is no key with 0");
    }
    let percent = args.number("tolerance_percent")?;
    match (args.number("tolerance")?.filter(|tolerance| tolerance.as_f64() != Some(0.0)), percent) {
        (Some(_), Some(_)) => Err("it has a tolerance and one in per cent".into()),
        (Some(tolerance), None) => Ok(draft.with("tolerance", tolerance)),
        (None, Some(share)) => {
            Ok(draft.with("relative", share).but("the share is of the figure there, not here"))
        }
        (None, None) => Ok(draft),
    }
}

/// `sum(amount)` as the aggregate and its column; `count(*)` has none.
fn called(expression: &str) -> Result<(&'static str, Option<String>), String> {
    let unclear = || format!("`{expression}` is not one aggregate of a column");
    let (name, rest) = expression.trim().split_once('(').ok_or_else(unclear)?;
    let inside = rest.trim_end().strip_suffix(')').ok_or_else(unclear)?.trim();
    let distinct = inside.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("distinct "));
    let column = if distinct { inside[9..].trim() } else { inside };
    let function = match (name.trim().to_ascii_lowercase().as_str(), distinct) {
        ("count", true) => "distinct_count",
        ("count", false) => "count",
        ("sum", false) => "sum",
        ("avg", false) => "mean",
        ("min", false) => "min",
        ("max", false) => "max",
        _ => return Err(unclear()),
    };
    match column {
        "*" | "1" if function == "count" => Ok((function, None)),
        column if sql::is_plain(column) && !column.contains(' ') => Ok((function, Some(column.to_owned()))),
        _ => Err(unclear()),
    }
}
