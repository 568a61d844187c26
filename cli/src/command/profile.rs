//! `lockgate profile`: the columns of a dataset in figures.

use lockgate_engine::Part;

use crate::args::{Job, Subject};
use crate::describe::Description;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;

/// Reads the dataset once and shows what its columns hold.
pub(super) fn profile(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let profiled = session.ask(|engine, pipeline| engine.profile(pipeline, Part::Whole))?;
    let description = Description::of(&profiled, dataset(job));
    screen.show(&description, |width| render::described(&description, width))?;
    Ok(Ended::Done)
}

/// Where the dataset is, as it was given.
pub(super) fn dataset(job: &Job) -> &str {
    match &job.subject {
        Subject::Dataset { read, .. } => read,
        Subject::File(_) => "",
    }
}
