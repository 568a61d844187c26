//! What drifted.

use chrono::{DateTime, Utc};
use lockgate_engine::history::{ColumnDrift, Drift};
use lockgate_engine::store::unescape;
use lockgate_rules::{ColumnKey, PointName};

use super::escape::escape;
use super::figures::things;
use super::grid::{Cell, Column, Grid, cell, styled};
use super::paint::{ALERT, FAINT, STRONG};
use super::sparkline::short;

/// What is said of a column that differs from all before.
const IDENTIFIES: &str = "identifies rows";

/// Every comparison: what is compared, then its columns, the one that drifted most first and those that identify
/// rows last.
pub(crate) fn drift(found: &[Drift], width: usize) -> String {
    found.iter().map(|drift| one(drift, width)).collect::<Vec<_>>().join("\n")
}

fn one(drift: &Drift, width: usize) -> String {
    let mut columns = vec![Column::Left];
    columns.extend([Column::Right; 9]);
    columns.push(Column::Words);
    let mut grid = Grid::new(&columns);
    let day = drift.weekday.as_ref().map(|day| format!(", {day}")).unwrap_or_default();
    grid.line(0, styled(STRONG, escape(&format!("{}{day}: {}", drift.on, name(&drift.at))).into_owned()));
    let Some(compared) = &drift.compared else {
        grid.line(2, cell("nothing earlier to compare it with"));
        return grid.render(width);
    };
    let points = things(compared.points as u64, "point", "points");
    let range = if compared.points > 1 {
        format!("{} to {}", name(&compared.first), name(&compared.last))
    } else {
        name(&compared.last)
    };
    grid.line(2, styled(FAINT, escape(&format!("against {points}, {range}")).into_owned()));
    if let (Some(now), Some(before)) = (drift.rows, drift.rows_before) {
        grid.line(2, cell(format!("rows {}", changed(now as f64, before))));
    }
    for (keys, what) in [(&drift.added, "new columns"), (&drift.gone, "columns that are gone")] {
        if !keys.is_empty() {
            let names: Vec<String> = keys.iter().map(column).collect();
            grid.line(2, styled(ALERT, format!("{what}: {}", names.join(", "))));
        }
    }
    if drift.columns.is_empty() {
        grid.line(2, cell("no columns to compare: name those to keep with `profile:`"));
        return grid.render(width);
    }
    let names = [
        "column",
        "nulls",
        "h",
        "psi",
        "js",
        "ks",
        "wass.",
        "new",
        "distinct",
        "mean (stddev)",
        "above its threshold",
    ];
    grid.row(names.map(|name| styled(FAINT, name)));
    for column in &drift.columns {
        grid.row(row(column));
    }
    grid.render(width)
}

fn row(drift: &ColumnDrift) -> [Cell; 11] {
    let found = &drift.comparison;
    let (now, before) = (&found.now, &found.before);
    let above: Vec<&str> = found.above.iter().map(|above| above.rule).collect();
    let distance = |rule: &str, value: Option<f64>| {
        let text = value.map(rounded).unwrap_or_default();
        if above.contains(&rule) { styled(ALERT, text) } else { cell(text) }
    };
    let percent =
        |share: Option<f64>| share.map(|share| format!("{} %", short((share * 1e3).round() / 10.0)));
    let spread = |mean: Option<f64>, stddev: Option<f64>| {
        let stddev = stddev.map(|stddev| format!(" ({})", four(stddev))).unwrap_or_default();
        mean.map(|mean| format!("{}{stddev}", four(mean)))
    };
    let mut told = above.join(", ");
    if now.data_type != before.data_type {
        let types = format!("{} after {}", now.data_type, before.data_type);
        told = if told.is_empty() { types } else { format!("{told}; {types}") };
    }
    if drift.identifies_rows {
        told = if told.is_empty() { IDENTIFIES.to_owned() } else { format!("{told}; {IDENTIFIES}") };
    }
    let style = if told.is_empty() || drift.identifies_rows { FAINT } else { ALERT };
    [
        styled(if above.is_empty() { FAINT } else { STRONG }, column(&drift.key)),
        cell(after(percent(now.null_ratio), percent(before.null_ratio))),
        distance("missingness_drift", found.missingness_drift),
        distance("psi", found.psi),
        distance("jensen_shannon", found.jensen_shannon),
        distance("ks", found.ks),
        distance("wasserstein", found.wasserstein),
        distance("new_categories", found.new_categories),
        cell(after(drift.distinct.map(four), drift.distinct_before.map(four))),
        cell(after(spread(now.mean, now.stddev), spread(before.mean, before.stddev))),
        styled(style, if told.is_empty() { "-".to_owned() } else { told }),
    ]
}

fn column(key: &ColumnKey) -> String {
    let text = match &key.filter {
        Some(filter) => format!("{} where {filter}", key.column),
        None => key.column.clone(),
    };
    escape(&text).into_owned()
}

fn name(point: &PointName) -> String {
    point_name(&point.key, point.time)
}

/// A point by its partition, or by its time.
pub(crate) fn point_name(partition: &str, time: DateTime<Utc>) -> String {
    if partition.is_empty() { time.format("%Y-%m-%d %H:%M").to_string() } else { unescape(partition) }
}

/// A figure and what it was, once where they are the same.
fn after(now: Option<String>, before: Option<String>) -> String {
    match (now, before) {
        (Some(now), Some(before)) if now != before => format!("{before} → {now}"),
        (Some(now), _) => now,
        (None, Some(before)) => format!("{before} → ?"),
        (None, None) => String::new(),
    }
}

/// A count and its change.
fn changed(now: f64, before: f64) -> String {
    let change = 100.0 * (now - before) / before;
    let sign = if change < 0.0 { "" } else { "+" };
    let percent = if before > 0.0 {
        format!(" ({sign}{} %)", short((change * 10.0).round() / 10.0))
    } else {
        String::new()
    };
    format!("{} → {}{percent}", short((before * 10.0).round() / 10.0), short(now))
}

/// A distance to three places.
fn rounded(value: f64) -> String {
    if value.is_infinite() { "∞".to_owned() } else { short((value * 1e3).round() / 1e3) }
}

/// A figure to four digits, larger ones whole.
fn four(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() {
        return short(value);
    }
    let unit = 10_f64.powf(3.0 - size.log10().floor()).min(1e12);
    if size >= 1e4 { short(value.round()) } else { short((value * unit).round() / unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_by_what_was_and_what_is() {
        assert_eq!(changed(150.0, 100.0), "100 → 150 (+50 %)");
        assert_eq!(changed(5.0, 0.0), "0 → 5");
        assert_eq!(after(Some("2 %".into()), Some("1 %".into())), "1 % → 2 %");
        assert_eq!(after(Some("2".into()), Some("2".into())), "2");
        assert_eq!([12.345_678, 0.001_234_56, 123_456.7, 0.0].map(four), ["12.35", "0.00123", "123457", "0"]);
        assert_eq!([0.000_1, 1.5, f64::INFINITY].map(rounded), ["0", "1.5", "∞"]);
    }
}
