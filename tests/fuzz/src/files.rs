//! Files of sources, checked as a run would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use lockgate_engine::spec::SourceText;
use lockgate_engine::store::Settings;
use lockgate_engine::{Engine, Error, Kind, Options, Pipeline};
use tempfile::TempDir;

/// An engine and the folder it reads from.
struct Place {
    folder: TempDir,
    engine: Engine,
}

fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let time = || "2024-03-01T00:00:00Z".parse().unwrap();
        let options = Options {
            threads: 1,
            memory: Some(1 << 30),
            ceiling: None,
            spill_dir: folder.path().to_owned(),
            spill_limit: Some(1 << 30),
            run_time: time(),
            dry_run: true,
            shortcuts: true,
            seed: 0,
            usage: None,
        };
        let engine = Engine::new(options, Settings::new(folder.path(), []), Arc::new(time)).unwrap();
        Place { folder, engine }
    })
}

/// Panics if an error is said to be Lockgate's own.
pub(crate) fn is_no_defect(errors: &[Error]) {
    for error in errors {
        assert_ne!(error.kind(), Kind::Defect, "{error}: {error:?}");
    }
}

fn validate(data: &[u8], name: &str, format: &str) {
    let Place { folder, engine } = place();
    let file = folder.path().join("in").join(name);
    fs::write(&file, data).unwrap();
    let mut checks = String::new();
    for check in [
        "row_count: {min: 1}",
        "completeness: {columns: \"*\", mostly: 0.5}",
        "distinct_count: {columns: \"*\", min: 1}",
    ] {
        writeln!(checks, "      - {check}").unwrap();
    }
    let text = format!(
        "pipeline: fuzz\nsources:\n  in:\n    read: in/{name}\n    format: {format}\n    checks:\n{checks}\
         tables:\n  out: {{from: in}}\n"
    );
    let pipeline = Pipeline::load(SourceText::new("fuzz.yaml", &text), &[], &BTreeMap::new()).unwrap();
    if let Err(errors) = engine.validate(&pipeline) {
        is_no_defect(&errors);
    }
    remove(&file);
}

fn remove(file: &Path) {
    fs::remove_file(file).unwrap();
}

/// A Parquet file.
pub(crate) fn parquet(data: &[u8]) {
    validate(data, "part.parquet", "parquet");
}

/// A CSV file.
pub(crate) fn csv(data: &[u8]) {
    validate(data, "part.csv", "csv");
}

/// A file of JSON objects.
pub(crate) fn ndjson(data: &[u8]) {
    validate(data, "part.ndjson", "ndjson");
}
