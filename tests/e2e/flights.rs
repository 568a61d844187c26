//! The demonstration pipeline, end to end, against independent readers.

use lockgate_tests::{TempDir, check, command, files, folder, oracle, repository, run, table};
use serde_json::{Value, json};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

fn flights(out: &TempDir, more: &[&str]) -> lockgate_tests::Ran {
    let file = repository().join("fixtures/flights/flights.yaml").display().to_string();
    let out = out.path().display().to_string();
    let mut args = vec!["run", file.as_str(), "--run-time", "2014-01-15T06:00:00Z"];
    args.extend(more);
    run(LOCKGATE, &args, &[("LOCKGATE_OUT", out.as_str())])
}

fn data(out: &TempDir) -> Vec<(String, Vec<u8>)> {
    files(out.path()).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
}

#[test]
fn duckdb_and_polars_agree_with_every_figure_of_the_run_record() {
    let out = folder();
    let ran = flights(&out, &["--format", "json"]).expect(0);
    let record = out.path().join("record.json");
    std::fs::write(&record, &ran.stdout).expect("the folder can be written");
    oracle("flights.py", &[&record.display().to_string()]);
}

#[test]
fn one_check_alerts_and_the_outputs_are_published_all_the_same() {
    let out = folder();
    let record = flights(&out, &["--format", "json"]).expect(0).json();
    assert_eq!(record["status"], "published_with_alerts");
    assert_eq!(check(&record, "aircraft-known")["status"], "fail");
    assert_eq!(table(&record, "flights_clean")["rows_quarantined"], 6);
    let _ = flights(&out, &["--warn-exit"]).expect(10);
}

#[test]
fn the_same_bytes_come_out_whatever_the_threads() {
    let out = folder();
    let mut runs = ["1", "2", "5"].map(|threads| {
        let _ = flights(&out, &["--threads", threads]).expect(0);
        let written = data(&out);
        std::fs::remove_dir_all(out.path()).expect("it was just written");
        written
    });
    assert!(!runs[0].is_empty());
    runs.rotate_left(1);
    assert!(runs.windows(2).all(|pair| pair[0] == pair[1]), "other names or other bytes");
}

#[test]
fn shortcuts_do_not_change_a_verdict() {
    let (short, long) = (folder(), folder());
    let verdicts = |record: &Value| -> Vec<(Value, Value, Value)> {
        let checks = record["checks"].as_array().expect("checks");
        checks
            .iter()
            .map(|check| (check["id"].clone(), check["status"].clone(), check["n_failed"].clone()))
            .collect()
    };
    let short = flights(&short, &["--format", "json"]).expect(0).json();
    let long = flights(&long, &["--format", "json", "--no-shortcuts"]).expect(0).json();
    assert_eq!(verdicts(&short), verdicts(&long));
    let from = |record: &Value, id: &str| check(record, id)["answered_from"].clone();
    assert_eq!(from(&short, "delivered"), "footer");
    assert_eq!(from(&long, "delivered"), "scan");
}

#[test]
fn the_plan_says_where_each_answer_will_come_from() {
    let sources = |told: &Value| -> Vec<(Value, Value, Value)> {
        let checks = told["checks"].as_array().expect("checks").iter();
        let mut all: Vec<_> = checks
            .map(|check| (check["on"].clone(), check["id"].clone(), check["answered_from"].clone()))
            .collect();
        all.sort_by_key(|(on, id, _)| (on.to_string(), id.to_string()));
        all
    };
    for more in [&[][..], &["--no-shortcuts"]] {
        let (out, file) =
            (folder(), repository().join("fixtures/flights/flights.yaml").display().to_string());
        let to = out.path().display().to_string();
        let args = [&["plan", file.as_str(), "--format", "json"], more].concat();
        let plan = run(LOCKGATE, &args, &[("LOCKGATE_OUT", to.as_str())]).expect(0).json();
        let record = flights(&out, &[&["--format", "json"], more].concat()).expect(0).json();
        let (planned, ran) = (sources(&plan), sources(&record));
        assert_eq!(planned, ran);
        let from: Vec<&Value> = ran.iter().map(|(_, _, from)| from).collect();
        assert_eq!(from.contains(&&json!("plan")), more.is_empty());
        assert_eq!(from.contains(&&json!("footer")), more.is_empty());
    }
}

#[test]
fn running_again_does_nothing_and_says_so() {
    let out = folder();
    let _ = flights(&out, &[]).expect(0);
    let before = files(out.path());
    let record = flights(&out, &["--format", "json"]).expect(0).json();
    assert_eq!(record["already_published"], true);
    assert!(files(out.path()) == before, "a run that was published before touched something");
}

#[test]
fn a_dry_run_leaves_neither_data_nor_folders_of_its_own_behind() {
    let out = folder();
    let _ = flights(&out, &["--dry-run"]).expect(0);
    assert_eq!(files(out.path()), Vec::new());
    for state in ["_lockgate", "quarantine/_lockgate"] {
        assert!(!out.path().join(state).exists(), "{state}");
    }
}

#[test]
fn an_interrupted_run_publishes_nothing_and_leaves_nothing() {
    let out = folder();
    let file = repository().join("fixtures/flights/flights.yaml").display().to_string();
    let environment = out.path().display().to_string();
    let mut child = command(LOCKGATE, &["run", file.as_str()], &[("LOCKGATE_OUT", environment.as_str())])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary can be started");
    while !out.path().join("_lockgate").exists() && child.try_wait().expect("it is a child").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let killed = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.expect("kill can be started").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    assert_eq!(files(out.path()), Vec::new());
}
