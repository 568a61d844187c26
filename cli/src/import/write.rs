//! The checks as a pipeline file.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::imported::{Carried, Imported};
use crate::render::escape;

/// Longest line of a check that stays on one line.
const WIDTH: usize = 100;

/// A pipeline file with a source for each dataset, and its checks with what they come from.
pub(crate) fn pipeline(imported: &Imported, file: &str) -> String {
    let mut text = head(imported, file);
    let needed = imported.needed();
    if needed.is_empty() {
        return text;
    }
    let first = needed.first().map_or("imported", |dataset| dataset.name.as_str());
    let _ = write!(text, "pipeline: {}\n\nsources:\n", scalar(first));
    for dataset in &needed {
        let name = &dataset.name;
        let _ = write!(text, "  {}:\n    read: {}", scalar(name), scalar(&format!("./{name}/")));
        text += "    # where the data is: a folder, file, pattern or URL\n    format: parquet\n";
        if !dataset.checks.is_empty() {
            text += "    checks:\n";
        }
        for check in &dataset.checks {
            text += &entry(check);
        }
    }
    text += "\ntables:\n";
    for dataset in &needed {
        let _ = write!(
            text,
            "  {}:\n    from: {}\n",
            scalar(&table(&dataset.name, imported)),
            scalar(&dataset.name)
        );
    }
    text
}

/// A name for the rows of a source that no other source has.
fn table(source: &str, imported: &Imported) -> String {
    let mut name = format!("{source}_rows");
    while imported.datasets.iter().any(|dataset| dataset.name == name) {
        name.push('_');
    }
    name
}

fn head(imported: &Imported, file: &str) -> String {
    let mut text = format!("# Checks of {}, from {}.\n", imported.tool.name(), comment(file));
    text += "# `lockgate check` compares them with the data, `lockgate validate` runs them.\n";
    if !imported.refused.is_empty() {
        text += "#\n# Not carried over:\n";
    }
    for refused in &imported.refused {
        let _ = writeln!(
            text,
            "# - line {}: {}: {}",
            refused.line,
            comment(&refused.from),
            comment(&refused.why)
        );
    }
    text
}

/// Text that stays on one line.
pub(crate) fn comment(text: &str) -> String {
    escape(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

fn entry(check: &Carried) -> String {
    let mut text = format!("      # line {}: {}\n", check.line, comment(&check.from));
    for differs in &check.differs {
        let _ = writeln!(text, "      # differs: {}", comment(differs));
    }
    let one_line = format!("      - {}: {}\n", check.rule, params(&check.params));
    if one_line.chars().count() <= WIDTH {
        return text + &one_line;
    }
    let _ = writeln!(text, "      - {}:", check.rule);
    for (key, value) in &check.params {
        let _ = writeln!(text, "          {}: {}", scalar(key), flow(value));
    }
    text
}

/// Parameters in their shortest form.
fn params(params: &Map<String, Value>) -> String {
    let mut entries = params.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) if key == "column" || key == "columns" => flow(value),
        _ => flow(&Value::Object(params.clone())),
    }
}

/// A value in brackets, on one line.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Text as YAML reads it back: plain where it cannot be taken for anything else.
pub(crate) fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let text = &text.replace("${", "$${");
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c))
        && text.contains(|c: char| c.is_ascii_alphabetic())
        && !text.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit())
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !matches!(text.to_ascii_lowercase().as_str(), ".nan" | ".inf");
    if plain {
        return text.clone();
    }
    if !text.is_empty()
        && !text.chars().any(|c| c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c) || c == '\u{feff}')
    {
        return format!("'{}'", text.replace('\'', "''"));
    }
    Value::from(text.as_str()).to_string()
}
