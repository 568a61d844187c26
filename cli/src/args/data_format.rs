//! Formats of data files.

use std::path::Path;

use clap::ValueEnum;

/// How the files of a dataset are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// Apache Parquet
    Parquet,
    /// Comma-separated values
    Csv,
    /// One JSON object a line
    Ndjson,
}

impl DataFormat {
    /// As pipeline files spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// By the ending of `name`; none where it tells nothing.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
        match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
            Some("parquet" | "parq" | "pq") => Some(Self::Parquet),
            Some("csv") => Some(Self::Csv),
            Some("ndjson" | "jsonl" | "json") => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// By the first file in a local folder, in the order of names, whose ending tells.
    pub(crate) fn of_folder(folder: &Path) -> Option<Self> {
        let mut entries: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        entries.iter().find_map(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(['_', '.']) {
                return None;
            }
            let is_folder = entry.file_type().ok()?.is_dir();
            if is_folder { Self::of_folder(&entry.path()) } else { Self::of_name(&name) }
        })
    }
}
