//! `lockgate report`: a run as a page, a comment or test results.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use lockgate_engine::history::Recalled;
use lockgate_engine::{Error, Result, RunRecord};
use serde_json::json;

use crate::args::{Recorded, ReportKind};
use crate::exit::Ended;
use crate::failure::Failure;
use crate::report;
use crate::screen::Screen;
use crate::session::Session;

/// Runs before the one reported on that are looked at: a year of days.
const EARLIER: usize = 365;

/// What stands for standard input and output.
const STREAM: &str = "-";

/// Writes the report on the run `of` to `out`.
pub(super) fn report(
    of: &Recorded,
    kind: ReportKind,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let recalled = recall(of, screen)?;
    let text = report::written(kind, &recalled)?;
    match place(kind, out, &recalled.record) {
        None => screen.show(&json!({ "report": text }), |_| text.clone())?,
        Some(path) => {
            write(&path, &text)?;
            let shown = path.display().to_string();
            screen.show(&json!({ "written": shown }), |_| format!("{shown}\n"))?;
        }
    }
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

/// The file to write; none is standard output.
fn place(kind: ReportKind, out: Option<&Path>, record: &RunRecord) -> Option<PathBuf> {
    match (out, kind) {
        (Some(out), _) => (out != Path::new(STREAM)).then(|| out.to_owned()),
        (None, ReportKind::Html) => Some(name(record).into()),
        (None, ReportKind::Markdown | ReportKind::Junit) => None,
    }
}

/// A file name that tells the run, whatever the pipeline is called.
fn name(record: &RunRecord) -> String {
    let safe = |text: &str, most: usize| -> String {
        let safe = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
        text.chars().take(most).map(safe).collect()
    };
    format!("{}-{}.html", safe(&record.pipeline, 60), safe(&record.run_id, 12))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| {
        let message = format!("writing {}", path.display());
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::PermissionDenied => {
                Error::wrong(message).hint("name a file in a folder that is there: --out FILE").because(error)
            }
            _ => Error::unavailable(message).because(error),
        }
    })
}
