//! Random checks of every rule that a footer, a dictionary or the plan may answer, and of some others beside
//! them, which take rows and values away.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::columns::{COLUMNS, Column};

/// Entries of a `checks:` list that may stand in it together.
pub(crate) fn checks() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(prop_oneof![6 => about_rows(), 5 => about_figures(), 1 => about_all()], 1..9)
        .prop_map(without_unseen_nulls)
}

/// Leaves out checks of nulls that would not see those another check makes, which no pipeline may have.
fn without_unseen_nulls(mut checks: Vec<Value>) -> Vec<Value> {
    let parts = |check: &Value| {
        let (rule, params) = check.as_object().and_then(|check| check.iter().next()).unwrap();
        (rule.clone(), params["column"].clone(), params["on_row"].clone())
    };
    let all: Vec<_> = checks.iter().map(parts).collect();
    let made_null = |column: &Value| {
        !column.is_null() && all.iter().any(|(_, other, on_row)| other == column && on_row == "null_out")
    };
    checks.retain(|check| {
        let (rule, column, on_row) = parts(check);
        let about_nulls = ABOUT_NULLS.contains(&&*rule);
        !about_nulls || !on_row.is_null() || !made_null(&column)
    });
    checks
}

const ABOUT_NULLS: [&str; 3] = ["not_null", "completeness", "missing"];

fn column() -> impl Strategy<Value = &'static Column> {
    (0..COLUMNS.len()).prop_map(|at| &COLUMNS[at])
}

/// A rule about single values, with what may stand beside it.
fn about_rows() -> impl Strategy<Value = Value> {
    let literals = (0..8_usize, 0..8_usize);
    let nulls = prop::sample::select(vec![None, None, Some("skip"), Some("pass"), Some("fail")]);
    let on_row =
        prop::sample::select(vec![None, None, None, None, None, None, Some("drop"), Some("null_out")]);
    let scope = prop::sample::select(vec![None, None, None, None, Some("id > 2"), Some("text IS NULL")]);
    let mostly = prop::sample::select(vec![None, None, Some(0.5)]);
    (column(), 0..16_u8, literals, nulls, on_row, scope, mostly).prop_map(
        |(column, rule, literals, nulls, on_row, scope, mostly)| {
            let (rule, mut params) = row_rule(column, rule, literals);
            params["column"] = json!(column.name);
            let about_nulls = ABOUT_NULLS.contains(&rule);
            let more = [
                ("nulls", nulls.filter(|_| !about_nulls).map(Value::from)),
                ("on_row", on_row.map(Value::from)),
                ("where", scope.map(Value::from)),
                ("mostly", mostly.map(Value::from)),
            ];
            for (key, value) in more {
                if let Some(value) = value {
                    params[key] = value;
                }
            }
            json!({rule: params})
        },
    )
}

/// Checks that test the values of text columns, which nothing else reads.
pub(crate) fn checks_of_texts() -> impl Strategy<Value = Vec<Value>> {
    let column =
        prop::sample::select(COLUMNS.iter().filter(|column| column.kind.is_text()).collect::<Vec<_>>());
    let nulls = prop::sample::select(vec![None, Some("skip"), Some("pass"), Some("fail")]);
    let check =
        (column, 12..16_u8, (0..8_usize, 0..8_usize), nulls).prop_map(|(column, rule, literals, nulls)| {
            let (rule, mut params) = row_rule(column, rule, literals);
            params["column"] = json!(column.name);
            if let Some(nulls) = nulls {
                params["nulls"] = json!(nulls);
            }
            json!({rule: params})
        });
    prop::collection::vec(check, 1..5)
}

fn row_rule(column: &Column, rule: u8, (a, b): (usize, usize)) -> (&'static str, Value) {
    let (low, high) = (a % column.literals.len(), b % column.literals.len());
    let (low, high) = (low.min(high), low.max(high));
    let value = json!({"value": column.literal(a)});
    let has_order = column.kind != crate::columns::Kind::Bool;
    match rule {
        0 => ("not_null", json!({})),
        1 => ("completeness", json!({"mostly": 0.75})),
        2 => ("missing", json!({})),
        3 | 4 if has_order => ("between", json!({"min": column.literal(low), "max": column.literal(high)})),
        5 if has_order => ("between", json!({"min": column.literal(low), "strict_min": true})),
        6 if has_order => ("ge", value),
        7 if has_order => ("gt", value),
        8 if has_order => ("le", value),
        9 if has_order => ("lt", value),
        10 => ("eq", value),
        11 => ("ne", value),
        12 if column.kind.is_text() => ("length", json!({"max": a * 3})),
        13 if column.kind.is_text() => {
            ("regex", json!({"pattern": if b.is_multiple_of(2) { "[A-Za-z ]*" } else { "[^#]*" }}))
        }
        14 if column.kind.is_number() => ("type_conformance", json!({"type": "int8"})),
        15 if column.kind.is_number() => ("ge", json!({"value": {"column": "id"}})),
        _ => {
            let listed = listed(column, a);
            (if b.is_multiple_of(2) { "in_set" } else { "not_in_set" }, json!({"values": listed}))
        }
    }
}

/// A few literals that some value of the column equals, or all that do.
fn listed(column: &Column, from: usize) -> Vec<Value> {
    let step = if from.is_multiple_of(3) { 1 } else { 2 };
    let values = column.pool.iter().skip(from % step).step_by(step).filter(|value| **value != "NaN");
    match column.kind {
        crate::columns::Kind::Bool => vec![json!(true)],
        _ => values.map(|value| json!(value)).collect(),
    }
}

/// A rule about a figure or a whole column.
fn about_figures() -> impl Strategy<Value = Value> {
    let scope = prop::sample::select(vec![None, None, None, Some("id > 2")]);
    (column(), 0..8_u8, 0..8_usize, scope).prop_map(|(column, rule, at, scope)| {
        let (rule, mut params) = figure_rule(column, rule, at);
        params["column"] = json!(column.name);
        if let Some(scope) = scope {
            params["where"] = json!(scope);
        }
        json!({rule: params})
    })
}

fn figure_rule(column: &Column, rule: u8, at: usize) -> (&'static str, Value) {
    let limit = |function: &str| json!({"fn": function, "max": column.literal(at)});
    let orders = column.kind.is_number() || column.kind.is_time();
    match rule {
        0 if orders => ("statistic", limit("min")),
        1 if orders => ("statistic", limit("max")),
        2 if column.kind.is_number() => ("statistic", limit("range")),
        3 if column.kind.is_number() => ("statistic", limit("sum")),
        4 if column.kind.is_time() => ("freshness", json!({"max_age": "20w"})),
        5 => ("distinct_count", json!({"max": at})),
        6 => ("primary_key", json!({})),
        _ => ("unique", json!({"nulls_distinct": at.is_multiple_of(2), "max": at % 3})),
    }
}

/// A rule about all rows.
fn about_all() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..20_u64).prop_map(|rows| json!({"row_count": {"min": rows}})),
        Just(json!({"row_count": {"min": 3, "where": "id > 2"}})),
        (column(), column()).prop_map(|(a, b)| {
            let column = json!({"nullable": false});
            let columns = Map::from_iter([a.name, b.name].map(|name| (name.to_owned(), column.clone())));
            json!({"schema": {"mode": "contains", "columns": columns}})
        }),
        Just(json!({"expression": "id < 5"})),
        (0..9_u64).prop_map(|rows| json!({"row_count": {"max": rows, "group_by": "mode"}})),
        Just(json!({"not_null": {"column": "id", "group_by": "mode"}})),
        Just(json!({"primary_key": ["id", "text"]})),
        Just(json!({"unique": {"columns": ["day", "id", "mode"], "nulls_distinct": false}})),
    ]
}
