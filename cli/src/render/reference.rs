//! The reference documentation, written from the code.

use std::fmt::Write as _;

use clap::Command;
use lockgate_engine::spec;
use serde_json::Value;

use super::catalogue::{Catalogue, functions, rules, size, steps};
use super::entry::{markdown, table};
use super::lines::lines;
use super::parameters::{Definitions, description, parameters, takes};
use crate::args;
use crate::exit;

/// A file of the documentation.
#[derive(Debug)]
pub(crate) struct Page {
    /// Name of the file.
    pub(crate) name: &'static str,
    /// Its text, Markdown.
    pub(crate) text: String,
}

/// Every page.
pub(crate) fn pages() -> Vec<Page> {
    let page = |name, text: String| Page { name, text: text.trim_end().to_owned() + "\n" };
    vec![
        page("rules.md", entries("Rules", "What checks apply, by quality dimension.", &rules())),
        page(
            "steps.md",
            entries("Steps", "What a table does to its rows, in the order they stand.", &steps()),
        ),
        page(
            "functions.md",
            entries("Functions", "What expressions may call, aggregates included.", &functions()),
        ),
        page("pipeline.md", pipeline()),
        page("commands.md", commands()),
        page("exit-codes.md", exit_codes()),
    ]
}

/// The beginning of every page.
fn begin(title: &str, about: &str) -> String {
    format!("# {title}\n\n<!-- Written by `lockgate reference`; do not edit. -->\n\n{about}\n\n")
}

fn entries(title: &str, about: &str, catalogue: &Catalogue) -> String {
    let mut text = begin(title, &format!("{about} There are {}.", size(catalogue)));
    let mut group = None;
    for entry in &catalogue.entries {
        if group.replace(&entry.group) != Some(&entry.group) {
            let names = catalogue.entries.iter().filter(|other| other.group == entry.group);
            let links: Vec<String> = names.map(|other| format!("[`{0}`](#{0})", other.name)).collect();
            let _ = writeln!(text, "- {}: {}", entry.group, links.join(", "));
        }
    }
    text.push('\n');
    catalogue.entries.iter().fold(text, |text, entry| text + &markdown(entry))
}

fn pipeline() -> String {
    let schema = spec::json_schema();
    let known: Definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let about = "The keys of a pipeline file. `lockgate schema` prints the same as JSON Schema, for editors.";
    let mut text = begin("Pipeline file", about);
    text += &keys("The file", &schema, &known);
    for (name, definition) in &known {
        text += &keys(name, definition, &known);
    }
    text
}

/// A section about the keys of one mapping; nothing where a schema has none of its own.
fn keys(title: &str, schema: &Value, known: &Definitions) -> String {
    let found = parameters(schema, known);
    let about = description(schema, known);
    let body = if found.is_empty() { format!("Takes {}.\n", takes(schema, known)) } else { table(&found) };
    let about = if about.is_empty() { String::new() } else { format!("{about}\n\n") };
    format!("## {title}\n\n{about}{body}\n")
}

fn commands() -> String {
    let mut described = args::described();
    described.build();
    let about = described.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = begin("Commands", &about);
    add_help("lockgate", &mut described, &mut text);
    text
}

/// The help of a command and of those below it.
fn add_help(name: &str, command: &mut Command, text: &mut String) {
    *text += &help(name, command);
    for below in command.get_subcommands_mut().filter(|below| !below.is_hide_set()) {
        let name = format!("{name} {}", below.get_name());
        add_help(&name, below, text);
    }
}

fn help(name: &str, command: &mut Command) -> String {
    // A fixed width, so that the page does not depend on the terminal it is written from.
    let mut plain = command.clone().term_width(100).color(clap::ColorChoice::Never);
    let help = plain.render_help().to_string();
    format!("## {name}\n\n```\n{}```\n\n", lines(help.trim_end().lines()))
}

fn exit_codes() -> String {
    let about = "What the exit code of `lockgate` means, for whatever calls it. Under `--format json` standard \
                 output then holds `{\"exit_code\": …, \"errors\": […]}` for every code from 30 on.";
    let mut text = begin("Exit codes", about) + "| code | meaning | try again? |\n|---|---|---|\n";
    for code in exit::CODES {
        let _ = writeln!(text, "| {} | {} | {} |", code.number, code.meaning, code.retry);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_a_title_and_say_where_they_come_from() {
        for page in pages() {
            assert!(page.text.starts_with("# "), "{}", page.name);
            assert!(page.text.contains("do not edit"), "{}", page.name);
            assert!(page.text.ends_with('\n') && !page.text.ends_with("\n\n"), "{}", page.name);
        }
    }

    #[test]
    fn writing_them_twice_gives_the_same() {
        let texts = || pages().into_iter().map(|page| page.text).collect::<Vec<_>>();
        assert_eq!(texts(), texts());
    }
}
