//! What checks say in a run: which rows, by what clock, whatever the threads.

use lockgate_tests::{check, folder, pipeline, repository, run};
use serde_json::{Value, json};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// The record of checks on the flights, read from the fixtures.
fn flights(checks: &str, more: &[&str]) -> Value {
    let data = folder();
    let raw = repository().join("fixtures/flights/raw_flights").display().to_string();
    let text = format!(
        "pipeline: checks
sources:
  flights:
    read: {raw}
    checks:
{checks}
tables:
  days:
    from: flights
    steps:
      - deduplicate: {{keys: [year, month, day, carrier, flight, origin]}}
      - rename: {{flight: number}}
    checks:
      - primary_key: {{id: table-key, columns: [year, month, day, carrier, number, origin]}}
      - unique: {{id: table-unique, columns: [origin, number, carrier, day, month, year, dest]}}
"
    );
    let file = pipeline(data.path(), &text);
    let args = [&["validate", file.as_str(), "--format", "json", "--run-time", "2014-01-15T06:00:00Z"], more];
    run(LOCKGATE, &args.concat(), &[]).expect(0).json()
}

#[test]
fn rows_that_repeat_a_key_are_shown_with_their_place_whatever_the_threads() {
    let checks = "      - unique: {id: key, columns: [year, month, day, carrier, flight], severity: log}
      - primary_key: {id: tail, columns: [tailnum, year, month, day, carrier, flight], severity: log, samples: {rows: 9, columns: [tailnum, day], redact: [tailnum]}}";
    let first = flights(checks, &["--threads", "1"]);
    let key = check(&first, "key");
    let samples = key["samples"].as_array().expect("samples");
    assert_eq!(samples.len(), 5);
    for sample in samples {
        assert_eq!(sample["occurs"], 2);
        // The columns that identify a row are shown everywhere, but for what one check redacts.
        assert_eq!(sample["values"].as_object().map(serde_json::Map::len), Some(6), "{sample}");
        assert_eq!(sample["values"]["tailnum"], "(redacted)");
    }
    let places = key["sample_places"].as_array().expect("places");
    assert!(places[0].as_str().is_some_and(|place| place.contains("/created_at=2013-")), "{places:?}");
    let tail = check(&first, "tail");
    let occurs = |sample: &Value| sample["occurs"].as_u64();
    let of_tail: Vec<Option<u64>> = tail["samples"].as_array().expect("samples").iter().map(occurs).collect();
    // Seven keys repeat; the rest of the nine are rows without a tail number.
    assert_eq!(of_tail, [[Some(2); 7].as_slice(), &[None; 2]].concat());
    assert_eq!(tail["samples"][0]["values"]["tailnum"], "(redacted)");
    for threads in ["2", "5"] {
        let again = flights(checks, &["--threads", threads]);
        for id in ["key", "tail"] {
            assert_eq!(check(&again, id), check(&first, id), "{threads} threads");
        }
    }
}

#[test]
fn values_are_judged_by_their_dictionaries_where_all_of_them_pass() {
    let checks = "      - length: {id: all, column: tailnum, max: 6}
      - regex: {id: shape, column: tailnum, pattern: '[A-Z0-9]+', nulls: pass}
      - in_set: {id: some, column: carrier, values: [UA, AA], severity: log}
      - length: {id: read, column: origin, max: 3}";
    let (short, long) = (flights(checks, &[]), flights(checks, &["--no-shortcuts"]));
    let source = |id: &str| check(&short, id)["answered_from"].clone();
    // Not all carriers pass, and the origin is read all the same, as the table is deduplicated by it.
    let expected = ["dictionary", "dictionary", "scan", "scan"].map(Value::from);
    assert_eq!(["all", "shape", "some", "read"].map(source), expected);
    for id in ["all", "shape", "some", "read"] {
        for part in ["status", "n_evaluated", "n_failed", "n_null", "observed"] {
            assert_eq!(check(&short, id)[part], check(&long, id)[part], "{part} of {id}");
        }
        assert_eq!(check(&long, id)["answered_from"], "scan");
    }
}

#[test]
fn keys_of_another_dataset_are_looked_up_whatever_dictionaries_list() {
    let data = folder();
    std::fs::write(data.path().join("a.csv"), "carrier\nXX\nYY\n").expect("a fresh folder");
    let raw = repository().join("fixtures/flights/raw_flights").display().to_string();
    let text = format!(
        "pipeline: keys
sources:
  known: {{read: a.csv, format: csv}}
  flights:
    read: {raw}
    checks:
      - foreign_key: {{id: none, column: carrier, to: {{source: known, columns: carrier}}, negate: true}}
      - row_count: {{id: groups, max: 130000, group_by: origin}}
tables:
  rows: {{from: flights}}
"
    );
    let file = pipeline(data.path(), &text);
    for more in [&[][..], &["--no-shortcuts"]] {
        let args = [&["validate", file.as_str(), "--format", "json"], more].concat();
        let record = run(LOCKGATE, &args, &[]).expect(0).json();
        assert_eq!(check(&record, "none")["n_evaluated"], 336_776);
        assert_eq!(check(&record, "groups")["observed_text"], "all 3 groups pass");
    }
}

#[test]
fn a_query_shows_nothing_of_a_column_that_another_check_redacts() {
    let data = folder();
    std::fs::write(data.path().join("a.csv"), "id,note\n1,secret1\n2,secret2\n").expect("a fresh folder");
    let text = "pipeline: redacted
sources:
  a:
    read: a.csv
    format: csv
    checks:
      - not_null: {column: note, severity: log, samples: {redact: [note]}}
      - custom_sql: {query: SELECT note AS n FROM this, severity: log}
      - custom_sql: {query: SELECT max(note) AS m FROM this, severity: log}
tables:
  rows: {from: a}
";
    let file = pipeline(data.path(), text);
    for more in [&[][..], &["--format", "json"]] {
        let said = run(LOCKGATE, &[&["validate", file.as_str()], more].concat(), &[]).expect(0).said();
        assert!(said.contains("custom_sql") && !said.contains("secret"), "{said}");
    }
}

#[test]
fn a_source_is_as_fresh_as_its_latest_partition() {
    let checks = "      - freshness: {id: days, partition: created_at, max_age: 50d}
      - freshness: {id: late, partition: created_at, max_age: 40d, severity: log}
      - freshness: {id: then, partition: created_at, max_age: 0d, now: 2013-12-01}
      - freshness: {id: rows, column: created_at, max_age: 50d}
      - freshness: {id: files, files: true, max_age: 1d}";
    for more in [&[][..], &["--no-shortcuts"]] {
        let record = flights(checks, more);
        let status = |id: &str| check(&record, id)["status"].clone();
        let ids = ["days", "late", "then", "rows", "files"];
        assert_eq!(ids.map(status), ["pass", "fail", "pass", "pass", "pass"].map(Value::from));
        assert_eq!(check(&record, "days")["observed_text"], "45d 6h (created_at=2013-12-01)");
        assert_eq!(check(&record, "days")["n_evaluated"], 12);
        let source = |id: &str| check(&record, id)["answered_from"].clone();
        assert_eq!(["days", "files"].map(source), ["plan", "plan"].map(Value::from));
    }
}

#[test]
fn freshness_of_what_has_no_partitions_is_a_mistake_at_its_place() {
    let data = folder();
    let raw = repository().join("fixtures/flights/airlines.parquet").display().to_string();
    for (on_source, on_table, said, line) in [
        ("partition: day", "column: x", "has no partition column \"day\"", 6),
        ("files: true", "partition: day", "is a table, whose rows come from no files", 10),
        ("files: true", "files: true", "is a table, whose rows come from no files", 10),
    ] {
        let text = format!(
            "pipeline: mistakes
sources:
  airlines:
    read: {raw}
    checks:
      - freshness: {{{on_source}, max_age: 1d}}
tables:
  copy:
    from: airlines
    checks: [freshness: {{{on_table}, max_age: 1d}}]
"
        );
        let ran = run(LOCKGATE, &["check", &pipeline(data.path(), &text)], &[]).expect(30);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("pipeline.yaml:{line}:")), "{}", ran.stderr);
    }
}

#[test]
fn two_conditions_may_begin_with_the_same_column() {
    let checks = "      - expression: {id: near, expr: distance > 10}
      - expression: {id: far, expr: distance < 5000}
      - row_count: {id: some, min: 1, where: distance > 4000}";
    let record = flights(checks, &[]);
    for id in ["near", "far", "some"] {
        assert_eq!(check(&record, id)["status"], "pass", "{id}");
    }
}

#[test]
fn keys_that_a_step_made_unique_are_known_from_the_plan_by_their_new_names() {
    let record = flights("      - row_count: {min: 1}", &[]);
    let scanned = flights("      - row_count: {min: 1}", &["--no-shortcuts"]);
    for id in ["table-key", "table-unique"] {
        let (mut planned, scanned) = (check(&record, id).clone(), check(&scanned, id));
        assert_eq!(planned["answered_from"], "plan");
        planned["answered_from"] = json!("scan");
        assert_eq!(&planned, scanned);
    }
}

#[test]
fn a_query_judges_what_stays_and_may_read_other_tables() {
    let data = folder();
    let fixtures = repository().join("fixtures/flights").display().to_string();
    let text = format!(
        "pipeline: queries
sources:
  flights: {{read: {fixtures}/raw_flights}}
  airlines: {{read: {fixtures}/airlines.parquet}}
tables:
  departed:
    from: flights
    checks:
      - not_null: {{column: dep_time, on_row: drop, severity: log}}
      - custom_sql: {{id: cancelled, query: SELECT carrier FROM this WHERE dep_time IS NULL}}
      - custom_sql: {{id: unknown, query: SELECT carrier FROM this ANTI JOIN airlines USING (carrier), reads: airlines}}
      - custom_sql: {{id: busy, query: \"SELECT origin, COUNT(*) AS flights FROM this GROUP BY origin\", max: 2, severity: alert}}
      - custom_sql: {{id: share, expect: scalar, min: 0.9, max: 1, query: \"SELECT COUNT(dep_time) * 1.0 / COUNT(*) AS share FROM this\"}}
      - custom_sql: {{id: all, expect: truth, query: \"SELECT MIN(month) = 1 AND MAX(month) = 12 AS whole_year FROM this\"}}
"
    );
    let file = pipeline(data.path(), &text);
    let record = run(LOCKGATE, &["validate", &file, "--format", "json"], &[]).expect(0).json();
    let status = |id: &str| check(&record, id)["status"].clone();
    let ids = ["cancelled", "unknown", "busy", "share", "all"];
    assert_eq!(ids.map(status), ["pass", "pass", "fail", "pass", "pass"].map(Value::from));
    let busy = check(&record, "busy");
    assert_eq!(busy["on"], "departed");
    assert_eq!(busy["observed_text"], "the query gives 3 rows");
    let origins: Vec<&Value> =
        busy["samples"].as_array().expect("samples").iter().map(|row| &row["values"]["origin"]).collect();
    assert_eq!(origins, ["EWR", "LGA", "JFK"]);
    // The tables that answer queries are no tables of the pipeline.
    assert_eq!(record["tables"].as_array().map(Vec::len), Some(1));
    for (broken, message) in [
        ("{query: SELECT nothing FROM this}", "the query cannot run"),
        ("{query: DROP TABLE this}", "the query must be one SELECT"),
        ("{query: SELECT * FROM this, reads: nowhere}", "no source or table \"nowhere\""),
        ("{query: SELECT * FROM this, expect: scalar, min: 0}", "the query gives 17 columns, not one"),
        ("{query: SELECT * FROM read_csv('/etc/passwd')}", "the query cannot run"),
    ] {
        let text = format!(
            "pipeline: broken
sources:
  flights: {{read: {fixtures}/raw_flights, checks: [custom_sql: {broken}]}}
tables:
  all: {{from: flights}}
"
        );
        let file = pipeline(data.path(), &text);
        let error = run(LOCKGATE, &["check", &file], &[]).expect(30).stderr;
        assert!(error.contains(message) && error.contains("pipeline.yaml:3:"), "{error}");
    }
}

#[test]
fn checks_of_groups_and_of_other_checks_run_beside_the_rest_whatever_the_threads() {
    let checks = "      - any_of: {id: told, rules: [{not_null: dep_time}, {not_null: arr_time}, {eq: {column: month, value: 2}}], severity: log}
      - when: {id: flown, condition: dep_time IS NOT NULL, then: [{not_null: tailnum}]}
      - not: {id: weekdays, rules: [{row_count: {max: 10}}]}
      - row_count: {id: origins, min: 1000, group_by: origin}
      - completeness: {id: tails, column: tailnum, mostly: 0.99, group_by: [origin, month], severity: alert}
      - statistic: {id: hours, column: air_time, fn: mean, min: 60, max: 200, group_by: carrier, severity: log}";
    let first = flights(checks, &["--threads", "1"]);
    let text = |id: &str| check(&first, id)["observed_text"].as_str().expect("a text").to_owned();
    let status = |id: &str| check(&first, id)["status"].clone();
    assert_eq!(["flown", "weekdays", "origins"].map(status), ["pass", "pass", "pass"].map(Value::from));
    assert_eq!(text("origins"), "all 3 groups pass");
    assert_eq!(check(&first, "tails")["observed"]["groups"], 36);
    let hours = check(&first, "hours");
    assert_eq!(hours["observed"]["groups"], 16);
    let worst: Vec<&Value> =
        hours["groups"].as_array().expect("groups").iter().map(|group| &group["status"]).collect();
    assert!(worst.is_sorted_by_key(|status| *status != "fail"), "{worst:?}");
    for threads in ["2", "5"] {
        let again = flights(checks, &["--threads", threads]);
        assert_eq!(again["checks"], first["checks"], "{threads} threads");
    }
}
