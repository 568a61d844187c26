//! The verdict in a sentence and a few figures, and at the end of the page what the run was.

use lockgate_engine::{RunRecord, RunStatus};
use serde::Serialize;

use crate::page::Figure;
use crate::render::{Tone, bytes, count, milliseconds, outcome, things};
use crate::report::check::{rows_in, rows_out, rows_quarantined};

/// The beginning of the page.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pipeline: String,
    tone: &'static str,
    verdict: &'static str,
    sentence: String,
    run_id: String,
    run_time: String,
    figures: Vec<Figure>,
    /// What became of the outputs.
    written: &'static str,
}

/// How a run ended.
pub(super) fn overview(record: &RunRecord) -> Overview {
    let told = outcome(record);
    Overview {
        pipeline: record.pipeline.clone(),
        tone: match told.tone {
            Tone::Good => "good",
            Tone::Alert => "alert",
            Tone::Bad => "bad",
        },
        verdict: told.verdict,
        sentence: sentence(record, told.note),
        run_id: record.run_id.chars().take(12).collect(),
        run_time: record.run_time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        figures: figures(record),
        written: match record.status {
            RunStatus::Published
            | RunStatus::PublishedWithAlerts
            | RunStatus::Validated
            | RunStatus::NothingNew => "Written",
            RunStatus::Withheld => "Held back",
            RunStatus::DryRun => "Would be written",
        },
    }
}

fn sentence(record: &RunRecord, note: &str) -> String {
    let outputs = record.tables.iter().filter(|table| table.output.is_some()).count() as u64;
    let rows = things(rows_out(record), "row", "rows");
    let took = milliseconds(record.resources.elapsed_ms);
    let closing = record.checks.iter().filter(|check| check.verdict.closes_gate()).count() as u64;
    if record.already_published || record.status == RunStatus::NothingNew {
        let note = note.to_owned();
        return format!("{}{}.", note[..1].to_uppercase(), &note[1..]);
    }
    match record.status {
        RunStatus::Withheld => {
            format!("{} closed the gate after {took}: {note}.", things(closing, "check", "checks"))
        }
        RunStatus::DryRun => {
            format!(
                "{rows} would be published to {}. It took {took}.",
                things(outputs, "dataset", "datasets")
            )
        }
        RunStatus::Validated | RunStatus::NothingNew => {
            let checks = things(record.checks.len() as u64, "check", "checks");
            format!("{checks} ran in {took}; nothing was to be written.")
        }
        RunStatus::Published | RunStatus::PublishedWithAlerts => {
            format!("{rows} published to {} in {took}.", things(outputs, "dataset", "datasets"))
        }
    }
}

fn figures(record: &RunRecord) -> Vec<Figure> {
    let figure = |name, value, note: String| Figure { name, value, note };
    let read = record.inputs.iter().map(|input| input.bytes).sum();
    let files = record.inputs.iter().map(|input| input.files.len() as u64).sum();
    let passing =
        record.checks.iter().filter(|check| check.verdict.status == lockgate_rules::Status::Pass).count();
    let resources = &record.resources;
    let mut figures = vec![
        figure(
            "checks that pass",
            count(passing as u64),
            format!("of {}", things(record.checks.len() as u64, "check", "checks")),
        ),
        figure(
            "rows read",
            count(rows_in(record)),
            format!("{} in {}", bytes(read), things(files, "file", "files")),
        ),
    ];
    if record.tables.iter().any(|table| table.output.is_some()) {
        let outputs = || record.tables.iter().filter_map(|table| table.output.as_ref());
        let name = match record.status {
            RunStatus::Withheld => "rows held back",
            RunStatus::DryRun => "rows to be written",
            RunStatus::Published
            | RunStatus::PublishedWithAlerts
            | RunStatus::Validated
            | RunStatus::NothingNew => "rows published",
        };
        let files = outputs().map(|output| output.files.len() as u64).sum();
        let size = bytes(outputs().map(|output| output.bytes).sum());
        figures.push(figure(
            name,
            count(rows_out(record)),
            format!("{size} in {}", things(files, "file", "files")),
        ));
    }
    if rows_quarantined(record) > 0 {
        let name = match record.status {
            RunStatus::Withheld | RunStatus::DryRun => "rows for quarantine",
            RunStatus::Published
            | RunStatus::PublishedWithAlerts
            | RunStatus::Validated
            | RunStatus::NothingNew => "rows in quarantine",
        };
        figures.push(figure(name, count(rows_quarantined(record)), "failed a check".to_owned()));
    }
    let threads = format!("on {}", things(resources.threads as u64, "thread", "threads"));
    figures.push(figure("time taken", milliseconds(resources.elapsed_ms), threads));
    if let Some(peak) = resources.memory_peak_bytes {
        let cpu = resources.cpu_ms.map(|cpu| format!("{} processor time", milliseconds(cpu)));
        figures.push(figure("peak memory", bytes(peak), cpu.unwrap_or_default()));
    }
    figures
}

/// Names and values about the run as a whole, each group with its title.
pub(super) fn about(record: &RunRecord) -> Vec<(&'static str, Vec<(String, String)>)> {
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string();
    let run = vec![
        ("run id".to_owned(), record.run_id.clone()),
        ("run time".to_owned(), time(record.run_time)),
        ("began".to_owned(), time(record.started_at)),
        ("ended".to_owned(), time(record.ended_at)),
        ("lockgate".to_owned(), record.engine_version.clone()),
    ];
    let vars = record.vars.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let values = record
        .values
        .iter()
        .map(|file| (file.path.clone(), format!("{}, sha256 {}", bytes(file.bytes), file.sha256)))
        .collect();
    let recovered = record
        .recovered
        .iter()
        .map(|run| (run.run_id.clone().unwrap_or_else(|| "a run".into()), run.outcome.clone()))
        .collect();
    let groups: [(&str, Vec<(String, String)>); 4] = [
        ("Run", run),
        ("Variables", vars),
        ("Files of values", values),
        ("Runs that had died before", recovered),
    ];
    groups.into_iter().filter(|(_, facts)| !facts.is_empty()).collect()
}
