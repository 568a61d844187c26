//! `lockgate clean`: old runs are forgotten.

use chrono::TimeDelta;
use lockgate_engine::history::Cleaned;
use serde_json::{Value, json};

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render::{bytes, escape, things};
use crate::screen::Screen;
use crate::session::Session;

/// Runs that are named one by one.
const NAMED: usize = 20;

/// Forgets the runs that ended so long ago and says which they were.
pub(super) fn clean(job: &Job, older_than: TimeDelta, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let cleaned = session.ask(|engine, pipeline| engine.clean(pipeline, older_than))?;
    screen.show(&record(&cleaned, job.options.dry_run), |_| text(&cleaned, job.options.dry_run))?;
    Ok(Ended::Done)
}

fn text(cleaned: &Cleaned, dry_run: bool) -> String {
    let mut text = String::new();
    for run in cleaned.runs.iter().take(NAMED) {
        let stored = run.stored_at.format("%Y-%m-%d %H:%M");
        text += &format!("run {}, attempt {}, ended {stored}\n", escape(&run.run_id), run.attempt);
    }
    if cleaned.runs.len() > NAMED {
        text += &format!("… and {} more\n", cleaned.runs.len() - NAMED);
    }
    text += &match (cleaned.runs.len() as u64, dry_run) {
        (0, _) => "nothing to forget\n".to_owned(),
        (runs, dry_run) => format!(
            "{} {} with {}: {}\n",
            if dry_run { "would forget" } else { "forgot" },
            things(runs, "run", "runs"),
            things(cleaned.states as u64, "state", "states"),
            bytes(cleaned.bytes),
        ),
    };
    if cleaned.live > 0 {
        text += &format!(
            "{} kept: their files are still there, or they may not have ended\n",
            things(cleaned.live as u64, "old run", "old runs")
        );
    }
    text
}

fn record(cleaned: &Cleaned, dry_run: bool) -> Value {
    let runs = cleaned
        .runs
        .iter()
        .map(|run| json!({"run_id": run.run_id, "attempt": run.attempt, "stored_at": run.stored_at}));
    json!({
        "before": cleaned.before,
        "dry_run": dry_run,
        "runs": runs.collect::<Vec<_>>(),
        "kept": cleaned.live,
        "states": cleaned.states,
        "bytes": cleaned.bytes,
    })
}
