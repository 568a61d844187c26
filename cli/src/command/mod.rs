//! The commands, one file each.

mod catalogue;
mod check;
mod clean;
mod document;
mod drift;
mod history;
mod import;
mod init;
mod plan;
mod profile;
mod recover;
mod reference;
mod replay;
mod report;
mod run;
mod schema;
mod suggest;
mod validate;

use crate::args::Work;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;

/// Does what was asked.
pub(crate) fn perform(work: &Work, screen: &Screen) -> Result<Ended, Failure> {
    match work {
        Work::Init { folder, from } => init::init(folder, from.as_deref(), screen),
        Work::Import { file, from, name, out } => {
            import::import(file, *from, name.as_deref(), out.as_deref(), screen)
        }
        Work::Check(job) => check::check(job, screen),
        Work::Plan(job) => plan::plan(job, screen),
        Work::Run(job) => run::run(job, screen),
        Work::Validate(job) => validate::validate(job, screen),
        Work::Profile { job, kind, out } => profile::profile(job, *kind, out.as_deref(), screen),
        Work::Suggest(job) => suggest::suggest(job, screen),
        Work::SuggestFromHistory { job, table } => suggest::from_history(job, table.as_deref(), screen),
        Work::History { job, limit } => history::history(job, *limit, screen),
        Work::Figures { job, over } => history::figures(job, over, screen),
        Work::Drift { job, table, asked } => drift::drift(job, table.as_deref(), asked, screen),
        Work::Report { of, kind, out } => report::report(of, *kind, out.as_deref(), screen),
        Work::Replay { job, wanted } => replay::replay(job, wanted, screen),
        Work::Recover(job) => recover::recover(job, screen),
        Work::Clean { job, older_than } => clean::clean(job, *older_than, screen),
        Work::Rules(name) => catalogue::show(&render::rules(), name.as_deref(), screen),
        Work::Functions(name) => catalogue::show(&render::functions(), name.as_deref(), screen),
        Work::Steps(name) => catalogue::show(&render::steps(), name.as_deref(), screen),
        Work::Schema => schema::schema(screen),
        Work::Reference(folder) => reference::reference(folder, screen),
    }
}
