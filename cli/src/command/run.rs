//! `lockgate run`: everything, and its summary.

use lockgate_engine::RunRecord;

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;

/// Runs the pipeline and shows what came of it.
pub(super) fn run(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let record = Session::open(job, screen)?.ask(lockgate_engine::Engine::run)?;
    show(&record, job, screen)
}

/// Shows the record of a run and says what it means for the exit code.
pub(super) fn show(record: &RunRecord, job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    screen.show(record, |width| render::summary(record, width))?;
    Ok(Ended::of(record, job.warn_exit))
}
