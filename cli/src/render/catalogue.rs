//! The catalogues of rules, steps and functions.

use lockgate_engine::expr::{self, Function, Role};
use lockgate_engine::spec::did_you_mean;
use lockgate_engine::steps::{STEPS, StepDef};
use lockgate_engine::{Error, Result};
use lockgate_rules::{Cost, RULES, RuleDef, Shape};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::entry::{Entry, fact};
use super::figures::things;
use super::parameters::{Parameter, parameters, takes};

/// A catalogue: what it holds, in one word and with a list of its names.
pub(crate) struct Catalogue {
    /// One of its entries is called this.
    pub(crate) one: &'static str,
    /// What is to be said below a list of them.
    pub(crate) note: &'static str,
    /// Its entries.
    pub(crate) entries: Vec<Entry>,
}

impl Catalogue {
    /// The entry called `name`.
    pub(crate) fn find(&self, name: &str) -> Result<&Entry> {
        let wanted = name.to_lowercase();
        let called = |entry: &&Entry| entry.name == wanted || entry.aliases.contains(&wanted);
        self.entries.iter().find(called).ok_or_else(|| {
            let names = self.entries.iter().map(|entry| entry.name.as_str());
            let owner = format!("the {}s are", self.one);
            Error::wrong(format!("no {} \"{name}\"", self.one)).hint(did_you_mean(&wanted, names, &owner))
        })
    }
}

/// The rules, by dimension.
pub(crate) fn rules() -> Catalogue {
    let note = "Every rule also takes where, severity (stop, alert or log), nulls, samples, id and more; rules about \
                rows take mostly and on_row. `lockgate rules NAME` documents one.";
    Catalogue { one: "rule", note, entries: RULES.iter().copied().map(rule).collect() }
}

/// The steps, by name.
pub(crate) fn steps() -> Catalogue {
    let note = "`lockgate steps NAME` documents one.";
    Catalogue { one: "step", note, entries: STEPS.iter().copied().map(step).collect() }
}

/// The functions, by what they work on.
pub(crate) fn functions() -> Catalogue {
    let note = "`lockgate functions NAME` documents one.";
    Catalogue { one: "function", note, entries: expr::functions().map(function).collect() }
}

fn rule(def: &RuleDef) -> Entry {
    let (_, parameters) = described(def.schema);
    let example = def.example;
    Entry {
        name: def.name.to_owned(),
        aliases: owned(def.aliases),
        group: def.dimension.to_owned(),
        summary: def.summary.to_owned(),
        facts: vec![fact("definition", def.definition), fact("cost", answer(def))],
        takes: None,
        parameters,
        example: vec![
            fact("Example", format!("- {}", example.yaml)),
            fact("Rows", example.input),
            fact("Verdict", format!("{}: {}", example.status, example.observed)),
        ],
    }
}

/// What kind of answer the rule gives and what it costs, in a sentence.
fn answer(def: &RuleDef) -> String {
    let shape = match def.shape {
        Shape::Row => "Tests every row",
        Shape::Scalar => "Compares a number with bounds",
        Shape::Distance => "Compares a distance with a threshold",
        Shape::Whole => "Passes or fails as a whole",
    };
    let cost = match def.cost {
        Cost::Footer => "file footers may answer it",
        Cost::Dictionary => "dictionary pages may suffice",
        Cost::Row => "costs one look at each row",
        Cost::Aggregate => "costs a small aggregate",
        Cost::Sketch => "costs a sketch",
        Cost::Groups => "costs holding every distinct key",
        Cost::Frequencies => "costs counting every distinct value",
        Cost::Order => "costs comparing rows in order",
        Cost::Join => "needs the keys of another dataset",
        Cost::Query => "costs a query over all rows, which are held in memory",
    };
    format!("{shape}; {cost}.")
}

fn step(def: &StepDef) -> Entry {
    let (takes, parameters) = described(def.schema);
    let example = &def.example;
    let others = example.others.iter().map(|(name, rows)| fact(&format!("Rows of {name}"), *rows));
    let mut parts = vec![fact("Example", format!("- {}", example.step)), fact("Rows in", example.input)];
    parts.extend(others);
    parts.push(fact("Rows out", example.output));
    Entry {
        name: def.name.to_owned(),
        aliases: Vec::new(),
        group: "steps".to_owned(),
        summary: def.summary.to_owned(),
        facts: vec![fact("nulls", def.nulls)],
        takes: Some(takes),
        parameters,
        example: parts,
    }
}

fn function(function: &Function) -> Entry {
    let group = match function.role {
        Role::Scalar => "of a row",
        Role::Aggregate => "of a group of rows",
        Role::Window => "of a row among others",
    };
    let (expression, value) = function.example;
    Entry {
        name: function.name.to_owned(),
        aliases: owned(function.aliases),
        group: group.to_owned(),
        summary: function.summary.to_owned(),
        facts: vec![fact("nulls", sentence(function.nulls))],
        takes: None,
        parameters: Vec::new(),
        example: vec![fact("Call", function.signature), fact("Example", format!("{expression} → {value}"))],
    }
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut chars = clause.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if clause.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

fn described(schema: fn(&mut SchemaGenerator) -> Schema) -> (String, Vec<Parameter>) {
    let mut generator = SchemaGenerator::default();
    let schema = Value::from(schema(&mut generator));
    let known = generator.take_definitions(true);
    (takes(&schema, &known), parameters(&schema, &known))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().copied().map(str::to_owned).collect()
}

/// How many entries there are, in words.
pub(crate) fn size(catalogue: &Catalogue) -> String {
    things(catalogue.entries.len() as u64, catalogue.one, &format!("{}s", catalogue.one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_has_a_near_one() {
        let error = rules().find("betwen").map(|entry| entry.name.clone()).expect_err("misspelt");
        assert!(error.cure().is_some_and(|hint| hint.contains("did you mean \"between\"?")));
    }

    #[test]
    fn every_entry_can_be_found_and_says_what_it_does() {
        for catalogue in [rules(), steps(), functions()] {
            for entry in &catalogue.entries {
                assert!(catalogue.find(&entry.name).is_ok(), "{}", entry.name);
                assert!(!entry.summary.is_empty() && !entry.example.is_empty(), "{}", entry.name);
            }
        }
    }
}
