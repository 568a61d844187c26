use polars::prelude::IntoLazy as _;

use super::super::{AggregateCall, Role, functions};
use super::{expression, frame, shown, value};

#[test]
fn every_example_gives_what_it_says() {
    let mut wrong = Vec::new();
    for function in functions().filter(|function| function.role == Role::Scalar) {
        let (example, expected) = function.example;
        let found = value(example);
        if found != expected {
            wrong.push(format!("{example} gives {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_aggregate_gives_what_its_example_says() {
    let mut wrong = Vec::new();
    for function in functions().filter(|function| function.role == Role::Aggregate) {
        let (example, expected) = function.example;
        let found = aggregate(example);
        if found != expected {
            wrong.push(format!("{example} gives {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The value of an expression over aggregates, by way of its parts.
fn aggregate(text: &str) -> String {
    let frame = frame();
    let parts = expression(text).unwrap().aggregates().unwrap();
    let bound = parts.calls.iter().enumerate().map(|(index, call)| {
        let (expr, dtype) = call.bind(frame.schema()).unwrap_or_else(|error| panic!("{text}: {error}"));
        (expr.alias(AggregateCall::placeholder(index)), dtype)
    });
    let (exprs, dtypes): (Vec<_>, Vec<_>) = bound.unzip();
    let out = frame.lazy().select(exprs).collect().unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(out.dtypes(), dtypes, "{text}");
    let rest = parts.rest.bind_scalar(out.schema()).unwrap();
    shown(out.clone().lazy().select([rest.alias("out")]).collect().unwrap().column("out").unwrap())
        .swap_remove(0)
}

#[test]
fn aggregates_come_apart_and_go_together_again() {
    let parts = expression("sum(x) / count(*) + sum(x) - coalesce(max(x) FILTER (WHERE b), 0)").unwrap();
    let parts = parts.aggregates().unwrap();
    let names: Vec<_> = parts.calls.iter().map(|call| call.function.name).collect();
    assert_eq!(names, ["sum", "count", "max"], "the same call is one");
    assert_eq!(aggregate("sum(x) / count(*)"), "1.75");
    assert_eq!(aggregate("count(*) FILTER (WHERE x > 1)"), "2");
    assert_eq!(aggregate("max(x) FILTER (WHERE b)"), "4");
    assert_eq!(aggregate("count(DISTINCT b)"), "2");
    assert_eq!(aggregate("count(1)"), "4");
    assert_eq!(aggregate("sum(x) FILTER (WHERE x > 9)"), "null");
    assert_eq!(aggregate("sum(p)"), "10000000001.19");
    assert_eq!(aggregate("round(avg(x), 2)"), "2.33");
}

#[test]
fn an_aggregate_within_an_aggregate_is_refused() {
    let error = expression("sum(max(x))").unwrap().aggregates().unwrap_err();
    assert_eq!(error.message(), "max stands inside sum");
}

#[test]
fn names_are_unique_and_in_lower_case() {
    let mut names: Vec<&str> = functions().flat_map(|f| f.aliases.iter().copied().chain([f.name])).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(
        names
            .iter()
            .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
    );
}
