//! What columns suggest, and what they do not.

use lockgate_engine::history::Remembered;
use lockgate_rules::{Check, Point};

use super::*;

/// The suggestions for a column of a profile as it is stored.
fn of(name: &str, stored: Value) -> Vec<Suggestion> {
    let profile: ColumnProfile = serde_json::from_value(stored).expect("a stored profile");
    of_column(&Facts { name, profile: &profile, is_partition: false })
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn texts(rows: u64, values: Value, shapes: Value, range: [u64; 2]) -> Value {
    json!({
        "type": "string", "kind": "text", "depth": "full", "rows": rows, "nulls": 0,
        "frequent": { "values": values, "total": rows },
        "shapes": { "values": shapes, "total": rows },
        "lengths": { "range": range, "characters": rows, "texts": rows },
    })
}

fn rules(all: &[Suggestion]) -> Vec<&str> {
    all.iter().map(|suggestion| suggestion.rule).collect()
}

#[test]
fn few_texts_that_are_all_frequent_are_a_set() {
    let all = of("c", texts(1_000, json!({"b": 600, "a": 400}), json!({"a": 1_000}), [1, 1]));
    assert_eq!(rules(&all), ["not_null", "in_set"]);
    assert_eq!(all[1].params["values"], json!(["a", "b"]));
    let rare = of("c", texts(1_000, json!({"b": 998, "a": 2}), json!({"a": 1_000}), [1, 1]));
    assert_eq!(rules(&rare), ["not_null", "regex", "length"]);
    let few = of("c", texts(99, json!({"b": 50, "a": 49}), json!({"a": 99}), [1, 1]));
    assert_eq!(rules(&few), [] as [&str; 0]);
}

#[test]
fn texts_of_one_shape_have_a_pattern_or_a_format() {
    let code = of("c", texts(1_000, json!({}), json!({"AA-999": 1_000}), [6, 6]));
    assert_eq!(code[1].params["pattern"], r"[A-Z]{2}\-[0-9]{3}");
    let day = of("c", texts(1_000, json!({}), json!({"9999-99-99": 1_000}), [10, 10]));
    assert_eq!(day[1].params["is"], "iso_date");
    let mail = of("c", texts(1_000, json!({}), json!({"aaa@aa.aa": 900, "a@a.aaa": 100}), [7, 9]));
    assert_eq!(mail[1].params["is"], "email");
}

#[test]
fn every_suggestion_is_a_check_that_alerts() {
    let name = "a \"b\": ${c}\n";
    let columns = [
        texts(1_000, json!({"yes": 500, "'": 500}), json!({"aaa": 500, "'": 500}), [1, 3]),
        texts(1_000, json!({}), json!({"AA-999": 1_000}), [6, 6]),
        texts(1_000, json!({}), json!({"…": 1_000}), [0, 900]),
    ];
    for suggestion in columns.into_iter().flat_map(|column| of(name, column)) {
        let params = Value::Object(suggestion.params.clone());
        let checks = Check::parse(suggestion.rule, &params).expect("a check");
        assert_eq!(checks.len(), 1);
        assert_eq!(suggestion.params["severity"], "alert");
    }
}

#[test]
fn a_pipeline_says_how_it_came_about() {
    let all = of("carrier", texts(1_000, json!({"UA": 600, "no": 400}), json!({"AA": 1_000}), [2, 2]));
    let learnt = Learnt {
        read: "lake/flights/",
        format: "parquet",
        name: "flights",
        rows: 1_000,
        tested: 90,
        left_out: 1,
    };
    insta::assert_snapshot!(pipeline(&learnt, &all));
}

/// A day on which a column of texts held these values so many times, and so many nulls.
fn day(day: u32, values: &[(&str, u64)], nulls: u64) -> Point {
    let present: u64 = values.iter().map(|(_, times)| times).sum();
    let listed: Map<String, Value> =
        values.iter().map(|(value, times)| ((*value).to_owned(), Value::from(*times))).collect();
    let lengths = values.iter().map(|(value, _)| value.chars().count());
    let profile = json!({
        "type": "string", "kind": "text", "depth": "drift", "rows": present + nulls, "nulls": nulls,
        "frequent": { "values": listed, "total": present },
        "lengths": {
            "range": [lengths.clone().min(), lengths.max()], "characters": present, "texts": present,
        },
    });
    let point = json!({
        "key": format!("day=2024-01-{day:02}"), "run_id": format!("run-{day}"),
        "time": format!("2024-01-{day:02}T00:00:00Z"),
        "profile": {
            "version": 1, "rows": present + nulls, "columns": [{"column": "mode", "profile": profile}],
        },
    });
    serde_json::from_value(point).expect("a point as it is stored")
}

fn learnt(points: Vec<Point>) -> FromPast {
    from_past(&Remembered { on: "clean".into(), points }).expect("more than one point")
}

#[test]
fn the_past_suggests_what_its_newest_points_bear_out() {
    let usual: Vec<Point> =
        (1..=15).map(|at| day(at, &[("AIR", 700 + u64::from(at)), ("SHIP", 300)], 0)).collect();
    let found = learnt(usual.clone());
    assert_eq!((found.points_learnt_from, found.points_tested_on, found.left_out.len()), (12, 3, 0));
    assert_eq!(rules(&found.checks), ["row_count", "change", "not_null", "in_set", "psi"]);
    assert_eq!(found.checks[0].params["min"], 500);
    assert_eq!(found.checks[1].params["fail"], 10);
    assert_eq!(found.checks[3].params["values"], json!(["AIR", "SHIP"]));
    insta::assert_snapshot!(list(&found));

    let mut odd = usual;
    odd[14] = day(15, &[("AIR", 20), ("PIPE", 380)], 1);
    let found = learnt(odd);
    assert_eq!(rules(&found.left_out), ["row_count", "change", "not_null", "in_set", "psi"]);
    assert_eq!(list(&found).lines().last(), Some("checks: []"));
}

#[test]
fn one_point_is_no_past() {
    let alone = Remembered { on: "clean".into(), points: vec![day(1, &[("AIR", 700)], 0)] };
    assert!(from_past(&alone).is_none());
    let two = learnt(vec![day(1, &[("AIR", 700)], 0), day(2, &[("AIR", 700)], 0)]);
    assert_eq!(rules(&two.checks), ["row_count", "not_null", "in_set"]);
}

#[test]
fn values_that_are_not_shown_are_not_suggested() {
    let mut points: Vec<Point> = (1..=6).map(|at| day(at, &[("AIR", 700), ("SHIP", 300)], 10)).collect();
    for column in points.iter_mut().flat_map(|point| point.profile.columns.values_mut()) {
        column.redacted = true;
    }
    assert_eq!(rules(&learnt(points).checks), ["row_count", "change", "completeness", "psi"]);
}

#[test]
fn the_folder_of_a_partition_says_nothing_of_other_days() {
    let mut points: Vec<Point> = (1..=6).map(|at| day(at, &[("AIR", 700)], 0)).collect();
    for point in &mut points {
        point.key = format!("mode={}", point.key);
    }
    assert_eq!(rules(&learnt(points).checks), ["row_count", "change", "not_null"]);
}
