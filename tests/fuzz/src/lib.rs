//! What reads bytes from outside, each as a function that takes any bytes and panics where Lockgate would be
//! at fault: it must refuse what is wrong, and nothing may be a defect.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a finding is a panic")]

mod checks;
mod documents;
mod files;
mod texts;

/// A kind of input from outside.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of the folder of its corpus.
    pub name: &'static str,
    /// Takes any bytes.
    pub try_on: fn(&[u8]),
}

/// All kinds.
pub const TARGETS: &[Target] = &[
    Target { name: "pipeline_file", try_on: texts::pipeline_file },
    Target { name: "expression", try_on: texts::expression },
    Target { name: "check", try_on: checks::check },
    Target { name: "journal", try_on: documents::journal },
    Target { name: "state", try_on: documents::state },
    Target { name: "parquet", try_on: files::parquet },
    Target { name: "csv", try_on: files::csv },
    Target { name: "ndjson", try_on: files::ndjson },
];

/// The kind of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
