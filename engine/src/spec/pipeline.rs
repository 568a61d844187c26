//! The pipeline file as a whole.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_rules::Check;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Entries, Node, Source, SourceText, Spanned, Table, Value, Vars, decode, did_you_mean, read};
use crate::error::{Error, Place, Result};

/// What is asked of one run.
#[derive(Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: Spanned<String>,
    /// Raw data, by name.
    pub sources: Entries<Source>,
    /// Tables, by name, in file order.
    pub tables: Entries<Table>,
    /// Where run records and journals are kept, if not beside the first dataset written.
    pub state: Option<Spanned<String>>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Error>,
    /// Its variables.
    pub vars: Vars,
    /// The file.
    pub text: SourceText,
    order: Vec<usize>,
}

/// The file's top level. Sources and tables are decoded one by one, so that each can report its own
/// mistake.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Lockgate pipeline")]
pub(super) struct Top {
    /// Name of the pipeline; run records are kept under it.
    pipeline: Spanned<String>,
    /// Variables, used as `${name}`; `--var name=value` overrides them.
    #[serde(default)]
    #[expect(dead_code, reason = "variables are taken from the file before the rest is decoded")]
    #[schemars(with = "Option<Entries<Variable>>")]
    vars: Option<Node>,
    /// Raw data, by name.
    #[schemars(with = "Entries<Source>")]
    sources: Entries<Node>,
    /// Tables made from it, by name.
    #[schemars(with = "Entries<Table>")]
    tables: Entries<Node>,
    /// Folder of run records and journals; by default `_lockgate` beside the first dataset written.
    state: Option<Spanned<String>>,
}

/// The value of a variable.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it describes the file; values are read as they stand")]
enum Variable {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// The file with everything in it decoded.
struct File {
    name: Spanned<String>,
    sources: Entries<Source>,
    tables: Entries<Table>,
    state: Option<Spanned<String>>,
}

/// Decodes what stands under each name, and collects what is wrong.
fn each<T: DeserializeOwned>(entries: Entries<Node>, errors: &mut Vec<Error>) -> Entries<T> {
    let mut found = Vec::new();
    for (name, node) in entries {
        match decode(&node) {
            Ok(value) => found.push((name, value)),
            Err(error) => errors.push(error),
        }
    }
    Entries(found)
}

/// Where an error stands, to show errors in the order of the file.
fn line(error: &Error) -> (usize, usize) {
    match error.place() {
        Some(Place::Spec(span)) => (span.line, span.column),
        _ => (0, 0),
    }
}

impl Pipeline {
    /// Reads a pipeline file, its variables filled in from `given` and `environment`.
    pub fn load(
        text: SourceText,
        given: &[(String, String)],
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Error>> {
        let mut vars = Vars::new(given, environment);
        let file = Self::decode(&text, &mut vars)
            .map_err(|errors| errors.into_iter().map(|error| vars.mask_error(error)).collect::<Vec<_>>())?;
        let mut errors = names(&file);
        let order = order(&file).unwrap_or_else(|wrong| {
            errors.extend(wrong);
            Vec::new()
        });
        errors.extend(purpose(&file));
        if !errors.is_empty() {
            errors.sort_by_key(line);
            return Err(errors.into_iter().map(|error| vars.mask_error(error)).collect());
        }
        let warnings = unused(&file);
        let File { name, sources, tables, state } = file;
        Ok(Self { name, sources, tables, state, warnings, vars, text, order })
    }

    /// The parts of the file, each of which may be wrong on its own.
    fn decode(text: &SourceText, vars: &mut Vars) -> Result<File, Vec<Error>> {
        let top = |vars: &mut Vars| -> Result<Top> {
            let plain = read(&text.text)?;
            let none = Node { value: Value::Null, span: plain.span };
            vars.declare(plain.get("vars").unwrap_or(&none))?;
            decode(&vars.read(&text.text)?)
        };
        let top = top(vars).map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        let sources = each(top.sources, &mut errors);
        let tables = each(top.tables, &mut errors);
        if tables.is_empty() && errors.is_empty() {
            errors.push(Error::wrong("the pipeline has no tables").at(top.pipeline.span));
        }
        if errors.is_empty() {
            Ok(File { name: top.pipeline, sources, tables, state: top.state })
        } else {
            Err(errors)
        }
    }

    /// All checks.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        let of_sources = self.sources.iter().map(|(_, source)| &source.checks);
        let of_tables = self.tables.iter().map(|(_, table)| &table.checks);
        of_sources.chain(of_tables).flatten().flat_map(|spec| &spec.checks)
    }

    /// The folders that are written to: outputs and quarantines.
    pub fn addresses_written(&self) -> impl Iterator<Item = &Spanned<String>> {
        let of_sources = self.sources.iter().filter_map(|(_, source)| source.quarantine.as_ref());
        let outputs = self.tables.iter().filter_map(|(_, table)| table.write.as_ref().map(|write| &write.to));
        let of_tables = self.tables.iter().filter_map(|(_, table)| table.quarantine.as_ref());
        of_sources.chain(outputs).chain(of_tables)
    }

    /// The tables, each after everything it reads.
    pub fn tables_in_order(&self) -> impl Iterator<Item = &(Spanned<String>, Table)> {
        self.order.iter().map(|&index| &self.tables[index])
    }
}

/// Names must be unique, and usable in file names and SQL.
fn names(file: &File) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    let all = file.sources.iter().map(|(name, _)| name).chain(file.tables.iter().map(|(name, _)| name));
    for name in std::iter::once(&file.name).chain(all.clone()) {
        let usable = name.value.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if !usable || name.value.is_empty() || name.value.starts_with('-') || name.value.len() > 100 {
            errors.push(
                Error::wrong(format!("\"{}\" cannot be a name", name.value))
                    .at(name.span)
                    .hint("use letters, digits, `_` and `-`"),
            );
        }
    }
    for name in all {
        if !seen.insert(&name.value) {
            errors.push(
                Error::wrong(format!("a source and a table are both named \"{}\"", name.value)).at(name.span),
            );
        }
    }
    errors
}

/// What a table reads: where its rows come from, and what its steps join.
fn reads(table: &Table) -> impl Iterator<Item = &Spanned<String>> {
    std::iter::once(&table.from).chain(table.steps.iter().flat_map(|step| step.step.reads()))
}

/// Tables after what they read; an unknown name or a cycle is an error.
fn order(file: &File) -> Result<Vec<usize>, Vec<Error>> {
    let known: Vec<&str> = file
        .sources
        .iter()
        .map(|(name, _)| name.value.as_str())
        .chain(file.tables.iter().map(|(name, _)| name.value.as_str()))
        .collect();
    let unknown = |name: &Spanned<String>| {
        Error::wrong(format!("no source or table \"{}\"", name.value)).at(name.span).hint(did_you_mean(
            &name.value,
            known.iter().copied(),
            "there are",
        ))
    };
    let errors: Vec<Error> = file
        .tables
        .iter()
        .flat_map(|(_, table)| reads(table))
        .filter(|name| !known.contains(&name.value.as_str()))
        .map(unknown)
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut ready: BTreeSet<&str> = file.sources.iter().map(|(name, _)| name.value.as_str()).collect();
    let mut order = Vec::with_capacity(file.tables.len());
    while order.len() < file.tables.len() {
        let next = (0..file.tables.len()).find(|index| {
            !order.contains(index)
                && reads(&file.tables[*index].1).all(|name| ready.contains(name.value.as_str()))
        });
        match next {
            Some(index) => {
                ready.insert(&file.tables[index].0.value);
                order.push(index);
            }
            None => return Err(vec![cycle(file, &ready)]),
        }
    }
    Ok(order)
}

/// Names a cycle among the tables that are not ready.
fn cycle(file: &File, ready: &BTreeSet<&str>) -> Error {
    let waiting =
        |name: &str| file.tables.iter().find(|(table, _)| table.value == name && !ready.contains(name));
    let mut path: Vec<&Spanned<String>> = Vec::new();
    let mut at = file.tables.iter().find(|(name, _)| !ready.contains(name.value.as_str()));
    while let Some((name, table)) = at {
        if let Some(start) = path.iter().position(|seen| seen.value == name.value) {
            path.drain(..start);
            break;
        }
        path.push(name);
        at = reads(table).find_map(|read| waiting(&read.value));
    }
    let names: Vec<&str> = path.iter().chain(path.first()).map(|name| name.value.as_str()).collect();
    let span = path.first().map(|name| name.span).unwrap_or_default();
    Error::wrong(format!("tables read each other in a circle: {}", names.join(" → "))).at(span)
}

/// Something must come of the pipeline.
fn purpose(file: &File) -> Vec<Error> {
    let mut errors = Vec::new();
    let useful = |table: &Table| table.write.is_some() || !table.checks.is_empty();
    if !file.tables.iter().any(|(_, table)| useful(table))
        && file.sources.iter().all(|(_, s)| s.checks.is_empty())
    {
        errors.push(
            Error::wrong("the pipeline neither writes nor checks anything")
                .at(file.name.span)
                .hint("give a table `write: {to: …}` or `checks:`"),
        );
    }
    errors
}

/// Sources that nothing reads and that have no checks of their own.
fn unused(file: &File) -> Vec<Error> {
    let read: BTreeSet<&str> =
        file.tables.iter().flat_map(|(_, table)| reads(table)).map(|name| name.value.as_str()).collect();
    let idle = file
        .sources
        .iter()
        .filter(|(name, source)| !read.contains(name.value.as_str()) && source.checks.is_empty());
    idle.map(|(name, _)| {
        Error::wrong(format!("no table reads the source \"{}\"", name.value))
            .at(name.span)
            .hint("leave it out")
    })
    .collect()
}
