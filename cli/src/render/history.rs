//! Earlier runs of a pipeline.

use serde_json::Value;

use super::escape::escape;
use super::figures::{count, milliseconds};
use super::grid::{Cell, Column, Grid, cell, styled};
use super::paint::{ALERT, BAD, FAINT, GOOD, PLAIN};

/// One line for each of the run records `runs`, which may be of any version: what a record does not tell
/// is left empty.
pub(crate) fn history(runs: &[Value], width: usize) -> String {
    if runs.is_empty() {
        return "no runs yet\n".to_owned();
    }
    let columns = [
        Column::Left,
        Column::Left,
        Column::Left,
        Column::Right,
        Column::Left,
        Column::Right,
        Column::Right,
        Column::Words,
    ];
    let mut grid = Grid::new(&columns);
    let names = ["run time", "run", "verdict", "rows in", "", "rows out", "took", "checks"];
    grid.row(names.map(|name| styled(FAINT, name)));
    for run in runs {
        grid.row(row(run));
    }
    grid.render(width)
}

fn row(run: &Value) -> [Cell; 8] {
    let text = |key: &str| escape(run.get(key).and_then(Value::as_str).unwrap_or("")).into_owned();
    let status = text("status");
    let style = match status.as_str() {
        "published" => GOOD,
        "published_with_alerts" => ALERT,
        "withheld" => BAD,
        _ => PLAIN,
    };
    let replayed = run.pointer("/replay/rows_in").and_then(Value::as_u64);
    let verdict = status.replace('_', " ");
    let took = run.pointer("/resources/elapsed_ms").and_then(Value::as_f64);
    [
        cell(text("run_time")),
        styled(FAINT, text("run_id").chars().take(12).collect::<String>()),
        styled(style, if replayed.is_some() { format!("{verdict}, replay") } else { verdict }),
        cell(replayed.map_or_else(|| sum(run, "inputs", "/rows"), count)),
        cell("→"),
        cell(sum(run, "tables", "/output/rows")),
        cell(took.map(milliseconds).unwrap_or_default()),
        cell(checks(run)),
    ]
}

/// The sum of a figure over a list of the record.
fn sum(run: &Value, list: &str, figure: &str) -> String {
    let items = run.get(list).and_then(Value::as_array);
    let sum = items.map(|items| items.iter().filter_map(|item| item.pointer(figure)?.as_u64()).sum());
    sum.map(count).unwrap_or_default()
}

/// How many checks there were of each status.
fn checks(run: &Value) -> String {
    let Some(checks) = run.get("checks").and_then(Value::as_array) else { return String::new() };
    let number = |status: &str| checks.iter().filter(|check| check["status"] == status).count();
    ["fail", "error", "warn", "skipped", "pass"]
        .into_iter()
        .map(|status| (number(status), status))
        .filter(|(number, _)| *number > 0)
        .map(|(number, status)| format!("{number} {status}"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_stand_under_each_other() {
        let runs = [
            json!({
                "run_time": "2026-11-23T00:00:00Z", "run_id": "3f9a1c2e4b7d99aa", "status": "withheld",
                "inputs": [{"rows": 336_776}, {"rows": 16}], "tables": [{"output": null}],
                "checks": [{"status": "fail"}, {"status": "pass"}, {"status": "pass"}],
                "resources": {"elapsed_ms": 1840.0},
            }),
            json!({"run_time": "2026-11-22T00:00:00Z", "status": "published_with_alerts"}),
            json!({
                "run_time": "2026-11-21T00:00:00Z", "status": "published", "replay": {"rows_in": 6},
                "inputs": [{"rows": 16}], "tables": [{"output": {"rows": 5}}],
            }),
        ];
        insta::assert_snapshot!(anstream::adapter::strip_str(&history(&runs, 100)).to_string());
    }

    #[test]
    fn no_runs_are_no_table() {
        assert_eq!(history(&[], 100), "no runs yet\n");
    }
}
