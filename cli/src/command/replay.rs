//! `lockgate quarantine replay`: rows of the quarantine go on from where they had left.

use lockgate_engine::replay::Wanted;

use super::run;
use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

/// Takes the rows wanted through the pipeline and shows what came of them.
pub(super) fn replay(job: &Job, wanted: &Wanted, screen: &Screen) -> Result<Ended, Failure> {
    let record = Session::open(job, screen)?.ask(|engine, pipeline| engine.replay(pipeline, wanted))?;
    run::show(&record, job, screen)
}
