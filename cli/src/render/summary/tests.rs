//! What summaries look like, from records made by hand.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lockgate_engine::report::{
    Check, FORMAT_VERSION, Input, InputFile, Output, OutputFile, Replay, Reread, Resources, Returned, Step,
    Table,
};
use lockgate_engine::scan::{Change, Difference};
use lockgate_engine::store::Requests;
use lockgate_engine::{RunRecord, RunStatus};
use lockgate_rules::{AnsweredFrom, Exactness, Sample, Severity, Status, Verdict};
use serde_json::json;

use super::summary;
use crate::report::sample;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn input(source: &str, rows: u64, bytes: u64, files: usize) -> Input {
    let file = |n| InputFile {
        path: format!("fixtures/flights/{source}/created_at=2013-{n:02}-01/part-0.parquet"),
        bytes: bytes / files as u64,
        etag: None,
    };
    Input {
        source: source.into(),
        location: format!("fixtures/flights/{source}/"),
        reads: Vec::new(),
        rows,
        rows_out: rows,
        rows_quarantined: 0,
        quarantine: None,
        bytes,
        files: (1..=files).map(file).collect(),
        schema_differences: Vec::new(),
    }
}

fn step(step: &str, rows_in: u64, rows_out: u64, counts: &[(&str, u64)]) -> Step {
    let counts = counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    Step { step: step.into(), rows_in, rows_out, counts, busy_ms: 31.4 }
}

fn output(location: &str, rows: u64, bytes: u64, files: usize) -> Output {
    let file =
        |n| OutputFile { path: format!("created_at=2013-{n:02}-01/part-0.parquet"), rows: 1, bytes: 1 };
    let files: Vec<_> = (1..=files).map(file).collect();
    Output { location: location.into(), partitions: files.len(), rows, bytes, files }
}

fn verdict(id: &str, rule: &str, column: &str, severity: Severity, status: Status) -> Verdict {
    Verdict {
        observed_text: "all 336,776 pass".into(),
        n_evaluated: 336_776,
        ..sample::verdict(id, rule, column, severity, status)
    }
}

fn check(on: &str, verdict: Verdict) -> Check {
    Check { on: on.into(), verdict, sample_places: Vec::new() }
}

fn raw_checks() -> Vec<Check> {
    let mut delivered = verdict("delivered", "row_count", "x", Severity::Stop, Status::Pass);
    delivered.columns.clear();
    delivered.observed_text = "336,776 rows".into();
    delivered.expected = "at least 300,000 rows".into();
    delivered.answered_from = AnsweredFrom::Footer;
    let mut tail = verdict("tail-number-form", "regex", "tailnum", Severity::Log, Status::Fail);
    tail.observed_text = "4 of 334,264 fail (0.00 %)".into();
    tail.expected = "matches N[0-9A-Z]+".into();
    tail.n_failed = 4;
    tail.samples = (0..5)
        .map(|n| Sample {
            origin: Some(n),
            occurs: None,
            values:
                json!({"tailnum": "D942DN", "carrier": "DL", "flight": 1200 + n, "note": "\u{1b}[31mred"})
                    .as_object()
                    .cloned()
                    .expect("an object"),
        })
        .collect();
    let places = (0..5).map(|n| Some(format!("created_at=2013-02-01/part-0.parquet:{}", 17 + 1000 * n)));
    let mut checks = vec![
        check("flights", delivered),
        check("flights", verdict("between(month)", "between", "month", Severity::Stop, Status::Pass)),
        check("flights", tail),
    ];
    checks[2].sample_places = places.collect();
    checks
}

fn output_checks(closing: bool) -> Vec<Check> {
    let mut key = verdict("one-row-a-flight", "primary_key", "flight_date", Severity::Stop, Status::Pass);
    key.columns = ["flight_date", "origin", "carrier", "flight"].map(String::from).to_vec();
    key.expected = "unique and never null".into();
    key.observed_text = "336,776 distinct keys".into();
    key.answered_from = AnsweredFrom::Plan;
    if closing {
        key.status = Status::Fail;
        key.answered_from = AnsweredFrom::Scan;
        key.observed_text = "24 rows too many in 12 groups".into();
        let values = json!({"carrier": "UA", "flight": 1545}).as_object().cloned().expect("an object");
        key.samples = vec![Sample { origin: None, occurs: Some(3), values }];
    }
    let mut seats = verdict("aircraft-known", "completeness", "seats", Severity::Alert, Status::Fail);
    seats.observed_text = "83.46 % complete".into();
    seats.expected = "at least 90 % complete".into();
    let mut distinct =
        verdict("distinct_count(tailnum)", "distinct_count", "tailnum", Severity::Stop, Status::Pass);
    distinct.observed_text = "4,043 distinct".into();
    distinct.expected = "from 3,000 to 5,000 distinct values".into();
    distinct.exactness = Exactness::Approx { bound: 0.01 };
    let mut skipped = verdict("between(gate)", "between", "gate", Severity::Stop, Status::Skipped);
    skipped.observed_text = "no rows to evaluate".into();
    [key, seats, distinct, skipped].map(|verdict| check("flights_clean", verdict)).into()
}

fn record(status: RunStatus) -> RunRecord {
    let mut flights = input("raw_flights", 336_776, 5_213_000, 12);
    let missing = |file: &str| Difference {
        object: format!("raw_flights/{file}"),
        column: "tailnum".into(),
        change: Change::Missing,
    };
    flights.schema_differences = vec![
        missing("created_at=2013-03-01/part-0.parquet"),
        missing("created_at=2013-04-01/part-0.parquet"),
        Difference {
            object: "raw_flights/created_at=2013-05-01/part-0.parquet".into(),
            column: "flight".into(),
            change: Change::Widened { from: "int32".into(), to: "int64".into() },
        },
    ];
    let withheld = status == RunStatus::Withheld;
    RunRecord {
        format_version: FORMAT_VERSION,
        run_id: "3f9a1c2e4b7d99aa01".into(),
        pipeline: "flights".into(),
        engine_version: "0.1.0".into(),
        status,
        replay: None,
        already_published: false,
        recovered: Vec::new(),
        run_time: time("2026-11-23T06:30:00Z"),
        started_at: time("2026-11-23T06:31:00Z"),
        ended_at: time("2026-11-23T06:31:02Z"),
        vars: BTreeMap::new(),
        inputs: vec![flights, input("airlines", 16, 1_102, 1), input("planes", 3_322, 61_000, 1)],
        values: Vec::new(),
        tables: vec![
            Table {
                table: "flights_clean".into(),
                from: "flights".into(),
                reads: vec!["airlines".into(), "planes".into()],
                rows_in: 336_776,
                rows_out: 336_701,
                rows_quarantined: 75,
                steps: vec![
                    step("derive", 336_776, 336_776, &[]),
                    step("parse", 336_776, 336_776, &[]),
                    step("deduplicate", 336_776, 336_776, &[("duplicates", 0)]),
                    step("join airlines", 336_776, 336_776, &[("unmatched", 0)]),
                    step("join aircraft", 336_776, 336_776, &[("unmatched", 55_912)]),
                    step("select", 336_776, 336_776, &[]),
                    step("filter", 336_776, 336_770, &[]),
                ],
                output: Some(output("out/flights_clean/", 336_701, 18_250_000, 12)),
                quarantine: Some(output("out/quarantine/flights_clean/", 75, 9_100, 3)),
                busy_ms: 1_520.0,
            },
            Table {
                table: "carrier_scorecard".into(),
                from: "flights_clean".into(),
                reads: Vec::new(),
                rows_in: 336_701,
                rows_out: 16,
                rows_quarantined: 0,
                steps: vec![step("aggregate", 336_701, 16, &[("groups", 16)]), step("derive", 16, 16, &[])],
                output: Some(output("out/carrier_scorecard/", 16, 4_020, 1)),
                quarantine: None,
                busy_ms: 88.0,
            },
        ],
        checks: raw_checks().into_iter().chain(output_checks(withheld)).collect(),
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
            requests: Requests { sent: 210, failed: BTreeMap::from([("503".into(), 2)]), broke_off: 0 },
        },
    }
}

fn shown(record: &RunRecord, width: usize) -> String {
    anstream::adapter::strip_str(&summary(record, width)).to_string()
}

#[test]
fn a_publication_with_alerts() {
    insta::assert_snapshot!(shown(&record(RunStatus::PublishedWithAlerts), 110));
}

#[test]
fn a_closed_gate_says_why_first() {
    insta::assert_snapshot!(shown(&record(RunStatus::Withheld), 80));
}

#[test]
fn a_run_that_was_published_before_says_so() {
    let mut record = record(RunStatus::Published);
    record.already_published = true;
    assert!(
        shown(&record, 80).starts_with("PUBLISHED  flights  was published before; nothing was done now\n")
    );
}

#[test]
fn a_replay_says_what_became_of_the_rows() {
    let mut record = record(RunStatus::Published);
    let file = InputFile { path: "out/quarantine/a.parquet".into(), bytes: 9, etag: None };
    let back = |on: &str, point: &str, rows| Returned {
        on: on.into(),
        point: point.into(),
        rows,
        files: vec![file.clone()],
    };
    record.replay = Some(Replay {
        runs: vec!["0f3a9b8c7d6e5f4a".into(), "12345678abcdef".into()],
        rows_in: 1_076,
        rows_published: 1_071,
        rows_kept: 5,
        returned: vec![back("flights", "step-2-parse", 1), back("flights_clean", "checks", 1_075)],
        reread: vec![Reread {
            on: "flights_clean".into(),
            run: "99990000aaaabbbb".into(),
            by: "0f3a9b8c7d6e5f4a".into(),
            rows: 3,
        }],
        left: vec!["carrier_scorecard".into()],
    });
    let text = shown(&record, 100);
    let section: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != "from quarantine")
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(
        section,
        [
            "from quarantine",
            "  flights            1  row   had left at step-2-parse  1 file",
            "  flights_clean  1,075  rows  had left at checks        1 file",
            "  1,076 rows in, 1,071 written, 5 kept apart again",
            "  of runs 0f3a9b8c7d6e, 12345678abcd",
            "  flights_clean: 3 rows of run 99990000aaaa left out: run 0f3a9b8c7d6e has read their files again",
            "  since",
            "  left as they are: carrier_scorecard",
        ]
    );
}

#[test]
fn checks_alone_have_no_tables_to_show() {
    let mut record = record(RunStatus::Validated);
    record.tables.clear();
    record.checks = raw_checks();
    insta::assert_snapshot!(shown(&record, 100));
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for width in [80, 100, 120] {
        for line in shown(&record(RunStatus::DryRun), width).lines() {
            // A path is not broken, so that it can be copied.
            let path = line.trim_start().contains("part-0.parquet");
            assert!(path || unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn no_control_character_of_the_data_reaches_the_terminal() {
    let text = shown(&record(RunStatus::Published), 100);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    assert!(text.contains("\\u{1b}[31mred"));
}

#[test]
fn a_run_that_read_nothing_has_a_summary() {
    let mut record = record(RunStatus::Published);
    record.inputs.clear();
    record.tables.clear();
    record.checks.clear();
    record.resources = Resources::default();
    assert!(shown(&record, 80).starts_with("PUBLISHED  flights\n"));
}
