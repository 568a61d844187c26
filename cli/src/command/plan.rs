//! `lockgate plan`: what a run would read, compute, check and write.

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;

/// Explains the run.
pub(super) fn plan(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let plan = Session::open(job, screen)?.ask(lockgate_engine::Engine::plan)?;
    screen.show(&plan, |width| render::plan(&plan, width))?;
    Ok(Ended::Done)
}
