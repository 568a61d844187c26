//! `lockgate check`: the pipeline file against the schemas of its sources.

use serde_json::json;

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

/// Checks names, types and schemas; no data is read.
pub(super) fn check(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    session.ask(lockgate_engine::Engine::check)?;
    let file = session.name();
    screen.show(&json!({ "file": file, "valid": true }), |_| format!("{file} is valid\n"))?;
    Ok(Ended::Done)
}
