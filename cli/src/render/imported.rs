//! What an import carried over, and what not.

use serde_json::{Value, json};

use super::escape::escape;
use super::figures::things;
use super::lines::lines;
use super::paint::{STRONG, paint};
use crate::import::Imported;

/// For people: numbers, then every check that differs, then every one that was not carried over.
pub(crate) fn imported(imported: &Imported, file: &str) -> String {
    let differing = imported.carried().filter(|check| !check.differs.is_empty());
    let differs: Vec<String> = differing
        .flat_map(|check| check.differs.iter().map(move |how| place(file, check.line, &check.from, how)))
        .collect();
    let refused: Vec<String> =
        imported.refused.iter().map(|r| place(file, r.line, &r.from, &r.why)).collect();
    let carried = things(imported.carried().count() as u64, "check", "checks");
    let head = format!("{}: {carried} carried over, {} not", imported.tool.name(), refused.len());
    let mut all = vec![paint(STRONG, &head)];
    for (title, entries) in [("different in meaning", differs), ("not carried over", refused)] {
        if !entries.is_empty() {
            all.push(format!("{}:", paint(STRONG, title)));
            all.extend(entries);
        }
    }
    lines(all)
}

fn place(file: &str, line: usize, from: &str, said: &str) -> String {
    format!("  {}:{line}: {}: {}", escape(file), escape(from), escape(said))
}

/// The same for programs, with the pipeline itself.
pub(crate) fn imported_json(imported: &Imported, file: &str, pipeline: &str, written: Option<&str>) -> Value {
    let datasets: Vec<Value> = imported
        .datasets
        .iter()
        .filter(|dataset| !dataset.checks.is_empty())
        .map(|dataset| json!({ "name": dataset.name, "checks": dataset.checks }))
        .collect();
    json!({
        "file": file,
        "tool": imported.tool,
        "carried_over": imported.carried().count(),
        "datasets": datasets,
        "not_carried_over": imported.refused,
        "written": written,
        "pipeline": pipeline,
    })
}
