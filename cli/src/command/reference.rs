//! `lockgate reference`: the reference documentation as files.

use std::path::Path;

use lockgate_engine::Error;
use serde_json::json;

use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;

/// Writes every page into `folder`.
pub(super) fn reference(folder: &Path, screen: &Screen) -> Result<Ended, Failure> {
    let unwritable = |path: &Path| Error::unavailable(format!("writing {}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder).because(error))?;
    let mut written = Vec::new();
    for page in render::pages() {
        let path = folder.join(page.name);
        std::fs::write(&path, &page.text).map_err(|error| unwritable(&path).because(error))?;
        written.push(path.display().to_string());
    }
    screen.show(&json!({ "written": written }), |_| written.join("\n") + "\n")?;
    Ok(Ended::Done)
}
