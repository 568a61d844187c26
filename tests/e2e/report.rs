//! `lockgate report`: what is told of real runs, and that nothing of the data gets out of its place.

use std::path::Path;

use lockgate_tests::{Ran, TempDir, browser, files, folder, oracle, pipeline, repository, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// Names and values that a page, a terminal or a comment could be led astray by.
const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[2J|`x`";

/// A pipeline whose column, values, check and description are hostile.
fn hostile() -> (TempDir, String) {
    let data = folder();
    let cells = "\"</script><img src=x onerror=alert(2)>\"\n\"\u{1b}]0;title\u{7}&quot;|\"\n\"\u{2028}\"\n";
    std::fs::write(data.path().join("raw.csv"), format!("\"{HOSTILE}\"\n{cells}")).expect("a fresh folder");
    let name = serde_json::Value::from(HOSTILE);
    let text = format!(
        "pipeline: hostile
sources:
  raw: {{read: raw.csv, format: csv}}
tables:
  clean:
    from: raw
    checks:
      - in_set: {{id: known, column: {name}, values: [a, b], description: {name}, owner: {name}}}
    write: {{to: out/clean/}}
"
    );
    let file = pipeline(data.path(), &text);
    (data, file)
}

fn report(args: &[&str]) -> Ran {
    run(LOCKGATE, &[&["report"], args].concat(), &[])
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

/// Two runs of the demonstration, the second a month later by its own time.
fn flights() -> (TempDir, String, String) {
    let out = folder();
    let file = repository().join("fixtures/flights/flights.yaml").display().to_string();
    let target = out.path().display().to_string();
    for time in ["2014-01-15T06:00:00Z", "2014-02-15T06:00:00Z"] {
        let _ = run(LOCKGATE, &["run", &file, "--run-time", time], &[("LOCKGATE_OUT", &target)]).expect(0);
    }
    (out, file, target)
}

#[test]
fn the_page_of_the_demonstration_is_sound_and_says_what_alerts() {
    let (out, file, target) = flights();
    let page = path(&out, "report.html");
    let args = ["report", &file, "--out", &page];
    let ran = run(LOCKGATE, &args, &[("LOCKGATE_OUT", &target)]).expect(0);
    assert_eq!(ran.stdout.trim(), page);
    let text = oracle("page.py", &[&page, "2"]);
    for told in ["Published with alerts", "aircraft-known", "55,548 of 336,776 fail (16.49\u{a0}%)", "2 runs"]
    {
        assert!(text.contains(told), "{told}");
    }
    browser(&page);
}

#[test]
fn nothing_of_the_data_gets_out_of_its_place() {
    let (data, file) = hostile();
    let _ = run(LOCKGATE, &["run", &file], &[]).expect(20);
    let page = path(&data, "report.html");
    let _ = report(&[&file, "--out", &page]).expect(0);
    let text = oracle("page.py", &[&page, "2"]);
    assert!(text.contains("Withheld") && text.contains("<script>alert(1)</script>\\u{1b}[2J|`x`"), "{text}");
    assert!(text.contains("</script><img src=x onerror=alert(2)>") && text.contains("\\u{2028}"), "{text}");
    let raw = std::fs::read_to_string(&page).expect("the page that was written");
    assert!(!raw.contains("<img") && !raw.contains('\u{1b}') && !raw.contains('\u{2028}'));
    browser(&page);

    for kind in ["markdown", "junit"] {
        let text = report(&[&file, "--as", kind]).expect(0).stdout;
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
        assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{2028}'), "{text}");
    }
}

#[test]
fn a_record_is_reported_on_without_its_pipeline() {
    let (data, file) = hostile();
    let record = path(&data, "record.json");
    std::fs::write(&record, run(LOCKGATE, &["validate", &file, "--format", "json"], &[]).expect(20).stdout)
        .expect("a fresh folder");
    let xml = report(&["--record", &record, "--as", "junit"]).expect(0).stdout;
    assert!(xml.contains("failures=\"1\"") && xml.contains("<testsuite name=\"clean\""), "{xml}");
    let out = path(&data, "comment.md");
    let ran = report(&["--record", &record, "--as", "markdown", "--out", &out, "--format", "json"]).expect(0);
    assert_eq!(ran.json()["written"], out.as_str());
    let comment = std::fs::read_to_string(&out).expect("the comment that was written");
    assert!(comment.starts_with("### ⛔ Withheld <code>hostile</code>"), "{comment}");
}

#[test]
fn a_page_is_named_after_its_run_in_the_current_folder() {
    let (data, file) = hostile();
    let _ = run(LOCKGATE, &["run", &file], &[]).expect(20);
    let here = folder();
    let made = lockgate_tests::command(LOCKGATE, &["report", &file], &[]).current_dir(here.path()).output();
    let ran = Ran::from(made.expect("the binary can be started")).expect(0);
    let names: Vec<String> = files(here.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [ran.stdout.trim()]);
    assert!(
        names[0].starts_with("hostile-") && Path::new(&names[0]).extension().is_some_and(|end| end == "html")
    );
    drop(data);
}

#[test]
fn an_unknown_run_or_an_unreadable_record_is_wrong_and_has_a_hint() {
    let (data, file) = hostile();
    let ran = report(&[&file]).expect(30);
    assert!(ran.stderr.contains("has no run yet") && ran.stderr.contains("hint: run it"), "{}", ran.stderr);
    let made = run(LOCKGATE, &["run", &file, "--format", "json"], &[]).expect(20).json();
    let id = made["run_id"].as_str().expect("a run has an id");
    let _ = report(&[&file, &id[..6], "--as", "markdown"]).expect(0);
    let ran = report(&[&file, "zzz"]).expect(30);
    let hint = format!("hint: the newest runs are {}", &id[..12]);
    assert!(ran.stderr.contains("begins with \"zzz\"") && ran.stderr.contains(&hint), "{}", ran.stderr);
    let nothing = path(&data, "nothing.json");
    let _ = report(&["--record", &nothing]).expect(30);
    let ran = report(&["--record", &path(&data, "raw.csv")]).expect(30);
    assert!(
        ran.stderr.contains("is no run record") && ran.stderr.contains("--format json"),
        "{}",
        ran.stderr
    );
    let _ = report(&[]).expect(30);
    let _ = report(&[&file, "--record", &nothing]).expect(30);
}
