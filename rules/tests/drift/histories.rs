//! Rules about the history of a figure.

use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::Duration;
use lockgate_rules::{
    AnsweredFrom, Depth, Exactness, History, JudgeContext, Lookback, Point, Profile, Proofs, References,
    Status, Suite, Verdict,
};
use serde_json::{Value, json};

use crate::support::{bind, check, judge_against, now, rows, state, verdict_after};
use crate::{DISTANCES, distance, drawn, figure};

/// So many rows.
fn lines(count: usize) -> RecordBatch {
    rows(&format!("id:int64\n{}", "1\n".repeat(count)))
}

/// A verdict on a number of rows after others.
fn rows_after(rule: &str, params: Value, count: usize, before: &[usize]) -> Verdict {
    let before: Vec<RecordBatch> = before.iter().map(|count| lines(*count)).collect();
    verdict_after(rule, params, &lines(count), &before)
}

#[test]
fn the_same_rows_have_the_same_figures_however_many_they_are() {
    let values: Vec<String> = (0..5_000).map(|row| (row * 7_919 % 4_999).to_string()).collect();
    let batch = rows(&format!("x:int64\n{}\n", values.join("\n")));
    for metric in [json!("median"), json!({"quantile": 0.9}), json!("stddev"), json!("distinct_count")] {
        let params = json!({"column": "x", "metric": metric, "fail": 0});
        let found = verdict_after("change", params, &batch, std::slice::from_ref(&batch));
        assert_eq!(found.status, Status::Pass, "{metric}: {}", found.observed_text);
        let is_estimate = metric == "median" || metric.is_object();
        assert_eq!(found.exactness != Exactness::Exact, is_estimate, "{metric}");
    }
}

#[test]
fn a_figure_that_is_no_number_fails() {
    let (before, now) = (rows("x:float64\n1\n2\n3\n"), rows("x:float64\n1\n2\nNaN\n"));
    for metric in ["stddev", "mean", "median"] {
        let params = json!({"column": "x", "metric": metric, "fail": 5});
        let found = verdict_after("change", params, &now, std::slice::from_ref(&before));
        assert_eq!(found.status, Status::Fail, "{metric}: {}", found.observed_text);
    }
}

#[test]
fn a_change_is_measured_as_asked() {
    use Status::{Fail, Pass, Skipped, Warn};
    for (params, count, before, expected, text) in [
        (json!({"fail": 50}), 15, &[10][..], Pass, "15 after 10 (+50 %)"),
        (json!({"fail": 49}), 15, &[10], Fail, "15 after 10 (+50 %)"),
        (json!({"fail": 49}), 5, &[10], Fail, "5 after 10 (-50 %)"),
        (json!({"fail": 60, "warn": 20}), 15, &[10], Warn, "15 after 10 (+50 %)"),
        (json!({"fail": 1, "direction": "down"}), 15, &[10], Pass, "15 after 10 (+50 %)"),
        (json!({"fail": 1, "direction": "down"}), 5, &[10], Fail, "5 after 10 (-50 %)"),
        (json!({"fail": 1, "direction": "up"}), 5, &[10], Pass, "5 after 10 (-50 %)"),
        (json!({"fail": 2, "as": "ratio"}), 5, &[10], Pass, "5 after 10 (× 0.5)"),
        (json!({"fail": 2, "as": "ratio"}), 4, &[10], Fail, "4 after 10 (× 0.4)"),
        (json!({"fail": 1, "as": "ratio"}), 10, &[10], Pass, "10 after 10 (× 1)"),
        (json!({"fail": 5, "as": "absolute"}), 16, &[10], Fail, "16 after 10 (+6)"),
        (json!({"fail": 0, "baseline": {"last": 3}}), 4, &[100, 2, 4, 6], Pass, "4 after 4 (+0 %)"),
        // 2024-01-03 is a Wednesday, as seven days before.
        (
            json!({"fail": 0, "baseline": {"same_weekday": 1}}),
            7,
            &[7, 1, 1, 1, 1, 1, 1],
            Pass,
            "7 after 7 (+0 %)",
        ),
        (json!({"fail": 0, "baseline": {"run": "run-0"}}), 9, &[9, 1], Pass, "9 after 9 (+0 %)"),
        (
            json!({"fail": 0, "baseline": {"run": "run-9"}}),
            9,
            &[9, 1],
            Status::Error,
            "no run \"run-9\" has published states of this; `lockgate history` lists the runs",
        ),
        (json!({"fail": 50}), 0, &[10], Fail, "0 after 10 (-100 %)"),
        (json!({"fail": 50, "min_base": 20}), 0, &[10], Skipped, "10 before is below min_base 20"),
        (json!({"fail": 50}), 9, &[], Skipped, "no baseline yet: 0 of 1 earlier points"),
    ] {
        let verdict = rows_after("change", params.clone(), count, before);
        assert_eq!((verdict.status, verdict.observed_text.as_str()), (expected, text), "{params} {count}");
    }
}

#[test]
fn a_change_from_nothing_is_infinite() {
    let nulls = |values: &str| rows(&format!("c:int64\n{values}"));
    let params = |fail: f64| json!({"column": "c", "metric": "null_count", "fail": fail});
    let (none, one) = (nulls("1\n2\n"), nulls("1\n\n"));
    let verdict = verdict_after("change", params(1e9), &one, std::slice::from_ref(&none));
    assert_eq!((verdict.status, verdict.observed_text.as_str()), (Status::Fail, "1 after 0"));
    assert_eq!(verdict_after("change", params(0.0), &none, std::slice::from_ref(&none)).status, Status::Pass);
}

#[test]
fn checks_of_several_figures_have_names_of_their_own() {
    let id = |rule, params| check(rule, &params).remove(0).id();
    assert_eq!(id("change", json!({"fail": 1})), "change(row_count)");
    assert_eq!(id("change", json!({"column": "a", "metric": "mean", "fail": 1})), "change(mean of a)");
    let share = json!({"column": "a", "metric": {"share_of": "x"}, "where": "a < b"});
    assert_eq!(id("metric_anomaly", share), "metric_anomaly(share of \"x\" of a) where a < b");
    let quantile = json!({"column": "a", "metric": {"quantile": 0.9}});
    assert_eq!(id("metric_anomaly", quantile), "metric_anomaly(quantile 0.9 of a)");
}

const USUAL: [usize; 8] = [10, 12, 11, 13, 9, 12, 11, 14];

#[test]
fn an_anomaly_is_one_by_the_method_asked_for() {
    for (method, scale) in
        [("mad", 5.733_171_455_551), ("zscore", 5.300_681_297_93), ("iqr", 5.166_666_666_667)]
    {
        let verdict = rows_after("metric_anomaly", json!({"method": method}), 20, &USUAL);
        assert!((figure(&verdict, "score") - scale).abs() < 1e-9, "{method}: {verdict:?}");
        assert_eq!(verdict.status, Status::Fail, "{method}");
        assert_eq!(rows_after("metric_anomaly", json!({"method": method}), 12, &USUAL).status, Status::Pass);
    }
    let compared = rows_after("metric_anomaly", json!({}), 12, &USUAL).baseline.unwrap();
    assert_eq!(
        (compared.points, compared.first.run_id.as_str(), compared.last.run_id.as_str()),
        (8, "run-0", "run-7")
    );
}

#[test]
fn too_little_history_small_changes_and_the_other_direction_are_no_anomaly() {
    use Status::{Fail, Pass, Skipped};
    for (params, count, before, expected) in [
        (json!({}), 20, &USUAL[..6], Skipped),
        (json!({"min_history": 6}), 20, &USUAL[..6], Fail),
        (json!({"direction": "down"}), 20, &USUAL, Pass),
        (json!({"direction": "down"}), 1, &USUAL, Fail),
        (json!({"ignore_small_change": 0.9}), 20, &USUAL, Pass),
        (json!({"ignore_small_change": 0.5}), 20, &USUAL, Fail),
        // Nothing ever varied: one per cent is still none.
        (json!({}), 101, &[100; 7], Pass),
        (json!({}), 102, &[100; 7], Fail),
        (json!({}), 0, &USUAL, Fail),
        (json!({"window": 7}), 12, &[1000, 1000, 10, 12, 11, 13, 9, 12, 11], Pass),
    ] {
        let verdict = rows_after("metric_anomaly", params.clone(), count, before);
        assert_eq!(verdict.status, expected, "{params} {count}: {}", verdict.observed_text);
    }
}

#[test]
fn only_the_last_of_several_anomalies_in_a_row_fails() {
    let params = json!({"consecutive": 3});
    let with = |more: &[usize]| [&USUAL[..], more].concat();
    let once = rows_after("metric_anomaly", params.clone(), 40, &with(&[]));
    assert_eq!(once.status, Status::Pass);
    assert!(once.observed_text.ends_with(", 1 of 3 in a row)"), "{}", once.observed_text);
    assert_eq!(rows_after("metric_anomaly", params.clone(), 40, &with(&[40])).status, Status::Pass);
    let third = rows_after("metric_anomaly", params.clone(), 40, &with(&[40, 40]));
    assert_eq!(third.status, Status::Fail, "{}", third.observed_text);
    assert_eq!(rows_after("metric_anomaly", params, 40, &with(&[40, 11])).status, Status::Pass);
}

#[test]
fn seasons_compare_like_with_like() {
    // Weekends (the 6th and 7th of every seven) have fewer rows; now is a Wednesday like the first.
    let days: Vec<usize> =
        (0..56).map(|day| if day % 7 == 3 || day % 7 == 4 { 10 } else { 50 + day % 3 }).collect();
    let weekday = json!({"seasonality": "dow", "min_history": 5, "window": 8});
    assert_eq!(rows_after("metric_anomaly", weekday.clone(), 51, &days).status, Status::Pass);
    assert_eq!(rows_after("metric_anomaly", weekday, 12, &days).status, Status::Fail);
    let forecast = json!({"method": "holt_winters", "seasonality": "dow", "window": 56});
    assert_eq!(rows_after("metric_anomaly", forecast.clone(), 51, &days).status, Status::Pass);
    assert_eq!(rows_after("metric_anomaly", forecast, 12, &days).status, Status::Fail);
    // Without seasons such a day passes for a weekend.
    for method in ["iqr", "zscore"] {
        let unseasonal = json!({"method": method, "window": 56});
        assert_eq!(rows_after("metric_anomaly", unseasonal, 12, &days).status, Status::Pass, "{method}");
    }
}

#[test]
fn a_rule_says_how_much_history_it_needs() {
    let lookback = |rule, params| check(rule, &params).remove(0).baselines().remove(0).lookback();
    assert_eq!(lookback("psi", json!("c")), Lookback::Points(7));
    assert_eq!(lookback("change", json!({"fail": 1})), Lookback::Points(1));
    assert_eq!(lookback("metric_anomaly", json!({"consecutive": 3})), Lookback::Points(30));
    assert_eq!(lookback("metric_anomaly", json!({"seasonality": "dow"})), Lookback::Days(203));
    let given = check("psi", &json!({"column": "c", "bins": [1, 2], "reference": [1]})).remove(0);
    assert!(given.baselines().is_empty());
    assert!(check("not_null", &json!("c")).remove(0).baselines().is_empty());
}

#[test]
fn the_most_unusual_category_is_reported() {
    let cities = |bern: usize, zug: usize| {
        rows(&format!("c:utf8\n{}{}Basel\n", "Bern\n".repeat(bern), "Zug\n".repeat(zug)))
    };
    let before: Vec<RecordBatch> = (0..8).map(|day| cities(50 + day % 3, 50 - day % 3)).collect();
    let judged = |now: &RecordBatch| verdict_after("dimension_anomaly", json!("c"), now, &before);
    assert_eq!(judged(&cities(51, 49)).status, Status::Pass);
    let moved = judged(&cities(70, 30));
    assert_eq!(moved.status, Status::Fail);
    let text = &moved.observed_text;
    assert!(text.starts_with("Zug: share 0.29") || text.starts_with("Bern: share 0.69"), "{text}");
    // A city that is new is unusual too, as its share was always zero.
    let fresh = rows(&format!("c:utf8\n{}{}", "Bern\n".repeat(50), "Genève\n".repeat(5)));
    assert!(judged(&fresh).observed["categories"].to_string().contains("Genève"));
}

/// A table of numbers and texts, profiled and read back as from a store.
fn stored(days: usize, suite: &Suite, batch: impl Fn(usize) -> RecordBatch) -> History {
    let distinct: Vec<String> = (0..5)
        .map(|day| {
            let profile = state(suite, &[batch(day)]).profiles().remove("").unwrap();
            serde_json::to_string(&profile).unwrap()
        })
        .collect();
    let point = |day: usize| Point {
        key: format!("day={day}"),
        run_id: format!("run-{day}"),
        time: now() - Duration::days((days - day) as i64),
        profile: serde_json::from_str::<Profile>(&distinct[day % 5]).unwrap(),
    };
    History::new((0..days).map(point).collect())
}

#[test]
fn a_stored_state_is_judged_as_the_run_was() {
    let batch = |seed| drawn(seed as u64 + 1, 2000, |value| value);
    let checks: Vec<(&str, Value)> = DISTANCES
        .iter()
        .filter(|rule| **rule != "new_categories")
        .map(|rule| (*rule, json!({"column": "c", "baseline": {"last": 5}})))
        .collect();
    let suite = bind(&checks, &batch(0).schema());
    let history = stored(5, &suite, batch);
    let of_run = state(&suite, &[batch(9)]);
    let reread = serde_json::from_str(&serde_json::to_string(&of_run).unwrap()).unwrap();
    let judged = |state, source| {
        let proofs = &Proofs::default();
        suite.judge(state, &JudgeContext { now: now(), proofs, source, history: &history })
    };
    let (first, again) = (judged(&of_run, AnsweredFrom::Scan), judged(&reread, AnsweredFrom::State));
    for (first, mut again) in first.into_iter().zip(again) {
        assert_eq!(again.answered_from, AnsweredFrom::State);
        again.answered_from = AnsweredFrom::Scan;
        assert_eq!(first, again);
        // Draws of one distribution do not drift beyond chance.
        assert!(distance(&first) < 0.11, "{first:?}");
    }
}

#[test]
fn a_year_is_judged_in_milliseconds() {
    let batch = |seed: usize| {
        let mut columns = Vec::new();
        let mut csv = String::new();
        for at in 0..2000_usize {
            let draw = (at * 7919 + seed * 104_729) % 100_003;
            csv += &format!("{},v{}\n", draw as f64 / 7.0, draw % 500);
        }
        columns.push(csv);
        rows(&format!("n:float64,t:utf8\n{}", columns.concat()))
    };
    let year = json!({"last": 365});
    let checks = [
        ("psi", json!({"column": "n", "baseline": year})),
        ("ks", json!({"column": "n", "baseline": year})),
        ("jensen_shannon", json!({"column": "t", "baseline": year})),
        ("metric_anomaly", json!({"column": "n", "metric": "mean", "window": 365})),
        ("metric_anomaly", json!({"column": "n", "metric": "median", "window": 365})),
        ("dimension_anomaly", json!({"column": "t", "window": 365})),
    ];
    let suites: Vec<Suite> =
        checks.iter().map(|check| bind(std::slice::from_ref(check), &batch(0).schema())).collect();
    let all = bind(&checks, &batch(0).schema());
    let history = stored(365, &all, batch);
    for (suite, (rule, _)) in suites.iter().zip(&checks) {
        let state = state(suite, &[batch(77)]);
        let start = std::time::Instant::now();
        let verdict = judge_against(suite, &state, &history).remove(0);
        let took = start.elapsed();
        println!("{rule}: {took:?} {}", verdict.observed_text);
        assert_eq!(verdict.baseline.unwrap().points, 365, "{rule}");
        // Far above what it takes, as machines of tests are busy.
        assert!(took.as_millis() < 500, "{rule}: {took:?}");
    }
}

#[test]
fn a_state_of_sixty_columns_is_small() {
    let mut fields = Vec::new();
    for at in 0..30_usize {
        let numbers = drawn(at as u64 + 5, 50_000, |value| value * 37.123 + at as f64);
        fields.push((format!("n{at}"), Arc::clone(numbers.column(0))));
        let texts: arrow::array::StringArray = (0..50_000_usize)
            .map(|row| Some(format!("category {}", (row * 7919 + at) % [7, 150, 20_000][at % 3])))
            .collect();
        fields.push((format!("t{at}"), Arc::new(texts) as arrow::array::ArrayRef));
    }
    let batch = RecordBatch::try_from_iter(fields).unwrap();
    let wanted: Vec<(String, Depth)> =
        batch.schema().fields().iter().map(|field| (field.name().clone(), Depth::Drift)).collect();
    let suite = Suite::bind_profiling(Vec::new(), &batch.schema(), References::default(), &wanted).unwrap();
    let profile = state(&suite, &[batch]).profiles().remove("").unwrap();
    let size = serde_json::to_string(&profile).unwrap().len();
    println!("60 columns: {size} bytes");
    assert!(size < 60 * 6_000, "{size}");
}
