//! `lockgate profile`: the columns of a dataset in figures, on the terminal or as a page.

use std::path::Path;

use lockgate_engine::Part;

use super::document::{STREAM, file_name, hand_over};
use crate::args::{Job, ProfileKind, Subject};
use crate::describe::{Description, page};
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;

/// The width of a table in a file, in columns.
const WIDTH: usize = 120;

/// Reads the dataset once and says what its columns hold, to `out`.
pub(super) fn profile(
    job: &Job,
    kind: ProfileKind,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let profiled = session.ask(|engine, pipeline| engine.profile(pipeline, Part::Whole))?;
    let description = Description::of(&profiled, dataset(job));
    match (kind, out.filter(|out| *out != Path::new(STREAM))) {
        (ProfileKind::Text, None) => {
            screen.show(&description, |width| render::described(&description, width))?;
        }
        (ProfileKind::Text, Some(_)) => {
            let text = render::described(&description, WIDTH);
            hand_over(&anstream::adapter::strip_str(&text).to_string(), "profile", out, None, screen)?;
        }
        (ProfileKind::Html, _) => {
            let usual = format!("{}-profile.html", file_name(&description.name(), 60));
            hand_over(&page(&description)?, "profile", out, Some(usual.into()), screen)?;
        }
    }
    Ok(Ended::Done)
}

/// Where the dataset is, as it was given.
pub(super) fn dataset(job: &Job) -> &str {
    match &job.subject {
        Subject::Dataset { read, .. } => read,
        Subject::File(_) => "",
    }
}
