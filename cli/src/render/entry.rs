//! An entry of a catalogue: a rule, step or function, documented alike.

use std::fmt::Write as _;

use serde::Serialize;

use super::catalogue::Catalogue;
use super::grid::{Column, Grid, cell, folded, styled};
use super::lines::lines;
use super::paint::{CODE, FAINT, STRONG, paint};
use super::parameters::Parameter;

/// A rule, step or function.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    /// Its name in the pipeline file.
    pub(crate) name: String,
    /// Other names it answers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) aliases: Vec<String>,
    /// The group it is listed in.
    pub(crate) group: String,
    /// What it does, in one sentence.
    pub(crate) summary: String,
    /// Further facts, each with what it is about.
    pub(crate) facts: Vec<Fact>,
    /// What it takes, in words, where it takes anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) takes: Option<String>,
    /// Its parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) parameters: Vec<Parameter>,
    /// A worked example: each part with its caption.
    pub(crate) example: Vec<Fact>,
}

/// Something said about an entry.
#[derive(Debug, Serialize)]
pub(crate) struct Fact {
    /// What it is about.
    pub(crate) about: String,
    /// What is said.
    pub(crate) text: String,
}

/// A fact.
pub(crate) fn fact(about: &str, text: impl Into<String>) -> Fact {
    Fact { about: about.to_owned(), text: text.into() }
}

/// The names and summaries of `entries`, by group.
pub(crate) fn list(catalogue: &Catalogue, width: usize) -> String {
    let entries = &catalogue.entries;
    let mut grid = Grid::new(&[Column::Left, Column::Words]);
    let mut group = None;
    for entry in entries {
        if group.replace(&entry.group) != Some(&entry.group) {
            if entry.name != entries[0].name {
                grid.line(0, cell(""));
            }
            grid.line(0, styled(STRONG, &entry.group));
        }
        grid.row([styled(CODE, format!("  {}", entry.name)), cell(&entry.summary)]);
    }
    let mut text = grid.render(width);
    paragraph(&mut text, catalogue.note, width);
    text
}

/// Everything about `entry`, for a terminal.
pub(crate) fn document(entry: &Entry, width: usize) -> String {
    let mut text = format!("{}  {}\n", paint(STRONG, &entry.name), paint(FAINT, &entry.group));
    if !entry.aliases.is_empty() {
        let _ = writeln!(text, "{}", paint(FAINT, &format!("also {}", entry.aliases.join(", "))));
    }
    paragraph(&mut text, &entry.summary, width);
    for fact in &entry.facts {
        paragraph(&mut text, &fact.text, width);
    }
    if let Some(takes) = &entry.takes {
        paragraph(&mut text, &format!("Takes {}.", takes.replace('`', "")), width);
    }
    if !entry.parameters.is_empty() {
        text.push('\n');
        let mut grid = Grid::new(&[Column::Left, Column::Words, Column::Words]);
        for parameter in &entry.parameters {
            grid.row([
                styled(CODE, format!("  {}", parameter.name)),
                styled(FAINT, parameter.takes.replace('`', "")),
                cell(meaning(parameter).replace('`', "")),
            ]);
        }
        text += &grid.render(width);
    }
    for part in &entry.example {
        let _ = write!(text, "\n{}\n{}", paint(STRONG, &part.about), indented(&part.text));
    }
    text
}

fn paragraph(text: &mut String, sentences: &str, width: usize) {
    for paragraph in sentences.split("\n\n") {
        let flat = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "\n{}", folded(&flat.replace('`', ""), width).join("\n"));
    }
}

fn indented(text: &str) -> String {
    lines(text.lines().map(|line| format!("    {}", paint(CODE, line))))
}

/// The description with what must be known besides.
pub(crate) fn meaning(parameter: &Parameter) -> String {
    let default = parameter.default.as_ref().map(|default| format!("Default `{default}`."));
    let required = parameter.required.then(|| "Required.".to_owned());
    let parts = [Some(parameter.description.clone()), required, default];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Everything about `entry`, in Markdown.
pub(crate) fn markdown(entry: &Entry) -> String {
    let mut text = format!("## `{}`\n\n", entry.name);
    if !entry.aliases.is_empty() {
        let aliases: Vec<String> = entry.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let _ = writeln!(text, "Also {}.\n", aliases.join(", "));
    }
    let _ = writeln!(text, "{}\n", entry.summary);
    for fact in &entry.facts {
        let _ = writeln!(text, "{}\n", fact.text);
    }
    if let Some(takes) = &entry.takes {
        let _ = writeln!(text, "Takes {takes}.\n");
    }
    if !entry.parameters.is_empty() {
        text += &table(&entry.parameters);
        text.push('\n');
    }
    for part in &entry.example {
        let _ = writeln!(text, "{}:\n\n```\n{}\n```\n", part.about, part.text.trim_end());
    }
    text
}

/// Parameters as a Markdown table.
pub(crate) fn table(parameters: &[Parameter]) -> String {
    let mut text = "| key | takes | meaning |\n|---|---|---|\n".to_owned();
    for parameter in parameters {
        let in_cell = |words: &str| words.replace('|', "\\|").replace('\n', " ");
        let (takes, meaning) = (in_cell(&parameter.takes), in_cell(&meaning(parameter)));
        let _ = writeln!(text, "| `{}` | {takes} | {meaning} |", parameter.name);
    }
    text
}
