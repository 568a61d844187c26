//! `lockgate import`: the checks of another tool as a pipeline file.

use std::path::Path;

use lockgate_engine::Error;
use lockgate_engine::spec::SourceText;

use super::init::write_new;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::import::{Tool, pipeline};
use crate::render;
use crate::screen::Screen;

/// Writes the pipeline to `out` or shows it, and tells what was not carried over.
pub(super) fn import(
    file: &Path,
    from: Option<Tool>,
    name: Option<&str>,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let text = read(file)?;
    let imported =
        crate::import::import(&text, from, name).map_err(|error| Failure::from(error).within(&text))?;
    let pipeline = pipeline(&imported, &text.name);
    if let Some(out) = out {
        write_new(out, &pipeline)?;
    }
    let written = out.map(|out| out.display().to_string());
    let value = render::imported_json(&imported, &text.name, &pipeline, written.as_deref());
    screen.show(&value, |_| match &written {
        Some(out) => format!("{out} is written; say where the data is, then:\n  lockgate check {out}\n"),
        None => pipeline.clone(),
    })?;
    screen.note(&render::imported(&imported, &text.name));
    Ok(Ended::Done)
}

fn read(file: &Path) -> Result<SourceText, Error> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| {
        let wrong = Error::wrong(format!("reading {name}"));
        let hint = match error.kind() {
            std::io::ErrorKind::IsADirectory => Some("name a file, such as schema.yml, not its folder"),
            std::io::ErrorKind::InvalidData => Some("the file is not text in UTF-8"),
            _ => None,
        };
        hint.into_iter().fold(wrong, Error::hint).because(error)
    })?;
    Ok(SourceText::new(&name, &text))
}
