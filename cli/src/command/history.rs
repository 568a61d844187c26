//! `lockgate history`: earlier runs of a pipeline.

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;

/// Lists at most `limit` runs, the latest first.
pub(super) fn history(job: &Job, limit: usize, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let runs = session.ask(|engine, pipeline| engine.history(pipeline, limit))?;
    screen.show(&runs, |width| render::history(&runs, width))?;
    Ok(Ended::Done)
}
