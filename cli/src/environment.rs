//! What surrounds the process: its arguments, variables, folder and clock. Nothing else reads them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

use chrono::{DateTime, SubsecRound, Utc};
use lockgate_engine::{Error, Result};

/// The variable that sets the level of logs where `--log` does not.
const LOG: &str = "LOCKGATE_LOG";

/// What was typed.
pub(crate) fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os()
}

/// All variables whose name and value are text.
pub(crate) fn variables() -> BTreeMap<String, String> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// The level of logs that the environment asks for.
pub(crate) fn log_level() -> Option<String> {
    std::env::var_os(LOG)?.into_string().ok().filter(|level| !level.is_empty())
}

/// The folder that relative paths start from.
pub(crate) fn folder() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::unavailable("finding the current folder").because(error))
}

/// The folder for temporary files.
pub(crate) fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}

/// As many workers as the process may use processors.
pub(crate) fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The time, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
