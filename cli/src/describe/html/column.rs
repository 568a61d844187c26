//! A column, ready to be shown.

use serde::Serialize;

use crate::describe::{Column, Frequency};
use crate::page::{Bars, silhouette};
use crate::render::{count, percent, shown, things};

/// A column, ready to be shown.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    pub(super) kind: &'static str,
    name: String,
    data_type: String,
    /// What stands out, in a word or two each.
    marks: Vec<&'static str>,
    nulls: u64,
    null_share: String,
    distinct: u64,
    distinct_text: String,
    /// The range, or the most frequent value.
    gist: String,
    facts: Vec<(&'static str, String)>,
    quantiles: Vec<(String, String)>,
    histogram: Option<Histogram>,
    lists: Vec<List>,
}

/// How values are spread.
#[derive(Debug, Serialize)]
struct Histogram {
    silhouette: String,
    drawn: Bars,
    first: String,
    last: String,
}

/// Frequent values, or shapes of texts.
#[derive(Debug, Serialize)]
struct List {
    title: &'static str,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    value: String,
    count: String,
    share: String,
    /// Its share of the largest, in percent.
    width: f64,
}

impl Told {
    /// What is told of `column`, in a dataset of `rows` rows.
    pub(super) fn of(column: &Column, rows: u64) -> Self {
        Self {
            kind: kind(&column.data_type),
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            marks: marks(column, rows),
            nulls: column.nulls,
            null_share: column.null_share.map(percent).unwrap_or_default(),
            distinct: column.distinct.map_or(0, |distinct| distinct.count),
            distinct_text: column.distinct.map_or_else(String::new, |distinct| {
                format!("{}{}", if distinct.exact { "" } else { "≈\u{a0}" }, count(distinct.count))
            }),
            gist: gist(column),
            facts: facts(column, rows),
            quantiles: quantiles(column),
            histogram: histogram(column),
            lists: lists(column),
        }
    }
}

/// What sort of values a type holds.
fn kind(data_type: &str) -> &'static str {
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| data_type.starts_with(beginning));
    match data_type {
        _ if starts(&["int", "uint", "float", "decimal"]) => "numbers",
        _ if starts(&["string", "large_string", "utf8"]) => "texts",
        _ if starts(&["date", "time"]) => "times",
        _ => "others",
    }
}

fn marks(column: &Column, rows: u64) -> Vec<&'static str> {
    let present = rows.saturating_sub(column.nulls);
    let distinct = column.distinct.filter(|distinct| distinct.exact).map(|distinct| distinct.count);
    let marks = [
        (column.is_partition, "partition"),
        (rows > 0 && present == 0, "only nulls"),
        (distinct == Some(1) && present > 1, "one value"),
        (present > 1 && distinct == Some(present), "all distinct"),
        (column.nan > 0, "NaN"),
        (column.values.first().is_some_and(|first| first.value.is_empty()), "empty texts"),
    ];
    marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect()
}

fn gist(column: &Column) -> String {
    match (&column.min, &column.max, column.values.first()) {
        (Some(min), Some(max), _) if min == max => shown(min),
        (Some(min), Some(max), _) => format!("{} to {}", shown(min), shown(max)),
        (_, _, Some(first)) => format!("{} {}", visible(&first.value), percent(first.share)),
        _ => String::new(),
    }
}

fn facts(column: &Column, rows: u64) -> Vec<(&'static str, String)> {
    let present = rows.saturating_sub(column.nulls);
    let estimated = |exact: bool| if exact { "" } else { ", estimated" };
    let facts = [
        ("values", Some(count(present))),
        ("nulls", Some(count(column.nulls))),
        ("NaN", (column.nan > 0).then(|| count(column.nan))),
        (
            "distinct",
            column.distinct.map(|distinct| format!("{}{}", count(distinct.count), estimated(distinct.exact))),
        ),
        ("smallest", column.min.as_ref().map(shown)),
        ("largest", column.max.as_ref().map(shown)),
        ("mean", column.mean.as_ref().map(shown)),
        ("standard deviation", column.stddev.as_ref().map(shown)),
        (
            "length",
            column.length.map(|length| {
                if length.min == length.max {
                    things(length.min, "character", "characters")
                } else {
                    let (min, max) = (count(length.min), count(length.max));
                    format!("{min} to {max} characters, {:.1} on average", length.mean)
                }
            }),
        ),
    ];
    facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect()
}

fn quantiles(column: &Column) -> Vec<(String, String)> {
    if column.min.is_some() && column.min == column.max {
        return Vec::new();
    }
    let name = |q: f64| if q.total_cmp(&0.5).is_eq() { "median".to_owned() } else { percent(q) };
    column.quantiles.iter().map(|quantile| (name(quantile.q), shown(&quantile.value))).collect()
}

fn histogram(column: &Column) -> Option<Histogram> {
    let histogram = column.histogram.as_ref()?;
    let edge = |at: usize| histogram.edges.get(at).map(shown).unwrap_or_default();
    let is_whole = histogram.is_of_whole_numbers;
    let title = |at: usize| {
        let bin = if is_whole { edge(at) } else { format!("{} to {}", edge(at), edge(at + 1)) };
        format!("{bin}: {}", percent(histogram.shares[at]))
    };
    Some(Histogram {
        silhouette: silhouette(&histogram.shares)?,
        drawn: Bars::of(&histogram.shares, &[], title)?,
        first: edge(0),
        last: edge(histogram.shares.len() - usize::from(is_whole)),
    })
}

fn lists(column: &Column) -> Vec<List> {
    let lists = [("Frequent values", &column.values), ("Shapes", &column.patterns)];
    let list = |(title, all): (&'static str, &Vec<Frequency>)| {
        (!all.is_empty())
            .then(|| List { title, entries: all.iter().map(|of| entry(of, all[0].share)).collect() })
    };
    lists.into_iter().filter_map(list).collect()
}

fn entry(frequency: &Frequency, most: f64) -> Entry {
    let least = if frequency.count_error > 0 { "≥\u{a0}" } else { "" };
    Entry {
        value: visible(&frequency.value),
        count: format!("{least}{}", count(frequency.count)),
        share: percent(frequency.share),
        width: (frequency.share / most.max(f64::MIN_POSITIVE) * 1_000.0).round().clamp(0.0, 1_000.0) / 10.0,
    }
}

/// A value that can be seen.
fn visible(value: &str) -> String {
    if value.trim().is_empty() { format!("\"{value}\"") } else { value.to_owned() }
}
