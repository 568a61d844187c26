//! Figures of datasets, and the checks that are suggested for them.

#![allow(clippy::panic, reason = "tests fail by panicking")]

use std::io::Write;
use std::process::Stdio;

use lockgate_fixtures::awkward;
use lockgate_tests::{Ran, browser, command, files, folder, oracle, query, repository, run};
use serde_json::Value;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

fn flights() -> String {
    repository().join("fixtures/flights/raw_flights").display().to_string()
}

fn profile(dataset: &str) -> Ran {
    run(LOCKGATE, &["profile", dataset, "--format", "json"], &[])
}

fn column<'d>(document: &'d Value, name: &str) -> &'d Value {
    let columns = document["columns"].as_array().expect("a description lists its columns");
    columns.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("no column {name}"))
}

/// Runs a pipeline that comes through standard input.
fn validate(pipeline: &str) -> Ran {
    let mut command = command(LOCKGATE, &["validate", "-", "--format", "json"], &[]);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the binary can be started");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(pipeline.as_bytes()).expect("the pipeline is read");
    drop(stdin);
    child.wait_with_output().expect("the binary ends").into()
}

#[test]
fn duckdb_finds_the_same_figures() {
    let document = profile(&flights()).expect(0).json();
    assert_eq!((&document["rows"], &document["files"]), (&Value::from(336_776), &Value::from(12)));
    for name in ["dep_delay", "arr_delay", "air_time", "distance", "flight", "month"] {
        let found = query(&format!(
            "select count(*) - count({name}) nulls, count(distinct {name}) distinct_values, min({name}) low, \
             max({name}) high, avg({name}) mean, stddev_samp({name}) stddev, median({name}) median \
             from read_parquet('{}/*/*.parquet')",
            flights()
        ));
        let (ours, theirs) = (column(&document, name), &found[0]);
        assert_eq!(ours["nulls"], theirs["nulls"], "{name}");
        assert_eq!(ours["distinct"]["count"], theirs["distinct_values"], "{name}");
        assert_eq!((&ours["min"], &ours["max"]), (&theirs["low"], &theirs["high"]), "{name}");
        for figure in ["mean", "stddev"] {
            let (ours, theirs) = (number(&ours[figure]), number(&theirs[figure]));
            assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{figure} of {name}: {ours}, {theirs}");
        }
        let median = ours["quantiles"].as_array().and_then(|all| all.iter().find(|told| told["q"] == 0.5));
        let (ours, theirs) = (number(&median.expect("a median")["value"]), number(&theirs["median"]));
        assert!(
            (ours - theirs).abs() <= 0.01 * theirs.abs().max(100.0),
            "median of {name}: {ours}, {theirs}"
        );
    }
    // select carrier, count(*) … group by all order by 2 desc limit 1: UA, 58,665
    let carrier = column(&document, "carrier");
    assert_eq!(
        (&carrier["values"][0]["value"], &carrier["values"][0]["count"]),
        (&"UA".into(), &58_665.into())
    );
    assert_eq!(carrier["length"]["max"], 2);
    assert_eq!(column(&document, "created_at")["is_partition"], true);
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn every_readable_file_can_be_described_and_passes_what_is_suggested() {
    let data = folder();
    awkward::write_all(data.path()).expect("a fresh folder can be written");
    for file in awkward::all() {
        let path = data.path().join(file.name).with_extension("parquet").display().to_string();
        let ran = profile(&path);
        // What no command reads, no command describes.
        let refused = ["decimals", "names_engine", "names_twice"].contains(&file.name);
        let Some(rows) = file.rows.filter(|_| !refused) else {
            assert_eq!(ran.code, 30, "{}: {}", file.name, ran.said());
            continue;
        };
        assert_eq!(ran.expect(0).json()["rows"], rows, "{}", file.name);
        let shown = run(LOCKGATE, &["profile", &path], &[]).expect(0).stdout;
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{}: {shown:?}", file.name);
        let page = data.path().join("page.html").display().to_string();
        let _ = run(LOCKGATE, &["profile", &path, "--as", "html", "--out", &page], &[]).expect(0);
        oracle("page.py", &[&page, "1"]);
        let suggested = run(LOCKGATE, &["suggest", &path], &[]).expect(0);
        let checks = validate(&suggested.stdout).expect(0).json();
        let failing = checks["checks"].as_array().expect("a record lists its checks").iter();
        let failing: Vec<&Value> = failing.filter(|check| check["status"] == "fail").collect();
        assert!(failing.is_empty(), "{}: {failing:?}\n{}", file.name, suggested.stdout);
    }
}

#[test]
fn what_is_suggested_passes_on_the_data_it_was_learnt_from() {
    let suggested = run(LOCKGATE, &["suggest", &flights()], &[]).expect(0);
    for check in [
        "not_null: {column: carrier",
        "completeness: {column: dep_delay",
        "in_set:\n",
        "between: {column: distance",
    ] {
        assert!(suggested.stdout.contains(check), "{check}\n{}", suggested.stdout);
    }
    assert!(!suggested.stdout.contains("freshness"), "{}", suggested.stdout);
    let record = validate(&suggested.stdout).expect(0).json();
    let checks = record["checks"].as_array().expect("a record lists its checks");
    assert!(checks.len() > 20 && checks.iter().all(|check| check["status"] == "pass"), "{checks:?}");
    assert!(checks.iter().all(|check| check["severity"] == "alert"), "{checks:?}");
}

#[test]
fn a_check_that_other_rows_fail_is_left_out_and_told() {
    let data = folder();
    for (part, value) in [("2024-01-01", "0"), ("2024-01-02", "1000000")] {
        let place = data.path().join(format!("raw/day={part}"));
        std::fs::create_dir_all(&place).expect("a fresh folder");
        let rows = (0..500).map(|row| if row % 2 == 0 { row.to_string() } else { value.into() });
        let rows = rows.collect::<Vec<String>>().join("\n");
        std::fs::write(place.join("part-0.csv"), format!("amount\n{rows}\n")).expect("a fresh folder");
    }
    let raw = data.path().join("raw").display().to_string();
    let document = run(LOCKGATE, &["suggest", &raw, "--format", "json"], &[]).expect(0).json();
    assert_eq!((&document["rows_learnt_from"], &document["rows_tested_on"]), (&500.into(), &500.into()));
    assert_eq!(document["left_out"][0]["rule"], "between", "{document}");
    let kept = document["checks"].as_array().expect("a list");
    assert!(kept.iter().any(|check| check["rule"] == "not_null" && check["params"]["column"] == "amount"));
}

#[test]
fn the_page_of_the_demonstration_is_sound_and_says_the_same() {
    let here = folder();
    let args = ["profile", &flights(), "--as", "html", "--format", "json"];
    let made = command(LOCKGATE, &args, &[]).current_dir(here.path()).output();
    let ran = Ran::from(made.expect("the binary can be started")).expect(0).json();
    let names: Vec<String> = files(here.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        (names.as_slice(), &ran["written"]),
        (&["raw_flights-profile.html".to_owned()][..], &names[0].as_str().into())
    );
    let page = here.path().join(&names[0]).display().to_string();
    let text = oracle("page.py", &[&page, "1"]);
    for told in ["336,776", "-43 to 1301", "58,665", "2.45\u{a0}%", "raw_flights"] {
        assert!(text.contains(told), "{told}");
    }
    browser(&page);
}

#[test]
fn nothing_of_the_data_gets_out_of_its_place_on_the_page() {
    let data = folder();
    let raw = data.path().join("raw.csv");
    let head = "<script>alert(1)</script>\u{1b}[2J|`x`";
    let cells = "\"</script><img src=x onerror=alert(2)>\"\n\"\u{1b}]0;title\u{7}&quot;|\"\n\"\u{2028}\"\n";
    std::fs::write(&raw, format!("\"{head}\"\n{cells}")).expect("a fresh folder");
    let page = data.path().join("page.html").display().to_string();
    let _ = run(LOCKGATE, &["profile", &raw.display().to_string(), "--as", "html", "--out", &page], &[])
        .expect(0);
    let text = oracle("page.py", &[&page, "1"]);
    assert!(text.contains("<script>alert(1)</script>\\u{1b}[2J|`x`"), "{text}");
    assert!(text.contains("</script><img src=x onerror=alert(2)>") && text.contains("\\u{2028}"), "{text}");
    let written = std::fs::read_to_string(&page).expect("the page that was written");
    assert!(!written.contains("<img") && !written.contains('\u{1b}') && !written.contains('\u{2028}'));
    browser(&page);
}

#[test]
fn tables_go_into_a_file_without_colours() {
    let data = folder();
    let out = data.path().join("profile.txt").display().to_string();
    let args = ["profile", &flights(), "--out", &out, "--color", "always"];
    assert_eq!(run(LOCKGATE, &args, &[]).expect(0).stdout.trim(), out);
    let text = std::fs::read_to_string(&out).expect("the file that was written");
    assert!(text.contains("dep_delay") && !text.contains('\u{1b}'), "{text}");
    let nowhere = data.path().join("no/such/folder.html").display().to_string();
    let _ = run(LOCKGATE, &["profile", &flights(), "--as", "html", "--out", &nowhere], &[]).expect(30);
}
