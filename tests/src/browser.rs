//! A real browser, where there is one.

use std::path::PathBuf;
use std::process::Command;

use crate::repository;

/// What browsers that can be driven are called.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Opens `page` in a browser, which must find no fault with it: `tests/browser/page.mjs` says what faults
/// are. Where there is no browser, or no Node to drive it, that is said, and nothing is checked.
#[allow(clippy::print_stderr, reason = "a check that was left out must be seen")]
pub fn browser(page: &str) {
    let (Some(chromium), Some(node)) = (BROWSERS.iter().find_map(|name| found(name)), found("node")) else {
        eprintln!("SKIPPED: {page} was not opened in a browser, for want of Chromium or Node");
        return;
    };
    let script = repository().join("tests/browser/page.mjs");
    let ran = Command::new(node).arg(script).arg(chromium).arg(page).output().expect("node can be started");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{page}:\n{}\n{}", said(&ran.stdout), said(&ran.stderr));
}

/// The program called `name`, if there is one.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}
