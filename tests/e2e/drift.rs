//! Drift over days that are published one by one or at once: what is compared with what, and what
//! `lockgate drift` and `lockgate history --metric` tell of it.

use std::fmt::Write;
use std::path::Path;

use lockgate_tests::{Ran, TempDir, check, files, folder, pipeline, run};
use serde_json::Value;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// Rows of a day.
const ROWS: u64 = 400;

/// The pipeline over one day, or over all.
fn text(read: &str, write: &str, severity: &str) -> String {
    format!(
        "pipeline: daily
vars: {{day: none}}
sources:
  raw:
    read: {read}
    format: csv
tables:
  clean:
    from: raw
    checks:
      - psi: {{id: prices, column: price, baseline: {{last: 7}}, severity: {severity}}}
    profile: \"*\"
    write: {{{write}}}
"
    )
}

fn date(day: u64) -> String {
    format!("2024-01-{day:02}")
}

/// Writes the prices and modes of a day, which differ a little from day to day, the prices moved by `shift`.
fn write_day(folder: &Path, day: u64, shift: u64) {
    let to = folder.join(format!("raw/day={}", date(day)));
    std::fs::create_dir_all(&to).expect("a fresh folder can be written");
    let mut csv = String::from("price,mode\n");
    for row in 0..ROWS {
        let price = (row * 7 + day) % 100 + shift;
        let _ = writeln!(csv, "{price}.5,{}", ["AIR", "RAIL", "SHIP"][(row % 3) as usize]);
    }
    std::fs::write(to.join("rows.csv"), &csv).expect("a fresh folder can be written");
    let by_name = folder.join("daily");
    std::fs::create_dir_all(&by_name).expect("a fresh folder can be written");
    std::fs::write(by_name.join(format!("{}.csv", date(day))), csv).expect("a fresh folder can be written");
}

/// Ten days, and the eleventh moved by `shift`.
fn days(shift: u64, severity: &str) -> (TempDir, String) {
    let data = folder();
    (1..=10).for_each(|day| write_day(data.path(), day, 0));
    write_day(data.path(), 11, shift);
    let file = pipeline(data.path(), &text("daily/${day}.csv", "to: out/clean/", severity));
    (data, file)
}

fn run_day(file: &str, day: u64) -> Ran {
    let (var, time) = (format!("day={}", date(day)), date(day));
    run(LOCKGATE, &["run", file, "--var", &var, "--run-time", &time, "--format", "json"], &[])
}

fn drift(file: &str, more: &[&str]) -> Ran {
    run(LOCKGATE, &[&["drift", file, "clean", "--format", "json"], more].concat(), &[])
}

/// The states that are stored of the table.
fn states(folder: &Path) -> Vec<String> {
    let is_state = |name: &str| {
        name.contains("/states/daily/clean/")
            && Path::new(name).extension().is_some_and(|ending| ending == "json")
    };
    files(folder).into_iter().map(|(name, _)| name).filter(|name| is_state(name)).collect()
}

/// How many points the check was judged against, and the newest.
fn compared(record: &Value) -> (u64, String) {
    let compared = &check(record, "prices")["baseline"];
    (
        compared["points"].as_u64().unwrap_or_default(),
        compared["last"]["time"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn a_day_that_drifted_is_withheld_and_leaves_no_state() {
    let (data, file) = days(40, "stop");
    for day in 1..=10 {
        let record = run_day(&file, day).expect(0).json();
        assert_eq!(compared(&record).0, (day - 1).min(7), "day {day}");
    }
    let shifted = run_day(&file, 11).expect(20).json();
    assert_eq!(check(&shifted, "prices")["status"], "fail");
    assert_eq!(compared(&shifted), (7, "2024-01-10T00:00:00Z".to_owned()));
    assert_eq!(states(data.path()).len(), 10);

    // The day after is compared with what was published, not with the day that was withheld.
    write_day(data.path(), 12, 0);
    let after = run_day(&file, 12).expect(0).json();
    assert_eq!(check(&after, "prices")["status"], "pass");
    assert_eq!(compared(&after), (7, "2024-01-10T00:00:00Z".to_owned()));
}

#[test]
fn the_report_of_a_withheld_day_draws_its_values_over_those_that_were_published() {
    let (data, file) = days(40, "stop");
    for day in 1..=3 {
        let published = run_day(&file, day).expect(0).json();
        assert!(published.get("distributions").is_none(), "what is published keeps a state");
    }
    let record = run_day(&file, 11).expect(20).json();
    let drawn = record["distributions"].as_array().expect("a withheld run keeps its distributions");
    let columns: Vec<&str> = drawn.iter().filter_map(|one| one["column"].as_str()).collect();
    assert_eq!(columns, ["mode", "price"]);
    let rows = |counts: &Value| counts.as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
    let all = drawn.iter().map(|one| (rows(&one["current"]), rows(&one["baseline"])));
    assert_eq!(all.collect::<Vec<_>>(), [(ROWS, 3 * ROWS); 2]);
    // Moved by 40, no price is left where the cheapest of the days before are, a tenth of all.
    assert_eq!((&drawn[1]["bins"][1], &drawn[1]["current"][1]), (&"0.5 to 10.5".into(), &0.into()));
    assert_eq!(drawn[1]["baseline"][1], 3 * ROWS / 10);

    let page = data.path().join("report.html").display().to_string();
    let _ = run(LOCKGATE, &["report", &file, "--var", "day=2024-01-11", "--out", &page], &[]).expect(0);
    let told = std::fs::read_to_string(&page).expect("the page that was written");
    assert!(told.contains("Distribution of price") && told.contains(", baseline "), "{told}");
}

#[test]
fn a_day_that_runs_again_is_not_compared_with_itself() {
    let (data, file) = days(0, "alert");
    for day in 1..=3 {
        let _ = run_day(&file, day).expect(0);
    }
    let again = run_day(&file, 3).expect(0).json();
    assert_eq!((again["already_published"].clone(), states(data.path()).len()), (Value::Bool(true), 3));
    // With other rows it is another run of the same day.
    write_day(data.path(), 3, 40);
    let other = run_day(&file, 3).expect(0).json();
    assert_eq!(check(&other, "prices")["status"], "fail");
    assert_eq!(compared(&other), (2, "2024-01-02T00:00:00Z".to_owned()));
}

#[test]
fn what_drifted_most_comes_first() {
    let (data, file) = days(40, "alert");
    for day in 1..=11 {
        let _ = run_day(&file, day).expect(0);
    }
    let found = drift(&file, &[]).expect(0).json();
    let first = &found["drift"][0];
    assert_eq!(
        (&first["columns"][0]["column"], &first["columns"][1]["column"]),
        (&"price".into(), &"mode".into())
    );
    assert_eq!(first["compared"]["points"], 7);
    assert_eq!((&first["rows"], &first["rows_before"]), (&ROWS.into(), &(ROWS as f64).into()));
    // All prices lie between 0.5 and 99.5 and are moved by 40, so that D is 0.4; the index is the rule's own, but for
    // what the stored state leaves out.
    let price = &first["columns"][0];
    assert!((price["ks"].as_f64().expect("numbers have one") - 0.4).abs() < 0.02, "{price}");
    let record = run_day(&file, 11).expect(0).json();
    let psi = check(&record, "prices")["observed"]["psi"].as_f64().expect("an index");
    assert!((price["psi"].as_f64().expect("an index") - psi).abs() < 0.1 * psi, "{price} {psi}");
    assert_eq!(first["columns"][1]["above"], Value::Array(Vec::new()));

    let told = run(LOCKGATE, &["drift", &file], &[]).expect(0).stdout;
    assert!(told.contains("price") && told.contains("psi") && told.contains("against 7 points"), "{told}");
    let tenth = drift(&file, &["--at", &date(10), "--baseline", "previous"]).expect(0).json();
    assert_eq!(tenth["drift"][0]["compared"]["last"]["time"], "2024-01-09T00:00:00Z");
    let days = drift(&file, &["--by", "weekday"]).expect(0).json();
    assert_eq!(days["drift"].as_array().map(Vec::len), Some(7));
    // The 11th is a Thursday, as the 4th is.
    let thursday = &days["drift"][3];
    assert_eq!((&thursday["weekday"], &thursday["compared"]["points"]), (&"Thursday".into(), &1.into()));
    assert_eq!(thursday["columns"][0]["column"], "price");

    let metric = ["history", &file, "--metric", "mean(price)", "--table", "clean"];
    let figures = run(LOCKGATE, &[&metric[..], &["--format", "json"]].concat(), &[]).expect(0).json();
    let points = figures["figures"][0]["points"].as_array().expect("points").clone();
    assert_eq!((points.len(), &points[10]["time"]), (11, &"2024-01-11T00:00:00Z".into()));
    assert!(points[10]["value"].as_f64() > points[9]["value"].as_f64(), "{points:?}");
    let line = run(LOCKGATE, &metric, &[]).expect(0).stdout;
    assert!(line.contains('█') && line.contains("11 points"), "{line}");

    let page = data.path().join("report.html").display().to_string();
    let _ = run(LOCKGATE, &["report", &file, "--out", &page], &[]).expect(0);
    let page = std::fs::read_to_string(&page).expect("a page was written");
    assert!(page.contains("baseline 33.5 %"), "the page has no distribution");
}

#[test]
fn days_that_are_published_at_once_are_points_of_their_own() {
    let data = folder();
    (1..=10).for_each(|day| write_day(data.path(), day, if day == 10 { 40 } else { 0 }));
    let file = pipeline(data.path(), &text("raw/", "to: out/clean/, partition_by: day", "alert"));
    let _ = run(LOCKGATE, &["run", &file, "--run-time", "2024-02-01"], &[]).expect(0);
    assert_eq!(states(data.path()).len(), 1);
    let found = drift(&file, &[]).expect(0).json();
    let first = &found["drift"][0];
    assert_eq!((&first["at"]["key"], &first["compared"]["points"]), (&"day=2024-01-10".into(), &7.into()));
    assert_eq!(first["columns"][0]["column"], "price");
    let metric = ["history", &file, "--metric", "row_count", "--table", "clean", "--format", "json"];
    let figures = run(LOCKGATE, &metric, &[]).expect(0).json();
    assert_eq!(figures["figures"][0]["points"].as_array().map(Vec::len), Some(10));
    let ninth = drift(&file, &["--at", "2024-01-09"]).expect(0).json();
    assert_eq!(ninth["drift"][0]["columns"][0]["above"], Value::Array(Vec::new()));
}

#[test]
fn a_dataset_tells_of_itself_what_drifted() {
    let (data, file) = days(40, "alert");
    for day in 1..=11 {
        let _ = run_day(&file, day).expect(0);
    }
    let by_file = drift(&file, &[]).expect(0).json();
    for place in ["out/clean/", "out/clean", "out", "out/_lockgate"] {
        let place = data.path().join(place).display().to_string();
        let by_place = run(LOCKGATE, &["drift", &place, "--format", "json"], &[]).expect(0).json();
        assert_eq!(by_place, by_file, "{place}");
        let told = run(LOCKGATE, &["drift", &place, "clean"], &[]).expect(0).stdout;
        assert!(told.contains("against 7 points"), "{told}");
    }
    let place = data.path().join("out/clean").display().to_string();
    let unknown = run(LOCKGATE, &["drift", &place, "claen"], &[]).expect(30).said();
    assert!(unknown.contains("did you mean \"clean\""), "{unknown}");
    let raw = data.path().join("raw").display().to_string();
    let nothing = run(LOCKGATE, &["drift", &raw], &[]).expect(30).said();
    assert!(nothing.contains("no stored states yet") && nothing.contains("beside"), "{nothing}");
}

#[test]
fn datasets_beside_each_other_are_told_apart() {
    let (data, file) = days(0, "alert");
    let other = std::fs::read_to_string(&file).expect("the pipeline");
    let other = other.replace("pipeline: daily", "pipeline: other").replace("out/clean/", "out/other/");
    let beside = data.path().join("other.yaml").display().to_string();
    std::fs::write(&beside, other).expect("a fresh folder can be written");
    for day in 1..=2 {
        let _ = run_day(&file, day).expect(0);
        let _ = run_day(&beside, day).expect(0);
    }
    let on = |place: &str| -> Vec<String> {
        let place = data.path().join(place).display().to_string();
        let found = run(LOCKGATE, &["drift", &place, "--format", "json"], &[]).expect(0).json();
        let found = found["drift"].as_array().expect("a list").iter();
        found.filter_map(|drift| drift["on"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(on("out/other"), ["other: clean"]);
    assert_eq!(on("out"), ["daily: clean", "other: clean"]);
}

#[test]
fn the_past_suggests_checks_that_tell_the_usual_from_the_shifted() {
    let (data, file) = days(40, "alert");
    for day in 1..=10 {
        let _ = run_day(&file, day).expect(0);
    }
    let suggested = run(LOCKGATE, &["suggest", &file, "--table", "clean"], &[]).expect(0).stdout;
    let place = data.path().join("out/clean").display().to_string();
    let beside = run(LOCKGATE, &["suggest", &place, "--history"], &[]).expect(0).stdout;
    assert_eq!(suggested, beside);
    for check in
        ["row_count", "change", "not_null: {column: price", "between: {column: price", "in_set", "psi"]
    {
        assert!(suggested.contains(check), "{check}\n{suggested}");
    }
    let document = run(LOCKGATE, &["suggest", &file, "--format", "json"], &[]).expect(0).json();
    let found = &document["suggested"][0];
    assert_eq!((&found["on"], &found["points_learnt_from"]), (&"clean".into(), &8.into()));
    let text = text("daily/${day}.csv", "to: out/clean/", "alert");
    let (before, after) = text.split_once("    checks:\n").expect("the table has checks");
    let (_, after) = after.split_once('\n').expect("one");
    let indented: Vec<String> = suggested.lines().map(|line| format!("    {line}\n")).collect();
    let indented = indented.concat();
    let with = pipeline(data.path(), &format!("{before}{indented}{after}"));
    for (day, expected) in [(10, false), (11, true)] {
        let record = run_day(&with, day).expect(0).json();
        let checks = record["checks"].as_array().expect("a list");
        let failing: Vec<_> =
            checks.iter().filter(|check| check["status"] != "pass").map(|check| &check["rule"]).collect();
        assert_eq!(failing.contains(&&Value::from("psi")), expected, "{day}: {failing:?}");
        assert_eq!(failing.is_empty(), !expected, "{day}: {failing:?}");
    }
}

#[test]
fn a_damaged_state_is_named() {
    let (data, file) = days(0, "alert");
    for day in 1..=2 {
        let _ = run_day(&file, day).expect(0);
    }
    let state = states(data.path()).pop().expect("there are two");
    std::fs::write(data.path().join(&state), "{\"version\": 1, \"poi").expect("it can be written");
    let said = run(LOCKGATE, &["drift", &file, "clean"], &[]).expect(30).said();
    assert!(said.contains("is damaged and no state") && said.contains("deleted"), "{said}");
    // A report goes without it.
    let page = data.path().join("report.html").display().to_string();
    let _ = run(LOCKGATE, &["report", &file, "--out", &page], &[]).expect(0);
}

#[test]
fn without_states_there_is_nothing_to_compare() {
    let (_data, file) = days(0, "alert");
    let said = drift(&file, &[]).expect(30).said();
    assert!(said.contains("no stored states yet") && said.contains("profile"), "{said}");
    let unknown = run(LOCKGATE, &["drift", &file, "claen"], &[]).expect(30).said();
    assert!(unknown.contains("did you mean \"clean\""), "{unknown}");
    let _ = run_day(&file, 1).expect(0);
    let alone = run(LOCKGATE, &["drift", &file, "clean"], &[]).expect(0).stdout;
    assert!(alone.contains("nothing earlier"), "{alone}");
    let figure = run(LOCKGATE, &["history", &file, "--metric", "mean(prize)"], &[]).expect(30).said();
    assert!(figure.contains("no stored state knows mean of prize"), "{figure}");
}
