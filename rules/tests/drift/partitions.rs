//! Runs that write several partitions: each is judged by itself, as of the time it stands for.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use chrono::{DateTime, Duration, Utc};
use lockgate_rules::{Batch, History, Partitions, Point, Profile, RULES, State, Status, Suite, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, history, judge_against, now, rows, state};

/// A day in January 2024, the first of which was a Monday.
pub(crate) fn day(day: u32) -> (String, DateTime<Utc>) {
    let name = format!("day=2024-01-{day:02}");
    (name, format!("2024-01-{day:02}T00:00:00Z").parse().unwrap())
}

/// The state of a run that wrote these rows into these partitions, their rows mixed in every batch.
pub(crate) fn written(suite: &Suite, partitions: &[(String, RecordBatch)]) -> State {
    let names: Vec<String> = partitions.iter().map(|(name, _)| name.clone()).collect();
    let all: Vec<&RecordBatch> = partitions.iter().map(|(_, rows)| rows).collect();
    let record = concat_batches(&all[0].schema(), all).unwrap();
    let of_row: Vec<u32> = partitions
        .iter()
        .enumerate()
        .flat_map(|(at, (_, rows))| std::iter::repeat_n(at as u32, rows.num_rows()))
        .collect();
    let batch = Batch {
        record: &record,
        predicates: &suite
            .predicates()
            .iter()
            .map(|text| crate::support::predicate(text, &record))
            .collect::<Vec<_>>(),
        origins: None,
        now: now(),
        partitions: Some(Partitions { of_row: &of_row, names: &names }),
    };
    let mut state = suite.start();
    state.merge(suite.measure(&batch).unwrap().part).unwrap();
    state
}

/// What was published on days, as the suite profiles it.
pub(crate) fn published(suite: &Suite, days: &[(u32, RecordBatch)]) -> Vec<Point> {
    let point = |(at, batch): &(u32, RecordBatch)| {
        let (key, time) = day(*at);
        let profile: Profile =
            state(suite, std::slice::from_ref(batch)).profiles().remove("").unwrap_or_default();
        Point { key, run_id: format!("run-{at}"), time, profile }
    };
    days.iter().map(point).collect()
}

fn ids(count: usize) -> RecordBatch {
    let lines: Vec<String> = (0..count).map(|id| id.to_string()).collect();
    rows(&format!("id:int64\n{}\n", lines.join("\n")))
}

/// The verdict on a run that wrote so many rows into each day, after so many in each day before.
fn counted(rule: &str, params: Value, now: &[(u32, usize)], before: &[(u32, usize)]) -> Verdict {
    let suite = bind(&[(rule, params)], &ids(1).schema());
    let before: Vec<(u32, RecordBatch)> = before.iter().map(|(at, rows)| (*at, ids(*rows))).collect();
    let parts: Vec<(String, RecordBatch)> = now.iter().map(|(at, rows)| (day(*at).0, ids(*rows))).collect();
    let history = History::new(published(&suite, &before)).of_partitions(now.iter().map(|(at, _)| day(*at)));
    judge_against(&suite, &written(&suite, &parts), &history).remove(0)
}

#[test]
fn three_days_are_not_one_day_of_thrice_the_rows() {
    let before = [(1, 100), (2, 102), (3, 98)];
    let params = json!({"metric": "row_count", "baseline": {"last": 3}, "fail": 10});
    let found = counted("change", params.clone(), &[(4, 100), (5, 101), (6, 99)], &before);
    assert_eq!(found.status, Status::Pass);
    assert_eq!(found.observed_text, "day=2024-01-06: 99 after 100 (-1 %); all 3 partitions pass");
    assert_eq!((found.n_evaluated, found.groups.len()), (300, 3));
    let found = counted("change", params.clone(), &[(4, 100), (5, 150), (6, 99)], &before);
    assert_eq!(found.status, Status::Fail);
    assert_eq!(found.observed_text, "day=2024-01-05: 150 after 100 (+50 %); 1 of 3 partitions fails");
    assert_eq!(
        found.observed,
        json!({"change": 50.0, "now": 150.0, "before": 100.0, "partition": "day=2024-01-05"})
    );
    assert_eq!(found.groups[0].group["partition"], json!("day=2024-01-05"));
    assert_eq!(found.groups[0].status, Status::Fail);
    // A day alone is judged as it was, without its name.
    let found = counted("change", params, &[(5, 150)], &before);
    assert_eq!(found.observed_text, "150 after 100 (+50 %)");
    assert!(found.groups.is_empty());
}

#[test]
fn a_partition_is_compared_with_what_is_earlier_than_it() {
    // The fourth was published before; the third and the fifth are written now.
    let before = [(1, 10), (2, 20), (4, 40)];
    let params = json!({"metric": "row_count", "baseline": "previous", "as": "absolute", "fail": 5});
    let found = counted("change", params, &[(3, 20), (5, 40)], &before);
    assert_eq!(found.observed_text, "day=2024-01-05: 40 after 40 (+0); all 2 partitions pass");
    let baseline = found.baseline.unwrap();
    assert_eq!(baseline.last.key, "day=2024-01-04");
}

#[test]
fn weekdays_are_those_of_the_partitions() {
    // Mondays have 10 rows, Tuesdays 50.
    let before = [(1, 10), (2, 50), (8, 10), (9, 50), (15, 10), (16, 50)];
    let now = [(22, 10), (23, 50)];
    for (rule, params) in [
        ("change", json!({"metric": "row_count", "baseline": {"same_weekday": 3}, "fail": 1})),
        ("metric_anomaly", json!({"seasonality": "dow", "min_history": 3})),
    ] {
        let found = counted(rule, params.clone(), &now, &before);
        assert_eq!(found.status, Status::Pass, "{rule}: {}", found.observed_text);
        assert!(found.observed_text.ends_with("all 2 partitions pass"), "{}", found.observed_text);
        let swapped = counted(rule, params, &[(22, 50), (23, 10)], &before);
        assert!(swapped.observed_text.ends_with("2 of 2 partitions fail"), "{}", swapped.observed_text);
    }
}

#[test]
fn a_partition_without_rows_in_scope_is_judged_too() {
    let suite = bind(
        &[("change", json!({"where": "id < limit", "fail": 50})), ("change", json!({"fail": 5000}))],
        &rows("id:int64,limit:int64\n").schema(),
    );
    let full = || rows("id:int64,limit:int64\n1,9\n2,9\n3,9\n");
    let none = rows("id:int64,limit:int64\n11,9\n12,9\n");
    let earlier = state(&suite, &[full()]).profiles().remove("").unwrap();
    let (key, time) = day(1);
    let history = History::new(vec![Point { key, run_id: "run".into(), time, profile: earlier }]);
    let parts = [(day(2).0, full()), (day(3).0, none)];
    let judged = |history: &History| judge_against(&suite, &written(&suite, &parts), history).remove(0);
    let found = judged(&history.clone().of_partitions([day(2), day(3)]));
    assert_eq!(found.status, Status::Fail);
    assert_eq!(found.observed_text, "day=2024-01-03: 0 after 3 (-100 %); 1 of 2 partitions fails");
    // Where only the earliest time is known, partitions are told apart all the same.
    let found = judged(&history.clone().as_of(day(2).1));
    assert_eq!(found.observed_text, "day=2024-01-03: 0 after 3 (-100 %); 1 of 2 partitions fails");
    // Partitions that stand for no time make one point together.
    assert_eq!(judged(&history).observed_text, "3 after 3 (+0 %)");
}

#[test]
fn a_partition_without_a_baseline_yet_hides_no_other() {
    let params = json!({"metric": "row_count", "baseline": "previous", "fail": 10});
    let found = counted("change", params.clone(), &[(1, 5), (3, 100)], &[(2, 10)]);
    assert_eq!(found.observed_text, "day=2024-01-03: 100 after 10 (+900 %); 1 of 1 partitions fails");
    let found = counted("change", params, &[(1, 5), (2, 100)], &[]);
    assert_eq!(found.status, Status::Skipped);
    assert_eq!(found.observed_text, "day=2024-01-02: no baseline yet: 0 of 1 earlier points");
}

#[test]
fn every_rule_about_history_judges_partitions_as_it_judges_runs_of_their_own() {
    let mut judged = 0;
    for def in RULES.iter().filter(|def| !def.example.earlier().is_empty()) {
        let params: Value = serde_json::from_str(def.example.params).unwrap();
        let now = rows(def.example.rows());
        let suite = bind(&[(def.name, params)], &now.schema());
        let earlier: Vec<RecordBatch> = def.example.earlier().iter().map(|csv| rows(csv)).collect();
        let parts: Vec<(String, RecordBatch)> = std::iter::once(&now)
            .chain(&earlier)
            .enumerate()
            .map(|(at, batch)| (day(10 + at as u32).0, batch.clone()))
            .collect();
        let times = (0..parts.len()).map(|at| day(10 + at as u32));
        let points = history(&suite, &earlier).points;
        let found =
            judge_against(&suite, &written(&suite, &parts), &History::new(points).of_partitions(times));
        let found = found.into_iter().next().unwrap();
        let groups: BTreeMap<&str, _> =
            found.groups.iter().map(|group| (group.group["partition"].as_str().unwrap(), group)).collect();
        let mut worst = Status::Pass;
        for (at, (name, batch)) in parts.iter().enumerate() {
            let alone = state(&suite, std::slice::from_ref(batch));
            let earlier = history(&suite, &earlier).as_of(day(10 + at as u32).1);
            let alone = judge_against(&suite, &alone, &earlier).remove(0);
            let group = groups[name.as_str()];
            assert_eq!(
                (group.status, &group.observed_text, &group.observed),
                (alone.status, &alone.observed_text, &alone.observed),
                "{} {name}",
                def.name
            );
            assert_eq!(group.n_evaluated, alone.n_evaluated, "{} {name}", def.name);
            if alone.status == Status::Fail {
                worst = Status::Fail;
            }
        }
        assert_eq!(found.status == Status::Fail, worst == Status::Fail, "{}", def.name);
        judged += 1;
    }
    assert!(judged > 12, "{judged}");
}

#[test]
fn rows_that_were_not_told_apart_are_judged_together() {
    let suite = bind(&[("change", json!({"fail": 10}))], &ids(1).schema());
    let state = state(&suite, &[ids(30)]);
    let history = History::new(published(&suite, &[(1, ids(10))])).of_partitions([day(2)]);
    assert_eq!(judge_against(&suite, &state, &history).remove(0).observed_text, "30 after 10 (+200 %)");
    let nothing = suite.start();
    assert_eq!(judge_against(&suite, &nothing, &history).remove(0).observed_text, "0 after 10 (-100 %)");
}

#[test]
fn partitions_make_parts_of_other_rules() {
    let part = json!({"change": {"metric": "row_count", "fail": 10}});
    let parts = json!([part, {"row_count": {"min": 1}}]);
    let found = counted("all_of", parts, &[(2, 10), (3, 30)], &[(1, 10)]);
    assert_eq!(found.status, Status::Fail);
    assert!(found.observed_text.contains("day=2024-01-03: 30 after 10"), "{}", found.observed_text);
}

#[test]
fn times_of_partitions_give_the_time_of_all() {
    let history = History::default().of_partitions([day(3), day(2)]);
    assert_eq!(history.as_of, Some(day(2).1));
    assert_eq!(history.as_of.unwrap() + Duration::days(1), day(3).1);
    assert_eq!(History::default().of_partitions([]).as_of, None);
}
