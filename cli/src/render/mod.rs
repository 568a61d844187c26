//! How things are shown to people. Everything here turns values into text; nothing here prints.

mod catalogue;
mod drift;
mod entry;
mod errors;
mod escape;
mod figures;
mod grid;
mod history;
mod imported;
mod lines;
mod outcome;
mod paint;
mod parameters;
mod plan;
mod progress;
mod reference;
mod sparkline;
mod standing;
mod summary;

pub(crate) use catalogue::{Catalogue, functions, rules, steps};
pub(crate) use drift::drift;
pub(crate) use entry::{document, list};
pub(crate) use errors::{causes, errors, errors_json};
pub(crate) use escape::escape;
pub(crate) use figures::{bytes, count, milliseconds, things};
pub(crate) use history::history;
pub(crate) use imported::{imported, imported_json};
pub(crate) use lines::lines;
pub(crate) use outcome::{Tone, outcome};
pub(crate) use plan::plan;
pub(crate) use progress::Progress;
pub(crate) use reference::pages;
pub(crate) use sparkline::figures;
pub(crate) use standing::Standing;
pub(crate) use summary::{answered_from, differences, summary};
