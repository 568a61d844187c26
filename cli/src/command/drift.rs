//! `lockgate drift`: how what was published last differs from what was published before.

use lockgate_engine::history::Asked;
use serde_json::json;

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;

/// Compares stored states of `table`, or of all sources and tables of the pipeline or dataset that have some.
pub(super) fn drift(
    job: &Job,
    table: Option<&str>,
    asked: &Asked,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let found = session.ask(|engine, _| engine.drift(session.whose(), table, asked))?;
    screen.show(&json!({ "drift": found }), |width| render::drift(&found, width))?;
    Ok(Ended::Done)
}
