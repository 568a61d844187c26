//! Every input that fuzzing kept is tried again.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lockgate_fuzz::TARGETS;

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn no_input_of_the_corpus_is_a_defect() {
    for target in TARGETS {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus().join(target.name)).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::read(&path).unwrap();
            let tried = std::panic::catch_unwind(|| (target.try_on)(&data));
            assert!(tried.is_ok(), "{}", path.display());
            inputs += 1;
        }
        assert!(inputs > 0, "{} has no inputs", target.name);
    }
}

#[test]
fn every_folder_of_the_corpus_is_of_a_target() {
    let names = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let folders: BTreeSet<String> = fs::read_dir(corpus()).unwrap().map(names).collect();
    assert_eq!(folders, TARGETS.iter().map(|target| target.name.to_owned()).collect());
}
