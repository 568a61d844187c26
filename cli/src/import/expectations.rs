//! The expectations that Great Expectations and `dbt_expectations` share, and the rules they become.

use lockgate_engine::spec::{Node, Value as Plain};
use serde_json::{Value, json};

use super::args::Args;
use super::bounds::Bounds;
use super::draft::Draft;
use super::expectation_columns::{columns, compound, ignoring, of_type, pair, pairs, refuse_if};
use super::expectation_list::Becomes::{
    Bare, Between, ColumnList, ColumnSet, ColumnsContain, Compound, Condition, ConsistentCasing, Correlation,
    Count, CountIs, CountThan, Cramers, Deviations, Distinct, Entropy, Every, EveryPart, Exists, Figure,
    Formatted, Greater, LengthIs, Lengths, Like, Likes, MostCommon, Null, Ordered, OtherAggregate,
    OtherDistinctCount, OtherRowCount, Pairs, Pattern, Patterns, Quantiles, RecentData, Same, Statistic,
    Strftime, SumOfColumns, TimesFactor, Type, Types, Unique, Values, WithinRecord, ZScores,
};
use super::expectation_list::{Becomes, becomes};
use super::expectation_spread::{
    aggregate, casing, cramers, deviations, distinct_count, every_period, other_table, times_factor, z_scores,
};
use super::sql;

/// Who words the expectation: arguments and defaults differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    Gx,
    Dbt,
}

/// Arguments that say how results are shown or where data comes from, not what is expected.
const BESIDE: &[&str] = &[
    "result_format",
    "catch_exceptions",
    "include_config",
    "meta",
    "batch_id",
    "batch_index",
    "table",
    "auto",
    "profiler_config",
    "is_raw",
    "quote_values",
    "quote_columns",
    "notes",
    "rendered_content",
    "description",
];

/// The rules that the expectation `name` becomes.
pub(super) fn expectation(name: &str, mut args: Args<'_>, wording: Wording) -> Result<Vec<Draft>, String> {
    let becomes = becomes(&name.to_ascii_lowercase())?;
    args.ignore(BESIDE);
    let mostly = args.number("mostly")?.filter(|mostly| mostly.as_f64() != Some(1.0));
    let column = args.text("column")?.unwrap_or_default().to_owned();
    let drafts = match becomes {
        Quantiles if wording == Wording::Gx => quantiles(&column, &mut args)?,
        Bare("completeness") => vec![proportion(&column, &mut args)?],
        other => vec![one(other, &column, mostly.as_ref(), &mut args, wording)?],
    };
    args.finish()?;
    // Where a share was made a limit of the rule's own, it is none of rows.
    let judged_by_share = |draft: &Draft| {
        mostly.is_none()
            || draft.rule == "outliers"
            || draft.params.contains_key("min") && draft.rule == "uniqueness"
    };
    Ok(drafts
        .into_iter()
        .map(|draft| if judged_by_share(&draft) { draft } else { draft.maybe("mostly", mostly.clone()) })
        .collect())
}

fn one(
    becomes: Becomes,
    column: &str,
    mostly: Option<&Value>,
    args: &mut Args<'_>,
    wording: Wording,
) -> Result<Draft, String> {
    Ok(match becomes {
        Bare(rule) => Draft::on(rule, column),
        Null => Draft::new("expression").with("expr", format!("{} IS NULL", sql::column(column))),
        Unique => match mostly {
            Some(mostly) => Draft::on("uniqueness", column).with("min", mostly.clone()),
            None => Draft::on("unique", column),
        },
        Values(rule) => Draft::on(rule, column).with("values", value_set(args)?),
        Distinct(relation) => {
            Draft::on("distinct_values", column).with("values", value_set(args)?).with("relation", relation)
        }
        Between => bounds(args, wording)?.of_values(Draft::on("between", column)),
        Pattern(rule) => {
            let pattern = args.need("regex")?;
            Draft::on(rule, column).with("pattern", flagged(pattern, args)?).with("mode", "search")
        }
        Patterns(rule) => {
            let patterns = args.texts("regex_list")?.ok_or("it has no regex_list")?;
            let all = args.text("match_on")? == Some("all");
            let draft = Draft::on(rule, column).with("pattern", patterns).with("mode", "search");
            if all && rule == "regex" { draft.with("match", "all") } else { draft }
        }
        Like(rule) => Draft::on(rule, column).with("pattern", sql::like(args.need("like_pattern")?)),
        Likes(rule) => {
            let patterns = args.texts("like_pattern_list")?.ok_or("it has no like_pattern_list")?;
            let all = args.text("match_on")? == Some("all");
            let patterns: Vec<String> = patterns.iter().map(|pattern| sql::like(pattern)).collect();
            let draft = Draft::on(rule, column).with("pattern", patterns);
            if all && rule == "regex" { draft.with("match", "all") } else { draft }
        }
        Lengths => bounds(args, wording)?.of_count(Draft::on("length", column))?,
        LengthIs => Draft::on("length", column).maybe("equals", args.number("value")?),
        Statistic(function) => {
            bounds(args, wording)?.of_figure(Draft::on("statistic", column).with("fn", function))
        }
        Quantiles => {
            let draft =
                Draft::on("statistic", column).with("fn", "quantile").maybe("q", args.number("quantile")?);
            bounds(args, wording)?.of_figure(draft)
        }
        Figure(rule) => bounds(args, wording)?.of_figure(Draft::on(rule, column).with("exactness", "exact")),
        Count(rule) => bounds(args, wording)?.of_count(counted(rule, column))?,
        CountIs(rule, key) => {
            let value = args.number(key)?.ok_or_else(|| format!("it has no {key}"))?;
            Bounds::exactly(value).of_count(counted(rule, column))?
        }
        CountThan(is) => {
            let value = args.number("value")?.ok_or("it has no value")?;
            Bounds::that(is, value)?.of_count(counted("distinct_count", column))?
        }
        RecentData => {
            let (count, unit) = (args.number("interval")?, args.need("datepart")?);
            Draft::on("freshness", column).with("max_age", age(count.as_ref(), unit)?)
        }
        MostCommon => {
            let draft = Draft::on("most_common_in_set", column).with("values", value_set(args)?);
            if args.flag("ties_okay")? == Some(true) {
                return Err("it passes where one of several most common values is listed".into());
            }
            draft
        }
        other => of_table(other, column, mostly, args, wording)?,
    })
}

/// The rule about the types and names of columns, about several columns, or about another table.
fn of_table(
    becomes: Becomes,
    column: &str,
    mostly: Option<&Value>,
    args: &mut Args<'_>,
    wording: Wording,
) -> Result<Draft, String> {
    let listed = |args: &mut Args<'_>| args.texts("column_list")?.ok_or("it has no column_list".to_owned());
    Ok(match becomes {
        Ordered(rule) => {
            let strict = args.flag("strictly")?.unwrap_or(wording == Wording::Dbt);
            let draft = Draft::on(rule, column);
            if strict { draft.with("strict", true) } else { draft }
        }
        Type => of_type(
            column,
            &[args.any(&["type_", "column_type"]).and_then(|n| n.as_text()).ok_or("it has no type")?],
        )?,
        Types => {
            let names =
                args.texts("type_list")?.or(args.texts("column_type_list")?).ok_or("it has no type_list")?;
            of_type(column, &names.iter().map(String::as_str).collect::<Vec<_>>())?
        }
        Exists => {
            if let Some(index) = args.take("column_index") {
                return Err(format!("it wants the column at position {}", index.describe()));
            }
            columns("contains", &[column.to_owned()])
        }
        ColumnSet => {
            let names =
                args.texts("column_set")?.or(args.texts("column_list")?).ok_or("it has no column_set")?;
            let exact = args.flag("exact_match")?.unwrap_or(true);
            columns(if exact { "exact" } else { "contains" }, &names)
        }
        ColumnsContain => {
            let names = listed(args)?;
            columns("contains", &names)
        }
        Condition => {
            let expression = args.need("expression")?;
            Draft::new("expression").with("expr", expression).with("nulls", "pass")
        }
        ColumnList => {
            let names = listed(args)?;
            columns("exact", &names).with("ordered", true)
        }
        Strftime => {
            let format = args.need("strftime_format")?;
            let timed =
                ["%H", "%I", "%M", "%S", "%T", "%R", "%c", "%s"].iter().any(|part| format.contains(part));
            let kind = if timed { "timestamp" } else { "date" };
            Draft::on("type_conformance", column).with("type", kind).with("format", format)
        }
        Greater => {
            let or_equal = args.flag("or_equal")?.unwrap_or(false);
            pair(if or_equal { "ge" } else { "gt" }, args, wording)?
        }
        Same => pair("eq", args, wording)?,
        Pairs => pairs(args)?,
        Compound => compound(args)?,
        WithinRecord => {
            let columns = listed(args)?;
            let draft = ignoring(Draft::new("unique_within_record"), &columns, args, "any_value_is_missing")?;
            draft.with("columns", columns)
        }
        SumOfColumns => {
            let columns = listed(args)?;
            let total = args.take("sum_total").map(Node::to_json).ok_or("it has no sum_total")?;
            let draft = ignoring(Draft::new("sum_of_columns"), &columns, args, "any_value_is_missing")?;
            draft.with("columns", columns).with("total", total)
        }
        OtherRowCount => Draft::new("row_count_match").with("to", other_table(args)?),
        other => of_spread(other, column, mostly, args, wording)?,
    })
}

/// The rule about how values are spread, of what form they are, or about another table's figures.
fn of_spread(
    becomes: Becomes,
    column: &str,
    mostly: Option<&Value>,
    args: &mut Args<'_>,
    wording: Wording,
) -> Result<Draft, String> {
    Ok(match becomes {
        Formatted(format) => Draft::on("format", column)
            .with("is", format)
            .but(format!("what {format} is, Lockgate's format says")),
        ZScores => z_scores(column, mostly, args)?,
        Deviations => {
            let threshold = args.number("sigma_threshold")?.unwrap_or_else(|| json!(3));
            deviations(column, threshold, mostly)?
        }
        Entropy => {
            let base = args.number("base")?.unwrap_or_else(|| json!(2));
            bounds(args, wording)?.of_figure(Draft::on("entropy", column).with("base", base))
        }
        Every(period) => every_period(column, period, None)?,
        ConsistentCasing => {
            args.ignore(&["display_inconsistent_columns"]);
            casing(column)
        }
        TimesFactor => times_factor(args)?,
        OtherDistinctCount => distinct_count(column, args)?,
        OtherAggregate => aggregate(args)?,
        Cramers => cramers(args)?,
        Correlation => {
            let columns = [args.need("column_A")?, args.need("column_B")?].map(Value::from).to_vec();
            bounds(args, wording)?.of_figure(Draft::new("correlation").with("columns", columns))
        }
        EveryPart => {
            let column = args.need("date_col")?;
            let part = args.text("date_part")?.unwrap_or("day");
            every_period(column, part, args.number("interval")?)?
        }
        _ => return Err("Lockgate has no counterpart of it".into()),
    })
}

fn value_set(args: &mut Args<'_>) -> Result<Vec<Value>, String> {
    args.values("value_set")?.ok_or_else(|| "it has no value_set".to_owned())
}

fn counted(rule: &'static str, column: &str) -> Draft {
    if rule == "row_count" { Draft::new(rule) } else { Draft::on(rule, column).with("exactness", "exact") }
}

/// A span of time as `freshness` takes it.
pub(super) fn age(count: Option<&Value>, unit: &str) -> Result<String, String> {
    let letter = match unit.trim_end_matches('s') {
        "second" => 's',
        "minute" => 'm',
        "hour" => 'h',
        "day" => 'd',
        "week" => 'w',
        _ => return Err(format!("an age cannot be counted in {unit}")),
    };
    let count = count.and_then(Value::as_u64).ok_or("its interval is not a whole number")?;
    Ok(format!("{count}{letter}"))
}

/// The limits among the arguments. The argument of one tool says of both limits whether they are strict.
fn bounds(args: &mut Args<'_>, wording: Wording) -> Result<Bounds, String> {
    let (min, max) = (args.literal("min_value")?, args.literal("max_value")?);
    if min.is_none() && max.is_none() {
        return Err("it has no limits".into());
    }
    if wording == Wording::Gx {
        let (strict_min, strict_max) = (args.flag("strict_min")?, args.flag("strict_max")?);
        refuse_if(args, "parse_strings_as_datetimes", "it compares texts as times")?;
        refuse_if(args, "allow_cross_type_comparisons", "it compares values of different types")?;
        let strict = |flag: Option<bool>| flag.unwrap_or(false);
        return Ok(Bounds { min, max, strict_min: strict(strict_min), strict_max: strict(strict_max) });
    }
    let strict = args.flag("strictly")?.unwrap_or(false);
    let read = |value: Option<Value>| match value {
        Some(Value::String(text)) => sql::operand(&text).map(Some),
        other => Ok(other),
    };
    let (min, max) = (read(min)?, read(max)?);
    Ok(Bounds { strict_min: strict && min.is_some(), strict_max: strict && max.is_some(), min, max })
}

/// A pattern with the flags that stand beside it.
fn flagged(pattern: &str, args: &mut Args<'_>) -> Result<String, String> {
    match args.text("flags")?.unwrap_or_default() {
        "" => Ok(pattern.to_owned()),
        flags if flags.chars().all(|flag| "ims".contains(flag)) => Ok(format!("(?{flags}){pattern}")),
        flags => Err(format!("the flags {flags} of its pattern are not known")),
    }
}

fn proportion(column: &str, args: &mut Args<'_>) -> Result<Draft, String> {
    let bounds = bounds(args, Wording::Gx)?;
    match (bounds.min, bounds.max) {
        (Some(min), None) if !bounds.strict_min => Ok(Draft::on("completeness", column).with("mostly", min)),
        (Some(min), Some(max)) if !bounds.strict_min && max.as_f64() == Some(1.0) => {
            Ok(Draft::on("completeness", column).with("mostly", min))
        }
        _ => Err("it limits how many values may be there, and completeness only how few".into()),
    }
}

fn quantiles(column: &str, args: &mut Args<'_>) -> Result<Vec<Draft>, String> {
    if args.take("allow_relative_error").is_some_and(|node| node.value != Plain::Bool(false)) {
        return Err("it allows a relative error".into());
    }
    let ranges = args.take("quantile_ranges").ok_or("it has no quantile_ranges")?;
    let list = |key: &str| match ranges.get(key).map(|node| &node.value) {
        Some(Plain::List(items)) => Ok(items),
        _ => Err(format!("its quantile_ranges have no {key}")),
    };
    let (quantiles, values) = (list("quantiles")?, list("value_ranges")?);
    if quantiles.len() != values.len() {
        return Err("it has not as many quantiles as ranges".into());
    }
    let each = |(q, range): (&Node, &Node)| {
        let Value::Array(limits) = range.to_json() else { return Err("a range is not a list".to_owned()) };
        let [min, max] = limits.as_slice() else { return Err("a range is not two limits".to_owned()) };
        let limit = |limit: &Value| Some(limit.clone()).filter(|limit| !limit.is_null());
        let draft = Draft::on("statistic", column).with("fn", "quantile").with("q", q.to_json());
        Ok(Bounds::new(limit(min), limit(max)).of_figure(draft).but("values between two are interpolated"))
    };
    quantiles.iter().zip(values).map(each).collect()
}
