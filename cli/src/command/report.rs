//! `lockgate report`: a run as a page, a comment or test results.

use std::io::Read;
use std::path::Path;

use lockgate_engine::history::Recalled;
use lockgate_engine::{Error, Result, RunRecord};

use super::document::{STREAM, file_name, hand_over};
use crate::args::{Recorded, ReportKind};
use crate::exit::Ended;
use crate::failure::Failure;
use crate::report;
use crate::screen::Screen;
use crate::session::Session;

/// Runs before the one reported on that are looked at: a year of days.
const EARLIER: usize = 365;

/// Writes the report on the run `of` to `out`.
pub(super) fn report(
    of: &Recorded,
    kind: ReportKind,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let recalled = recall(of, screen)?;
    let text = report::written(kind, &recalled)?;
    let usual = match kind {
        ReportKind::Html => Some(name(&recalled.record).into()),
        ReportKind::Markdown | ReportKind::Junit => None,
    };
    hand_over(&text, "report", out, usual, screen)?;
    Ok(Ended::Done)
}

fn recall(of: &Recorded, screen: &Screen) -> Result<Recalled, Failure> {
    match of {
        Recorded::Run { job, run } => Session::open(job, screen)?
            .ask(|engine, pipeline| engine.recall(pipeline, run.as_deref(), EARLIER)),
        Recorded::File(file) => Ok(Recalled::from(read(file)?)),
    }
}

fn read(file: &Path) -> Result<RunRecord> {
    let from_stream = file == Path::new(STREAM);
    let name = if from_stream { "standard input".to_owned() } else { file.display().to_string() };
    let mut json = Vec::new();
    let read = if from_stream {
        std::io::stdin().lock().read_to_end(&mut json).map(drop)
    } else {
        std::fs::read(file).map(|bytes| json = bytes)
    };
    read.map_err(|error| Error::wrong(format!("reading the run record {name}")).because(error))?;
    RunRecord::parse(&json, &name)
}

/// A file name that tells the run, whatever the pipeline is called.
fn name(record: &RunRecord) -> String {
    format!("{}-{}.html", file_name(&record.pipeline, 60), file_name(&record.run_id, 12))
}
