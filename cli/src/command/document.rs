//! Documents that a command hands over: to standard output, or into a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use lockgate_engine::{Error, Result};
use serde_json::json;

use crate::screen::Screen;

/// What stands for standard input and output.
pub(super) const STREAM: &str = "-";

/// Writes the document `text` to the file `out`, or to `usual` where nothing is said; no file is standard
/// output. A program that asked for JSON finds the document under `called`, or the file that was written.
pub(super) fn hand_over(
    text: &str,
    called: &str,
    out: Option<&Path>,
    usual: Option<PathBuf>,
    screen: &Screen,
) -> Result<()> {
    match out.map_or(usual, |out| (out != Path::new(STREAM)).then(|| out.to_owned())) {
        None => screen.show(&json!({ called: text }), |_| text.to_owned()),
        Some(path) => {
            write(&path, text)?;
            let shown = path.display().to_string();
            screen.show(&json!({ "written": shown }), |_| format!("{shown}\n"))
        }
    }
}

/// The beginning of a text, at most `most` characters, as a file may be called.
pub(super) fn file_name(text: &str, most: usize) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    text.chars().take(most).map(safe).collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| {
        let message = format!("writing {}", path.display());
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::PermissionDenied => {
                Error::wrong(message).hint("name a file in a folder that is there: --out FILE").because(error)
            }
            _ => Error::unavailable(message).because(error),
        }
    })
}
