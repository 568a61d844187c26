//! `lockgate rules`, `functions` and `steps`: what there is, and what each means.

use crate::exit::Ended;
use crate::failure::Failure;
use crate::render::{self, Catalogue};
use crate::screen::Screen;

/// Lists the catalogue, or documents the entry called `name`.
pub(super) fn show(catalogue: &Catalogue, name: Option<&str>, screen: &Screen) -> Result<Ended, Failure> {
    match name {
        Some(name) => {
            let entry = catalogue.find(name)?;
            screen.show(entry, |width| render::document(entry, width))?;
        }
        None => screen.show(&catalogue.entries, |width| render::list(catalogue, width))?,
    }
    Ok(Ended::Done)
}
