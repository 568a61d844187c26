//! `lockgate validate`: checks only, of a pipeline or of any dataset.

use super::run;
use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

/// Runs the checks and shows what came of them; nothing is written.
pub(super) fn validate(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let record = Session::open(job, screen)?.ask(lockgate_engine::Engine::validate)?;
    run::show(&record, job, screen)
}
