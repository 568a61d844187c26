//! `lockgate history`: earlier runs of a pipeline, or a figure over them.

use serde_json::json;

use crate::args::{Job, Over};
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

/// Shows a figure over the newest points that were published.
pub(super) fn figures(job: &Job, over: &Over, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let (table, whose) = (over.table.as_deref(), session.whose());
    let found = session.ask(|engine, _| engine.figures(whose, table, &over.figure, over.limit))?;
    screen.show(&json!({ "figures": found }), |width| render::figures(&found, width))?;
    Ok(Ended::Done)
}
