//! What typed arguments mean.

use std::ffi::OsString;
use std::path::Path;

use chrono::{SubsecRound, Timelike};

use super::*;

fn work(line: &str) -> Work {
    let words = std::iter::once("lockgate").chain(line.split_whitespace()).map(OsString::from);
    read(words).map(|request| request.work).expect(line)
}

fn wrong(line: &str) -> String {
    let words = std::iter::once("lockgate").chain(line.split_whitespace()).map(OsString::from);
    read(words).map(|_| ()).expect_err(line).to_string()
}

fn run(line: &str) -> Job {
    match work(line) {
        Work::Run(job) => job,
        _ => panic!("{line} is a run"),
    }
}

#[test]
fn the_definition_is_sound() {
    described().debug_assert();
}

#[test]
fn every_visible_command_has_an_example() {
    fn look(name: &str, command: &clap::Command) {
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            let name = format!("{name} {}", below.get_name());
            let help = below.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&name), "{name}");
            look(&name, below);
        }
    }
    look("lockgate", &described());
}

#[test]
fn a_run_has_defaults_for_everything() {
    let job = run("run p.yaml");
    assert_eq!(job.subject, Subject::File("p.yaml".into()));
    assert!(job.options.threads >= 1);
    assert!(job.options.memory.is_some_and(|bytes| bytes > 100_000_000), "three quarters of the machine");
    assert_eq!(job.options.run_time, job.options.run_time.trunc_subsecs(3));
    assert!(job.options.shortcuts && !job.options.dry_run && !job.warn_exit);
}

#[test]
fn options_of_a_run_mean_what_they_say() {
    let job =
        run("run p.yaml --var a=1 --var b=x=y --threads 3 --memory 4GB --run-time 2026-11-23 --dry-run \
                   --no-shortcuts --warn-exit --seed 7 --spill-dir big --spill-limit 100GB");
    assert_eq!(job.options.spill_dir, std::path::Path::new("big"));
    assert_eq!(job.options.spill_limit, Some(100_000_000_000));
    assert_eq!(job.vars, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x=y".to_owned())]);
    assert_eq!((job.options.threads, job.options.memory, job.options.seed), (3, Some(4_000_000_000), 7));
    assert_eq!(job.options.run_time.to_rfc3339(), "2026-11-23T00:00:00+00:00");
    assert!(job.options.dry_run && !job.options.shortcuts && job.warn_exit);
}

#[test]
fn the_run_time_has_milliseconds() {
    let job = run("run p.yaml --run-time 2026-11-23T10:00:00.5009+01:00");
    assert_eq!((job.options.run_time.hour(), job.options.run_time.nanosecond()), (9, 500_000_000));
}

#[test]
fn checks_make_the_target_a_dataset() {
    let Work::Validate(file) = work("validate p.yaml") else { panic!() };
    assert_eq!(file.subject, Subject::File("p.yaml".into()));
    let Work::Validate(data) = work("validate lake/orders --check not_null:id") else { panic!() };
    assert_eq!(
        data.subject,
        Subject::Dataset {
            read: "lake/orders".into(),
            format: DataFormat::Parquet,
            checks: vec!["not_null:id".into()]
        }
    );
}

#[test]
fn endings_tell_the_format_of_a_dataset_unless_it_is_given() {
    for (line, format) in [
        ("profile a.csv", DataFormat::Csv),
        ("profile s3://b/*.csv.gz", DataFormat::Csv),
        ("profile a.jsonl.zst", DataFormat::Ndjson),
        ("profile no/such/folder/", DataFormat::Parquet),
        ("profile a.csv --read-as ndjson", DataFormat::Ndjson),
    ] {
        let Work::Profile { job, .. } = work(line) else { panic!("{line}") };
        let Subject::Dataset { format: found, .. } = job.subject else { panic!("{line}") };
        assert_eq!(found, format, "{line}");
    }
    assert!(wrong("profile a --read-as orc").contains("parquet"));
}

#[test]
fn output_options_stand_before_or_after_the_command() {
    for line in ["--format json rules", "rules --format json"] {
        let words = std::iter::once("lockgate").chain(line.split_whitespace()).map(OsString::from);
        assert_eq!(read(words).map(|request| request.show.format).expect(line), Format::Json);
    }
}

#[test]
fn a_starter_goes_into_the_current_folder() {
    let Work::Init { folder, from } = work("init") else { panic!() };
    assert_eq!((folder.as_path(), from), (Path::new("."), None));
}

#[test]
fn a_mistake_says_what_to_write() {
    assert!(wrong("run p.yaml --memory lots").contains("write it like 4GB"));
    assert!(wrong("run p.yaml --run-time noon").contains("write it like 2026-11-23"));
    assert!(wrong("run p.yaml --var x").contains("write it like lake=s3://lake"));
    assert!(wrong("run p.yaml --threads 0").contains("1..=1024"));
    assert!(wrong("validat p.yaml").contains("validate"));
}

#[test]
fn an_import_needs_nothing_but_a_file() {
    let Work::Import { file, from, name, out } = work("import schema.yml") else { panic!() };
    assert_eq!((file.as_path(), from, name, out), (Path::new("schema.yml"), None, None, None));
    let Work::Import { from, .. } = work("import s.json --from gx --name t --out p.yaml") else { panic!() };
    assert_eq!(from, Some(crate::import::Tool::Gx));
    assert!(wrong("import s.json --from deequ").contains("odcs"));
}

#[test]
fn a_program_that_asked_for_json_gets_its_mistakes_as_json() {
    let typed = |line: &str| -> Vec<OsString> { line.split_whitespace().map(OsString::from).collect() };
    let format = |line: &str| show(&typed(line)).format;
    assert_eq!(format("lockgate run --format json --nope"), Format::Json);
    assert_eq!(format("lockgate --format=json run"), Format::Json);
    assert_eq!(format("lockgate run p.yaml --nope -- --format json"), Format::Text);
    assert_eq!(format("lockgate run --format xml"), Format::Text);
    assert_eq!(format("lockgate run --format"), Format::Text);
    let mistake = |line: &str| mistake(&read(typed(line)).map(|_| ()).expect_err(line));
    let nope = mistake("lockgate run p.yaml --no-shortcut");
    assert_eq!(nope.message(), "unexpected argument '--no-shortcut' found");
    let hint = nope.cure().expect("a hint");
    assert!(hint.contains("'--no-shortcuts'") && hint.contains("usage: lockgate run"), "{hint}");
    assert!(mistake("lockgate run").message().ends_with("were not provided: <FILE>"));
    assert_eq!(mistake("lockgate").message(), "no command is given");
}

#[test]
fn a_profile_is_text_unless_a_page_is_asked_for() {
    let profile = |line: &str| match work(line) {
        Work::Profile { kind, out, .. } => (kind, out),
        _ => panic!("{line} is a profile"),
    };
    assert_eq!(profile("profile lake/"), (ProfileKind::Text, None));
    assert_eq!(profile("profile lake/ --as html --out a.html"), (ProfileKind::Html, Some("a.html".into())));
}
