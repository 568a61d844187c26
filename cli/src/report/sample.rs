//! Runs made by hand, for the tests of reports and of what is shown.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use lockgate_engine::history::{PastCheck, PastRows, PastRun, PastTable, Recalled, figure};
use lockgate_engine::report::{Check, FORMAT_VERSION, Input, InputFile, Output, Resources, Step, Table};
use lockgate_engine::scan::{Change, Difference};
use lockgate_engine::store::Requests;
use lockgate_engine::{RunRecord, RunStatus};
use lockgate_rules::{AnsweredFrom, Exactness, OnRow, Sample, Severity, Status, Verdict};
use serde_json::{Value, json};

/// What somebody could hope to bring into a page, a comment or a terminal.
pub(crate) const HOSTILE: &str = "</script><script>alert(1)</script>\u{1b}[31m|`@all` #1 \u{2028}\u{202e}\
                                  <img src=x onerror=alert(2)>\" ' & \u{0} ]]> \r\n # www.example.com {{ 1 }}";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// A verdict of a check on the column `column`, exact and from the rows.
pub(crate) fn verdict(id: &str, rule: &str, column: &str, severity: Severity, status: Status) -> Verdict {
    Verdict {
        baseline: None,
        groups: Vec::new(),
        id: id.into(),
        rule: rule.into(),
        columns: vec![column.into()],
        filter: None,
        severity,
        status,
        observed: json!(1.0),
        observed_text: "all 1,000 pass".into(),
        expected: "between 1 and 12".into(),
        n_evaluated: 1_000,
        n_failed: 0,
        n_null: 0,
        exactness: Exactness::Exact,
        answered_from: AnsweredFrom::Scan,
        samples: Vec::new(),
        dimension: "validity".into(),
        tags: Vec::new(),
        owner: None,
        description: None,
        on_row: OnRow::Keep,
    }
}

fn check(on: &str, verdict: Verdict, places: &[&str]) -> Check {
    let sample_places = places.iter().map(|place| Some((*place).to_owned())).collect();
    Check { on: on.into(), verdict, sample_places }
}

fn sample(values: &Value) -> Sample {
    Sample { origin: None, occurs: None, values: values.as_object().cloned().expect("an object") }
}

fn checks() -> Vec<Check> {
    let mut stop = verdict("city-known", "in_set", "city", Severity::Stop, Status::Fail);
    stop.observed = json!(0.997);
    stop.observed_text = "3 of 1,000 fail (0.30 %)".into();
    stop.expected = "one of Bern, Zürich".into();
    stop.n_failed = 3;
    stop.owner = Some("geo@example.com".into());
    stop.description = Some("Cities come from the registry.".into());
    stop.samples = vec![sample(&json!({"id": 7, "city": null})), sample(&json!({"id": 8, "city": "Basel"}))];
    let mut alert = verdict("mean-price", "statistic", "price", Severity::Alert, Status::Fail);
    alert.observed = json!(12.5);
    alert.observed_text = "12.5".into();
    alert.expected = "mean between 1 and 10".into();
    alert.exactness = Exactness::Approx { bound: 0.01 };
    let mut error = verdict("ratio", "expression", "a", Severity::Alert, Status::Error);
    error.observed = Value::Null;
    error.observed_text = "cannot divide by zero".into();
    let mut noted = verdict("zip", "regex", "zip", Severity::Log, Status::Fail);
    noted.observed_text = "1 of 1,000 fails (0.10 %)".into();
    noted.expected = "matching [0-9]{4}".into();
    noted.n_failed = 1;
    noted.samples = vec![sample(&json!({"zip": "80-01"}))];
    let mut skipped = verdict("gate", "between", "gate", Severity::Stop, Status::Skipped);
    skipped.observed = Value::Null;
    skipped.observed_text = "nothing to evaluate".into();
    skipped.n_evaluated = 0;
    vec![
        check("raw", verdict("month", "between", "month", Severity::Stop, Status::Pass), &[]),
        check("raw", noted, &["lake/raw/part-0.parquet:11"]),
        check("clean", stop, &["lake/raw/part-0.parquet:17", "lake/raw/part-1.parquet:4"]),
        check("clean", alert, &[]),
        check("clean", error, &[]),
        check("clean", skipped, &[]),
    ]
}

/// A run that was withheld, with a check of each standing.
pub(super) fn record() -> RunRecord {
    let step = |step: &str, rows_in, rows_out, counts: &[(&str, u64)]| Step {
        step: step.into(),
        rows_in,
        rows_out,
        counts: counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
        busy_ms: 3.0,
    };
    let output = |location: &str, rows| Output {
        location: location.into(),
        partitions: 1,
        rows,
        bytes: 20_000,
        files: Vec::new(),
    };
    let input = |source: &str, rows| Input {
        source: source.into(),
        location: format!("lake/{source}/"),
        reads: Vec::new(),
        rows,
        rows_out: rows,
        rows_quarantined: 0,
        quarantine: None,
        bytes: 64_000,
        files: vec![InputFile {
            path: format!("lake/{source}/part-0.parquet"),
            bytes: 64_000,
            etag: Some("\"e\"".into()),
        }],
        schema_differences: Vec::new(),
    };
    let mut raw = input("raw", 1_010);
    raw.schema_differences = vec![Difference {
        object: "lake/raw/part-0.parquet".into(),
        column: "zip".into(),
        change: Change::Missing,
    }];
    RunRecord {
        format_version: FORMAT_VERSION,
        run_id: "3f9a1c2e4b7d99aa01".into(),
        pipeline: "places".into(),
        engine_version: "0.1.0".into(),
        status: RunStatus::Withheld,
        replay: None,
        already_published: false,
        recovered: Vec::new(),
        run_time: time("2026-11-23T06:30:00Z"),
        started_at: time("2026-11-23T06:31:00Z"),
        ended_at: time("2026-11-23T06:31:02Z"),
        vars: BTreeMap::from([("lake".to_owned(), "lake".to_owned())]),
        inputs: vec![raw, input("cities", 2)],
        values: Vec::new(),
        tables: vec![
            Table {
                table: "clean".into(),
                from: "raw".into(),
                reads: vec!["cities".into()],
                rows_in: 1_010,
                rows_out: 1_000,
                rows_quarantined: 4,
                steps: vec![
                    step("filter", 1_010, 1_004, &[]),
                    step("join", 1_004, 1_004, &[("unmatched_left", 3)]),
                ],
                output: Some(output("out/clean/", 1_000)),
                quarantine: Some(output("out/quarantine/clean/", 4)),
                busy_ms: 9.0,
            },
            Table {
                table: "by_city".into(),
                from: "clean".into(),
                reads: Vec::new(),
                rows_in: 1_000,
                rows_out: 2,
                rows_quarantined: 0,
                steps: vec![step("aggregate", 1_000, 2, &[("groups", 2)])],
                output: None,
                quarantine: None,
                busy_ms: 1.0,
            },
        ],
        checks: checks(),
        distributions: Vec::new(),
        resources: Resources {
            threads: 2,
            elapsed_ms: 1_840.0,
            phases_ms: [("plan", 34.0), ("begin", 12.0), ("run", 1_430.0), ("publish", 210.0)]
                .map(|(phase, ms)| (phase.to_owned(), ms))
                .into(),
            cpu_ms: Some(3_210.0),
            memory_peak_bytes: Some(312_000_000),
            spilled_bytes: 0,
            requests: Requests::default(),
        },
    }
}

/// The same run where every text that comes from data, files or the pipeline is hostile.
pub(super) fn hostile() -> RunRecord {
    let mut record = record();
    let bad = || HOSTILE.to_owned();
    record.pipeline = bad();
    record.vars = BTreeMap::from([(bad(), bad())]);
    for input in &mut record.inputs {
        (input.source, input.location) = (bad(), bad());
        input.files.iter_mut().for_each(|file| file.path = bad());
        input.schema_differences.iter_mut().for_each(|difference| difference.column = bad());
    }
    for table in &mut record.tables {
        (table.table, table.from) = (bad(), bad());
        table.steps.iter_mut().for_each(|step| step.step = bad());
        table.output.iter_mut().chain(&mut table.quarantine).for_each(|output| output.location = bad());
    }
    for check in &mut record.checks {
        check.on = bad();
        check.sample_places.iter_mut().for_each(|place| *place = Some(bad()));
        let verdict = &mut check.verdict;
        verdict.id = format!("{}{HOSTILE}", verdict.id);
        (verdict.rule, verdict.columns) = (bad(), vec![bad(), bad()]);
        (verdict.observed_text, verdict.expected, verdict.filter) = (bad(), bad(), Some(bad()));
        (verdict.owner, verdict.description, verdict.tags) = (Some(bad()), Some(bad()), vec![bad()]);
        verdict.samples = vec![sample(&json!({ HOSTILE: HOSTILE, "list": [HOSTILE] }))];
    }
    record
}

/// A run with `checks` checks, one in seven of them alerting.
pub(super) fn large(checks: usize) -> RunRecord {
    let one = |at: usize| {
        let status = if at.is_multiple_of(7) { Status::Fail } else { Status::Pass };
        let mut verdict =
            verdict(&format!("check-{at}"), "between", &format!("column_{at}"), Severity::Alert, status);
        verdict.observed = json!(1.0 - (at % 13) as f64 / 1e3);
        check(&format!("table_{}", at % 20), verdict, &[])
    };
    RunRecord { status: RunStatus::PublishedWithAlerts, checks: (0..checks).map(one).collect(), ..record() }
}

/// `record` after `earlier` runs, a day apart, whose figures went up and down.
pub(super) fn recalled(record: RunRecord, earlier: usize) -> Recalled {
    let past = |day: usize| PastRun {
        run_id: format!("{day:032x}"),
        status: if day.is_multiple_of(11) { RunStatus::Withheld } else { RunStatus::Published },
        run_time: record.run_time - TimeDelta::days(day as i64),
        started_at: record.started_at - TimeDelta::days(day as i64),
        ended_at: record.ended_at - TimeDelta::days(day as i64),
        inputs: vec![PastRows { rows: 1_000 + (day as u64 * 37) % 100 }],
        tables: vec![PastTable { output: Some(PastRows { rows: 900 }) }],
        checks: record.checks.iter().enumerate().map(|(at, check)| past_check(check, at, day)).collect(),
        replay: None,
    };
    let earlier = (1..=earlier).map(past).collect();
    Recalled { earlier, ..Recalled::from(record) }
}

fn past_check(check: &Check, at: usize, day: usize) -> PastCheck {
    let verdict = &check.verdict;
    let now = figure(&verdict.observed, verdict.n_evaluated, verdict.n_failed);
    let moved = |now: f64| now - ((day * (at + 3) * 7_919) % 1_000) as f64 / 1e5;
    let status = if (day + at).is_multiple_of(29) { Status::Fail } else { Status::Pass };
    PastCheck { on: check.on.clone(), id: verdict.id.clone(), status, figure: now.map(moved) }
}
